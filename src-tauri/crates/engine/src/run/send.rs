//! Sending one window: both sides at once, each in chunks, as many calls in flight as its connection
//! allows. Where a system has no conditional write, records are read again just before; where its
//! answers do not show the record as it now stands, it is read back just after.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use futures::stream;
use tandem_domain::ids::{OperationKey, RecordId, Side, Version};
use tandem_domain::plan::{Acknowledged, Intent, Observation};
use tandem_domain::record::{CanonicalRecord, NativeBody, NativeFields};
use tandem_domain::value::Value;

use super::apply::Item;
use super::context::RunContext;
use super::halt::Halt;
use crate::calls::CallError;
use crate::failpoints::{Point, reach};
use crate::ports::connector::{
    Applied, ConnectorError, ErrorClass, Fetched, NativeChange, Receipt, WriteOperation,
    WriteOutcome,
};
use crate::ports::history::OperationKind;

/// Records read by id at once.
const BY_ID: usize = 100;

/// One side's write of a pair.
pub(super) struct SideWrite {
    /// Its key.
    pub key: OperationKey,
    /// What was decided.
    pub intent: Intent,
    /// The same in the side's own fields.
    pub operation: WriteOperation,
    /// What became of it; `None`: not sent.
    pub sent: Option<Sent>,
}

impl SideWrite {
    /// What kind of write it is.
    #[must_use]
    pub(super) const fn kind(&self) -> OperationKind {
        match self.intent {
            Intent::Create { .. } => OperationKind::Create,
            Intent::Update { .. } => OperationKind::Update,
            Intent::Delete { .. } => OperationKind::Delete,
        }
    }

    /// The record it writes; `None` for a create.
    #[must_use]
    pub(super) const fn intent_id(&self) -> Option<&tandem_domain::ids::RecordId> {
        match &self.intent {
            Intent::Create { .. } => None,
            Intent::Update { id, .. } | Intent::Delete { id, .. } => Some(id),
        }
    }

    pub(super) fn redacted(&self, run: &RunContext) -> serde_json::Value {
        match &self.intent {
            Intent::Create { fields } => run.rules.redacted_canonical(fields),
            Intent::Update { before, patch, .. } => {
                run.rules.redacted_canonical(&before.with(patch))
            }
            Intent::Delete { before, .. } => run.rules.redacted_canonical(before),
        }
    }
}

/// What became of a write.
#[derive(Debug)]
pub(super) enum Sent {
    /// It landed.
    Done {
        /// The receipt in canonical form.
        receipt: Acknowledged,
        /// Fields that came back empty though a value was sent.
        lost_values: Vec<String>,
    },
    /// Somebody was faster; the pair is read and planned again.
    Raced,
    /// The system refused this record.
    Rejected(CallError),
    /// It may or may not have landed.
    Uncertain(CallError),
}

/// Sends a window. `Some` when the run must stop: what was not sent then stays pending.
pub(super) async fn send_window(
    run: &RunContext,
    items: &mut [Item],
) -> Result<Option<Halt>, Halt> {
    let (source, target) = futures::join!(
        send_side(run, Side::Source, items),
        send_side(run, Side::Target, items)
    );
    let mut stopped = None;
    for (side, sent) in [(Side::Source, source), (Side::Target, target)] {
        let SideSent { outcomes, stop } = sent;
        for (at, sent) in outcomes {
            if let Some(write) = items
                .get_mut(at)
                .and_then(|item| item.writes.get_mut(side).as_mut())
            {
                write.sent = Some(sent);
            }
        }
        stopped = stopped.or(stop);
    }
    Ok(stopped)
}

#[derive(Default)]
struct SideSent {
    outcomes: Vec<(usize, Sent)>,
    stop: Option<Halt>,
}

type Batch<'a> = Vec<(usize, &'a SideWrite)>;

async fn send_side(run: &RunContext, side: Side, items: &[Item]) -> SideSent {
    let writes: Batch<'_> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| Some((at, item.writes.get(side).as_ref()?)))
        .collect();
    if writes.is_empty() {
        return SideSent::default();
    }
    let gateway = run.gateways.get(side);
    let can = gateway.capabilities();
    let mut all = SideSent::default();
    let writes = if can.conditional_writes {
        writes
    } else {
        match still_as_planned(run, side, writes, &mut all.outcomes).await {
            Ok(writes) => writes,
            Err(halt) => {
                all.stop = Some(halt);
                return all;
            }
        }
    };
    let chunk = can
        .bulk
        .min(run.sync.config.limits.chunk_size as usize)
        .max(1);
    // What stops one batch keeps the others of this side from being begun.
    let stopped = AtomicBool::new(false);
    // Gathered in a loop: a closure over borrowed batches would not be `Send` for every lifetime.
    let mut batches = Vec::with_capacity(writes.len().div_ceil(chunk));
    for batch in writes.chunks(chunk) {
        batches.push(send_batch(run, side, batch.to_vec(), &stopped));
    }
    let mut calls = stream::iter(batches).buffer_unordered(can.in_flight.max(1));
    while let Some(sent) = calls.next().await {
        all.outcomes.extend(sent.outcomes);
        all.stop = all.stop.or(sent.stop);
    }
    drop(calls);
    if let Err(halt) = read_back(run, side, items, &mut all.outcomes).await {
        all.stop = all.stop.or(Some(halt));
    }
    all
}

/// Sends one batch. A call refused because of its content is halved until the record at fault stands
/// alone (case 40).
async fn send_batch(
    run: &RunContext,
    side: Side,
    batch: Batch<'_>,
    stopped: &AtomicBool,
) -> SideSent {
    let mut sent = SideSent::default();
    let mut waiting = vec![batch];
    while let Some(mut batch) = waiting.pop() {
        if sent.stop.is_some() {
            break;
        }
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        if let Err(halt) = run.check_signals() {
            sent.stop = Some(halt);
            break;
        }
        if run.budget.spent() {
            sent.stop = Some(Halt::Deadline("the time for this many records is used up"));
            break;
        }
        let operations: Vec<WriteOperation> = batch
            .iter()
            .map(|(_, write)| write.operation.clone())
            .collect();
        reach(Point::Sending);
        let answer = run.gateways.get(side).write(&operations).await;
        reach(Point::Answered);
        match answer {
            Ok(outcomes) => {
                for ((at, write), outcome) in batch.into_iter().zip(outcomes) {
                    sent.outcomes.push((at, settle(run, side, write, outcome)));
                }
            }
            Err(CallError::Failed {
                error,
                retries,
                gave_up,
            }) if of_content(&error) => {
                if batch.len() > 1 {
                    let rest = batch.split_off(batch.len() / 2);
                    waiting.push(rest);
                    waiting.push(batch);
                } else if let Some((at, _)) = batch.first() {
                    sent.outcomes.push((
                        *at,
                        Sent::Rejected(CallError::Failed {
                            error,
                            retries,
                            gave_up,
                        }),
                    ));
                }
            }
            Err(error) => {
                if let CallError::Failed {
                    error: failure,
                    retries,
                    gave_up,
                } = &error
                    && failure.applied == Applied::Maybe
                {
                    for (at, _) in &batch {
                        let error = CallError::Failed {
                            error: failure.clone(),
                            retries: *retries,
                            gave_up: *gave_up,
                        };
                        sent.outcomes.push((*at, Sent::Uncertain(error)));
                    }
                }
                sent.stop = Some(run.side_failed(side, error));
            }
        }
    }
    if sent.stop.is_some() {
        stopped.store(true, Ordering::Relaxed);
    }
    sent
}

/// Whether a failed call was refused for what was in it.
const fn of_content(error: &ConnectorError) -> bool {
    matches!(error.class, ErrorClass::Rejected) && matches!(error.applied, Applied::No)
}

fn settle(run: &RunContext, side: Side, write: &SideWrite, outcome: WriteOutcome) -> Sent {
    match outcome {
        WriteOutcome::Done(receipt) => done(run, side, write, receipt),
        // Deleting what is gone already is what was wanted.
        WriteOutcome::Gone => match &write.operation.change {
            NativeChange::Delete { id, .. } => Sent::Done {
                receipt: Acknowledged {
                    id: id.clone(),
                    version: None,
                    updated_at: None,
                    record: None,
                },
                lost_values: Vec::new(),
            },
            NativeChange::Create { .. } | NativeChange::Update { .. } => Sent::Raced,
        },
        WriteOutcome::VersionConflict => Sent::Raced,
        WriteOutcome::Rejected(error) => Sent::Rejected(CallError::Failed {
            error,
            retries: 0,
            gave_up: None,
        }),
    }
}

/// A receipt in canonical form, checked against what was sent (TASK-018).
fn done(run: &RunContext, side: Side, write: &SideWrite, receipt: Receipt) -> Sent {
    let Receipt {
        id,
        version,
        updated_at,
        record,
    } = receipt;
    let record = record.and_then(|fields| written_form(run, side, &fields));
    let lost_values = record
        .as_ref()
        .map_or_else(Vec::new, |record| lost_values(write, record));
    Sent::Done {
        receipt: Acknowledged {
            id,
            version,
            updated_at,
            record,
        },
        lost_values,
    }
}

/// A written record as its system now holds it. One that no longer passes its own side's rules is
/// still what the system holds.
fn written_form(run: &RunContext, side: Side, fields: &NativeFields) -> Option<CanonicalRecord> {
    for problem in run.rules.validate_written(side, fields) {
        tracing::debug!(%side, problem = %problem.message, "a written record breaks a rule of its side");
    }
    run.rules.mapping().to_canonical(side, fields, true).ok()
}

fn lost_values(write: &SideWrite, now: &CanonicalRecord) -> Vec<String> {
    let sent = match &write.intent {
        Intent::Create { fields } => fields,
        Intent::Update { patch, .. } => patch,
        Intent::Delete { .. } => return Vec::new(),
    };
    let empty = |value: Option<&Value>| matches!(value, None | Some(Value::Null));
    sent.iter()
        .filter(|(field, value)| **value != Value::Null && empty(now.get(field)))
        .map(|(field, _)| field.to_string())
        .collect()
}

/// Where there is no conditional write: reads the records again and keeps those that still are what
/// the plan was made from. The window that remains is the capability the connection declares.
async fn still_as_planned<'a>(
    run: &RunContext,
    side: Side,
    writes: Batch<'a>,
    raced: &mut Vec<(usize, Sent)>,
) -> Result<Batch<'a>, Halt> {
    #[cfg(feature = "planted-bugs")]
    if tandem_domain::planted::is(tandem_domain::planted::Bug::NoReRead) {
        return Ok(writes);
    }
    let ids: Vec<RecordId> = writes
        .iter()
        .filter_map(|(_, write)| write.intent_id().cloned())
        .collect();
    let mut now: HashMap<RecordId, Fetched> = HashMap::with_capacity(ids.len());
    for batch in ids.chunks(BY_ID) {
        let fetched = run
            .gateways
            .get(side)
            .get(batch)
            .await
            .map_err(|error| run.side_failed(side, error))?;
        now.extend(batch.iter().cloned().zip(fetched));
    }
    let mut kept = Vec::with_capacity(writes.len());
    for (at, write) in writes {
        let (id, before) = match &write.intent {
            Intent::Create { .. } => {
                kept.push((at, write));
                continue;
            }
            Intent::Update { id, before, .. } | Intent::Delete { id, before, .. } => (id, before),
        };
        let same = match now.remove(id) {
            Some(Fetched::Found(record)) => match run.rules.observe(side, record) {
                Ok(Observation::Live(seen)) => {
                    run.rules.schema.changed(&seen.record, before).is_empty()
                }
                Ok(_) | Err(_) => false,
            },
            // Gone: an update must be planned again, a delete is settled by sending it.
            Some(Fetched::Gone) => matches!(write.intent, Intent::Delete { .. }),
            Some(Fetched::Unknown(_)) | None => false,
        };
        if same {
            kept.push((at, write));
        } else {
            raced.push((at, Sent::Raced));
        }
    }
    Ok(kept)
}

/// Reads written records back where the answer did not show them. Only what is provably the state
/// our write left behind is taken; anything else is left for the next run to see as an edit.
async fn read_back(
    run: &RunContext,
    side: Side,
    items: &[Item],
    outcomes: &mut [(usize, Sent)],
) -> Result<(), Halt> {
    let mut blind: HashMap<RecordId, &mut (usize, Sent)> = HashMap::new();
    for outcome in outcomes.iter_mut() {
        let deletes = items
            .get(outcome.0)
            .and_then(|item| item.writes.get(side).as_ref())
            .is_none_or(|write| matches!(write.intent, Intent::Delete { .. }));
        if let (false, Sent::Done { receipt, .. }) = (deletes, &outcome.1)
            && receipt.record.is_none()
        {
            blind.insert(receipt.id.clone(), outcome);
        }
    }
    let ids: Vec<RecordId> = blind.keys().cloned().collect();
    for batch in ids.chunks(BY_ID) {
        let fetched = run
            .gateways
            .get(side)
            .get(batch)
            .await
            .map_err(|error| run.side_failed(side, error))?;
        for (id, fetched) in batch.iter().zip(fetched) {
            let (Some(outcome), Fetched::Found(found)) = (blind.get_mut(id), fetched) else {
                continue;
            };
            let at = outcome.0;
            let (
                Sent::Done {
                    receipt,
                    lost_values: lost,
                },
                NativeBody::Live { fields, .. },
            ) = (&mut outcome.1, &found.body)
            else {
                continue;
            };
            let Some(record) = written_form(run, side, fields) else {
                continue;
            };
            let Some(write) = items
                .get(at)
                .and_then(|item| item.writes.get(side).as_ref())
            else {
                continue;
            };
            if is_our_state(
                run,
                write,
                receipt,
                found.version.as_ref(),
                found.updated_at,
                &record,
            ) {
                *lost = lost_values(write, &record);
                receipt.version = receipt.version.take().or_else(|| found.version.clone());
                receipt.updated_at = receipt.updated_at.or(found.updated_at);
                receipt.record = Some(record);
            }
        }
    }
    Ok(())
}

/// Whether what was read back is certainly what our write left: the receipt's version is still the
/// record's, or, where a system has none, every field we sent came back as sent. That the time of
/// change is the same proves nothing: a person may have written in the same instant.
fn is_our_state(
    run: &RunContext,
    write: &SideWrite,
    receipt: &Acknowledged,
    version: Option<&Version>,
    updated_at: Option<chrono::DateTime<chrono::Utc>>,
    record: &CanonicalRecord,
) -> bool {
    if let (Some(ours), Some(theirs)) = (&receipt.version, version) {
        return ours == theirs;
    }
    if let (Some(ours), Some(theirs)) = (receipt.updated_at, updated_at)
        && ours != theirs
    {
        return false;
    }
    let sent = match &write.intent {
        Intent::Create { fields } => fields,
        Intent::Update { patch, .. } => patch,
        Intent::Delete { .. } => return false,
    };
    sent.iter().all(|(field, value)| {
        record
            .get(field)
            .is_some_and(|now| run.rules.schema.same(field, value, now))
    })
}
