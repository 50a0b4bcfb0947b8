//! What is due, and when something will be.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tandem_domain::schedule::Schedule;

use super::{Due, GO_ON_AGAIN, Key, Tried};
use crate::ports::store::{SyncRecord, Tenant, TenantStore};
use crate::ports::{Store, StoreError};

/// Due now, and the moment of the next one.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    pub(super) due: Vec<Due>,
    pub(super) next: Option<DateTime<Utc>>,
}

impl Agenda {
    fn add(&mut self, now: DateTime<Utc>, start: DateTime<Utc>, due: impl FnOnce() -> Due) {
        if start <= now {
            self.due.push(due());
        } else {
            self.next = Some(self.next.map_or(start, |next| next.min(start)));
        }
    }
}

/// Looks at every tenant; one whose store fails is told and left out.
pub(super) fn look(
    store: &dyn Store,
    now: DateTime<Utc>,
    tried: &HashMap<Key, Tried>,
) -> Result<Agenda, StoreError> {
    let mut agenda = Agenda::default();
    for tenant in store.tenants()? {
        let of = store.tenant(tenant.id);
        if let Err(error) = look_at(&mut agenda, &tenant, &*of, now, tried) {
            tracing::warn!(tenant = %tenant.name, %error, "its schedules could not be looked at");
        }
    }
    Ok(agenda)
}

fn look_at(
    agenda: &mut Agenda,
    tenant: &Tenant,
    store: &dyn TenantStore,
    now: DateTime<Utc>,
    tried: &HashMap<Key, Tried>,
) -> Result<(), StoreError> {
    let left = store.continuations()?;
    for sync in store.syncs()? {
        if sync.archived || sync.config.paused {
            continue;
        }
        let tried = match tried.get(&(tenant.id, sync.id)) {
            Some(Tried::Opening) => continue,
            Some(Tried::At(at)) => Some(*at),
            None => None,
        };
        let due = |unless_since| Due {
            tenant: tenant.clone(),
            sync: sync.clone(),
            unless_since,
        };
        if let Some(rest) = left.iter().find(|rest| rest.sync == sync.id) {
            let at = tried.map_or(rest.at, |tried| rest.at.max(tried + GO_ON_AGAIN));
            agenda.add(now, at, || due(None));
            // Whatever its schedule says comes after what is left.
            if at <= now {
                continue;
            }
        }
        if sync.config.schedule.is_some()
            && let Some(at) = store.takeover_at(sync.id)?
            && tried.is_none_or(|tried| tried < at)
        {
            // Its process ended in the middle: what it began is not left until the next time.
            agenda.add(now, at, || due(Some(at)));
            if at <= now {
                continue;
            }
        }
        let started = store.last_scheduled(sync.id)?;
        if let Some((at, start, jitter)) = next_start(&sync, started.max(tried)) {
            agenda.add(now, start, || due(Some(at - jitter)));
        }
    }
    Ok(())
}

/// When a sync will be started next by its schedule, whose newest run began at `last`: `now` for a
/// time that was missed, `None` for one that rests or has no schedule.
#[must_use]
pub fn next_run(
    sync: &SyncRecord,
    last: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let rests = sync.archived || sync.config.paused;
    let (_, start, _) = next_start(sync, last).filter(|_| !rests)?;
    Some(start.max(now))
}

/// The next time of a sync's schedule, when to start for it, and how early that may be. One that
/// was just set up, changed or resumed has missed nothing.
fn next_start(
    sync: &SyncRecord,
    last: Option<DateTime<Utc>>,
) -> Option<(DateTime<Utc>, DateTime<Utc>, chrono::TimeDelta)> {
    // What cannot be followed was refused when it was saved.
    let schedule = Schedule::read(sync.config.schedule.as_deref()?).ok()?;
    let at = match last.filter(|last| *last >= sync.updated_at) {
        Some(last) => schedule.due_after(last)?,
        None => schedule.next_after(sync.updated_at)?,
    };
    Some((at, schedule.start_of(sync.id, at), schedule.jitter(at)))
}
