//! From a text to a [`Workspace`], or to everything that is wrong with it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::Name;
use tandem_engine::ports::Retention;

use super::document::{Document, Step, shown, steps};
use super::repair::{Complaint, Finding, read_on};
use super::{ConnectionDraft, Problem, SyncDraft, Workspace, WorkspaceProblems};
use crate::error::nearest;

/// The tables a workspace file may hold.
const TOP: [&str; 3] = ["connections", "syncs", "retention"];

/// What `[retention]` may say.
const RETENTION: [&str; 2] = ["history_days", "audit_days"];

/// A file that was read: what it says, and where.
pub(super) struct Parsed<'a> {
    pub(super) workspace: Workspace,
    document: Document<'a>,
    json: Value,
}

/// Reads a workspace file.
pub(super) fn parse<'a>(text: &'a str, file: &str) -> Result<Parsed<'a>, WorkspaceProblems> {
    let document = Document::parse(text).map_err(|errors| {
        let problems = errors.into_iter().map(|(place, message)| Problem {
            line: Some(place.line),
            column: Some(place.column),
            path: String::new(),
            what: "this is not TOML".to_owned(),
            why: crate::error::sentence(&message),
            fix: "Correct the line; text values stand in double quotes.".to_owned(),
        });
        WorkspaceProblems::new(file, problems.collect())
    })?;
    let top = document.json();
    let mut reader = Reader {
        document: &document,
        problems: Vec::new(),
    };
    let connections = reader.connections(&top);
    let syncs = reader.syncs(&top);
    let retention = reader.retention(&top);
    reader.top(&top);
    let problems = without_echoes(reader.problems);
    if !problems.is_empty() {
        return Err(WorkspaceProblems::new(file, problems));
    }
    Ok(Parsed {
        workspace: Workspace {
            connections,
            syncs,
            retention,
        },
        document,
        json: Value::Object(top),
    })
}

impl Parsed<'_> {
    /// A problem at a path below the `index`th item of `list` (`connections` or `syncs`).
    pub(super) fn problem(
        &self,
        list: &str,
        index: usize,
        name: &str,
        path: &str,
        [what, why, fix]: [String; 3],
    ) -> Problem {
        let item = vec![Step::Key(list.to_owned()), Step::Index(index)];
        let below = self
            .json
            .get(list)
            .and_then(|items| items.get(index))
            .unwrap_or(&Value::Null);
        let inner = steps(below, path);
        let place = shown(&inner);
        let whole: Vec<Step> = item.into_iter().chain(inner).collect();
        let separator = if place.is_empty() { "" } else { "." };
        let place_of = self.document.place(&whole);
        Problem {
            line: place_of.map(|it| it.line),
            column: place_of.map(|it| it.column),
            path: format!("{list}.{name}{separator}{place}"),
            what,
            why,
            fix,
        }
    }
}

struct Reader<'a> {
    document: &'a Document<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn note(&mut self, path: &[Step], label: String, [what, why, fix]: [String; 3]) {
        let place = self.document.place(path);
        self.problems.push(Problem {
            line: place.map(|it| it.line),
            column: place.map(|it| it.column),
            path: label,
            what,
            why,
            fix,
        });
    }

    fn top(&mut self, top: &Map<String, Value>) {
        for key in top.keys().filter(|key| !TOP.contains(&key.as_str())) {
            let near = nearest(key, TOP);
            self.note(
                &[Step::Key(key.clone())],
                String::new(),
                [
                    format!("unknown key {key:?}"),
                    format!("Known here: {}.", TOP.join(", ")),
                    near.map_or_else(
                        || "Use one of those, or remove it.".to_owned(),
                        |near| format!("Did you mean {near:?}?"),
                    ),
                ],
            );
        }
        if top.is_empty() {
            self.note(
                &[],
                String::new(),
                [
                    "the file is empty".to_owned(),
                    "A workspace has [[connections]] and [[syncs]].".to_owned(),
                    "Add some, or export an existing workspace: tandem export".to_owned(),
                ],
            );
        }
    }

    fn retention(&mut self, top: &Map<String, Value>) -> Option<Retention> {
        let given = top.get("retention")?;
        let at = |key: &str| vec![Step::Key("retention".into()), Step::Key(key.into())];
        let Some(table) = given.as_object() else {
            self.note(
                &[Step::Key("retention".into())],
                "retention".to_owned(),
                [
                    "retention is not a table".to_owned(),
                    "It holds history_days, audit_days or both.".to_owned(),
                    "Begin it with [retention].".to_owned(),
                ],
            );
            return None;
        };
        let noted = self.problems.len();
        for key in table
            .keys()
            .filter(|key| !RETENTION.contains(&key.as_str()))
        {
            let near = nearest(key, RETENTION);
            self.note(
                &at(key),
                format!("retention.{key}"),
                [
                    format!("unknown key {key:?}"),
                    format!("Known here: {}.", RETENTION.join(", ")),
                    near.map_or_else(
                        || "Use one of those, or remove it.".to_owned(),
                        |near| format!("Did you mean {near:?}?"),
                    ),
                ],
            );
        }
        let mut days = |key: &str| {
            let value = table.get(key)?;
            let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
            if days.is_none() {
                self.note(
                    &at(key),
                    format!("retention.{key}"),
                    [
                        format!("{value} is no number of days"),
                        "It is a whole number; without it things are kept for good.".to_owned(),
                        format!("Write for instance {key} = 365"),
                    ],
                );
            }
            days
        };
        let (history, audit) = (days("history_days"), days("audit_days"));
        // One at a time, so that each is told of.
        for (history, audit) in [(history, None), (None, audit)] {
            if let Err(error) = Retention::new(history, audit) {
                self.note(
                    &at(error.member),
                    format!("retention.{}", error.member),
                    [
                        format!("{} days is no time to keep anything for", error.given),
                        format!(
                            "It is {} to {} days: what was just written has to stay long enough to be looked at, counted by the guards and taken back.",
                            error.least, error.most
                        ),
                        "Choose a number in between, or leave it out to keep everything.".to_owned(),
                    ],
                );
            }
        }
        (self.problems.len() == noted)
            .then(|| Retention::new(history, audit).ok())
            .flatten()
    }

    /// The tables of a list, each with its index.
    fn items<'t>(
        &mut self,
        top: &'t Map<String, Value>,
        list: &str,
    ) -> Vec<(usize, &'t Map<String, Value>)> {
        let path = [Step::Key(list.to_owned())];
        let found = match top.get(list) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .map(Value::as_object)
                .collect::<Option<Vec<_>>>(),
            Some(_) => None,
        };
        match found {
            Some(items) => items.into_iter().enumerate().collect(),
            None => {
                self.note(
                    &path,
                    list.to_owned(),
                    [
                        format!("{list} is not a list of tables"),
                        "There can be several, each with its name.".to_owned(),
                        format!("Begin each with [[{list}]]."),
                    ],
                );
                Vec::new()
            }
        }
    }

    fn connections(&mut self, top: &Map<String, Value>) -> Vec<ConnectionDraft> {
        let mut drafts = Vec::new();
        for (index, table) in self.items(top, "connections") {
            let text = |key: &str| table.get(key).and_then(Value::as_str);
            let label = format!("connections.{}", text("name").unwrap_or("?"));
            let mut rest = table.clone();
            rest.remove("name");
            rest.remove("kind");
            let name = self.name("connections", index, table);
            let kind = text("kind").unwrap_or_default().to_owned();
            let settings = Value::Object(rest);
            if !tandem_connectors::KINDS.contains(&kind.as_str()) {
                let near = nearest(&kind, tandem_connectors::KINDS);
                self.note(
                    &[
                        Step::Key("connections".into()),
                        Step::Index(index),
                        Step::Key("kind".into()),
                    ],
                    label,
                    [
                        if kind.is_empty() {
                            "missing key \"kind\"".to_owned()
                        } else {
                            format!("{kind:?} is no kind of connection")
                        },
                        format!("There are: {}.", tandem_connectors::KINDS.join(", ")),
                        near.map_or_else(
                            || "Choose one of them: kind = \"rest\"".to_owned(),
                            |near| format!("Did you mean {near:?}?"),
                        ),
                    ],
                );
                continue;
            }
            let findings = read_on(&settings, &["name", "kind"], |json| {
                let problems = tandem_connectors::check_settings(&kind, json);
                problems.into_iter().map(complaint).collect()
            });
            let sound = findings.is_empty();
            self.findings("connections", index, &label, findings);
            if let (true, Some(name)) = (sound, name) {
                drafts.push(ConnectionDraft {
                    index,
                    name,
                    kind,
                    settings,
                });
            }
        }
        self.unique(
            "connections",
            drafts
                .iter()
                .map(|it| (it.index, it.name.as_str().to_owned())),
        );
        drafts
    }

    fn syncs(&mut self, top: &Map<String, Value>) -> Vec<SyncDraft> {
        let mut drafts = Vec::new();
        for (index, table) in self.items(top, "syncs") {
            let label = format!(
                "syncs.{}",
                table.get("name").and_then(Value::as_str).unwrap_or("?")
            );
            let json = Value::Object(table.clone());
            let findings = read_on(&json, &[], |json| sync_of(json).err().into_iter().collect());
            let sound = findings.is_empty();
            self.findings("syncs", index, &label, findings);
            if sound && let Ok(config) = sync_of(&json) {
                drafts.push(SyncDraft { index, config });
            }
        }
        self.unique(
            "syncs",
            drafts
                .iter()
                .map(|it| (it.index, it.config.name.to_string())),
        );
        drafts
    }

    fn name(&mut self, list: &str, index: usize, table: &Map<String, Value>) -> Option<Name> {
        let at = vec![
            Step::Key(list.to_owned()),
            Step::Index(index),
            Step::Key("name".into()),
        ];
        let given = table.get("name");
        let fix = "Add name = \"…\", 1 to 128 characters without outer blanks.".to_owned();
        match given.map(Value::as_str) {
            Some(Some(text)) => match Name::new(text) {
                Ok(name) => return Some(name),
                Err(error) => {
                    self.note(
                        &at,
                        list.to_owned(),
                        [
                            "this cannot be a name".into(),
                            crate::error::sentence(&error.to_string()),
                            fix,
                        ],
                    );
                }
            },
            _ => self.note(
                &at,
                list.to_owned(),
                [
                    "missing key \"name\"".into(),
                    "Syncs refer to a connection by its name.".into(),
                    fix,
                ],
            ),
        }
        None
    }

    fn findings(&mut self, list: &str, index: usize, label: &str, findings: Vec<Finding>) {
        for finding in findings {
            let place = shown(&finding.path);
            let at = [Step::Key(list.to_owned()), Step::Index(index)];
            let whole: Vec<Step> = at.into_iter().chain(finding.path).collect();
            let separator = if place.is_empty() { "" } else { "." };
            self.note(
                &whole,
                format!("{label}{separator}{place}"),
                [finding.what, finding.why, finding.fix],
            );
        }
    }

    fn unique(&mut self, list: &str, names: impl Iterator<Item = (usize, String)>) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (index, name) in names {
            if let Some(first) = seen.insert(name.clone(), index) {
                let line = self
                    .document
                    .line(&[Step::Key(list.to_owned()), Step::Index(first)]);
                self.note(
                    &[
                        Step::Key(list.to_owned()),
                        Step::Index(index),
                        Step::Key("name".into()),
                    ],
                    format!("{list}.{name}"),
                    [
                        format!("the name {name:?} is used twice"),
                        line.map_or_else(String::new, |line| {
                            format!("It is used in line {line} already.")
                        }),
                        "Give each its own name.".to_owned(),
                    ],
                );
            }
        }
    }
}

/// A missing key that was only misspelt is told once, as the misspelling.
fn without_echoes(mut problems: Vec<Problem>) -> Vec<Problem> {
    let meant: Vec<String> = problems
        .iter()
        .filter_map(|problem| {
            let near = problem
                .fix
                .strip_prefix("Did you mean \"")?
                .strip_suffix("\"?")?;
            let parent = problem
                .path
                .rsplit_once('.')
                .map_or("", |(parent, _)| parent);
            problem
                .what
                .starts_with("unknown key")
                .then(|| format!("{parent}.{near}"))
        })
        .collect();
    problems.retain(|problem| {
        !(problem.what.starts_with("missing key") && meant.contains(&problem.path))
    });
    problems
}

fn complaint(problem: tandem_connectors::settings::SettingsProblem) -> Complaint {
    Complaint {
        path: problem.path,
        what: problem.what,
        why: String::new(),
        fix: problem.fix,
    }
}

fn sync_of(json: &Value) -> Result<SyncConfiguration, Complaint> {
    serde_path_to_error::deserialize(json).map_err(|error| Complaint {
        path: error.path().to_string(),
        what: error.inner().to_string(),
        why: String::new(),
        fix: String::new(),
    })
}
