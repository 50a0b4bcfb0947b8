//! What syncing cost this process, and what the machine is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// One scenario of one round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// `S1` to `S5`; `S1e` is the run that meets S1's own writes in the change feed.
    pub(crate) scenario: String,
    /// From opening the store to the run's end, milliseconds.
    pub(crate) wall_ms: f64,
    /// The part of it before the run was open: store, clients, lease.
    pub(crate) opening_ms: f64,
    /// CPU time of this process in it, milliseconds.
    pub(crate) cpu_ms: f64,
    /// The most memory this process held during it, MiB.
    pub(crate) peak_mib: f64,
    /// Calls by kind, both servers added up, as they counted them.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Records written on (A, B), as they counted them.
    pub(crate) written: (u64, u64),
    /// The store on disk afterwards, bytes.
    pub(crate) store_bytes: u64,
}

impl Measured {
    /// All calls.
    pub(crate) fn requests(&self) -> u64 {
        self.calls.values().sum()
    }
}

/// CPU time of this process so far, all threads, those that ended included.
pub(crate) fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Lets the peak of memory begin again from what is held now.
pub(crate) fn forget_peak() -> Outcome<()> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// The most memory held since [`forget_peak`], MiB.
pub(crate) fn peak_mib() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .ok_or("the kernel does not tell the peak of memory")?
        .parse()?;
    Ok(kib / 1024.0)
}

/// Bytes of all files in a folder.
pub(crate) fn folder_bytes(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

/// Milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The machine's shape, for whoever compares figures.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|rest| rest.trim_start_matches([' ', '\t', ':']).trim().to_owned())
            .unwrap_or_default()
    };
    let model = field("/proc/cpuinfo", "model name");
    let memory_kib: u64 = field("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0);
    format!(
        "{cores} cores, {model}, {} GiB, {}",
        memory_kib >> 20,
        std::env::consts::OS
    )
}
