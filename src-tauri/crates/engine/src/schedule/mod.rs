//! The scheduler: starts every sync at its time, and goes on with what a run left behind.
//!
//! Nothing of it is kept but what the history holds anyway: a time that passed while nobody
//! followed it is caught up with once, and two processes that follow the same store start a run
//! once between them (see [`crate::ports::store::NewRun::unless_since`]).

mod agenda;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tandem_domain::ids::{SyncId, TenantId};

use crate::ports::store::{SyncRecord, Tenant};
use crate::ports::{Clock, Store};
use crate::run::blocking;

use agenda::look;
pub use agenda::next_run;

/// How long a change of the configuration, or another process's run, may go unnoticed.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// What a run left is not tried again sooner when it could not even be started.
const GO_ON_AGAIN: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// A run that is to be started now.
#[derive(Debug, Clone)]
pub struct Due {
    /// Whose.
    pub tenant: Tenant,
    /// Of which configuration.
    pub sync: SyncRecord,
    /// Not if one was started on schedule since; `None` to go on with what a run left.
    pub unless_since: Option<DateTime<Utc>>,
}

/// Why a run that was due was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStarted {
    /// A run with other options is going on; it is tried again when that may have ended.
    Busy,
    /// It could not be, a sentence; it is tried again at its next time.
    Failed(String),
}

/// What opens a run and lets it go on by itself.
#[async_trait]
pub trait Starts: Send + Sync {
    /// Returns once the run is open, or somebody else's is.
    async fn start(&self, due: Due) -> Result<(), NotStarted>;
}

type Key = (TenantId, SyncId);

/// What became of starts so far, as far as the history does not tell.
#[derive(Debug, Clone, Copy)]
enum Tried {
    /// It is being opened.
    Opening,
    /// It was tried then.
    At(DateTime<Utc>),
}

/// Follows the schedules of all tenants of one store.
pub struct Scheduler {
    clock: Arc<dyn Clock>,
    tried: Arc<Mutex<HashMap<Key, Tried>>>,
}

impl Scheduler {
    /// One that has not looked yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            tried: Arc::default(),
        }
    }

    /// Starts whatever is due; how long nothing else will be. Failures of one tenant's store or of
    /// one start keep no other waiting.
    pub async fn step(&self, store: Arc<dyn Store>, starts: &Arc<dyn Starts>) -> Duration {
        let now = self.clock.now();
        let tried = tried(&self.tried).clone();
        let looked = blocking(move || look(&*store, now, &tried)).await;
        let agenda = match looked {
            Ok(agenda) => agenda,
            Err(error) => {
                tracing::warn!(%error, "the schedules could not be looked at");
                return LOOK_EVERY;
            }
        };
        for due in agenda.due {
            self.start(due, Arc::clone(starts));
        }
        let until = agenda.next.map(|next| (next - now).to_std());
        match until {
            // Never zero: what was just due is being opened.
            Some(Ok(until)) => until.clamp(Duration::from_millis(100), LOOK_EVERY),
            Some(Err(_)) | None => LOOK_EVERY,
        }
    }

    /// In a task of its own: opening may have to wait for a holder that went silent.
    fn start(&self, due: Due, starts: Arc<dyn Starts>) {
        let key = (due.tenant.id, due.sync.id);
        let (memory, clock) = (Arc::clone(&self.tried), Arc::clone(&self.clock));
        tried(&memory).insert(key, Tried::Opening);
        let name = due.sync.config.name.clone();
        tokio::spawn(async move {
            // If this task is ended, the next look must not take it for opening for ever.
            let opening = Opening { key, memory };
            match starts.start(due).await {
                Ok(()) => opening.ended(Some(clock.now())),
                Err(NotStarted::Busy) => opening.ended(None),
                Err(NotStarted::Failed(why)) => {
                    tracing::warn!(sync = %name, %why, "a scheduled run could not be started");
                    opening.ended(Some(clock.now()));
                }
            }
        });
    }
}

struct Opening {
    key: Key,
    memory: Arc<Mutex<HashMap<Key, Tried>>>,
}

impl Opening {
    fn ended(&self, at: Option<DateTime<Utc>>) {
        let mut memory = tried(&self.memory);
        match at {
            Some(at) => memory.insert(self.key, Tried::At(at)),
            None => memory.remove(&self.key),
        };
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let mut memory = tried(&self.memory);
        if let Some(Tried::Opening) = memory.get(&self.key) {
            memory.remove(&self.key);
        }
    }
}

fn tried(memory: &Mutex<HashMap<Key, Tried>>) -> MutexGuard<'_, HashMap<Key, Tried>> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
