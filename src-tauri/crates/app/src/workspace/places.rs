//! Files named in a workspace file. A relative path starts at that file's own folder, wherever the
//! program was started; what is stored is the absolute path.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Problem;
use super::parse::Parsed;

/// Makes the paths in all connections absolute. Without an absolute folder to start from, each
/// relative one is a problem.
pub(super) fn settle(parsed: &mut Parsed<'_>, folder: Option<&Path>) -> Vec<Problem> {
    let folder = folder.filter(|folder| folder.is_absolute());
    let mut problems = Vec::new();
    let mut drafts = std::mem::take(&mut parsed.workspace.connections);
    for draft in &mut drafts {
        for key in tandem_connectors::file_settings(&draft.kind) {
            let Some(Value::String(path)) = draft.settings.get_mut(*key) else {
                continue;
            };
            if Path::new(path.as_str()).is_absolute() {
                continue;
            }
            match folder.and_then(|folder| joined(folder, path)) {
                Some(whole) => *path = whole,
                None => problems.push(
                    parsed.problem(
                        "connections",
                        draft.index,
                        draft.name.as_str(),
                        key,
                        [
                            format!("the path {path:?} is relative"),
                            "This workspace came without a folder its paths could start from."
                                .to_owned(),
                            "Write the path in full, or apply it as a file: tandem apply -f FILE"
                                .to_owned(),
                        ],
                    ),
                ),
            }
        }
    }
    parsed.workspace.connections = drafts;
    problems
}

/// The path from `folder`, without `.`; `..` stays, since it may follow a symbolic link.
fn joined(folder: &Path, path: &str) -> Option<String> {
    let whole: PathBuf = folder.join(path).components().collect();
    whole.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn workspace(rest: &str, sqlite: &str) -> String {
        format!(
            r#"
[[connections]]
name = "shop"
kind = "rest"
base_url = "https://shop.example.org"
{rest}
[connections.collections.people]
list = {{ path = "/people" }}

[[connections]]
name = "erp"
kind = "sqlite"
file = {sqlite:?}
[connections.collections.people]
"#
        )
    }

    #[cfg(unix)]
    #[test]
    fn a_relative_path_starts_at_the_folder_given() {
        let table = [
            ("erp.db", "/srv/books", "/srv/books/erp.db"),
            ("./data/./erp.db", "/srv/books/", "/srv/books/data/erp.db"),
            ("../erp.db", "/srv/books", "/srv/books/../erp.db"),
            ("/var/erp.db", "/srv/books", "/var/erp.db"),
        ];
        for (path, folder, want) in table {
            let text = workspace("ca_file = \"ca.pem\"", path);
            let mut parsed = parse(&text, "workspace.toml").unwrap();
            assert_eq!(settle(&mut parsed, Some(Path::new(folder))), []);
            let [shop, erp] = parsed.workspace.connections.as_slice() else {
                panic!("two connections");
            };
            assert_eq!(shop.settings["ca_file"], "/srv/books/ca.pem");
            assert_eq!(erp.settings["file"], want, "{path} in {folder}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn without_a_folder_a_relative_path_is_refused_in_its_line() {
        let text = workspace("", "erp.db");
        for folder in [None, Some(Path::new("books"))] {
            let mut parsed = parse(&text, "workspace.toml").unwrap();
            let problems = settle(&mut parsed, folder);
            let [problem] = problems.as_slice() else {
                panic!("{problems:?}");
            };
            assert_eq!(problem.path, "connections.erp.file");
            let line = problem.line.and_then(|line| text.lines().nth(line - 1));
            assert_eq!(line, Some("file = \"erp.db\""));
        }
        let whole = workspace("", "/var/erp.db");
        let mut parsed = parse(&whole, "workspace.toml").unwrap();
        assert_eq!(settle(&mut parsed, None), []);
    }

    #[test]
    fn every_file_setting_is_one_of_its_kind() {
        for kind in tandem_connectors::KINDS {
            let schema = tandem_connectors::settings_schema(kind).unwrap();
            for key in tandem_connectors::file_settings(kind) {
                assert!(schema["properties"].get(*key).is_some(), "{kind}.{key}");
            }
            // And none is forgotten that is called one.
            for key in schema["properties"].as_object().unwrap().keys() {
                let named = ["file", "folder"].contains(&key.as_str()) || key.ends_with("_file");
                let known = tandem_connectors::file_settings(kind).contains(&key.as_str());
                assert_eq!(named, known, "{kind}.{key}");
            }
        }
    }
}
