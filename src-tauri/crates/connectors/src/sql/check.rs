//! What is wrong with a database's settings, before anything is reached.

use std::collections::BTreeMap;

use super::settings::{ServerSettings, SqlCollection, SqlVersion, SqliteSettings, TlsMode};
use crate::net;
use crate::settings::SettingsProblem;

/// All problems of a PostgreSQL connection's settings.
pub(crate) fn check_postgres(settings: &ServerSettings) -> Vec<SettingsProblem> {
    let mut problems = check_server(settings);
    check_collections(&settings.collections, &mut problems, |version| {
        (*version == SqlVersion::Content).then_some((
            "`content` is for SQLite and MySQL",
            "leave `version` out, or name a column",
        ))
    });
    problems
}

/// All problems of a MySQL connection's settings.
pub(crate) fn check_mysql(settings: &ServerSettings) -> Vec<SettingsProblem> {
    let mut problems = check_server(settings);
    check_collections(&settings.collections, &mut problems, no_xmin);
    problems
}

fn no_xmin(version: &SqlVersion) -> Option<(&'static str, &'static str)> {
    (*version == SqlVersion::Xmin).then_some((
        "`xmin` is for PostgreSQL",
        "leave `version` out, or name a column",
    ))
}

fn check_server(settings: &ServerSettings) -> Vec<SettingsProblem> {
    let mut problems = Vec::new();
    let mut add = |path: &str, what: String, fix: &str| {
        problems.push(SettingsProblem::new(path, what, fix));
    };
    if settings.host.is_empty() {
        add("host", "it is empty".to_owned(), "name the server");
    }
    if let Ok(address) = settings.host.parse() {
        if let Err(refused) = net::check(&settings.host, address, settings.allow_private) {
            add(
                "host",
                refused.to_string(),
                "set allow_private = true, or name the public address",
            );
        }
        if settings.tls == Some(TlsMode::Prefer) && !address.is_loopback() {
            let fix = "choose \"require\" or, on a trusted network, \"disable\"";
            add("tls", "\"prefer\" is for this machine only".to_owned(), fix);
        }
    }
    settings.limits.check(&mut problems);
    problems
}

/// All problems of a `SQLite` connection's settings.
pub(crate) fn check_sqlite(settings: &SqliteSettings) -> Vec<SettingsProblem> {
    let mut problems = Vec::new();
    if settings.file.is_empty() {
        problems.push(SettingsProblem::new(
            "file",
            "it is empty",
            "name the database's file",
        ));
    }
    check_collections(&settings.collections, &mut problems, no_xmin);
    problems
}

fn check_collections(
    collections: &BTreeMap<String, SqlCollection>,
    problems: &mut Vec<SettingsProblem>,
    wrong_version: impl Fn(&SqlVersion) -> Option<(&'static str, &'static str)>,
) {
    if collections.is_empty() {
        problems.push(SettingsProblem::new(
            "collections",
            "no collection is described",
            "name at least one table",
        ));
    }
    for (name, collection) in collections {
        let mut add = |path: &str, what: &str, fix: &str| {
            problems.push(SettingsProblem::new(
                format!("collections.{name}.{path}"),
                what,
                fix,
            ));
        };
        if !(1..=10_000).contains(&collection.page_size) {
            add(
                "page_size",
                "it is out of range",
                "choose a number from 1 to 10000",
            );
        }
        if !(1..=1_000).contains(&collection.bulk) {
            add(
                "bulk",
                "it is out of range",
                "choose a number from 1 to 1000",
            );
        }
        if let Some(zone) = &collection.zone
            && zone.parse::<chrono_tz::Tz>().is_err()
        {
            add(
                "zone",
                &format!("{zone:?} is no time zone"),
                "write it like Europe/Berlin",
            );
        }
        if let Some((what, fix)) = collection.version.as_ref().and_then(&wrong_version) {
            add("version", what, fix);
        }
        if collection.deleted.is_none()
            && collection
                .changes
                .as_ref()
                .is_some_and(|changes| changes.tombstones)
        {
            add(
                "changes.tombstones",
                "changes show deletes only where a column marks them",
                "describe `deleted`, or leave it out",
            );
        }
    }
}
