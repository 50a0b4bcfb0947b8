//! Writing down what is about to be sent, before its first byte leaves (house rule 3).

use tandem_domain::conflict::ConflictDraft;
use tandem_domain::ids::{Both, ConflictId, Side};
use tandem_domain::link::Link;
use tandem_domain::plan::{ConflictChange, Intent, Reason};

use super::apply::Item;
use super::context::RunContext;
use super::halt::Halt;
use super::partners;
use super::plan::writes;
use super::receipts::count_write;
use super::rules::{RecordProblem, id_of};
use super::send::SideWrite;
use crate::failpoints::{Point, reach};
use crate::ports::connector::{NativeChange, WriteOperation};
use crate::ports::events::EventKind;
use crate::ports::history::{NewError, OperationKind, OperationState};
use crate::ports::session::{ConflictStep, JournalOperation, JournalPair, Journalled, PlannedPair};
/// Carries a decision's intents into the sides' own fields and gives each its key.
pub(super) fn prepare(run: &RunContext, planned: PlannedPair) -> Item {
    let mut writes = Both::new(None, None);
    let mut problem = None;
    for side in Side::BOTH {
        let Some(intent) = planned.decision.intents.get(side) else {
            continue;
        };
        let key = match (intent, planned.reuse_key) {
            (Intent::Create { .. }, Some(key)) => key,
            _ => run.new_key(),
        };
        match native_change(run, side, intent) {
            Ok(change) => {
                *writes.get_mut(side) = Some(SideWrite {
                    key,
                    intent: intent.clone(),
                    operation: WriteOperation { key, change },
                    sent: None,
                });
            }
            Err(wrong) => problem = Some((side, wrong)),
        }
    }
    if problem.is_some() {
        // Half of a merge is not sent alone: the pair waits until its mapping works.
        writes = Both::new(None, None);
    }
    Item {
        link_id: planned.link_id,
        link: None,
        reason: planned.decision.reason,
        carries_out: planned.carries_out,
        writes,
        planned,
        problem,
    }
}

fn native_change(
    run: &RunContext,
    side: Side,
    intent: &Intent,
) -> Result<NativeChange, RecordProblem> {
    let conditional = run.gateways.get(side).capabilities().conditional_writes;
    #[cfg(feature = "planted-bugs")]
    let conditional =
        conditional && !tandem_domain::planted::is(tandem_domain::planted::Bug::VersionIgnored);
    let condition = |version: &Option<_>| if conditional { version.clone() } else { None };
    Ok(match intent {
        Intent::Create { fields } => NativeChange::Create {
            fields: run.rules.native(side, fields, None)?.into(),
        },
        Intent::Update {
            id,
            patch,
            before,
            if_version,
        } => NativeChange::Update {
            id: id.clone(),
            patch: run.rules.native(side, patch, Some(before))?.into(),
            if_version: condition(if_version),
        },
        Intent::Delete { id, if_version, .. } => NativeChange::Delete {
            id: id.clone(),
            if_version: condition(if_version),
        },
    })
}

fn journal_operation(
    side: Side,
    write: &SideWrite,
    planned: &PlannedPair,
    state: OperationState,
) -> JournalOperation {
    let (kind, record_id, before, after) = match &write.intent {
        Intent::Create { fields } => (OperationKind::Create, None, None, Some(fields)),
        Intent::Update {
            id, patch, before, ..
        } => (
            OperationKind::Update,
            Some(id.clone()),
            Some(before),
            Some(patch),
        ),
        Intent::Delete { id, before, .. } => {
            (OperationKind::Delete, Some(id.clone()), Some(before), None)
        }
    };
    let losers = planned.decision.losers.clone();
    #[cfg(feature = "planted-bugs")]
    let losers = Some(losers)
        .filter(|_| !tandem_domain::planted::is(tandem_domain::planted::Bug::LosersForgotten))
        .unwrap_or_default();
    JournalOperation {
        key: write.key,
        side,
        kind,
        record_id,
        before: before.cloned(),
        after: after.cloned(),
        losers,
        reason: planned.decision.reason,
        state,
    }
}

fn conflict_step(run: &RunContext, planned: &PlannedPair) -> ConflictStep {
    match (&planned.decision.conflict, planned.carries_out) {
        (ConflictChange::Park(draft), Some(id)) => ConflictStep::Reopen {
            id,
            draft: boxed(draft),
        },
        (ConflictChange::Park(draft), None) => ConflictStep::Park {
            id: ConflictId(run.ids.next()),
            draft: boxed(draft),
        },
        (_, Some(id)) if !writes(&planned.decision) => ConflictStep::Resolved(id),
        (ConflictChange::Close(reason), None) => ConflictStep::Close(*reason),
        (_, _) => ConflictStep::Keep,
    }
}

fn boxed(draft: &ConflictDraft) -> Box<ConflictDraft> {
    Box::new(draft.clone())
}

/// The link a pair has, or is about to have.
fn link_of(item: &Item) -> Option<Link> {
    let known = item.planned.pair.link.as_ref();
    known.or(item.planned.decision.link.as_ref()).cloned()
}

/// What keeps a pair from being sent, for the error log: told of the record that is there.
fn problem_row(run: &RunContext, item: &Item, side: Side, problem: &RecordProblem) -> NewError {
    let link = link_of(item);
    let id = link
        .as_ref()
        .and_then(|link| id_of(link, side.other()).or_else(|| id_of(link, side)));
    run.record_error(side, id, problem, None)
}

/// Writes down everything about to be sent, the links as agreed and the conflicts parked.
pub(super) async fn journal(run: &RunContext, items: &mut [Item]) -> Result<(), Halt> {
    let mut errors: Vec<NewError> = Vec::new();
    let mut pairs = Vec::with_capacity(items.len());
    for item in items.iter_mut() {
        let decision = &item.planned.decision;
        if let Some((side, problem)) = &item.problem {
            let link = link_of(item);
            errors.push(problem_row(run, item, *side, problem));
            item.link = link.clone();
            pairs.push(JournalPair {
                link_id: item.link_id,
                row: link.map(|link| run.rules.row(link, true)),
                operations: Vec::new(),
                conflict: ConflictStep::Keep,
            });
            continue;
        }
        let outstanding = writes(decision) || item.planned.put_off;
        item.link = decision
            .link
            .clone()
            .or_else(|| item.planned.pair.link.clone());
        pairs.push(JournalPair {
            link_id: item.link_id,
            row: decision
                .link
                .clone()
                .map(|link| run.rules.row(link, outstanding)),
            operations: Side::BOTH
                .into_iter()
                .filter_map(|side| {
                    let write = item.writes.get(side).as_ref()?;
                    Some(journal_operation(
                        side,
                        write,
                        &item.planned,
                        OperationState::Journalled,
                    ))
                })
                .collect(),
            conflict: conflict_step(run, &item.planned),
        });
    }
    let now = run.now();
    reach(Point::Journalling);
    let journalled = run
        .session
        .with(move |session| session.journal_chunk(&pairs, &errors, now))
        .await?;
    reach(Point::Journalled);
    note_journalled(run, items, &journalled);
    Ok(())
}

fn note_journalled(run: &RunContext, items: &mut [Item], journalled: &[Journalled]) {
    for (item, journalled) in items.iter_mut().zip(journalled) {
        item.link_id = journalled.link_id;
        let parked = matches!(item.planned.decision.conflict, ConflictChange::Park(_));
        if let Some(conflict) = journalled.conflict {
            run.publish(EventKind::ConflictDetected {
                conflict: conflict.id,
            });
        }
        let new_conflict = journalled.conflict.is_some_and(|conflict| conflict.new);
        let failed = item.problem.is_some();
        let settled = item.writes.source.is_none() && item.writes.target.is_none();
        let left_alone = matches!(
            item.reason,
            Reason::Drift | Reason::Unchanged | Reason::Excluded | Reason::DeleteIgnored
        );
        run.tally(|tally| {
            tally.counts.conflicts += u64::from(new_conflict);
            if failed {
                tally.counts.failed += 1;
            } else if parked || (settled && left_alone) {
                tally.counts.skipped += 1;
            } else if settled {
                tally.counts.succeeded += 1;
            }
        });
    }
}

/// Only writes down what would be sent: nothing is written to any system.
pub(super) async fn journal_simulated(
    run: &RunContext,
    planned: Vec<PlannedPair>,
) -> Result<(), Halt> {
    let mut items: Vec<Item> = planned
        .into_iter()
        .map(|planned| prepare(run, planned))
        .collect();
    partners::look_up(run, &mut items).await?;
    let mut pairs = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for item in items {
        let decision = &item.planned.decision;
        if let Some((side, problem)) = &item.problem {
            errors.push(problem_row(run, &item, *side, problem));
        }
        let sides = Side::BOTH
            .into_iter()
            .filter_map(|side| Some((side, item.writes.get(side).as_ref()?)));
        let operations: Vec<JournalOperation> = sides
            .map(|(side, write)| {
                journal_operation(side, write, &item.planned, OperationState::Planned)
            })
            .collect();
        run.tally(|tally| {
            let counts = &mut tally.counts;
            if item.problem.is_some() {
                counts.failed += 1;
            } else if operations.is_empty() {
                counts.skipped += 1;
            } else {
                counts.succeeded += 1;
            }
            counts.conflicts += u64::from(
                matches!(decision.conflict, ConflictChange::Park(_))
                    && !item.planned.pair.conflict_open,
            );
            for operation in &operations {
                count_write(counts, operation.side, operation.kind);
            }
        });
        // The link is not kept; it says which two records the operations are about.
        let row = link_of(&item).map(|link| run.rules.row(link, false));
        pairs.push(JournalPair {
            link_id: item.link_id,
            row,
            operations,
            conflict: ConflictStep::Keep,
        });
    }
    let now = run.now();
    run.session
        .with(move |session| session.journal_chunk(&pairs, &errors, now))
        .await?;
    Ok(())
}
