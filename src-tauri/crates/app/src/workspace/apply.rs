//! Applying a workspace file: creates and updates, idempotently; what the file does not name stays.

use std::path::Path;

use serde_json::Value;
use tandem_connectors::selection;
use tandem_domain::ids::{ConnectionId, SyncId};
use tandem_engine::ports::Retention;
use tandem_engine::ports::store::{ConnectionRecord, SyncRecord};

use super::check::{Place, check};
use super::parse::{Parsed, parse};
use super::places::settle;
use super::{ConnectionDraft, SyncDraft, WorkspaceProblems};
use crate::app::{App, Inner, Scope};
use crate::error::AppError;
use crate::wire::{Applied, AppliedItem, ApplyAction, ApplyKind, ApplyWorkspace, WireEvent};

/// What a text without a name is called in messages.
const UNNAMED: &str = "workspace";

/// The longest old or new value shown in a difference.
const LONGEST: usize = 60;

impl App {
    /// Creates and updates what the file describes: all of it or nothing. Everything is checked
    /// before anything is written; `dry_run` stops there.
    ///
    /// # Errors
    /// [`AppError::Workspace`] with every problem of the file.
    pub async fn apply_workspace(&self, args: ApplyWorkspace) -> Result<Applied, AppError> {
        let file = args.file.as_deref().unwrap_or(UNNAMED);
        let mut parsed = parse(&args.text, file)?;
        let homeless = settle(&mut parsed, args.folder.as_deref().map(Path::new));
        if !homeless.is_empty() {
            return Err(WorkspaceProblems::new(file, homeless).into());
        }
        let change = self.prepare(&args.tenant, &parsed, file, true).await?;
        let (items, warnings) = (change.items(), change.warnings.clone());
        if !args.dry_run {
            self.write_change(&args.tenant, change, |_| Ok(())).await?;
        }
        Ok(Applied {
            dry_run: args.dry_run,
            items,
            warnings,
        })
    }

    /// Checks everything, and says what would have to be written. `reach`: the systems are asked
    /// too, not only what was declared of them.
    ///
    /// # Errors
    /// [`AppError::Workspace`] with every problem of the file.
    pub(super) async fn prepare(
        &self,
        tenant: &str,
        parsed: &Parsed<'_>,
        file: &str,
        reach: bool,
    ) -> Result<Change, AppError> {
        let (stored_connections, stored_syncs, stored_retention) = self
            .with_tenant(tenant, |scope| {
                Ok((
                    scope.store.connections()?,
                    scope.store.syncs()?,
                    scope.store.retention()?,
                ))
            })
            .await?;
        let inner = &self.inner;
        let connections: Vec<Step<ConnectionRecord>> = parsed
            .workspace
            .connections
            .iter()
            .map(|draft| connection(inner, &stored_connections, draft))
            .collect();
        let syncs: Vec<Step<SyncRecord>> = parsed
            .workspace
            .syncs
            .iter()
            .map(|draft| sync(inner, &stored_syncs, draft))
            .collect::<Result<_, _>>()?;
        let retention = match parsed.workspace.retention {
            Some(wanted) => Some(retention(stored_retention, wanted)?),
            None => None,
        };
        let afterwards = after(&stored_connections, &connections);
        let place = Place {
            app: self,
            tenant,
            reach,
        };
        let verdict = check(place, parsed, &afterwards).await;
        if !verdict.problems.is_empty() {
            return Err(WorkspaceProblems::new(file, verdict.problems).into());
        }
        Ok(Change {
            connections,
            syncs,
            retention,
            stored_connections,
            stored_syncs,
            warnings: verdict.warnings,
        })
    }

    /// Writes what was prepared: all of it or nothing. `still` has the last word, right before.
    pub(super) async fn write_change(
        &self,
        tenant: &str,
        change: Change,
        still: impl FnOnce(&Scope<'_>) -> Result<(), AppError> + Send + 'static,
    ) -> Result<(), AppError> {
        self.with_tenant(tenant, move |scope| {
            still(scope)?;
            let anew: Vec<SyncId> = change.anew().map(|sync| sync.id).collect();
            let connections = changed(change.connections);
            let syncs = changed(change.syncs);
            let who = scope.inner.who();
            // First, so that nothing ever runs with another filter on what the old one agreed
            // on. Should the rest not come about, comparing anew has absorbed nothing.
            for sync in anew {
                scope.store.rebaseline(sync, &who)?;
            }
            let retention = change
                .retention
                .filter(Step::changes)
                .map(|step| step.record);
            Ok(scope
                .store
                .put_workspace(&connections, &syncs, retention.as_ref(), &who)?)
        })
        .await?;
        self.inner.hub.publish_event(WireEvent::WorkspaceChanged {
            tenant: tenant.to_owned(),
        });
        Ok(())
    }
}

/// What a checked file comes to, beside what is stored.
pub(super) struct Change {
    connections: Vec<Step<ConnectionRecord>>,
    pub(super) syncs: Vec<Step<SyncRecord>>,
    retention: Option<Step<Retention>>,
    stored_connections: Vec<ConnectionRecord>,
    pub(super) stored_syncs: Vec<SyncRecord>,
    pub(super) warnings: Vec<String>,
}

impl Change {
    /// Each thing and what becomes of it.
    pub(super) fn items(&self) -> Vec<AppliedItem> {
        let connections = self.connections.iter();
        let syncs = self.syncs.iter();
        connections
            .map(|step| step.item(ApplyKind::Connection, step.record.name.to_string()))
            .chain(
                syncs.map(|step| step.item(ApplyKind::Sync, step.record.config.name.to_string())),
            )
            .chain(
                self.retention
                    .iter()
                    .map(|step| step.item(ApplyKind::Retention, "history".to_owned())),
            )
            .collect()
    }

    /// The syncs one of whose listings is going to show other records.
    pub(super) fn anew(&self) -> impl Iterator<Item = &SyncRecord> {
        let wanted: Vec<&ConnectionRecord> = self
            .connections
            .iter()
            .filter(|step| step.changes())
            .map(|step| &step.record)
            .collect();
        self.stored_syncs
            .iter()
            .filter(move |sync| filter_changes(sync, &self.stored_connections, &wanted))
    }
}

/// One thing as it will stand, and what is done for that.
pub(super) struct Step<T> {
    pub(super) record: T,
    pub(super) action: ApplyAction,
    differences: Vec<String>,
}

impl<T> Step<T> {
    fn changes(&self) -> bool {
        self.action != ApplyAction::Unchanged
    }

    fn item(&self, kind: ApplyKind, name: String) -> AppliedItem {
        AppliedItem {
            kind,
            name,
            action: self.action,
            differences: self.differences.clone(),
        }
    }
}

/// Whether a listing of this sync is going to show other records than before (case 16).
fn filter_changes(sync: &SyncRecord, old: &[ConnectionRecord], new: &[&ConnectionRecord]) -> bool {
    [&sync.config.source, &sync.config.target]
        .into_iter()
        .any(|end| {
            let named = |record: &&ConnectionRecord| record.name == end.connection;
            let shown = |record: &ConnectionRecord| {
                selection(&record.kind, &record.settings, end.collection.as_str())
            };
            let before = old.iter().find(named).map(shown);
            let after = new.iter().copied().find(named).map(shown);
            after.is_some_and(|after| before != Some(after))
        })
}

/// What has to be written.
fn changed<T>(steps: Vec<Step<T>>) -> Vec<T> {
    let changing = steps.into_iter().filter(Step::changes);
    changing.map(|step| step.record).collect()
}

fn connection(
    inner: &Inner,
    stored: &[ConnectionRecord],
    draft: &ConnectionDraft,
) -> Step<ConnectionRecord> {
    let now = inner.now();
    let Some(known) = stored.iter().find(|it| it.name == draft.name) else {
        let record = ConnectionRecord {
            id: ConnectionId(inner.ids.next()),
            name: draft.name.clone(),
            kind: draft.kind.clone(),
            settings: draft.settings.clone(),
            created_at: now,
            updated_at: now,
        };
        return Step {
            record,
            action: ApplyAction::Created,
            differences: Vec::new(),
        };
    };
    let mut differences = Vec::new();
    if known.kind != draft.kind {
        differences.push(format!("kind: {} → {}", known.kind, draft.kind));
    }
    compare("", &known.settings, &draft.settings, &mut differences);
    let mut record = known.clone();
    if differences.is_empty() {
        return Step {
            record,
            action: ApplyAction::Unchanged,
            differences,
        };
    }
    record.kind.clone_from(&draft.kind);
    record.settings.clone_from(&draft.settings);
    record.updated_at = now;
    Step {
        record,
        action: ApplyAction::Updated,
        differences,
    }
}

fn sync(
    inner: &Inner,
    stored: &[SyncRecord],
    draft: &SyncDraft,
) -> Result<Step<SyncRecord>, AppError> {
    let now = inner.now();
    let Some(known) = stored.iter().find(|it| it.config.name == draft.config.name) else {
        let record = SyncRecord {
            id: SyncId(inner.ids.next()),
            config: draft.config.clone(),
            archived: false,
            created_at: now,
            updated_at: now,
        };
        return Ok(Step {
            record,
            action: ApplyAction::Created,
            differences: Vec::new(),
        });
    };
    let json = |config| {
        serde_json::to_value(config).map_err(|error| AppError::Internal(error.to_string()))
    };
    let mut differences = Vec::new();
    compare(
        "",
        &json(&known.config)?,
        &json(&draft.config)?,
        &mut differences,
    );
    let mut record = known.clone();
    if differences.is_empty() {
        return Ok(Step {
            record,
            action: ApplyAction::Unchanged,
            differences,
        });
    }
    record.config = draft.config.clone();
    record.updated_at = now;
    Ok(Step {
        record,
        action: ApplyAction::Updated,
        differences,
    })
}

fn retention(stored: Retention, wanted: Retention) -> Result<Step<Retention>, AppError> {
    let json = |kept: Retention| {
        serde_json::to_value(kept).map_err(|error| AppError::Internal(error.to_string()))
    };
    let mut differences = Vec::new();
    compare("", &json(stored)?, &json(wanted)?, &mut differences);
    Ok(Step {
        record: wanted,
        action: if differences.is_empty() {
            ApplyAction::Unchanged
        } else {
            ApplyAction::Updated
        },
        differences,
    })
}

/// All connections as they will be.
fn after(stored: &[ConnectionRecord], steps: &[Step<ConnectionRecord>]) -> Vec<ConnectionRecord> {
    let untouched = stored
        .iter()
        .filter(|it| steps.iter().all(|step| step.record.name != it.name));
    untouched
        .chain(steps.iter().map(|step| &step.record))
        .cloned()
        .collect()
}

/// Gathers what differs, one path a line.
fn compare(path: &str, old: &Value, new: &Value, differences: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let keys = old
                .keys()
                .chain(new.keys().filter(|key| !old.contains_key(*key)));
            for key in keys {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let null = Value::Null;
                let (old, new) = (old.get(key).unwrap_or(&null), new.get(key).unwrap_or(&null));
                compare(&path, old, new, differences);
            }
        }
        (old, new) if old == new => {}
        (Value::Null, new) => differences.push(format!("{path}: added {}", short(new))),
        (old, Value::Null) => differences.push(format!("{path}: removed {}", short(old))),
        (old, new) => differences.push(format!("{path}: {} → {}", short(old), short(new))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_what_changes_and_nothing_else() {
        let table = [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": 1}), json!({"a": 2}), vec!["a: 1 → 2"]),
            (json!({"a": null}), json!({}), vec![]),
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 1, "d": 3}}),
                vec!["a.c: removed 2", "a.d: added 3"],
            ),
            (
                json!({"a": [1]}),
                json!({"a": [1, 2]}),
                vec!["a: [1] → [1,2]"],
            ),
        ];
        for (old, new, want) in table {
            let mut found = Vec::new();
            compare("", &old, &new, &mut found);
            assert_eq!(found, want, "{old} {new}");
        }
    }
}
