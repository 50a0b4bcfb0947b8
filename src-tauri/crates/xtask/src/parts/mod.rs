//! The parts of `cargo xtask test`, in order. A part that fails does not stop those after it.

mod browser;
mod check;
mod crash;
mod rust;
mod systems;
mod ui;
mod window;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::command::Cmd;
use crate::consent::Consent;
use crate::install::node;
use crate::paths::{Paths, on_path};
use crate::report::Report;
use crate::trouble::Trouble;

pub(crate) use browser::environment as browser_environment;

/// One part of the test run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Format, lints, licences, unused dependencies: `cargo xtask check` by itself
    #[value(skip)]
    Check,
    /// `cargo test` of everything but the window
    Rust,
    /// Lint, types, unit tests and build of the panel
    Ui,
    /// The panel in Chromium, against `tandem serve`
    Browser,
    /// The window's commands, and the real window under an X server of its own
    Window,
    /// Real systems nobody here wrote
    Systems,
    /// Processes that die at every instant, disks that fail
    Crash,
}

/// The parts that `--quick` and `--only` ask for.
pub(crate) fn selection(quick: bool, only: Option<Part>) -> Vec<Part> {
    match only {
        Some(part) => vec![part],
        None if quick => vec![Part::Check, Part::Rust, Part::Ui],
        None => vec![
            Part::Check,
            Part::Rust,
            Part::Ui,
            Part::Browser,
            Part::Window,
            Part::Systems,
            Part::Crash,
        ],
    }
}

/// Runs the parts; succeeds when every step of each held.
pub(crate) fn run(paths: &Paths, consent: Consent, parts: &[Part]) -> ExitCode {
    let mut report = Report::default();
    for part in parts {
        let report = &mut report;
        match part {
            Part::Check => check::run(paths, consent, report),
            Part::Rust => rust::run(paths, consent, report),
            Part::Ui => ui::run(paths, consent, report),
            Part::Browser => browser::run(paths, consent, report),
            Part::Window => window::run(paths, consent, report),
            Part::Systems => systems::run(paths, consent, report, None),
            Part::Crash => crash::run(paths, consent, report),
        }
    }
    code(&report)
}

/// `cargo xtask check`: the check part, and the drift of generated types, which in the whole run
/// is one of the Rust tests.
pub(crate) fn check_alone(paths: &Paths, consent: Consent) -> ExitCode {
    let mut report = Report::default();
    check::run(paths, consent, &mut report);
    check::drift(paths, &mut report);
    code(&report)
}

/// `cargo xtask systems`: the systems part, or one pair of it.
pub(crate) fn systems_alone(paths: &Paths, consent: Consent, pair: Option<&str>) -> ExitCode {
    let mut report = Report::default();
    systems::run(paths, consent, &mut report, pair);
    code(&report)
}

fn code(report: &Report) -> ExitCode {
    if report.close() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Everything but the window, named one way in every part, so that the parts share one build.
const CORE: &str = "--workspace --exclude tandem";

/// Cargo at the repository's top.
pub(crate) fn cargo(paths: &Paths) -> Cmd {
    Cmd::cargo().dir(&paths.root)
}

/// `npm run SCRIPT` in the panel's folder.
pub(crate) fn npm_run(paths: &Paths, script: &str) -> Cmd {
    Cmd::new("npm").args(["run", script]).dir(paths.ui())
}

/// Builds the executables a headless test drives.
pub(crate) fn build_headless(paths: &Paths) -> Result<(), Trouble> {
    cargo(paths)
        .arg("build")
        .words(CORE)
        .words("--bin tandem")
        .run()
}

/// Builds the panel if that was never done: the window's code embeds it.
fn ensure_panel(paths: &Paths, consent: Consent) -> Result<(), Trouble> {
    if paths.ui().join("dist/index.html").is_file() {
        return Ok(());
    }
    build_panel(paths, consent)
}

/// Builds the panel.
pub(crate) fn build_panel(paths: &Paths, consent: Consent) -> Result<(), Trouble> {
    node::ensure(paths, consent)?;
    npm_run(paths, "build").run()
}

/// Whether the library the window is made of is there.
fn has_webkit() -> bool {
    Cmd::new("pkg-config")
        .words("--exists webkit2gtk-4.1")
        .succeeds()
}

/// Where tests of real systems find the programs to start, by the names in this crate's
/// documentation.
fn systems_environment(
    paths: &Paths,
    kinto: PathBuf,
) -> Result<Vec<(&'static str, OsString)>, Trouble> {
    let scratch = paths.systems();
    fs::create_dir_all(&scratch).map_err(Trouble::file(&scratch))?;
    let postgres = postgres_programs()?;
    Ok(vec![
        ("TANDEM_BIN", paths.binary("tandem").into()),
        ("TANDEM_KINTO_BIN", kinto.into()),
        ("TANDEM_POSTGRES_BIN", postgres.into()),
        ("TANDEM_POSTGRES_USER", OsString::from("postgres")),
        ("TANDEM_SYSTEMS_DIR", scratch.into()),
    ])
}

/// The folder with `PostgreSQL`'s server programs.
fn postgres_programs() -> Result<PathBuf, Trouble> {
    postgres_folder().ok_or_else(|| Trouble::Missing {
        what: String::from("PostgreSQL's server"),
        remedy: String::from("install PostgreSQL, and put the folder with initdb on PATH"),
    })
}

/// The same: Debian's newest, or the one on `PATH`.
fn postgres_folder() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    versions.sort();
    versions
        .pop()
        .map(|(_, bin)| bin)
        .or_else(|| Some(on_path("initdb", &[])?.parent()?.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_leaves_out_what_needs_a_browser_or_a_server() {
        let quick = selection(true, None);
        for slow in [Part::Browser, Part::Window, Part::Systems, Part::Crash] {
            assert!(!quick.contains(&slow), "{slow:?}");
            assert!(selection(false, None).contains(&slow), "{slow:?}");
        }
    }

    #[test]
    fn only_runs_that_part_alone() {
        assert_eq!(selection(false, Some(Part::Ui)), [Part::Ui]);
    }
}
