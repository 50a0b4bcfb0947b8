//! The verbs that are not tests: run, bench, bundle, screenshots, icons.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::command::Cmd;
use crate::consent::Consent;
use crate::install::{apt, node};
use crate::parts::{browser_environment, build_headless, build_panel, cargo, npm_run};
use crate::paths::Paths;
use crate::trouble::Trouble;

/// Tauri's own tool, for icons and bundles; of the line the window is built on.
const TAURI_CLI: (&str, &str) = ("@tauri-apps/cli", "2.12.5");

/// The icons we keep, of all that Tauri's tool renders.
const ICONS: [&str; 6] = [
    "32x32.png",
    "128x128.png",
    "128x128@2x.png",
    "icon.png",
    "icon.ico",
    "icon.icns",
];

/// `cargo xtask run`: the window on the sample workspace, or the same story in the terminal.
pub(crate) fn run(paths: &Paths, consent: Consent, headless: bool) -> Result<ExitCode, Trouble> {
    if headless || !has_display() {
        if !headless {
            println!("No display here: doing the same job in the terminal.");
        }
        apt::ensure(&[&apt::BUILD], consent)?;
        cargo(paths)
            .words("run --package tandem-cli --bin tandem -- demo")
            .run()?;
    } else {
        apt::ensure(&[&apt::BUILD, &apt::BUILD_WINDOW], consent)?;
        build_panel(paths, consent)?;
        cargo(paths)
            .words("run --package tandem --features custom-protocol --bin tandem-window -- --demo")
            .run()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a window could be shown. Only X11 and Wayland can be absent.
fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// `cargo xtask bench`: optimised, and in a program of its own, so that its peak memory is its own.
pub(crate) fn bench(
    paths: &Paths,
    n: Option<u64>,
    latency: Option<u64>,
    rounds: Option<u32>,
    json: bool,
) -> Result<ExitCode, Trouble> {
    let mut cmd = cargo(paths).words("bench --quiet --package tandem-tests --bench work_unit --");
    let figures = [
        ("--n", n.map(|n| n.to_string())),
        ("--latency", latency.map(|ms| ms.to_string())),
        ("--rounds", rounds.map(|rounds| rounds.to_string())),
    ];
    for (flag, value) in figures {
        if let Some(value) = value {
            cmd = cmd.args([flag, &value]);
        }
    }
    if json {
        cmd = cmd.arg("--json");
    }
    cmd.run()?;
    Ok(ExitCode::SUCCESS)
}

/// Configurations that the random histories of the pure planner go through.
const PLANNED: u64 = 61;
/// Histories of the pure planner, all configurations together.
const PURE: u64 = 200_000;

/// `cargo xtask soak`: random histories of the planner alone and of everything for as long as it
/// takes, optimised; then the bugs that have to be found.
pub(crate) fn soak(
    paths: &Paths,
    consent: Consent,
    histories: u64,
    seed: Option<u64>,
) -> Result<ExitCode, Trouble> {
    apt::ensure(&[&apt::BUILD], consent)?;
    cargo(paths)
        .words("test --profile bench --package tandem-domain --test domain -- case_35_random")
        .env("TANDEM_HISTORIES", PURE.div_ceil(PLANNED).to_string())
        .run()?;
    let oracle = || cargo(paths).words("test --profile bench --package tandem-tests --test oracle");
    let mut cmd = oracle()
        .words("-- --nocapture")
        .env("TANDEM_ORACLE", histories.to_string());
    if let Some(seed) = seed {
        cmd = cmd.env("TANDEM_ORACLE_SEED", seed.to_string());
    }
    cmd.run()?;
    oracle()
        .words("--features planted-bugs -- --nocapture")
        .run()?;
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask bundle`: the package formats that are made without downloading anything.
pub(crate) fn bundle(paths: &Paths, consent: Consent) -> Result<ExitCode, Trouble> {
    apt::ensure(&[&apt::BUILD, &apt::BUILD_WINDOW], consent)?;
    build_panel(paths, consent)?;
    let mut cmd = tauri(paths, consent)?.arg("build");
    if cfg!(target_os = "linux") {
        // An AppImage wants a download.
        cmd = cmd.words("--bundles deb,rpm");
    }
    cmd.run()?;
    println!(
        "Packages are in {}",
        paths.target.join("release/bundle").display()
    );
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask screenshots`: every scene of the panel, in every theme. The browser tests walk
/// through all scenes anyway; told where, they also take the pictures.
pub(crate) fn screenshots(
    paths: &Paths,
    consent: Consent,
    out: Option<PathBuf>,
) -> Result<ExitCode, Trouble> {
    apt::ensure(&[&apt::BUILD, &apt::BROWSER], consent)?;
    let folder = out.map_or_else(
        || paths.target.join("screenshots"),
        // The panel's tools run in another folder.
        |dir| env::current_dir().unwrap_or_default().join(dir),
    );
    fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
    node::ensure(paths, consent)?;
    build_headless(paths)?;
    browser_environment(paths)?
        .iter()
        .fold(npm_run(paths, "e2e"), |cmd, (name, value)| {
            cmd.env(name, value)
        })
        .env("SHOTS", &folder)
        .run()?;
    println!("Pictures are in {}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask icons`: the committed icons, from their one source.
pub(crate) fn icons(paths: &Paths, consent: Consent) -> Result<ExitCode, Trouble> {
    let icons = paths.root.join("icons");
    let rendered = paths.target.join("icons");
    tauri(paths, consent)?
        .arg("icon")
        .arg(icons.join("tandem.svg"))
        .arg("--output")
        .arg(&rendered)
        .run()?;
    for name in ICONS {
        let from = rendered.join(name);
        fs::copy(&from, icons.join(name)).map_err(Trouble::file(&from))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Packs the window as it was built for tests: what is tested is the package, not how fast the
/// program in it is, and a build of its own would take longer than all of that. The package.
pub(crate) fn bundle_of_tests(paths: &Paths, consent: Consent) -> Result<PathBuf, Trouble> {
    let folder = paths.target.join("debug/bundle/deb");
    if folder.exists() {
        // One of another version would be found as well.
        fs::remove_dir_all(&folder).map_err(Trouble::file(&folder))?;
    }
    tauri(paths, consent)?
        .words("bundle --debug --bundles deb --no-sign")
        .run()?;
    fs::read_dir(&folder)
        .map_err(Trouble::file(&folder))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|it| it == "deb"))
        .ok_or_else(|| Trouble::Missing {
            what: format!("a package in {}", folder.display()),
            remedy: String::from("read what the bundler said above"),
        })
}

fn tauri(paths: &Paths, consent: Consent) -> Result<Cmd, Trouble> {
    let (package, version) = TAURI_CLI;
    node::tool(paths, consent, package, version)?;
    let program = paths.tools().join("node/node_modules/.bin/tauri");
    Ok(Cmd::new(program).dir(&paths.root))
}
