//! The panel in a real Chromium, against the real `tandem serve`.

use std::ffi::OsString;

use super::{build_headless, npm_run};
use crate::consent::Consent;
use crate::install::{apt, node};
use crate::paths::{Paths, on_path};
use crate::report::Report;
use crate::trouble::Trouble;

const PART: &str = "browser";

/// Names Chromium goes by, best first.
const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report) {
    report.prepare(PART, "system packages", || {
        apt::ensure(&[&apt::BUILD, &apt::BROWSER], consent)
    });
    let ready = report.prepare(PART, "node packages", || node::ensure(paths, consent))
        && report.prepare(PART, "build tandem", || build_headless(paths));
    if !ready {
        return;
    }
    report.counted(PART, "tests", || match environment(paths) {
        Err(trouble) => (crate::tally::Tally::default(), Err(trouble)),
        Ok(environment) => environment
            .iter()
            .fold(npm_run(paths, "e2e"), |cmd, (name, value)| {
                cmd.env(name, value)
            })
            .tallied(),
    });
}

/// Where browser tests find the programs to start.
pub(crate) fn environment(paths: &Paths) -> Result<Vec<(&'static str, OsString)>, Trouble> {
    let chromium = CHROMIUM
        .iter()
        .find_map(|name| on_path(name, &[]))
        .ok_or_else(|| Trouble::Missing {
            what: String::from("Chromium"),
            remedy: String::from("install it so that `chromium` is on PATH"),
        })?;
    Ok(vec![
        ("TANDEM_BIN", paths.binary("tandem").into()),
        ("CHROMIUM", chromium.into()),
    ])
}
