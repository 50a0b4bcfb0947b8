//! What is SQLite's own: opening, damage, newer files, the schema as committed, tenancy in it, and
//! how little room a record takes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it fails"
)]

mod anchors;
mod compact;
mod erasing;
#[allow(
    dead_code,
    reason = "the conformance suite's, of which this uses a part"
)]
#[path = "../conformance/harness.rs"]
mod harness;
mod opening;
mod rolled_back;
mod schema;
mod tampering;
mod two_processes;
mod upgrade;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone, Utc};
use tandem_domain::ids::{Name, TenantId};
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::store::{Actor, Store, StoreError, Tenant};
use tandem_store::{Opened, SqliteStore};
use uuid::Uuid;

struct StillClock;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {}
}

pub(crate) fn open(path: &Path) -> Result<Opened, StoreError> {
    let clock: Arc<dyn Clock> = Arc::new(StillClock);
    SqliteStore::open(path, &clock)
}

pub(crate) fn actor() -> Actor {
    Actor {
        name: "ann".into(),
        at: StillClock.now(),
    }
}

/// A store with one tenant in it, closed again.
pub(crate) fn filled(path: &Path) -> TenantId {
    let store = open(path).unwrap().store;
    let id = TenantId(Uuid::from_u128(1));
    store
        .create_tenant(
            &Tenant {
                id,
                name: Name::new("acme").unwrap(),
                created_at: StillClock.now(),
            },
            &actor(),
        )
        .unwrap();
    id
}
