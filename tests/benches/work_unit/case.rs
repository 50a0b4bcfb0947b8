//! What is measured: each case is a number of records, a latency and two ways of the servers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Arguments;

/// Records the servers give and take at once.
pub(crate) const PAGE: u64 = 100;
/// Calls in flight.
pub(crate) const IN_FLIGHT: u64 = 8;
/// Cases that would only wait for longer than this, milliseconds, are measured when asked for by both
/// number and latency.
const WAITING: u64 = 20_000;

/// How the servers take writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Writes {
    /// A hundred in one call.
    Bulk,
    /// One in each call.
    Single,
}

/// How the servers tell what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Changes {
    /// By a feed.
    Feed,
    /// Not at all: everything is listed.
    Listing,
}

/// One case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Case {
    /// Records on each side.
    pub(crate) n: u64,
    /// Delay of each answer, milliseconds.
    pub(crate) latency_ms: u64,
    /// How writes are taken.
    pub(crate) writes: Writes,
    /// How changes are told.
    pub(crate) changes: Changes,
}

impl Case {
    /// Calls that carry so many writes to one side.
    pub(crate) const fn calls_for(&self, writes: u64) -> u64 {
        match self.writes {
            Writes::Bulk => writes.div_ceil(PAGE),
            Writes::Single => writes,
        }
    }

    /// The least a first sync waits for its servers, milliseconds: each page names the next, so pages
    /// are read one after the other; writes go eight at a time.
    pub(crate) const fn waiting_ms(&self) -> u64 {
        let pages = if self.n == 0 {
            1
        } else {
            self.n.div_ceil(PAGE)
        };
        (pages + self.calls_for(self.n).div_ceil(IN_FLIGHT)) * self.latency_ms
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writes = match self.writes {
            Writes::Bulk => "bulk writes of 100",
            Writes::Single => "single writes",
        };
        let changes = match self.changes {
            Changes::Feed => "change feed",
            Changes::Listing => "full listings",
        };
        let Self { n, latency_ms, .. } = self;
        write!(f, "N = {n}, {latency_ms} ms latency, {writes}, {changes}")
    }
}

/// The cases asked for, and those left out because they would mostly wait.
pub(crate) fn cases(arguments: &Arguments) -> (Vec<Case>, Vec<Case>) {
    let given = |list: &[u64], usual: &[u64]| {
        let list = if list.is_empty() { usual } else { list };
        list.to_vec()
    };
    let explicit = !arguments.n.is_empty() && !arguments.latency.is_empty();
    let mut all = Vec::new();
    for &n in &given(&arguments.n, &[1_000, 10_000, 100_000]) {
        for &latency_ms in &given(&arguments.latency, &[0, 50]) {
            for (writes, changes) in [
                (Writes::Bulk, Changes::Feed),
                (Writes::Single, Changes::Feed),
                (Writes::Bulk, Changes::Listing),
            ] {
                all.push(Case {
                    n,
                    latency_ms,
                    writes,
                    changes,
                });
            }
        }
    }
    all.into_iter()
        .partition(|case| explicit || case.waiting_ms() <= WAITING)
}

/// Rounds of a case.
pub(crate) fn rounds(arguments: &Arguments, case: &Case) -> u32 {
    let usual = if case.n >= 100_000 || case.waiting_ms() > 2_000 {
        3
    } else {
        5
    };
    arguments.rounds.unwrap_or(usual).max(1)
}
