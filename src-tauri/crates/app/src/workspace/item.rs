//! One sync or connection by itself: its text, what is wrong with an edited one, and applying it
//! while everything else stays as it is.

use serde_json::Value;
use tandem_domain::config::{BESIDE_THE_POINT, SyncConfiguration};
use tandem_engine::ports::history::RunStatus;
use tandem_engine::ports::pairs::PairFilter;
use tandem_engine::ports::store::{ConnectionRecord, RunFilter, SyncRecord};

use super::apply::Change;
use super::export::{connection_item, item_text, sync_item};
use super::parse::{Parsed, parse};
use super::places::settle;
use super::{Problem, WorkspaceProblems};
use crate::app::{App, Scope};
use crate::error::AppError;
use crate::lookup;
use crate::wire::{
    Applied, AppliedItem, ApplyAction, ApplyItem, ApplyKind, ArchiveSync, CheckItem, Done, GetItem,
    ItemChecked, ItemKind, ItemProblem, ItemView, WireEvent,
};

/// Pairs are counted in pages of so many.
const PAGE: usize = 1_000;

impl App {
    /// One sync or connection as it stands in a workspace file.
    ///
    /// # Errors
    /// Where there is no such thing.
    pub async fn get_item(&self, args: GetItem) -> Result<ItemView, AppError> {
        self.with_tenant(&args.tenant, move |scope| {
            let stored = Stored::find(scope, args.kind, &args.name)?;
            let value = stored.value()?;
            Ok(ItemView {
                kind: args.kind,
                name: args.name,
                text: item_text(args.kind, &value)?,
                value,
                revision: stored.revision(),
            })
        })
        .await
    }

    /// Checks an edited text, or a form, without saving it: everything that is wrong with it and
    /// with what depends on it, and what applying it would do.
    ///
    /// # Errors
    /// Where neither or both of text and form are given, or there is no such thing to edit.
    pub async fn check_item(&self, args: CheckItem) -> Result<ItemChecked, AppError> {
        if let Some(name) = args.name.clone() {
            let kind = args.kind;
            self.with_tenant(&args.tenant, move |scope| {
                Stored::find(scope, kind, &name).map(drop)
            })
            .await?;
        }
        let text = match (args.text, args.value) {
            (Some(text), None) => text,
            (None, Some(value)) => item_text(args.kind, &value)?,
            _ => {
                return Err(AppError::Argument {
                    what: "either a text or a form is to be checked".to_owned(),
                    why: "Each is made from the other.".to_owned(),
                    fix: "Give just one of both.".to_owned(),
                });
            }
        };
        let edit = Edit {
            tenant: &args.tenant,
            kind: args.kind,
            name: args.name.as_deref(),
            text: &text,
        };
        let mut checked = ItemChecked {
            value: read(args.kind, &text),
            text: text.clone(),
            problems: Vec::new(),
            warnings: Vec::new(),
            action: None,
            differences: Vec::new(),
            pairs_anew: 0,
        };
        match self.prepare_item(&edit, args.reach).await {
            Ok((change, item)) => {
                let (pairs, mut effects) = self.effects(&args.tenant, &change).await?;
                checked.warnings = change.warnings;
                checked.warnings.append(&mut effects);
                checked.action = Some(item.action);
                checked.differences = item.differences;
                checked.pairs_anew = pairs;
            }
            Err(AppError::Workspace(found)) => {
                checked.problems = found.problems.into_iter().map(shown).collect();
            }
            Err(other) => return Err(other),
        }
        Ok(checked)
    }

    /// Creates or changes one sync or connection, the way a workspace file does; nothing else is
    /// touched. A connection is refused while a sync that uses it could not go on with it.
    ///
    /// # Errors
    /// [`AppError::Workspace`] with every problem; [`AppError::Outdated`] where it was changed since
    /// it was read; [`AppError::Exists`] where a new one has the name of another.
    pub async fn apply_item(&self, args: ApplyItem) -> Result<Applied, AppError> {
        let edit = Edit {
            tenant: &args.tenant,
            kind: args.kind,
            name: args.name.as_deref(),
            text: &args.text,
        };
        let (kind, revision) = (args.kind, args.revision);
        let original = args.name.clone();
        if original.is_some() != revision.is_some() {
            return Err(AppError::Argument {
                what: "name and revision belong together".to_owned(),
                why: "What is changed was read before; what is new has neither.".to_owned(),
                fix: "Give both, or neither.".to_owned(),
            });
        }
        let (change, item) = self.prepare_item(&edit, true).await?;
        let warnings = change.warnings.clone();
        let name = item.name.clone();
        self.write_change(&args.tenant, change, move |scope| {
            still_as_read(scope, kind, &name, revision.as_deref())
        })
        .await?;
        Ok(Applied {
            dry_run: false,
            items: vec![item],
            warnings,
        })
    }

    /// Puts a sync away: it never runs again, its name is free, and its history stays.
    ///
    /// # Errors
    /// Where there is no such sync, it was changed since it was read, or a run of it is live.
    pub async fn archive_sync(&self, args: ArchiveSync) -> Result<Done, AppError> {
        self.with_tenant(&args.tenant, move |scope| {
            still_as_read(scope, ItemKind::Sync, &args.name, Some(&args.revision))?;
            let mut record = lookup::sync(scope.store, &args.name)?;
            for status in [RunStatus::Running, RunStatus::Pending] {
                let live = scope.store.runs(&RunFilter {
                    sync: Some(record.id),
                    status: Some(status),
                    limit: 1,
                    ..RunFilter::default()
                })?;
                if let Some(run) = live.first() {
                    return Err(AppError::Busy {
                        sync: args.name,
                        run: run.id.0.to_string(),
                    });
                }
            }
            record.archived = true;
            record.updated_at = scope.inner.now();
            Ok(scope.store.put_sync(&record, &scope.inner.who())?)
        })
        .await?;
        self.inner.hub.publish_event(WireEvent::WorkspaceChanged {
            tenant: args.tenant,
        });
        Ok(Done {})
    }

    async fn prepare_item(
        &self,
        edit: &Edit<'_>,
        reach: bool,
    ) -> Result<(Change, AppliedItem), AppError> {
        let name = named(edit)?;
        let (kind, known) = (edit.kind, edit.name.is_some());
        let depending = self
            .with_tenant(edit.tenant, {
                let name = name.clone();
                move |scope| {
                    if !known && Stored::find(scope, kind, &name).is_ok() {
                        return Err(AppError::Exists {
                            kind: kind_word(kind),
                            name,
                        });
                    }
                    depending(scope, kind, &name)
                }
            })
            .await?;
        // What depends on it stands after it in one text: its own lines keep their numbers.
        let whole = format!("{}\n{depending}", edit.text);
        let lines = edit.text.lines().count();
        let outcome = async {
            let parsed = ready(&whole, kind_word(kind))?;
            let change = self
                .prepare(edit.tenant, &parsed, kind_word(kind), reach)
                .await?;
            Ok(change)
        };
        let change = outcome.await.map_err(|error| match error {
            AppError::Workspace(mut found) => {
                for problem in &mut found.problems {
                    if problem.line.is_some_and(|line| line > lines) {
                        (problem.line, problem.column) = (None, None);
                    }
                }
                found.into()
            }
            other => other,
        })?;
        let items = change.items();
        let wanted = match kind {
            ItemKind::Connection => ApplyKind::Connection,
            ItemKind::Sync => ApplyKind::Sync,
        };
        let item = items
            .into_iter()
            .find(|item| item.kind == wanted && item.name == name)
            .ok_or_else(|| AppError::Internal(format!("{name} is not in its own text")))?;
        Ok((change, item))
    }

    /// How many pairs are compared anew, and what else is to be known before.
    async fn effects(&self, tenant: &str, change: &Change) -> Result<(u64, Vec<String>), AppError> {
        let mut concerned: Vec<SyncRecord> = change.anew().cloned().collect();
        let mut moved = None;
        for step in &change.syncs {
            let stored = change
                .stored_syncs
                .iter()
                .find(|it| it.id == step.record.id);
            let Some(before) = stored.filter(|_| step.action == ApplyAction::Updated) else {
                continue;
            };
            let (old, new) = (&before.config, &step.record.config);
            if (&old.source, &old.target) != (&new.source, &new.target) {
                moved = Some(before.clone());
            }
            if to_the_point(before)? != to_the_point(&step.record)?
                && concerned.iter().all(|it| it.id != before.id)
            {
                concerned.push(before.clone());
            }
        }
        self.with_tenant(tenant, move |scope| {
            let mut warnings = Vec::new();
            let mut all = 0;
            for sync in &concerned {
                let pairs = pairs(scope, sync)?;
                all += pairs;
                if pairs > 0 {
                    warnings.push(format!(
                        "The next run of {} reads both sides in full and compares {} anew.",
                        sync.config.name,
                        counted(pairs),
                    ));
                }
                if pairs > 0 && moved.as_ref().is_some_and(|it| it.id == sync.id) {
                    warnings.push(format!(
                        "{} of {} stay linked by their ids in the old collection. For another collection, duplicate the sync and archive this one instead.",
                        crate::error::sentence(&counted(pairs)).trim_end_matches('.'),
                        sync.config.name,
                    ));
                }
            }
            Ok((all, warnings))
        })
        .await
    }
}

/// An edited text, and what it is of.
struct Edit<'a> {
    tenant: &'a str,
    kind: ItemKind,
    /// `None`: something new.
    name: Option<&'a str>,
    text: &'a str,
}

/// What is stored of one item.
enum Stored {
    Connection(ConnectionRecord),
    Sync(Box<SyncRecord>),
}

impl Stored {
    fn find(scope: &Scope<'_>, kind: ItemKind, name: &str) -> Result<Self, AppError> {
        Ok(match kind {
            ItemKind::Connection => Self::Connection(lookup::connection(scope.store, name)?),
            ItemKind::Sync => Self::Sync(Box::new(lookup::sync(scope.store, name)?)),
        })
    }

    fn value(&self) -> Result<Value, AppError> {
        match self {
            Self::Connection(record) => {
                connection_item(&record.name, &record.kind, &record.settings)
            }
            Self::Sync(record) => sync_item(&record.config),
        }
    }

    /// Every change moves the time of change.
    fn revision(&self) -> String {
        let at = match self {
            Self::Connection(record) => record.updated_at,
            Self::Sync(record) => record.updated_at,
        };
        at.timestamp_micros().to_string()
    }
}

/// Refuses what was read before somebody else changed it.
fn still_as_read(
    scope: &Scope<'_>,
    kind: ItemKind,
    name: &str,
    revision: Option<&str>,
) -> Result<(), AppError> {
    match (Stored::find(scope, kind, name), revision) {
        (Ok(stored), Some(revision)) if stored.revision() == revision => Ok(()),
        (Err(_), None) => Ok(()),
        (Ok(_), None) => Err(AppError::Exists {
            kind: kind_word(kind),
            name: name.to_owned(),
        }),
        (Err(error), Some(_)) => Err(error),
        (Ok(_), Some(_)) => Err(AppError::Outdated {
            kind: kind_word(kind),
            name: name.to_owned(),
        }),
    }
}

/// Reads a text of which every path is absolute.
fn ready<'a>(text: &'a str, file: &str) -> Result<Parsed<'a>, WorkspaceProblems> {
    let mut parsed = parse(text, file)?;
    let homeless = settle(&mut parsed, None);
    if homeless.is_empty() {
        return Ok(parsed);
    }
    Err(WorkspaceProblems::new(file, homeless))
}

/// The name of the one thing that a text describes.
fn named(edit: &Edit<'_>) -> Result<String, AppError> {
    let word = kind_word(edit.kind);
    let parsed = parse(edit.text, word)?;
    let names: Vec<(usize, String)> = match edit.kind {
        ItemKind::Connection => {
            let all = parsed.workspace.connections.iter();
            all.map(|it| (it.index, it.name.to_string())).collect()
        }
        ItemKind::Sync => {
            let all = parsed.workspace.syncs.iter();
            all.map(|it| (it.index, it.config.name.to_string()))
                .collect()
        }
    };
    let all = parsed.workspace.connections.len()
        + parsed.workspace.syncs.len()
        + usize::from(parsed.workspace.retention.is_some());
    let refuse = |problem| WorkspaceProblems::new(word, vec![problem]).into();
    let [(index, name)] = names.as_slice() else {
        return Err(refuse(whole_text(edit.kind)));
    };
    if all != 1 {
        return Err(refuse(whole_text(edit.kind)));
    }
    match edit.name {
        Some(original) if original != name => Err(refuse(parsed.problem(
            list(edit.kind),
            *index,
            name,
            "name",
            [
                format!("the name of {original:?} cannot be changed"),
                "Links, history and other settings know it by its name.".to_owned(),
                format!("Write name = {original:?}, or duplicate it under the new name."),
            ],
        ))),
        _ => Ok(name.clone()),
    }
}

fn whole_text(kind: ItemKind) -> Problem {
    let (word, list) = (kind_word(kind), list(kind));
    Problem {
        line: None,
        column: None,
        path: String::new(),
        what: format!("this is not the text of one {word}"),
        why: format!("It holds one [[{list}]] and nothing else."),
        fix: "Take the rest out; a whole workspace file is applied with: tandem apply -f FILE"
            .to_owned(),
    }
}

/// The syncs that use a connection, as a text to be checked with it.
fn depending(scope: &Scope<'_>, kind: ItemKind, name: &str) -> Result<String, AppError> {
    if kind == ItemKind::Sync {
        return Ok(String::new());
    }
    let uses = |sync: &&SyncRecord| {
        [&sync.config.source, &sync.config.target]
            .iter()
            .any(|end| end.connection.as_str() == name)
    };
    let syncs = scope.store.syncs()?;
    let texts: Vec<String> = syncs
        .iter()
        .filter(uses)
        .map(|sync| super::sync_toml(&sync.config))
        .collect();
    Ok(texts.join("\n"))
}

/// The configuration of a text of one sync, whether it could be applied or not.
pub(crate) fn sync_of_text(text: &str) -> Result<SyncConfiguration, AppError> {
    let mut parsed = ready(text, kind_word(ItemKind::Sync))?;
    match (
        parsed.workspace.syncs.pop(),
        parsed.workspace.syncs.is_empty(),
    ) {
        (Some(draft), true) => Ok(draft.config),
        _ => Err(WorkspaceProblems::new("sync", vec![whole_text(ItemKind::Sync)]).into()),
    }
}

/// The members of the one table in a text, as far as it can be read.
fn read(kind: ItemKind, text: &str) -> Option<Value> {
    if let Ok(parsed) = parse(text, "")
        && let [sync] = parsed.workspace.syncs.as_slice()
        && kind == ItemKind::Sync
        && let Ok(value) = sync_item(&sync.config)
    {
        return Some(value);
    }
    let document = super::document::Document::parse(text).ok()?;
    match document.json().get(list(kind))? {
        Value::Array(items) if items.len() == 1 => items.first().cloned(),
        _ => None,
    }
}

/// A configuration less what no link was ever compared under.
fn to_the_point(record: &SyncRecord) -> Result<Value, AppError> {
    let mut value = serde_json::to_value(&record.config)
        .map_err(|error| AppError::Internal(error.to_string()))?;
    if let Value::Object(parts) = &mut value {
        for part in BESIDE_THE_POINT {
            parts.remove(part);
        }
    }
    Ok(value)
}

fn pairs(scope: &Scope<'_>, sync: &SyncRecord) -> Result<u64, AppError> {
    let mut filter = PairFilter {
        sync: Some(sync.id),
        state: None,
        after: None,
        limit: PAGE,
    };
    let mut count = 0;
    loop {
        let page = scope.store.pairs(&filter)?;
        count += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == PAGE => filter.after = Some(last.id),
            _ => return Ok(count),
        }
    }
}

fn counted(pairs: u64) -> String {
    format!("{pairs} pair{}", if pairs == 1 { "" } else { "s" })
}

fn shown(problem: Problem) -> ItemProblem {
    ItemProblem {
        line: problem.line.map(|it| it as u64),
        column: problem.column.map(|it| it as u64),
        path: problem.path,
        what: problem.what,
        why: problem.why,
        fix: problem.fix,
    }
}

const fn kind_word(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Connection => "connection",
        ItemKind::Sync => "sync",
    }
}

const fn list(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Connection => "connections",
        ItemKind::Sync => "syncs",
    }
}
