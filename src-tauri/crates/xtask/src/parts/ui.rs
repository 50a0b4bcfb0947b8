//! The panel by itself: lint and format, types, unit tests, build.

use super::npm_run;
use crate::consent::Consent;
use crate::install::node;
use crate::paths::Paths;
use crate::report::Report;

const PART: &str = "ui";

pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report) {
    let ready = report.prepare(PART, "node packages", || node::ensure(paths, consent));
    if !ready {
        return;
    }
    report.step(PART, "lint and format", || npm_run(paths, "lint").run());
    report.step(PART, "types", || npm_run(paths, "typecheck").run());
    report.counted(PART, "tests", || npm_run(paths, "test").tallied());
    report.step(PART, "build", || npm_run(paths, "build").run());
}
