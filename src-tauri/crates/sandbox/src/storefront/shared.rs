//! The state behind one storefront's socket.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::SandboxError;

use super::answer::Outcome;
use super::collection::Collection;
use super::config::StorefrontConfig;
use super::faults::Faults;
use super::stats::Stats;
use super::write::{Write, apply};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: StorefrontConfig,
    pub(crate) base_url: String,
    pub(crate) clock_offset_ms: AtomicI64,
    pub(crate) latency_ms: AtomicU64,
    collections: BTreeMap<String, Mutex<Collection>>,
    faults: Mutex<Faults>,
    stats: Mutex<Stats>,
    /// Start of the current rate window and the calls in it.
    window: Mutex<(i64, u32)>,
}

impl Shared {
    pub(crate) fn new(config: StorefrontConfig, base_url: String) -> Self {
        let collections = config
            .collections
            .iter()
            .map(|c| (c.name.clone(), Mutex::new(Collection::new(c.clone()))))
            .collect();
        Self {
            base_url,
            clock_offset_ms: AtomicI64::new(0),
            latency_ms: AtomicU64::new(config.latency_ms),
            collections,
            faults: Mutex::default(),
            stats: Mutex::default(),
            window: Mutex::new((i64::MIN, 0)),
            config,
        }
    }

    /// The storefront's own time: its clock plus the skew it was given.
    pub(crate) fn now_ms(&self) -> i64 {
        self.config.clock.now_ms() + self.clock_offset_ms.load(Ordering::SeqCst)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn stats(&self) -> MutexGuard<'_, Stats> {
        lock(&self.stats)
    }

    /// Applies one write; `None` where there is no such collection.
    pub(crate) fn write(&self, collection: &str, write: Write<'_>) -> Option<Outcome> {
        self.write_all(collection, vec![write])?.pop()
    }

    /// Applies writes in their order, under one lock, and counts the records they changed.
    pub(crate) fn write_all(
        &self,
        collection: &str,
        writes: Vec<Write<'_>>,
    ) -> Option<Vec<Outcome>> {
        let now = self.now_ms();
        let mut collection = lock(self.collections.get(collection)?);
        let before = collection.seq();
        let outcomes = writes
            .into_iter()
            .map(|w| apply(&self.config, &mut collection, now, w))
            .collect();
        self.stats().writes += collection.seq() - before;
        Some(outcomes)
    }

    /// Works on one collection from inside the process.
    pub(crate) fn with<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Collection) -> T,
    ) -> Result<T, SandboxError> {
        match self.collections.get(name) {
            Some(collection) => Ok(work(&mut lock(collection))),
            None => Err(SandboxError::NoCollection(name.to_owned())),
        }
    }

    /// Whole seconds to wait, where this call is one too many for its window.
    pub(crate) fn over_rate(&self) -> Option<u32> {
        let limit = self.config.rate_limit?;
        let now = self.config.clock.now_ms();
        let mut window = lock(&self.window);
        let end = window.0.saturating_add(i64::from(limit.window_ms));
        if now >= end || now < window.0 {
            *window = (now, 0);
        }
        window.1 += 1;
        if window.1 <= limit.requests {
            return None;
        }
        let left = window.0.saturating_add(i64::from(limit.window_ms)) - now;
        Some(
            u32::try_from(left.max(1).div_euclid(1_000) + i64::from(left.rem_euclid(1_000) > 0))
                .unwrap_or(1),
        )
    }
}

/// A panic under a lock must not take the whole sample system down with it: the data is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
