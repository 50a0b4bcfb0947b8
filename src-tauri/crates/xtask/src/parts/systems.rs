//! Real systems nobody here wrote, synced by the real `tandem`. The tests start and stop the
//! servers; this part provides the programs.

use super::{CORE, build_headless, cargo, systems_environment};
use crate::consent::Consent;
use crate::install::{apt, python};
use crate::paths::Paths;
use crate::report::Report;
use crate::tally::Tally;

const PART: &str = "systems";

/// Runs the part, or the tests of one `pair` such as `kinto-postgres`.
pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report, pair: Option<&str>) {
    report.prepare(PART, "system packages", || {
        apt::ensure(&[&apt::BUILD, &apt::SYSTEMS], consent)
    });
    let mut kinto = None;
    report.prepare(PART, "install Kinto", || {
        kinto = Some(python::kinto(paths)?);
        Ok(())
    });
    let Some(kinto) = kinto else { return };
    if !report.prepare(PART, "build tandem", || build_headless(paths)) {
        return;
    }
    report.counted(PART, pair.unwrap_or("tests"), || {
        match systems_environment(paths, kinto) {
            Err(trouble) => (Tally::default(), Err(trouble)),
            Ok(environment) => environment
                .iter()
                .fold(cargo(paths), |cmd, (name, value)| cmd.env(name, value))
                .arg("test")
                .words(CORE)
                .words("--features tandem-tests/e2e --test systems")
                // Its times are part of the result; and one server at a time has the machine.
                .words("-- --nocapture --test-threads 1")
                .args(pair.map(test_name))
                .tallied(),
        }
    });
}

/// Tests of a pair carry its name, in Rust's spelling.
fn test_name(pair: &str) -> String {
    pair.replace('-', "_")
}
