//! Reading both sides: pages are validated, carried into canonical form and staged as they arrive,
//! the next one already on its way. Memory does not grow with the number of records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::future::try_join;
use tandem_domain::ids::{Both, LinkId, RecordId, Side};
use tandem_domain::policy::Policy;
use tandem_domain::record::{NativeBody, NativeRecord};
use tokio::sync::mpsc;

use super::context::RunContext;
use super::guard;
use super::halt::Halt;
use super::rules::RecordProblem;
use crate::calls::CallError;
use crate::failpoints::{Point, reach};
use crate::ports::connector::{ChangeDetection, Cursor, ErrorClass, Fetched, ListRequest, Page};
use crate::ports::events::Phase;
use crate::ports::history::{ErrorType, NewError};
use crate::ports::session::{SideProgress, StagedBody, StagedRecord};

/// Records read by id at once.
const BY_ID: usize = 100;
/// Pages of a side that may wait to be staged while the next one is fetched.
const AHEAD: usize = 1;
/// After so long a side whose deletes show only in full listings is listed in full again.
const FULL_COMPARE_EVERY: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Why a record is set aside that is there, but outside its listing's filter (case 16): its pair is
/// paused until a listing shows it again.
const OUTSIDE: &str = "it left the filter of its listing";

/// Both sides are read and staged.
pub(super) struct Read {
    /// What to remember of each side, once everything read is also settled.
    pub progress: Both<SideProgress>,
    /// The policy, with the clocks as measured while reading.
    pub policy: Arc<Policy>,
}

struct SideRead {
    progress: SideProgress,
    clock_offset_ms: Option<i64>,
}

/// Reads both sides at once.
pub(super) async fn read(run: &RunContext, known: Both<SideProgress>) -> Result<Read, Halt> {
    let Both { source, target } = known;
    let (source, target) = try_join(
        read_side(run, Side::Source, source),
        read_side(run, Side::Target, target),
    )
    .await?;
    Ok(Read {
        policy: Arc::new(
            run.rules
                .policy(Both::new(source.clock_offset_ms, target.clock_offset_ms)),
        ),
        progress: Both::new(source.progress, target.progress),
    })
}

async fn read_side(run: &RunContext, side: Side, known: SideProgress) -> Result<SideRead, Halt> {
    let gateway = run.gateways.get(side);
    let now = run.now();
    let stale = known
        .listed_at
        .is_none_or(|at| now - at >= FULL_COMPARE_EVERY);
    let since = match gateway.capabilities().changes {
        _ if run.options.full || !known.listed => None,
        ChangeDetection::Feed => known.cursor.clone(),
        ChangeDetection::Since if !stale => known.cursor.clone(),
        ChangeDetection::Since | ChangeDetection::Full => None,
    };
    let mut request = ListRequest { since, page: None };
    let page = match fetch(run, side, &request).await {
        // What was deleted since would never be told: only a full listing shows it. (Were it to
        // expire later on, the next run would meet it here: nothing may be staged yet.)
        Err(halt) if request.since.is_some() && is_expired(&halt) => {
            tracing::info!(run = %run.run, %side, "what changed can no longer be told: listing everything");
            request.since = None;
            fetch(run, side, &request).await?
        }
        page => page?,
    };
    let complete = request.since.is_none();
    let (pages, waiting) = mpsc::channel(AHEAD);
    let (listed, ()) = try_join(
        list_pages(run, side, request, page, pages),
        stage_pages(run, side, waiting),
    )
    .await?;

    if complete {
        confirm_missing(run, side, listed.live).await?;
    }
    read_set_aside(run, side).await?;
    Ok(SideRead {
        progress: SideProgress {
            cursor: listed.cursor.or(known.cursor),
            identity: known.identity,
            listed: true,
            listed_at: if complete { Some(now) } else { known.listed_at },
        },
        clock_offset_ms: listed.clock_offset_ms,
    })
}

/// What a listing came to.
#[derive(Default)]
struct Listed {
    cursor: Option<Cursor>,
    clock_offset_ms: Option<i64>,
    /// Records that are there.
    live: u64,
}

/// Lists on from the first page, a little ahead of what is staged.
async fn list_pages(
    run: &RunContext,
    side: Side,
    mut request: ListRequest,
    mut page: Page,
    pages: mpsc::Sender<Page>,
) -> Result<Listed, Halt> {
    let mut listed = Listed::default();
    loop {
        run.may_go_on().await?;
        let next = page.next.take();
        listed.cursor = page.cursor.take().or(listed.cursor);
        listed.clock_offset_ms = page.clock_offset_ms.or(listed.clock_offset_ms);
        listed.live += page
            .records
            .iter()
            .filter(|r| matches!(r.body, NativeBody::Live { .. }))
            .count() as u64;
        run.budget.add_records(page.records.len() as u64);
        if pages.send(page).await.is_err() {
            // Staging failed, and says so.
            return Ok(listed);
        }
        run.progress(Phase::Read, listed.live, None);
        let Some(token) = next else {
            return Ok(listed);
        };
        request.page = Some(token);
        let fetched = fetch(run, side, &request).await;
        #[cfg(feature = "planted-bugs")]
        if fetched.is_err()
            && tandem_domain::planted::is(tandem_domain::planted::Bug::CursorOfAFailedListing)
        {
            return Ok(listed);
        }
        page = fetched?;
    }
}

/// Stages pages as they come.
async fn stage_pages(
    run: &RunContext,
    side: Side,
    mut pages: mpsc::Receiver<Page>,
) -> Result<(), Halt> {
    while let Some(page) = pages.recv().await {
        stage_page(run, side, page).await?;
    }
    Ok(())
}

fn is_expired(halt: &Halt) -> bool {
    matches!(
        halt,
        Halt::Side { error: CallError::Failed { error, .. }, .. } if error.class == ErrorClass::Expired
    )
}

async fn fetch(run: &RunContext, side: Side, request: &ListRequest) -> Result<Page, Halt> {
    run.gateways
        .get(side)
        .list(request)
        .await
        .map_err(|error| run.side_failed(side, error))
}

/// Validates, maps and stages one page; what is unusable becomes an error row and is set aside.
async fn stage_page(run: &RunContext, side: Side, page: Page) -> Result<(), Halt> {
    let Page {
        records,
        unreadable,
        ..
    } = page;
    let mut errors: Vec<NewError> = unreadable
        .iter()
        .map(|entry| {
            let problem = RecordProblem {
                error_type: ErrorType::Mapping,
                message: format!("an entry of the listing is no record: {}", entry.reason),
                fix: "Compare the connection's description with what the system answers.".into(),
            };
            let text = run.rules.redact_text(&entry.text);
            run.record_error(
                side,
                entry.id.clone(),
                &problem,
                Some(serde_json::Value::String(text)),
            )
        })
        .collect();
    let mut set_aside: Vec<StagedRecord> = unreadable
        .into_iter()
        .filter_map(|entry| Some(aside(entry.id?, entry.reason)))
        .collect();
    let (records, duplicates) = split_duplicates(records);
    for (id, copies) in duplicates {
        let problem = RecordProblem {
            error_type: ErrorType::Conflict,
            message: format!("{copies} different records bear the id {id} in one listing"),
            fix: "Make the id unique at that system, or name another field as the id.".into(),
        };
        errors.push(run.record_error(side, Some(id.clone()), &problem, None));
        set_aside.push(aside(id, problem.message));
    }
    stage_records(run, side, records, set_aside, errors).await
}

fn aside(id: RecordId, reason: String) -> StagedRecord {
    StagedRecord {
        id,
        version: None,
        updated_at: None,
        body: StagedBody::SetAside { reason },
    }
}

/// Maps records on a blocking thread (it is the run's main share of CPU) and stages them with what
/// was set aside already.
async fn stage_records(
    run: &RunContext,
    side: Side,
    records: Vec<NativeRecord>,
    set_aside: Vec<StagedRecord>,
    errors: Vec<NewError>,
) -> Result<(), Halt> {
    let rules = Arc::clone(&run.rules);
    let map = move || {
        let mut staged = set_aside;
        let mut problems = Vec::new();
        for record in records {
            let (record, problem) = rules.stage(side, record);
            if let Some((problem, fields)) = problem {
                problems.push((record.id.clone(), problem, rules.redacted(&fields)));
            }
            staged.push(record);
        }
        (staged, problems)
    };
    let (staged, problems) = run
        .session
        .with_prepared(map, move |session, (staged, problems)| {
            reach(Point::Staging);
            Ok((session.stage(side, &staged)?, problems))
        })
        .await?;
    let mut errors = errors;
    for (id, problem, data) in problems {
        errors.push(run.record_error(side, Some(id), &problem, Some(data)));
    }
    tracing::trace!(%side, unchanged = staged.unchanged, changed = staged.changed, "page staged");
    let failed = errors.len() as u64;
    if failed > 0 {
        run.session
            .with(move |session| session.log_errors(&errors))
            .await?;
        run.tally(|tally| tally.counts.failed += failed);
    }
    Ok(())
}

/// Records of one page whose id is borne by another, different one (case 20). An equal copy is just
/// one record.
fn split_duplicates(records: Vec<NativeRecord>) -> (Vec<NativeRecord>, Vec<(RecordId, usize)>) {
    let mut first: HashMap<RecordId, usize> = HashMap::with_capacity(records.len());
    let mut clashes: HashMap<RecordId, usize> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        if let Some(&earlier) = first.get(&record.id) {
            if records.get(earlier) != Some(record) {
                *clashes.entry(record.id.clone()).or_insert(1) += 1;
            }
        } else {
            first.insert(record.id.clone(), at);
        }
    }
    if clashes.is_empty() && first.len() == records.len() {
        return (records, Vec::new());
    }
    let kept = records
        .into_iter()
        .enumerate()
        .filter(|(at, record)| {
            !clashes.contains_key(&record.id) && first.get(&record.id) == Some(at)
        })
        .map(|(_, record)| record)
        .collect();
    (kept, clashes.into_iter().collect())
}

/// Linked records that a complete listing did not show are read one by one before they count as
/// deleted (case 15).
async fn confirm_missing(run: &RunContext, side: Side, live: u64) -> Result<(), Halt> {
    let (unseen, links) = run
        .session
        .with(move |session| session.unseen_count(side))
        .await?;
    if unseen == 0 {
        return Ok(());
    }
    #[cfg(feature = "planted-bugs")]
    if tandem_domain::planted::is(tandem_domain::planted::Bug::ListingBelieved) {
        let unseen = run
            .session
            .with(move |session| session.unseen(side, None, BY_ID))
            .await?;
        let gone = unseen.into_iter().map(|(_, id)| NativeRecord {
            id,
            version: None,
            updated_at: None,
            body: NativeBody::Deleted,
        });
        return stage_records(run, side, gone.collect(), Vec::new(), Vec::new()).await;
    }
    // How many are confirmed is compared with the plan: links whose other record is gone as well, and
    // deletes the other way, make it another number than that of the links.
    if live == 0 && links > 0 && run.options.allow_deletes.is_none() {
        let examples = run
            .session
            .with(move |session| session.unseen(side, None, 20))
            .await?;
        let examples = examples.into_iter().map(|(_, id)| id.to_string()).collect();
        return Err(Halt::Guard(guard::empty_listing(side, links, examples)));
    }
    let mut after: Option<LinkId> = None;
    loop {
        run.may_go_on().await?;
        let batch = run
            .session
            .with(move |session| session.unseen(side, after, BY_ID))
            .await?;
        let Some((last, _)) = batch.last() else {
            return Ok(());
        };
        after = Some(*last);
        let ids: Vec<RecordId> = batch.into_iter().map(|(_, id)| id).collect();
        let outside = run.gateways.get(side).capabilities().filtered;
        stage_by_id(run, side, ids, |_| outside).await?;
    }
}

/// Records set aside by earlier runs are read again by id.
async fn read_set_aside(run: &RunContext, side: Side) -> Result<(), Halt> {
    let mut after: Option<RecordId> = None;
    loop {
        run.may_go_on().await?;
        let set_aside = run
            .session
            .with(move |session| session.set_aside(side, after, BY_ID))
            .await?;
        let Some((last, _)) = set_aside.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        let outside: HashSet<RecordId> = set_aside
            .iter()
            .filter(|(_, reason)| reason == OUTSIDE)
            .map(|(id, _)| id.clone())
            .collect();
        let ids = set_aside.into_iter().map(|(id, _)| id).collect();
        let filtered = run.gateways.get(side).capabilities().filtered;
        stage_by_id(run, side, ids, |id| filtered && outside.contains(id)).await?;
    }
}

/// Reads records by id and stages what they say.
pub(super) async fn read_by_id(
    run: &RunContext,
    side: Side,
    ids: Vec<RecordId>,
) -> Result<(), Halt> {
    stage_by_id(run, side, ids, |_| false).await
}

/// The same; those that are there, but `outside` of what the listing was asked for, are set aside.
async fn stage_by_id(
    run: &RunContext,
    side: Side,
    ids: Vec<RecordId>,
    outside: impl Fn(&RecordId) -> bool,
) -> Result<(), Halt> {
    let fetched = run
        .gateways
        .get(side)
        .get(&ids)
        .await
        .map_err(|error| run.side_failed(side, error))?;
    let mut records = Vec::with_capacity(ids.len());
    let mut set_aside = Vec::new();
    let mut errors = Vec::new();
    for (id, fetched) in ids.into_iter().zip(fetched) {
        match fetched {
            Fetched::Found(_) if outside(&id) => set_aside.push(aside(id, OUTSIDE.into())),
            Fetched::Found(record) => records.push(record),
            Fetched::Gone => {
                records.push(NativeRecord {
                    id,
                    version: None,
                    updated_at: None,
                    body: NativeBody::Deleted,
                });
            }
            Fetched::Unknown(reason) => {
                let problem = RecordProblem {
                    error_type: ErrorType::Authentication,
                    message: format!("it cannot be told whether the record still exists: {reason}"),
                    fix: "Give the account the right to read this record. Until then it counts as present.".into(),
                };
                errors.push(run.record_error(side, Some(id.clone()), &problem, None));
                set_aside.push(aside(id, reason));
            }
        }
    }
    stage_records(run, side, records, set_aside, errors).await
}
