//! Crash safety: `tandem`, built once more with its failpoints, dies at each of them between two
//! systems, is killed at random, and meets a failing and a full disk.

use std::fs;
use std::path::PathBuf;

use super::{CORE, build_headless, cargo};
use crate::consent::Consent;
use crate::install::apt;
use crate::paths::Paths;
use crate::report::Report;
use crate::trouble::Trouble;

const PART: &str = "crash";

pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report) {
    report.prepare(PART, "system packages", || {
        apt::ensure(&[&apt::BUILD], consent)
    });
    let mut armed = None;
    report.prepare(PART, "build tandem with failpoints", || {
        armed = Some(build_armed(paths)?);
        Ok(())
    });
    let Some(armed) = armed else { return };
    if !report.prepare(PART, "build tandem", || build_headless(paths)) {
        return;
    }
    report.counted(PART, "tests", || {
        cargo(paths)
            .env("TANDEM_BIN", paths.binary("tandem"))
            .env("TANDEM_FAILPOINTS_BIN", armed)
            .arg("test")
            .words(CORE)
            // Their seed and their figures are part of the result. They wait for disks more than for
            // processors.
            .words("--features tandem-tests/e2e --test crash -- --nocapture --test-threads 6")
            .tallied()
    });
}

/// Builds `tandem` with failpoints and keeps it beside the shipped one, whose place the next build
/// takes. Only crates of ours are compiled again.
fn build_armed(paths: &Paths) -> Result<PathBuf, Trouble> {
    cargo(paths)
        .arg("build")
        .words(CORE)
        .words("--features tandem-cli/failpoints --bin tandem")
        .run()?;
    let built = paths.binary("tandem");
    let kept = paths.binary("tandem-failpoints");
    // Anew: the old one may be a second name of what cargo keeps.
    if kept.exists() {
        fs::remove_file(&kept).map_err(Trouble::file(&kept))?;
    }
    fs::copy(&built, &kept).map_err(Trouble::file(&kept))?;
    Ok(kept)
}
