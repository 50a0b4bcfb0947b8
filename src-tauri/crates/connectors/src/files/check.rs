//! What is wrong with a folder's settings, before anything is read.

use encoding_rs::Encoding;

use super::settings::{FileCollection, FileFormat, FilesSettings};
use crate::settings::SettingsProblem;

/// All problems of a `files` connection's settings.
pub(crate) fn check_settings(settings: &FilesSettings) -> Vec<SettingsProblem> {
    let mut problems = Vec::new();
    if settings.folder.is_empty() {
        problems.push(SettingsProblem::new(
            "folder",
            "it is empty",
            "name the folder",
        ));
    }
    if settings.collections.is_empty() {
        problems.push(SettingsProblem::new(
            "collections",
            "no collection is described",
            "name at least one file",
        ));
    }
    for (name, collection) in &settings.collections {
        for (path, what, fix) in wrong(collection) {
            let path = format!("collections.{name}.{path}");
            problems.push(SettingsProblem::new(path, what, fix));
        }
    }
    problems
}

fn wrong(collection: &FileCollection) -> Vec<(&'static str, String, &'static str)> {
    let mut problems = Vec::new();
    let file = collection.file.as_str();
    if file.is_empty() || file.starts_with('.') || file.contains(['/', '\\', '\0']) {
        problems.push((
            "file",
            format!("{file:?} is no file's name"),
            "name a file right in the folder, without a path",
        ));
    }
    if collection.format().is_none() {
        problems.push((
            "format",
            "the file's ending does not say how it is written".to_owned(),
            "choose csv or json_lines",
        ));
    }
    if collection.key.is_empty() {
        problems.push((
            "key",
            "no column is the id".to_owned(),
            "name the columns whose values are the same for no two rows",
        ));
    }
    if let Some(encoding) = &collection.encoding
        && Encoding::for_label(encoding.as_bytes()).is_none()
    {
        problems.push((
            "encoding",
            format!("{encoding:?} is no encoding"),
            "write it like utf-8, windows-1252, iso-8859-15 or utf-16le",
        ));
    }
    if let Some(delimiter) = collection.delimiter
        && (!delimiter.is_ascii() || matches!(delimiter, '"' | '\r' | '\n'))
    {
        problems.push((
            "delimiter",
            format!("{delimiter:?} cannot stand between values"),
            "choose one like , ; or \\t",
        ));
    }
    if collection.format() == Some(FileFormat::JsonLines) && !collection.columns.is_empty() {
        problems.push((
            "columns",
            "each line names its own values".to_owned(),
            "leave it out",
        ));
    }
    if !(1..=10_000).contains(&collection.page_size) {
        problems.push((
            "page_size",
            "it is out of range".to_owned(),
            "choose a number from 1 to 10000",
        ));
    }
    if !(1..=10_000).contains(&collection.bulk) {
        problems.push((
            "bulk",
            "it is out of range".to_owned(),
            "choose a number from 1 to 10000",
        ));
    }
    problems
}
