//! Taking an earlier run back (case 41): its writes are read from the journal newest first, page by
//! page, and each field is put back only where the record still says what that run wrote. What is
//! sent is journalled, sent and acknowledged like any other write, so that this too can be taken
//! back, and a rollback that was interrupted is settled by the next run.
//!
//! A field that was put back leaves a difference between the two sides. It stands, in the shadows,
//! until somebody edits that field on either side: an ordinary run neither repeats what was taken
//! back nor carries the old value across.

use std::collections::{HashMap, HashSet};

use tandem_domain::ids::{Both, RunId, Side};
use tandem_domain::link::Link;
use tandem_domain::plan::{Intent, Observation, Pair};

use super::apply::{Item, observe};
use super::context::RunContext;
use super::guard;
use super::halt::Halt;
use super::journal::{journal, journal_simulated, prepare};
use super::receipts::acknowledge;
use super::rules::{RecordProblem, id_of};
use super::send::{Sent, send_window};
use crate::ports::events::Phase;
use crate::ports::history::{ErrorType, NewError, OperationKind};
use crate::ports::session::{AcknowledgedPair, ConflictStep, PlannedPair, UndoLink, UndoOperation};

mod decide;

use decide::{Undo, undo};

/// Writes taken back at a time.
const PAGE: usize = 500;

/// Takes back what `earlier` wrote. `Err` when it had to stop: what is left can be taken back by
/// asking again.
pub(super) async fn roll_back(run: &RunContext, earlier: RunId) -> Result<(), Halt> {
    check_guard(run, earlier).await?;
    let (mut before, mut done) = (None, 0_u64);
    loop {
        run.may_go_on().await?;
        let page = run
            .session
            .with(move |session| session.undo_page(earlier, before, PAGE))
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        before = Some(last.change.seq);
        done += page.len() as u64;
        let mut left = page;
        while !left.is_empty() {
            // One write of a link at a time: the older one starts from what the newer one left.
            let mut links = HashSet::new();
            let (now, later) = left.into_iter().partition(|operation| {
                operation
                    .link
                    .as_ref()
                    .is_none_or(|link| links.insert(link.id))
            });
            left = later;
            some(run, now).await?;
            if !left.is_empty() {
                left = refreshed(run, earlier, left).await?;
            }
        }
        run.progress(Phase::Apply, done, None);
    }
}

/// The same writes with their links as they stand by now.
async fn refreshed(
    run: &RunContext,
    earlier: RunId,
    stale: Vec<UndoOperation>,
) -> Result<Vec<UndoOperation>, Halt> {
    let (Some(first), Some(last)) = (
        stale.first().map(|it| it.change.seq),
        stale.last().map(|it| it.change.seq),
    ) else {
        return Ok(stale);
    };
    let wanted: HashSet<i64> = stale.iter().map(|it| it.change.seq).collect();
    let mut page = run
        .session
        .with(move |session| session.undo_page(earlier, first.checked_add(1), PAGE))
        .await?;
    page.retain(|it| it.change.seq >= last && wanted.contains(&it.change.seq));
    Ok(page)
}

/// Records that the earlier run made would be deleted: as guarded as any deletes, all of them counted
/// before the first write.
async fn check_guard(run: &RunContext, earlier: RunId) -> Result<(), Halt> {
    let since = run.now() - guard::WINDOW;
    let (deletes, recent, links) = run
        .session
        .with(move |session| {
            let deletes = session.made_by(earlier)?;
            let (_, links) = session.unseen_count(Side::Source)?;
            Ok((deletes, session.deletes_since(since)?, links))
        })
        .await?;
    if run.options.simulate {
        // It deletes nothing; its plan shows how many a rollback would.
        return Ok(());
    }
    guard::check(
        deletes,
        recent,
        links,
        run.options.allow_deletes,
        &["records that this run made".to_owned()],
    )
    .map_err(Halt::Guard)
}

/// Takes some writes back, at most one of each link.
async fn some(run: &RunContext, operations: Vec<UndoOperation>) -> Result<(), Halt> {
    let nothing = Link {
        state: tandem_domain::link::LinkState::Closed,
        base: None,
        sides: Both::new(None, None),
    };
    let mut sides = Both::new(Vec::new(), Vec::new());
    for side in Side::BOTH {
        // The other side matters only where a record is made again.
        let links: Vec<&Link> = operations
            .iter()
            .map(|it| match &it.link {
                Some(stored)
                    if it.change.side == side || it.change.kind == OperationKind::Delete =>
                {
                    &stored.link
                }
                _ => &nothing,
            })
            .collect();
        *sides.get_mut(side) = observe(run, side, &links).await?;
    }
    let Both { source, target } = sides;
    let (mut errors, mut pairs, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    let mut on_side = HashMap::new();
    let (mut failed, mut skipped) = (0, 0);
    for ((operation, source), target) in operations.into_iter().zip(source).zip(target) {
        let side = operation.change.side;
        let seen = Both::new(source, target);
        let Undo {
            mut decision,
            mut left,
        } = undo(&run.rules, &operation, &seen);
        if let Some(bearer) = bearer(run, &operation, decision.as_ref(), side).await? {
            decision = None;
            left.push(bearer);
        }
        if !left.is_empty() {
            errors.push(left_alone(run, &operation, &left));
        }
        match (operation.link, decision) {
            (Some(link), Some(decision)) => {
                if !left.is_empty() {
                    run.tally(|tally| tally.left_alone = true);
                }
                pairs.push(planned(&link, seen, decision));
                on_side.insert(link.id, side);
                stored.push(link);
            }
            _ if left.is_empty() => skipped += 1,
            _ => failed += 1,
        }
    }
    run.tally(|tally| {
        tally.counts.failed += failed;
        tally.counts.skipped += skipped;
    });
    if !errors.is_empty() {
        run.session
            .with(move |session| session.log_errors(&errors))
            .await?;
    }
    if run.options.simulate {
        return journal_simulated(run, pairs).await;
    }
    let mut items: Vec<Item> = pairs.into_iter().map(|pair| prepare(run, pair)).collect();
    journal(run, &mut items).await?;
    let stopped = send_window(run, &mut items).await?;
    let undone: Vec<bool> = items.iter().map(has_to_go_back).collect();
    let lost = acknowledge(run, items).await?;
    put_back(run, stored, &undone, lost.len() as u64).await?;
    let lost: Vec<NewError> = lost
        .iter()
        .map(|lost| {
            let side = on_side.get(&lost.link_id).copied().unwrap_or(Side::Target);
            run.record_error(side, id_of(&lost.link, side), &raced(), None)
        })
        .collect();
    if !lost.is_empty() {
        run.session
            .with(move |session| session.log_errors(&lost))
            .await?;
    }
    stopped.map_or(Ok(()), Err)
}

fn planned(
    link: &UndoLink,
    sides: Both<Observation>,
    decision: tandem_domain::plan::Decision,
) -> PlannedPair {
    PlannedPair {
        link_id: Some(link.id),
        pair: Pair {
            link: Some(link.link.clone()),
            sides,
            conflict_open: false,
        },
        decision,
        reuse_key: None,
        carries_out: None,
        put_off: false,
    }
}

/// Who bears the match key of a record that would be made again.
async fn bearer(
    run: &RunContext,
    operation: &UndoOperation,
    decision: Option<&tandem_domain::plan::Decision>,
    side: Side,
) -> Result<Option<String>, Halt> {
    let (Some(link), Some(Intent::Create { fields })) = (
        operation.link.as_ref(),
        decision.and_then(|decision| decision.intents.get(side).as_ref()),
    ) else {
        return Ok(None);
    };
    let Some(key) = run
        .rules
        .schema
        .key_hash(&run.sync.config.match_key, fields)
    else {
        return Ok(None);
    };
    let except = Some(link.id);
    let bearers = run
        .session
        .with(move |session| session.bearers(side, key, except))
        .await?;
    Ok(bearers
        .first()
        .map(|other| format!("the record was not made again: {other} has its match key by now")))
}

/// Whether a write that was not made leaves its link as if it had been.
fn has_to_go_back(item: &Item) -> bool {
    Side::BOTH.into_iter().any(|side| {
        item.writes
            .get(side)
            .as_ref()
            .is_some_and(|write| matches!(write.sent, None | Some(Sent::Raced | Sent::Rejected(_))))
    })
}

/// Links of writes that were not made stand as they stood.
async fn put_back(
    run: &RunContext,
    stored: Vec<UndoLink>,
    undone: &[bool],
    lost: u64,
) -> Result<(), Halt> {
    let pairs: Vec<AcknowledgedPair> = stored
        .into_iter()
        .zip(undone)
        .filter(|(_, undone)| **undone)
        .map(|(stored, _)| AcknowledgedPair {
            link_id: stored.id,
            row: run.rules.row(stored.link, stored.todo),
            operations: Vec::new(),
            conflict: ConflictStep::Keep,
        })
        .collect();
    run.tally(|tally| tally.counts.failed += lost);
    if pairs.is_empty() {
        return Ok(());
    }
    let now = run.now();
    run.session
        .with(move |session| session.acknowledge_chunk(&pairs, &[], now))
        .await?;
    Ok(())
}

fn left_alone(run: &RunContext, operation: &UndoOperation, left: &[String]) -> NewError {
    let problem = RecordProblem {
        error_type: ErrorType::Conflict,
        message: run.rules.redact_text(&left.join("; ")),
        fix: "What it says now stays. Change it by hand where the earlier value is wanted.".into(),
    };
    run.record_error(
        operation.change.side,
        operation.change.record_id.clone(),
        &problem,
        None,
    )
}

fn raced() -> RecordProblem {
    RecordProblem {
        error_type: ErrorType::Conflict,
        message: "the record changed as it was about to be put back; it was left alone".into(),
        fix: "Look at what it says now; roll the run back again for the fields that still say what it wrote.".into(),
    }
}
