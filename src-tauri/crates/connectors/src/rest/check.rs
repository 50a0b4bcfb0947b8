//! What is wrong with a description, before anything is reached: each problem with its place and
//! what to do about it.

use reqwest::Url;

use super::compiled::Compiled;
use super::http::check_host;
use super::login;
use super::settings::{
    Changes, CursorFormat, CursorSource, Pagination, Precondition, RestCollection, RestSettings,
    VersionSource,
};
use crate::settings::SettingsProblem;

/// All problems of a REST connection's settings.
pub(crate) fn check_settings(settings: &RestSettings) -> Vec<SettingsProblem> {
    let mut problems = Vec::new();
    match Url::parse(&settings.base_url) {
        Err(error) => problems.push(SettingsProblem::new(
            "base_url",
            format!("{:?} is no address: {error}", settings.base_url),
            "write it like https://shop.example/api",
        )),
        Ok(url) => check_base(&url, settings.allow_private, &mut problems),
    }
    problems.extend(login::check(settings));
    settings.limits.check(&mut problems);
    if settings.collections.is_empty() {
        problems.push(SettingsProblem::new(
            "collections",
            "no collection is described",
            "describe at least one, with its `list`",
        ));
    }
    for (name, collection) in &settings.collections {
        for mut problem in check_collection(collection) {
            problem.path = format!("collections.{name}.{}", problem.path);
            problems.push(problem);
        }
    }
    problems
}

fn check_base(url: &Url, allow_private: bool, problems: &mut Vec<SettingsProblem>) {
    let mut refuse = |what: &str, fix: &str| {
        problems.push(SettingsProblem::new("base_url", what, fix));
    };
    if !matches!(url.scheme(), "http" | "https") {
        refuse("only http and https are spoken", "begin it with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        refuse(
            "it holds credentials",
            "put them under `auth`, by reference",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        refuse(
            "it holds a query or a fragment",
            "put parameters into the collections' `query`",
        );
    }
    if let Err(error) = check_host("base_url", url, allow_private) {
        refuse(
            &error.message,
            "set allow_private = true, or name the public address",
        );
    }
}

fn check_collection(collection: &RestCollection) -> Vec<SettingsProblem> {
    let mut problems = Vec::new();
    let mut add = |path: &str, what: String, fix: &str| {
        problems.push(SettingsProblem::new(path, what, fix));
    };
    if let Err((path, what)) = Compiled::new(collection) {
        add(&path, what, "correct the template");
    }
    for (path, pointer) in pointers(collection) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            add(
                path,
                format!("{pointer:?} is no JSON pointer"),
                "begin it with a slash: /data",
            );
        }
    }
    let (_, size) = collection.list.pagination.size();
    // Counted pages have to overlap, and by page number small ones soon cannot.
    let least = match collection.list.pagination {
        Pagination::Page {
            size_param: Some(_),
            ..
        } => 20,
        Pagination::Offset { .. } => 2,
        _ => 1,
    };
    if size < least {
        let fix = format!("ask for at least {least} records a page");
        add("list.pagination.size", format!("{size} is too small"), &fix);
    }
    check_changes(collection, &mut add);
    check_writes(collection, &mut add);
    problems
}

fn check_changes(collection: &RestCollection, add: &mut impl FnMut(&str, String, &str)) {
    let (source, tombstones) = match &collection.changes {
        None => return,
        Some(Changes::Filter {
            cursor,
            tombstones,
            format,
            overlap_ms,
            ..
        }) => {
            let timed = *cursor == CursorSource::ModifiedAt
                || !matches!(format, CursorFormat::Verbatim | CursorFormat::Quoted);
            if *overlap_ms > 0 && !timed {
                add(
                    "changes.overlap_ms",
                    "a cursor that is no time cannot be moved".to_owned(),
                    "leave it out, or take the cursor from modified_at",
                );
            }
            (cursor, *tombstones)
        }
        Some(Changes::Feed { start, .. }) => {
            if *start == CursorSource::ModifiedAt {
                add(
                    "changes.start",
                    "a feed does not begin at a time".to_owned(),
                    "name the header or the body's member that says where the feed stands",
                );
            }
            (start, true)
        }
    };
    if *source == CursorSource::ModifiedAt && collection.modified_at.is_none() {
        add(
            "changes.cursor",
            "it is to come from modified_at, which is not described".to_owned(),
            "describe `modified_at`",
        );
    }
    if tombstones && collection.deleted.is_none() {
        add(
            "deleted",
            "changes show deleted records, but nothing says how they are marked".to_owned(),
            "describe `deleted`: { field = \"deleted\" }",
        );
    }
}

/// Whether a pointer goes through an element of a list.
fn lies_in_a_list(pointer: &str) -> bool {
    pointer.split('/').any(|step| {
        step.contains('=') || (!step.is_empty() && step.bytes().all(|it| it.is_ascii_digit()))
    })
}

fn check_writes(collection: &RestCollection, add: &mut impl FnMut(&str, String, &str)) {
    let preconditions = [
        (
            "update.precondition",
            collection
                .update
                .as_ref()
                .and_then(|u| u.precondition.as_ref()),
        ),
        (
            "delete.precondition",
            collection
                .delete
                .as_ref()
                .and_then(|d| d.precondition.as_ref()),
        ),
    ];
    for (path, precondition) in preconditions {
        match (precondition, &collection.version) {
            (Some(_), None) => add(
                path,
                "it needs a version, and none is described".to_owned(),
                "describe `version`",
            ),
            (Some(Precondition::IfMatch { quoted: true }), Some(VersionSource::Etag)) => add(
                path,
                "an ETag has its own quotes".to_owned(),
                "leave `quoted` out",
            ),
            _ => {}
        }
    }
    let bodiless = collection
        .create
        .as_ref()
        .is_some_and(|it| it.body.is_none())
        || collection
            .update
            .as_ref()
            .is_some_and(|it| it.body.is_none());
    for (name, pointer) in &collection.nested {
        if bodiless && lies_in_a_list(pointer) && !collection.read_only.contains(name) {
            add(
                &format!("nested.{name}"),
                "it lies in a list, where only a `body` can place it".to_owned(),
                "give `create` and `update` a `body` with values.NAME, or name it in `read_only`",
            );
        }
    }
    if let Some(delete) = &collection.delete {
        if delete.soft.is_some() && collection.update.is_none() {
            add(
                "delete.soft",
                "setting a field needs an update, and none is described".to_owned(),
                "describe `update`",
            );
        }
        if delete.soft.is_none() && delete.path.is_empty() {
            add(
                "delete.path",
                "it is missing".to_owned(),
                "write it like /contacts/{{ id }}",
            );
        }
    }
    if let Some(bulk) = &collection.bulk
        && !(1..=1_000).contains(&bulk.max)
    {
        add(
            "bulk.max",
            format!("{} is out of range", bulk.max),
            "choose a number from 1 to 1000",
        );
    }
}

fn pointers(collection: &RestCollection) -> Vec<(&'static str, &str)> {
    let mut found = vec![("list.records", collection.list.records.as_str())];
    match &collection.list.pagination {
        Pagination::Page {
            more: Some(more), ..
        }
        | Pagination::Offset {
            more: Some(more), ..
        } => {
            found.push(("list.pagination.more", more));
        }
        Pagination::CursorBody { next, .. } => found.push(("list.pagination.next", next)),
        _ => {}
    }
    if let Some(Changes::Feed { records, next, .. }) = &collection.changes {
        found.extend([
            ("changes.records", records.as_str()),
            ("changes.next", next.as_str()),
        ]);
    }
    if let Some(get) = &collection.get {
        found.push(("get.record", &get.record));
        if let Some(batch) = &get.batch {
            found.push(("get.batch.records", &batch.records));
        }
    }
    if let Some(record) = collection.create.as_ref().and_then(|c| c.record.as_ref()) {
        found.push(("create.record", record));
    }
    if let Some(record) = collection.update.as_ref().and_then(|u| u.record.as_ref()) {
        found.push(("update.record", record));
    }
    if let Some(bulk) = &collection.bulk {
        found.extend([
            ("bulk.results", bulk.results.as_str()),
            ("bulk.status", bulk.status.as_str()),
        ]);
        found.extend(
            bulk.record
                .as_deref()
                .map(|pointer| ("bulk.record", pointer)),
        );
    }
    found
}
