//! Finding every structural error of a document, not just the first: what a reader stumbles over is
//! noted and taken out, then it reads on.

use serde_json::Value;

use super::document::{Step, remove, shown, steps};
use crate::error::{nearest, sentence};

/// What a reader stumbled over.
pub(super) struct Complaint {
    pub(super) path: String,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) fix: String,
}

/// What is noted of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) path: Vec<Step>,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) fix: String,
}

/// A file with more errors than this in one table has been told enough.
const MOST: usize = 50;

/// Reads `json` until the reader is content or nothing more can be taken out. `also` are keys that
/// may stand at the top besides those the reader names.
pub(super) fn read_on(
    json: &Value,
    also: &[&str],
    read: impl Fn(&Value) -> Vec<Complaint>,
) -> Vec<Finding> {
    let mut json = json.clone();
    let mut findings: Vec<Finding> = Vec::new();
    let mut taken_out: Vec<Vec<Step>> = Vec::new();
    while findings.len() < MOST {
        let complaints = read(&json);
        let structural =
            complaints.len() == 1 && complaints.iter().all(|it| words(&it.what).is_some());
        if !structural {
            // The reader understood the whole; what it says now is about the meaning.
            if taken_out.is_empty() {
                findings.extend(complaints.into_iter().map(|it| plain(&json, it)));
            }
            return findings;
        }
        let Some(complaint) = complaints.into_iter().next() else {
            return findings;
        };
        let finding = structural_finding(&json, also, complaint);
        let lacking = finding.what.starts_with("missing");
        if lacking {
            let parent = finding
                .path
                .get(..finding.path.len().saturating_sub(1))
                .unwrap_or_default();
            let parent = parent.to_vec();
            // Not missing if we took it out ourselves.
            if !taken_out.contains(&finding.path) {
                findings.push(finding);
            }
            // What lacks something is taken out too, so that the rest can be read.
            if parent.is_empty() || !remove(&mut json, &parent) {
                return findings;
            }
            taken_out.push(parent);
            continue;
        }
        let path = finding.path.clone();
        findings.push(finding);
        if !remove(&mut json, &path) {
            return findings;
        }
        taken_out.push(path);
    }
    findings
}

fn plain(json: &Value, complaint: Complaint) -> Finding {
    Finding {
        path: steps(json, &complaint.path),
        what: complaint.what,
        why: complaint.why,
        fix: complaint.fix,
    }
}

/// The reader's own words for a structural error: its kind, what was found, what may stand there.
fn words(message: &str) -> Option<(&str, &str, Vec<&str>)> {
    let kinds = [
        "unknown field",
        "unknown variant",
        "missing field",
        "invalid type",
        "invalid value",
        "invalid length",
        "duplicate field",
    ];
    let kind = kinds.into_iter().find(|kind| message.starts_with(kind))?;
    let mut quoted = message.split('`').skip(1).step_by(2);
    Some((kind, quoted.next().unwrap_or_default(), quoted.collect()))
}

fn structural_finding(json: &Value, also: &[&str], complaint: Complaint) -> Finding {
    let mut path = steps(json, &complaint.path);
    let Some((kind, found, expected)) = words(&complaint.what) else {
        return plain(json, complaint);
    };
    let last_is_found = matches!(path.last(), Some(Step::Key(key)) if key == found);
    match kind {
        "unknown field" => {
            if !last_is_found {
                path.push(Step::Key(found.to_owned()));
                if !exists(json, &path) {
                    // A reader that buffers tells only the outer table; look further in.
                    path.pop();
                    if let Some(deeper) = descend(json, &path, found) {
                        path = deeper;
                    } else {
                        path.push(Step::Key(found.to_owned()));
                    }
                }
            }
            let top = path.len() == 1;
            let mut known = expected;
            if top {
                known.extend_from_slice(also);
            }
            Finding {
                what: format!("unknown key {found:?}"),
                why: place(&path, &known),
                fix: suggestion(found, &known),
                path,
            }
        }
        "unknown variant" => Finding {
            what: format!("{found:?} is not a possible value"),
            why: format!("Possible are: {}.", expected.join(", ")),
            fix: suggestion(found, &expected),
            path,
        },
        "missing field" => {
            if !last_is_found {
                path.push(Step::Key(found.to_owned()));
            }
            Finding {
                what: format!("missing key {found:?}"),
                why: "It has no value of its own.".to_owned(),
                fix: format!("Add {found} = …"),
                path,
            }
        }
        _ => Finding {
            what: format!(
                "{} does not fit here",
                shown(path.get(path.len().saturating_sub(1)..).unwrap_or_default())
            ),
            why: sentence(&complaint.what),
            fix: if complaint.fix.is_empty() {
                "Give a value of the expected kind.".to_owned()
            } else {
                complaint.fix
            },
            path,
        },
    }
}

fn place(path: &[Step], known: &[&str]) -> String {
    let parent = shown(path.get(..path.len().saturating_sub(1)).unwrap_or_default());
    let parent = if parent.is_empty() {
        "here".to_owned()
    } else {
        format!("in {parent}")
    };
    if known.is_empty() {
        return format!("Nothing may stand {parent}.");
    }
    let mut known = known.to_vec();
    known.sort_unstable();
    format!("Known {parent}: {}.", known.join(", "))
}

fn suggestion(found: &str, known: &[&str]) -> String {
    nearest(found, known.iter().copied()).map_or_else(
        || "Use one of those, or remove it.".to_owned(),
        |near| format!("Did you mean {near:?}?"),
    )
}

fn at<'v>(json: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(json, |at, step| match step {
        Step::Key(key) => at.get(key),
        Step::Index(index) => at.get(index),
    })
}

fn exists(json: &Value, path: &[Step]) -> bool {
    at(json, path).is_some()
}

/// The first place under `path` with a key of that name.
fn descend(json: &Value, path: &[Step], key: &str) -> Option<Vec<Step>> {
    let children: Vec<Step> = match at(json, path)? {
        Value::Object(members) => members.keys().cloned().map(Step::Key).collect(),
        Value::Array(items) => (0..items.len()).map(Step::Index).collect(),
        _ => return None,
    };
    let with = |child: Step| path.iter().cloned().chain([child]).collect::<Vec<_>>();
    let wanted = Step::Key(key.to_owned());
    if children.contains(&wanted) {
        return Some(with(wanted));
    }
    children
        .into_iter()
        .find_map(|child| descend(json, &with(child), key))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default, rename = "inner")]
        _inner: Option<Inner>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u32,
        #[serde(default, rename = "mode")]
        _mode: Option<Mode>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        Fast,
        Slow,
    }

    fn read(json: &Value) -> Vec<Complaint> {
        serde_path_to_error::deserialize::<_, Outer>(json)
            .err()
            .map(|error| Complaint {
                path: error.path().to_string(),
                what: error.inner().to_string(),
                why: String::new(),
                fix: String::new(),
            })
            .into_iter()
            .collect()
    }

    #[test]
    fn every_structural_error_is_found_at_its_place() {
        let json = json!({
            "nam": "x",
            "inner": { "cuont": 1, "count": "three", "mode": "fsat" },
        });
        let found: Vec<(String, String, String)> = read_on(&json, &["kind"], read)
            .into_iter()
            .map(|it| (shown(&it.path), it.what, it.fix))
            .collect();
        let has = |path: &str, what: &str, fix: &str| {
            assert!(
                found
                    .iter()
                    .any(|it| it.0 == path && it.1.contains(what) && it.2.contains(fix)),
                "{path} {what} {fix}: {found:?}"
            );
        };
        has("nam", "unknown key \"nam\"", "Did you mean \"name\"?");
        has(
            "inner.cuont",
            "unknown key \"cuont\"",
            "Did you mean \"count\"?",
        );
        has(
            "inner.mode",
            "\"fsat\" is not a possible value",
            "Did you mean \"fast\"?",
        );
        has("inner.count", "does not fit", "");
        assert_eq!(read_on(&json!({"name": "x"}), &[], read), []);
        let missing = read_on(&json!({"name": "x", "inner": {}}), &[], read);
        assert_eq!(missing.len(), 1);
        assert!(
            missing[0].what.contains("missing key \"count\""),
            "{missing:?}"
        );
    }
}
