//! `cargo test` of everything but the window.

use super::{CORE, cargo};
use crate::consent::Consent;
use crate::install::apt;
use crate::paths::Paths;
use crate::report::Report;

const PART: &str = "rust";

pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report) {
    report.prepare(PART, "system packages", || {
        apt::ensure(&[&apt::BUILD], consent)
    });
    report.counted(PART, "tests", || {
        cargo(paths)
            .words("test --no-fail-fast")
            .words(CORE)
            .tallied()
    });
}
