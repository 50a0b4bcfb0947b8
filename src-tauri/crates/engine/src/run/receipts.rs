//! Writing down what came back: receipts into links, failures into error rows, counts into the tally.

use tandem_domain::ids::Side;
use tandem_domain::link::{Link, LinkState};
use tandem_domain::plan::{ConflictChange, Intent};

use super::apply::{Item, Lost};
use super::context::RunContext;
use super::halt::Halt;
use super::rules::{RecordProblem, id_of};
use super::send::{Sent, SideWrite};
use crate::failpoints::{Point, reach};
use crate::ports::history::{ErrorType, NewError, OperationKind, OperationState};
use crate::ports::session::{AcknowledgedPair, ConflictStep, OperationResult};
/// Counts one write that landed.
pub(super) fn count_write(
    counts: &mut crate::ports::history::RunCounts,
    side: Side,
    kind: OperationKind,
) {
    let by_side = match kind {
        OperationKind::Create => &mut counts.created,
        OperationKind::Update => &mut counts.updated,
        OperationKind::Delete => &mut counts.deleted,
    };
    *by_side.get_mut(side) += 1;
    #[cfg(feature = "planted-bugs")]
    if kind == OperationKind::Create
        && tandem_domain::planted::is(tandem_domain::planted::Bug::CountsOffByOne)
    {
        counts.created.source += 1;
    }
}

/// Writes down what came back, and returns the pairs that lost a race.
pub(super) async fn acknowledge(run: &RunContext, items: Vec<Item>) -> Result<Vec<Lost>, Halt> {
    let mut lost = Vec::new();
    let mut pairs = Vec::new();
    let mut errors = Vec::new();
    for item in items {
        let (Some(link_id), Some(mut link)) = (item.link_id, item.link.clone()) else {
            continue;
        };
        if item.writes.source.is_none() && item.writes.target.is_none() {
            continue;
        }
        let mut results = Vec::with_capacity(2);
        let mut verdict = Verdict::Landed;
        for side in Side::BOTH {
            let Some(write) = item.writes.get(side) else {
                continue;
            };
            let (result, this) = settle_write(run, side, write, &mut link, &mut errors);
            results.push(result);
            verdict = verdict.max(this);
        }
        let conflict = match (item.carries_out, verdict) {
            (Some(id), Verdict::Landed) => ConflictStep::Resolved(id),
            _ => match (&item.planned.decision.conflict, verdict) {
                (ConflictChange::Close(reason), Verdict::Landed) => ConflictStep::Close(*reason),
                _ => ConflictStep::Keep,
            },
        };
        run.tally(|tally| match verdict {
            Verdict::Landed => tally.counts.succeeded += 1,
            Verdict::Pending => tally.counts.skipped += 1,
            Verdict::Failed => tally.counts.failed += 1,
            Verdict::Lost => {}
        });
        if verdict == Verdict::Lost {
            lost.push(Lost {
                link_id,
                link: link.clone(),
                carries_out: item.carries_out,
            });
        }
        // An edit that showed in the answer, or a debt that was not this write's to pay, is planned by
        // the next run even if no listing tells of it.
        let unincorporated = |side: Side| {
            let half = link.sides.get(side).as_ref();
            half.is_some_and(|half| {
                (half.seen.is_some() || !half.owed.is_empty()) && link.state == LinkState::Active
            })
        };
        let todo = verdict != Verdict::Landed || Side::BOTH.into_iter().any(unincorporated);
        pairs.push(AcknowledgedPair {
            link_id,
            row: run.rules.row(link, todo),
            operations: results,
            conflict,
        });
    }
    if !pairs.is_empty() || !errors.is_empty() {
        let now = run.now();
        reach(Point::Acknowledging);
        run.session
            .with(move |session| session.acknowledge_chunk(&pairs, &errors, now))
            .await?;
        reach(Point::Acknowledged);
    }
    Ok(lost)
}

/// What became of a pair; the worst of its two sides counts, a lost race above all (it is tried
/// again).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Landed,
    Pending,
    Failed,
    Lost,
}

fn settle_write(
    run: &RunContext,
    side: Side,
    write: &SideWrite,
    link: &mut Link,
    errors: &mut Vec<NewError>,
) -> (OperationResult, Verdict) {
    let result = |state, record_id, error: Option<String>| OperationResult {
        key: write.key,
        state,
        record_id,
        error,
    };
    let known_id = write.intent_id().cloned();
    match &write.sent {
        Some(Sent::Done {
            receipt,
            lost_values,
        }) => {
            *link =
                tandem_domain::acknowledge(link, side, &write.intent, receipt, &run.rules.schema);
            note_written(run, side, write, receipt);
            let verdict = if lost_values.is_empty() {
                Verdict::Landed
            } else {
                errors.push(run.record_error(
                    side,
                    Some(receipt.id.clone()),
                    &not_kept(lost_values),
                    None,
                ));
                Verdict::Landed
            };
            (
                result(OperationState::Done, Some(receipt.id.clone()), None),
                verdict,
            )
        }
        #[cfg(feature = "planted-bugs")]
        Some(Sent::Rejected(_) | Sent::Uncertain(_)) | None
            if tandem_domain::planted::is(tandem_domain::planted::Bug::OwedWithoutReceipt) =>
        {
            if let Some(half) = link.sides.get_mut(side) {
                half.owed.clear();
            }
            (
                result(OperationState::Done, known_id, None),
                Verdict::Landed,
            )
        }
        Some(Sent::Raced) => (
            result(
                OperationState::Dropped,
                known_id,
                Some("the record changed meanwhile".into()),
            ),
            Verdict::Lost,
        ),
        Some(Sent::Rejected(error)) => {
            let remedy = "Correct the record at its system, or the mapping or rules that make it unacceptable; it is tried again by the next run.";
            let data = Some(write.redacted(run));
            let id = known_id.clone().or_else(|| id_of(link, side.other()));
            let kind = super::halt::call_error_type(error);
            errors.push(run.call_error(side, id, kind, error, remedy, data));
            (
                result(
                    OperationState::Failed,
                    known_id,
                    Some(run.rules.redact_text(&error.to_string())),
                ),
                Verdict::Failed,
            )
        }
        Some(Sent::Uncertain(error)) => {
            let remedy = "Nothing is sent again blindly: the next run looks whether it landed.";
            let id = known_id.clone().or_else(|| id_of(link, side.other()));
            errors.push(run.call_error(
                side,
                id,
                ErrorType::Uncertain,
                error,
                remedy,
                Some(write.redacted(run)),
            ));
            (
                result(
                    OperationState::Uncertain,
                    known_id,
                    Some(run.rules.redact_text(&error.to_string())),
                ),
                Verdict::Failed,
            )
        }
        None => (
            result(OperationState::Dropped, known_id, Some("not sent".into())),
            Verdict::Pending,
        ),
    }
}

fn not_kept(fields: &[String]) -> RecordProblem {
    RecordProblem {
        error_type: ErrorType::Validation,
        message: format!("written, but the system did not keep {}", fields.join(", ")),
        fix: "Check whether that system accepts these fields for writing; if it computes them, map them one way.".into(),
    }
}

fn note_written(
    run: &RunContext,
    side: Side,
    write: &SideWrite,
    receipt: &tandem_domain::plan::Acknowledged,
) {
    let kind = write.kind();
    let room = run.tally(|tally| {
        count_write(&mut tally.counts, side, kind);
        tally.snapshot.has_room()
    });
    if !room {
        return;
    }
    let (before, after) = match &write.intent {
        Intent::Create { fields } => (
            None,
            Some(receipt.record.as_ref().unwrap_or(fields).clone()),
        ),
        Intent::Update { before, patch, .. } => (Some(before.clone()), Some(before.with(patch))),
        Intent::Delete { before, .. } => (Some(before.clone()), None),
    };
    let redact = |record: Option<_>| {
        record
            .as_ref()
            .map(|record| run.rules.redacted_canonical(record))
    };
    let (before, after) = (redact(before), redact(after));
    run.tally(|tally| {
        tally
            .snapshot
            .add(side, &receipt.id, before.as_ref(), after.as_ref());
    });
}
