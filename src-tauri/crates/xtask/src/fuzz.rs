//! `cargo xtask fuzz`: random inputs for what reads files, answers, values and mappings, guided by
//! what they reach. The targets themselves live beside what they try, as `fuzzing` in each crate;
//! `tests/fuzz` only hands them to libFuzzer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::command::Cmd;
use crate::consent::Consent;
use crate::install::{apt, cargo_tools};
use crate::paths::Paths;
use crate::trouble::Trouble;

/// Seconds that one input may take. A fuzzed program is many times slower than a shipped one, and
/// the machine may be busy.
const SLOWEST: u32 = 20;

/// What is fuzzed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Workspace files: read, written, read again
    Workspace,
    /// What REST systems answer to listings, reads and writes
    Rest,
    /// Values: JSON, types, equality
    Values,
    /// Mappings, there and back
    Transforms,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Rest => "rest",
            Self::Values => "values",
            Self::Transforms => "transforms",
        }
    }

    /// Whose tests replay the inputs that are kept.
    const fn package(self) -> &'static str {
        match self {
            Self::Workspace => "tandem-app",
            Self::Rest => "tandem-connectors",
            Self::Values | Self::Transforms => "tandem-domain",
        }
    }
}

/// What a fuzzer says of its work.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    /// Edges of the program that were reached.
    coverage: u64,
    /// The input that failed.
    failure: Option<PathBuf>,
}

impl Figures {
    fn read(&mut self, line: &str) {
        let number = |text: &str| text.split_whitespace().next()?.parse().ok();
        if let Some((_, rest)) = line.split_once(" cov: ") {
            self.coverage = number(rest).unwrap_or(self.coverage);
        } else if let Some(rest) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = number(rest).unwrap_or(self.executions);
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.failure = Some(path.trim().into());
        }
    }
}

/// Fuzzes each target for so many seconds; fails when one of them does.
pub(crate) fn run(
    paths: &Paths,
    consent: Consent,
    seconds: u32,
    only: Option<Target>,
) -> Result<ExitCode, Trouble> {
    apt::ensure(&[&apt::BUILD], consent)?;
    let here = paths.root.join("tests/fuzz");
    let built = paths.target.join("fuzz");
    build(paths, &here, &built)?;
    let programs = built.join(host()?).join("release");
    let targets = only.map_or_else(|| Target::value_variants().to_vec(), |only| vec![only]);
    let mut ended = Vec::new();
    for target in targets {
        let name = target.name();
        let found = built.join("found").join(name);
        fs::create_dir_all(&found).map_err(Trouble::file(&found))?;
        let failures = built.join("failures");
        fs::create_dir_all(&failures).map_err(Trouble::file(&failures))?;
        let cmd = Cmd::new(programs.join(name))
            .arg(&found)
            .arg(here.join("seeds").join(name))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={SLOWEST}"))
            .arg(prefix(&failures, name))
            .arg("-print_final_stats=1");
        println!();
        let mut figures = Figures::default();
        let held = cmd.heard(|line| {
            figures.read(line);
            if worth_telling(line) {
                println!("{line}");
            }
        });
        ended.push((target, figures, held));
    }
    Ok(summary(&ended))
}

/// Whether a line tells more than what is summed up at the end: not progress, advice, statistics,
/// and what our build has not linked.
fn worth_telling(line: &str) -> bool {
    let usual = [
        "#",
        "\"",
        "\t",
        "INFO:",
        "WARNING: Failed to find",
        "stat::",
    ];
    !usual.iter().any(|start| line.starts_with(start))
}

/// libFuzzer makes a path by putting the kind of failure and a digest right behind this.
fn prefix(failures: &Path, name: &str) -> String {
    let start = failures.join(format!("{name}-"));
    format!("-artifact_prefix={}", start.display())
}

fn build(paths: &Paths, here: &Path, built: &Path) -> Result<(), Trouble> {
    // What is fuzzed is what is shipped, in its versions.
    let lock = here.join("Cargo.lock");
    fs::copy(paths.root.join("Cargo.lock"), &lock).map_err(Trouble::file(&lock))?;
    let fuzz = cargo_tools::ensure(paths, &cargo_tools::FUZZ)?;
    // Sanitizers need a nightly compiler and look for what safe code cannot do; what a target
    // promises it asserts itself, with overflow checks on.
    Cmd::new(fuzz)
        .dir(here)
        .words("fuzz build --sanitizer none --no-cfg-fuzzing --codegen-units 16 --fuzz-dir")
        .arg(here)
        .arg("--target-dir")
        .arg(built)
        .run()
}

/// The kind of machine the compiler builds for, which cargo-fuzz names the folder by.
fn host() -> Result<String, Trouble> {
    let (_, text) = Cmd::new("rustc").arg("-vV").output()?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Trouble::Missing {
        what: String::from("the compiler's name for this machine"),
        remedy: String::from("rustc -vV"),
    })
}

fn summary(ended: &[(Target, Figures, Result<(), Trouble>)]) -> ExitCode {
    println!("\n{:<12}{:>12}{:>12}", "target", "executions", "coverage");
    for (target, figures, held) in ended {
        let Figures {
            executions,
            coverage,
            ..
        } = figures;
        let bad = if held.is_ok() { "" } else { "  FAILED" };
        println!("{:<12}{executions:>12}{coverage:>12}{bad}", target.name());
    }
    let mut code = ExitCode::SUCCESS;
    for (target, figures, held) in ended {
        let Err(trouble) = held else { continue };
        code = ExitCode::FAILURE;
        println!("\n{}: {trouble}", target.name());
        if let Some(file) = &figures.failure {
            println!(
                "replay it: cp {} tests/fuzz/seeds/{}/ && cargo test -p {} --lib fuzzing",
                file.display(),
                target.name(),
                target.package()
            );
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fuzzers_report_is_read() {
        let mut figures = Figures::default();
        for line in [
            "INFO: Running with entropic power schedule (0xFF, 100).",
            "#2\tINITED cov: 1042 ft: 1043 corp: 1/1b exec/s: 0 rss: 41Mb",
            "#4096\tpulse  cov: 2100 ft: 4000 corp: 50/1b exec/s: 2048 rss: 41Mb",
            "stat::number_of_executed_units: 4711",
            "stat::average_exec_per_sec:     77",
            "artifact_prefix='/t/rest-'; Test unit written to /t/rest-crash-ab",
        ] {
            figures.read(line);
        }
        let expected = Figures {
            executions: 4711,
            coverage: 2100,
            failure: Some("/t/rest-crash-ab".into()),
        };
        assert_eq!(figures, expected);
    }
}
