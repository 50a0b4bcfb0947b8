//! What always holds, each law a function of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tandem_domain::conflict::{Choice, ConflictDecision, ConflictKind, ConflictState};
use tandem_domain::ids::{Both, Side};
use tandem_engine::ports::connector::NativeChange;
use tandem_engine::ports::history::{Change, RunStatus, SyncHistory};
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord, RunFilter};

use crate::ghost::{name_of, text};
use crate::machine::{Checked, Landed, Machine};
use crate::operations::FIELDS;

/// More rows than any history makes.
const ALL: usize = 100_000;

/// A system's live records by name: field → value.
type Live = BTreeMap<String, BTreeMap<&'static str, Option<String>>>;

/// What is there once everything is at rest.
struct Rest<'a> {
    machine: &'a Machine,
    live: Both<Live>,
    conflicts: Vec<ConflictRecord>,
    runs: Vec<SyncHistory>,
    changes: Vec<Change>,
}

/// Everything that has to hold at rest.
pub(crate) fn at_rest(machine: &Machine) -> Checked {
    let store = &machine.world.store;
    let runs = store
        .runs(&RunFilter {
            limit: ALL,
            ..RunFilter::default()
        })
        .map_err(|error| error.to_string())?;
    let mut changes = Vec::new();
    for run in &runs {
        changes.extend(
            store
                .changes(run.id, None, None, ALL)
                .map_err(|error| error.to_string())?,
        );
    }
    let rest = Rest {
        live: Both::new(live(machine, Side::Source)?, live(machine, Side::Target)?),
        conflicts: store
            .conflicts(&ConflictFilter {
                limit: ALL,
                ..ConflictFilter::default()
            })
            .map_err(|error| error.to_string())?,
        machine,
        runs,
        changes,
    };
    nothing_invented(&rest)?;
    convergence(&rest)?;
    no_lost_update(&rest)?;
    no_resurrection(&rest)?;
    delete_safety(&rest)?;
    effect_once(&rest)?;
    decisions_never_stale(&rest)?;
    always_terminal(&rest)
}

fn live(machine: &Machine, side: Side) -> Result<Live, String> {
    let mut live = Live::new();
    for row in machine.world.side(side).state().rows.values() {
        let Some(name) = name_of(row).filter(|_| !row.deleted) else {
            continue;
        };
        let fields = FIELDS
            .iter()
            .map(|field| {
                (
                    *field,
                    row.fields.get(*field).and_then(text).map(str::to_owned),
                )
            })
            .collect();
        let twice = live.insert(name.clone(), fields).is_some();
        if twice && !machine.ghost().unlinked.contains(&name) {
            return Err(format!("effect once: {name} is twice on the {side}"));
        }
    }
    Ok(live)
}

/// Every value that stands anywhere was written by somebody, in that field of that record.
fn nothing_invented(rest: &Rest<'_>) -> Checked {
    let ghost = rest.machine.ghost();
    for side in Side::BOTH {
        for (name, fields) in rest.live.get(side) {
            for (field, value) in fields {
                let Some(value) = value else { continue };
                let its_own = value.starts_with(&format!("{name}.{field}."));
                if !its_own || !(ghost.written.contains(value) || ghost.decided.contains(value)) {
                    return Err(format!(
                        "nothing invented: {value} stands in {field} of {name} on the {side}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Both sides hold the same records with the same values, but for what an admin unlinked.
fn convergence(rest: &Rest<'_>) -> Checked {
    let ghost = rest.machine.ghost();
    let of = |side: Side| -> Live {
        let live = rest.live.get(side).clone();
        live.into_iter()
            .filter(|(name, _)| !ghost.unlinked.contains(name))
            .collect()
    };
    if of(Side::Source) == of(Side::Target) {
        Ok(())
    } else {
        Err("convergence at rest: the sides differ".to_owned())
    }
}

/// Every value that a person or a decision put somewhere is on both sides, or a person replaced it
/// where it stood, or it is recorded as the loser of a conflict.
fn no_lost_update(rest: &Rest<'_>) -> Checked {
    let ghost = rest.machine.ghost();
    let held = |side: Side| -> BTreeSet<&String> {
        rest.live
            .get(side)
            .values()
            .flat_map(BTreeMap::values)
            .flatten()
            .collect()
    };
    let (source, target) = (held(Side::Source), held(Side::Target));
    let losers: BTreeSet<&str> = rest
        .changes
        .iter()
        .flat_map(|change| &change.losers)
        .filter_map(|loser| text(&loser.value))
        .collect();
    let remembered: BTreeSet<String> = rest.conflicts.iter().flat_map(remembered).collect();
    // A choice that was never carried out (its conflict reopened or closed) was never written.
    let applied: Vec<String> = rest.conflicts.iter().flat_map(made_up).collect();
    for token in ghost.written.iter().chain(&applied) {
        let name = token.split('.').next().unwrap_or_default();
        let standing =
            source.contains(token) && target.contains(token) || ghost.unlinked.contains(name);
        let accounted = standing
            || ghost.replaced.contains(token)
            || ghost.forgotten.contains(token)
            || losers.contains(token.as_str())
            || remembered.contains(token);
        if !accounted {
            return Err(format!("no lost update: {token} is gone without a trace"));
        }
    }
    Ok(())
}

/// What a settled conflict keeps of the values that were not taken.
fn remembered(conflict: &ConflictRecord) -> Vec<String> {
    let mut kept = Vec::new();
    for field in &conflict.draft.fields {
        let chosen = match (&conflict.state, &conflict.decision) {
            (ConflictState::Resolved, Some(ConflictDecision::Fields(choices))) => {
                match choices.get(&field.field) {
                    Some(Choice::Source) => field.source.as_ref(),
                    Some(Choice::Target) => field.target.as_ref(),
                    Some(Choice::Base) => field.base.as_ref(),
                    Some(Choice::Custom(_)) => None,
                    // Not contested: it merges by itself and is on both sides.
                    None => continue,
                }
            }
            (ConflictState::Resolved, Some(ConflictDecision::Restore)) => continue,
            _ => None,
        };
        for value in [&field.base, &field.source, &field.target] {
            if value.as_ref() != chosen {
                kept.extend(value.as_ref().and_then(text).map(str::to_owned));
            }
        }
    }
    kept
}

/// The values that an admin made up and that were written.
fn made_up(conflict: &ConflictRecord) -> Vec<String> {
    let Some(ConflictDecision::Fields(choices)) = &conflict.decision else {
        return Vec::new();
    };
    let custom = choices.values().filter_map(|choice| match choice {
        Choice::Custom(value) => text(value).map(str::to_owned),
        _ => None,
    });
    custom
        .filter(|_| conflict.state == ConflictState::Resolved)
        .collect()
}

/// A record that a person deleted does not stand again as it was, unless a person said so.
fn no_resurrection(rest: &Rest<'_>) -> Checked {
    let ghost = rest.machine.ghost();
    let restored: BTreeSet<&str> = rest
        .conflicts
        .iter()
        .filter(|conflict| conflict.draft.kind != ConflictKind::Update)
        .flat_map(|conflict| &conflict.draft.fields)
        .flat_map(|field| [&field.source, &field.target])
        .filter_map(|value| value.as_ref().and_then(text))
        .collect();
    for (name, fields) in &rest.live.source {
        if ghost.unlinked.contains(name) || rest.live.target.get(name) != Some(fields) {
            continue;
        }
        let held: BTreeSet<String> = fields.values().flatten().cloned().collect();
        let whole = held.len() == FIELDS.len();
        let risen = whole
            && ghost.buried.contains(&held)
            && !held
                .iter()
                .any(|token| restored.contains(token.as_str()) || ghost.forgotten.contains(token));
        if risen {
            return Err(format!("no resurrection: {name} was deleted as {held:?}"));
        }
    }
    Ok(())
}

/// We deleted nothing that no person had deleted on the other side.
fn delete_safety(rest: &Rest<'_>) -> Checked {
    match rest.machine.ghost().unasked.first() {
        None => Ok(()),
        Some(what) => Err(format!("delete safety: nobody asked to delete {what}")),
    }
}

/// One key makes one record.
fn effect_once(rest: &Rest<'_>) -> Checked {
    for side in Side::BOTH {
        let state = rest.machine.world.side(side).state();
        let mut made = HashMap::new();
        for effect in &state.effects {
            if matches!(effect.change, NativeChange::Create { .. })
                && let Some(first) = made.insert(effect.key, effect.id.clone())
                && first != effect.id
            {
                return Err(format!(
                    "effect once: {first} and {} on the {side} bear one key",
                    effect.id
                ));
            }
        }
    }
    Ok(())
}

/// What a decision overruled is what the admin was shown.
fn decisions_never_stale(rest: &Rest<'_>) -> Checked {
    let ghost = rest.machine.ghost();
    let overruled = rest
        .changes
        .iter()
        .flat_map(|change| &change.losers)
        .filter(|loser| loser.rule == "decision");
    for loser in overruled {
        if let Some(value) = text(&loser.value)
            .filter(|value| !ghost.shown.contains(*value) && !ghost.forgotten.contains(*value))
        {
            return Err(format!(
                "decisions never stale: {value} was overruled and never shown"
            ));
        }
    }
    Ok(())
}

/// Every run has ended, and its counts add up.
fn always_terminal(rest: &Rest<'_>) -> Checked {
    for run in &rest.runs {
        if matches!(run.status, RunStatus::Pending | RunStatus::Running) {
            return Err(format!("always terminal: {run:?}"));
        }
        sum(run)?;
    }
    Ok(())
}

fn sum(run: &SyncHistory) -> Checked {
    let counts = run.counts;
    if counts.processed == counts.succeeded + counts.failed + counts.skipped {
        Ok(())
    } else {
        Err(format!("counts add up: {counts:?}"))
    }
}

/// What a run says that it did is what the systems saw, where no answer was lost. (A delete of what
/// is gone already counts too, though nothing lands.)
pub(crate) fn counts_add_up(run: &SyncHistory, landed: Option<Both<Landed>>) -> Checked {
    sum(run)?;
    let Some(landed) = landed else { return Ok(()) };
    for side in Side::BOTH {
        let (counts, landed) = (run.counts, *landed.get(side));
        let same = *counts.created.get(side) == landed.created
            && *counts.updated.get(side) == landed.updated
            && *counts.deleted.get(side) >= landed.deleted;
        if !same {
            return Err(format!(
                "counts add up: {landed:?} on the {side}, it says {counts:?}"
            ));
        }
    }
    Ok(())
}

/// A contested field differs on both sides from the base, if it had one, and from each other. (One
/// that a person had decided is opened again when either side moved, wherever to.)
pub(crate) fn conflict_exactly_when_both_differ(conflict: &ConflictRecord) -> Checked {
    let draft = &conflict.draft;
    if draft.kind != ConflictKind::Update {
        return Ok(());
    }
    for field in draft.fields.iter().filter(|field| field.contested) {
        let moved = field.base != field.source && field.base != field.target;
        let distinct = field.source != field.target && (moved || conflict.revision > 1);
        if !distinct {
            return Err(format!(
                "conflict exactly when both differ: {field:?} in {draft:?}"
            ));
        }
    }
    Ok(())
}
