//! A run (TASK-013, TASK-014, PAT-002): `prepare → validate → transform → sync → validate →
//! finalize`. The order is fixed in [`RunHandle::execute`] and by type: each phase consumes what the
//! one before returned.

use std::sync::Arc;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tandem_domain::ids::{Both, RunId, Side};

use crate::calls::gateway::{Access, Bounds};
use crate::calls::places::Places;
use crate::calls::{CircuitBreaker, Gateway, RetryPolicy};
use crate::failpoints::{Point, reach};
use crate::ports::connector::WritableConnector;
use crate::ports::events::{EventKind, Phase};
use crate::ports::history::{ErrorType, RunOptions, RunTrigger, SyncHistory};
use crate::ports::session::RunSession;
use crate::ports::store::{ConnectionRecord, NewRun, RunOpening, SyncRecord, TenantStore};
use crate::ports::{Clock, Events, Ids, Redaction, StoreError};

mod apply;
pub mod budget;
mod context;
mod decisions;
mod doubles;
mod finalize;
mod guard;
pub mod halt;
mod journal;
pub mod lease;
mod partners;
mod plan;
mod read;
mod receipts;
mod recover;
mod reviewed;
mod rollback;
mod rules;
mod send;
mod session;
pub mod signals;
mod snapshot;

pub use context::RunContext;
pub use session::blocking;

use budget::Budget;
use context::Tally;
use halt::Halt;
use lease::Lease;
use plan::Planner;
use rules::Rules;
use session::SharedSession;
use signals::Signals;

/// Executes syncs (the plan's `SyncService`).
#[derive(Clone)]
pub struct SyncService {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    events: Arc<dyn Events>,
    places: Arc<Places>,
}

/// Everything one run needs.
pub struct SyncJob {
    /// Whose.
    pub tenant: Arc<dyn TenantStore>,
    /// Which configuration.
    pub sync: SyncRecord,
    /// Its two connections.
    pub connections: Both<ConnectionRecord>,
    /// Its two collections.
    pub connectors: Both<Arc<dyn WritableConnector>>,
    /// Knows every secret of both connections.
    pub redactor: Redaction,
}

/// What asking for a run gave.
pub enum Opened {
    /// It is ours to execute.
    Ready(Box<RunHandle>),
    /// The same is going on already (case 38).
    Joined(RunId),
    /// Another one of this configuration is going on, with other options.
    Busy(RunId),
    /// The last holder may still have a call in flight until then.
    WaitUntil(DateTime<Utc>),
}

/// Why a run could not be opened, or its end not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration's rules do not compile.
    #[error("{0}")]
    Configuration(String),
}

impl SyncService {
    /// A service over these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>, events: Arc<dyn Events>) -> Self {
        Self {
            clock,
            ids,
            events,
            places: Arc::default(),
        }
    }

    /// Opens a run under the configuration's lease: writes its history row, sends nothing.
    pub async fn open(
        &self,
        job: SyncJob,
        options: RunOptions,
        trigger: RunTrigger,
        actor: &str,
    ) -> Result<Opened, RunError> {
        self.open_unless(job, options, trigger, actor, None).await
    }

    /// The same, but joins a run that was started on schedule since `unless_since`, even if it has
    /// ended.
    pub async fn open_unless(
        &self,
        job: SyncJob,
        options: RunOptions,
        trigger: RunTrigger,
        actor: &str,
        unless_since: Option<DateTime<Utc>>,
    ) -> Result<Opened, RunError> {
        let rules = Rules::new(job.sync.config.clone(), job.redactor.clone())
            .map_err(|halt| RunError::Configuration(halt.to_string()))?;
        let new = NewRun {
            id: RunId(self.ids.next()),
            sync: job.sync.id,
            trigger,
            options,
            actor: actor.to_owned(),
            at: self.clock.now(),
            unless_since,
        };
        let (run, since) = (new.id, self.clock.monotonic());
        reach(Point::RunOpening);
        let store = Arc::clone(&job.tenant);
        let session = match blocking(move || store.open_run(&new)).await? {
            RunOpening::Opened(session) => session,
            RunOpening::Joined(run) => return Ok(Opened::Joined(run)),
            RunOpening::Busy(run) => return Ok(Opened::Busy(run)),
            RunOpening::WaitUntil(at) => return Ok(Opened::WaitUntil(at)),
        };
        reach(Point::RunOpened);
        let budget = Arc::new(Budget::start(Arc::clone(&self.clock)));
        let signals = Arc::new(Signals::default());
        let session = SharedSession::new(session);
        let lease = Arc::new(Lease::new(
            session.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&signals),
            since,
        ));
        let bounds = Bounds {
            budget: Arc::clone(&budget),
            signals: Arc::clone(&signals),
            lease: Arc::clone(&lease),
        };
        let gateways = Both::new(
            self.gateway(&job, Side::Source, options, &bounds).await?,
            self.gateway(&job, Side::Target, options, &bounds).await?,
        );
        Ok(Opened::Ready(Box::new(RunHandle {
            context: RunContext {
                clock: Arc::clone(&self.clock),
                ids: Arc::clone(&self.ids),
                events: Arc::clone(&self.events),
                tenant: job.tenant,
                run,
                sync: job.sync,
                connections: job.connections,
                gateways,
                session,
                lease,
                rules: Arc::new(rules),
                options,
                budget,
                signals,
                tally: Mutex::new(Tally::default()),
            },
        })))
    }

    async fn gateway(
        &self,
        job: &SyncJob,
        side: Side,
        options: RunOptions,
        bounds: &Bounds,
    ) -> Result<Gateway, RunError> {
        let (tenant, connection) = (Arc::clone(&job.tenant), job.connections.get(side).id);
        let connector = Arc::clone(job.connectors.get(side));
        let in_flight = connector.capabilities().in_flight;
        let places = self.places.of(tenant.id(), connection, in_flight);
        let circuit = CircuitBreaker::load(tenant, connection, Arc::clone(&self.clock)).await?;
        // House rule: a simulation is handed something that cannot write, by type.
        let access = if options.simulate {
            Access::Read(connector)
        } else {
            Access::Write(connector)
        };
        Ok(Gateway::new(
            side,
            access,
            circuit,
            places,
            Arc::clone(&self.clock),
            RetryPolicy::default(),
            bounds.clone(),
        ))
    }
}

/// A run that is open and ready to go.
pub struct RunHandle {
    context: RunContext,
}

impl RunHandle {
    /// Its id.
    #[must_use]
    pub const fn run_id(&self) -> RunId {
        self.context.run
    }

    /// Executes it. A run that could not do its work is `Ok` with status `failed`; an error here
    /// means that even its end could not be recorded.
    #[must_use]
    pub fn execute(self) -> BoxFuture<'static, Result<SyncHistory, RunError>> {
        Box::pin(self.run_stages())
    }

    async fn run_stages(self) -> Result<SyncHistory, RunError> {
        let run = self.context;
        run.publish(EventKind::SyncStarted);
        let keeper = run.lease.keep();
        let ended = stages(&run).await;
        keeper.abort();
        finalize::finalize(run, ended).await
    }
}

/// The template: one order, for every run.
async fn stages(run: &RunContext) -> Result<finalize::Ended, Halt> {
    let prepared = prepare(run).await?;
    reach(Point::Prepared);
    if let Some(earlier) = run.options.rolls_back {
        rollback::roll_back(run, earlier).await?;
        return Ok(finalize::Ended::RolledBack);
    }
    reviewed::take_up(run).await?;
    let policy = run.rules.policy(Both::new(None, None));
    let decided = decisions::carry_out(run, &policy).await?;
    if run.options.decisions_only && decided.is_empty() {
        return Ok(finalize::Ended::DecisionsOnly);
    }
    // Each page is validated and transformed as it arrives; see `read`.
    let read = read::read(run, prepared).await?;
    reach(Point::Read);
    run.check_signals()?;
    if run.options.decisions_only {
        // Only to see who is there: whatever else was read is for the next run to read and plan.
        decisions::make_again(run, &policy, decided).await?;
        return Ok(finalize::Ended::DecisionsOnly);
    }
    run.progress(Phase::Plan, 0, None);
    let planner = Planner::new(run, read);
    planner.prepare().await?;
    // Each receipt is validated as it comes back; see `send`.
    let mut applied = apply::apply(run, planner).await?;
    if applied.stopped.is_none() {
        let made = decisions::make_again(run, &policy, decided).await;
        applied.stopped = made.err();
    }
    reach(Point::Applied);
    Ok(finalize::Ended::Applied(Box::new(applied)))
}

/// Lease confirmed, configuration checked against the systems as they are, interrupted work settled.
async fn prepare(run: &RunContext) -> Result<Both<crate::ports::session::SideProgress>, Halt> {
    let (now, counts) = (run.now(), run.tally(|tally| tally.counts));
    run.session
        .with(move |session| session.renew(now, &counts))
        .await?;
    run.progress(Phase::Prepare, 0, None);
    let describe = |side: Side| async move {
        run.gateways
            .get(side)
            .describe()
            .await
            .map_err(|error| run.side_failed(side, error))
    };
    let (source, target) =
        futures::future::try_join(describe(Side::Source), describe(Side::Target)).await?;
    let problems = run.sync.config.check(Some(&source), Some(&target));
    if !problems.is_empty() {
        return Err(Halt::Config(problems));
    }
    let mut known = run
        .session
        .with(|session| RunSession::progress(session))
        .await?;
    // Before anything is settled by reading: another database would deny what this one did.
    same_systems(run, &mut known).await?;
    recover::settle_interrupted(run).await?;
    Ok(known)
}

/// Both addresses still answer for the account or database that the links were read from (case 34);
/// where they were never asked before, what they say now is remembered.
async fn same_systems(
    run: &RunContext,
    known: &mut Both<crate::ports::session::SideProgress>,
) -> Result<(), Halt> {
    let ask = |side: Side| async move {
        run.gateways
            .get(side)
            .identity()
            .await
            .map_err(|error| run.side_failed(side, error))
    };
    let (source, target) = futures::future::try_join(ask(Side::Source), ask(Side::Target)).await?;
    for (side, now) in [(Side::Source, source), (Side::Target, target)] {
        let before = &mut known.get_mut(side).identity;
        match (before.as_ref(), now) {
            (Some(known), Some(now)) if *known != now => {
                return Err(Halt::Moved {
                    side,
                    connection: run.connections.get(side).name.to_string(),
                    known: known.clone(),
                    now,
                });
            }
            (None, Some(now)) => *before = Some(now),
            _ => {}
        }
    }
    Ok(())
}

/// The history's word for a run that ended early, for callers that show it.
#[must_use]
pub const fn error_type_of(halt: &Halt) -> ErrorType {
    halt.error_type()
}
