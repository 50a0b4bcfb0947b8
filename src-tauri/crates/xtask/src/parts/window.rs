//! The window: its commands against a simulated webview, then the real thing driven through
//! WebDriver, inside an X server and a D-Bus session made for the run.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{CORE, build_headless, build_panel, cargo, systems_environment};
use crate::consent::Consent;
use crate::install::{apt, python};
use crate::paths::{Paths, on_path};
use crate::report::Report;
use crate::session::Session;
use crate::tally::Tally;
use crate::trouble::Trouble;
use crate::verbs::bundle_of_tests;

const PART: &str = "window";

/// A window built without `custom-protocol` would look for a development server.
const WINDOW: &str = "--package tandem --features custom-protocol";

pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report) {
    report.prepare(PART, "system packages", || {
        apt::ensure(
            &[
                &apt::BUILD,
                &apt::BUILD_WINDOW,
                &apt::DRIVE_WINDOW,
                &apt::SYSTEMS,
            ],
            consent,
        )
    });
    let ready = report.prepare(PART, "build the panel", || build_panel(paths, consent))
        && report.prepare(PART, "build the window", || build(paths))
        && report.prepare(PART, "build tandem", || build_headless(paths));
    if !ready {
        return;
    }
    let mut package = None;
    report.prepare(PART, "pack the window", || {
        package = Some(bundle_of_tests(paths, consent)?);
        Ok(())
    });
    let Some(package) = package else { return };
    let mut session = None;
    report.prepare(PART, "start a display and a session bus", || {
        session = Some(Session::start(paths)?);
        Ok(())
    });
    let Some(session) = session else { return };
    report.counted(PART, "commands", || {
        session
            .command(&cargo_program())
            .dir(&paths.root)
            .arg("test")
            .words(WINDOW)
            .tallied()
    });
    report.counted(PART, "the real window", || {
        match environment(paths, package) {
            Err(trouble) => (Tally::default(), Err(trouble)),
            Ok(environment) => environment
                .iter()
                .fold(
                    session.command(&cargo_program()).dir(&paths.root),
                    |cmd, (name, value)| cmd.env(name, value),
                )
                .arg("test")
                .words(CORE)
                .words("--features tandem-tests/e2e --test window")
                // One display, one bus: a second window would be swallowed by the first.
                .words("-- --nocapture --test-threads 1")
                .tallied(),
        }
    });
}

/// Builds the window with the panel inside, and then its tests. Not both at once: each compiles the
/// panel in from one folder of compressed files, and a file that the one has begun to write is taken
/// by the other for whole; the window is then blank. The second names the tests alone: they ask more
/// of Tauri, and the window would be built anew beside them.
fn build(paths: &Paths) -> Result<(), Trouble> {
    for what in ["--bins", "--tests"] {
        cargo(paths).arg("build").words(WINDOW).words(what).run()?;
    }
    Ok(())
}

fn cargo_program() -> std::path::PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), Into::into)
}

/// Where window tests find the programs to start: the window, its driver, its package, and the real
/// systems.
fn environment(paths: &Paths, package: PathBuf) -> Result<Vec<(&'static str, OsString)>, Trouble> {
    let driver = on_path("WebKitWebDriver", &[]).ok_or_else(|| Trouble::Missing {
        what: String::from("WebKitWebDriver"),
        remedy: String::from("install webkit2gtk-driver"),
    })?;
    let mut environment = systems_environment(paths, python::kinto(paths)?)?;
    environment.push(("TANDEM_WINDOW_BIN", paths.binary("tandem-window").into()));
    environment.push(("TANDEM_WEBKIT_DRIVER", driver.into()));
    environment.push(("TANDEM_DEB", package.into()));
    Ok(environment)
}
