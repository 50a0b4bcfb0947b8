//! Format, lints, licences and banned crates, unused dependencies, drift of generated types.
//!
//! Security advisories are left out: their database has to be fetched from the network, and a
//! test run must give the same answer tomorrow for the same code.

use super::{CORE, cargo, ensure_panel, has_webkit};
use crate::command::Cmd;
use crate::consent::Consent;
use crate::install::{apt, cargo_tools};
use crate::paths::Paths;
use crate::report::Report;
use crate::tally::Tally;
use crate::trouble::Trouble;

const PART: &str = "check";

pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report) {
    report.prepare(PART, "system packages", || {
        apt::ensure(&[&apt::BUILD, &apt::BUILD_WINDOW], consent)
    });
    report.step(PART, "format", || {
        cargo(paths).words("fmt --all --check").run()?;
        // A workspace of its own.
        cargo(paths)
            .dir(paths.root.join("tests/fuzz"))
            .words("fmt --check")
            .run()
    });
    lints(paths, consent, report);
    report.step(PART, "licences, banned crates, sources", || {
        let deny = cargo_tools::ensure(paths, &cargo_tools::DENY)?;
        Cmd::new(deny)
            .dir(&paths.root)
            .words("--all-features --config")
            .arg(paths.root.join(".cargo/deny.toml"))
            .words("check --hide-inclusion-graph licenses bans sources")
            .run()
    });
    report.step(PART, "unused dependencies", || {
        let machete = cargo_tools::ensure(paths, &cargo_tools::MACHETE)?;
        Cmd::new(machete).dir(&paths.root).arg(&paths.root).run()
    });
}

fn lints(paths: &Paths, consent: Consent, report: &mut Report) {
    let clippy = || cargo(paths).words("clippy --all-targets");
    if has_webkit() {
        report.prepare(PART, "the panel, which the window embeds", || {
            ensure_panel(paths, consent)
        });
        report.step(PART, "lints", || {
            clippy()
                .words("--workspace --features tandem/custom-protocol,tandem-tests/e2e")
                .words("-- -D warnings")
                .run()
        });
    } else {
        println!("No WebKit here: the window's own code is not linted.");
        report.step(PART, "lints, without the window", || {
            clippy()
                .words(CORE)
                .words("--features tandem-tests/e2e -- -D warnings")
                .run()
        });
    }
}

/// Whether the TypeScript made from Rust's types is the committed one; a test of the `app` crate
/// knows how to tell.
pub(super) fn drift(paths: &Paths, report: &mut Report) {
    report.counted(PART, "generated types are current", || {
        let (tally, ended) = cargo(paths)
            .words("test --package tandem-app bindings_are_current")
            .tallied();
        let ended = match ended {
            Ok(()) if tally == Tally::default() => {
                Err(Trouble::NothingRan(String::from("bindings_are_current")))
            }
            other => other,
        };
        (tally, ended)
    });
}
