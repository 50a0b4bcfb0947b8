//! `cargo xtask …`: every chore of the project by one name. Each verb first installs what it
//! needs and lacks (Debian packages, node packages, a Python environment, cargo tools), then does
//! its job with the tools a contributor would use by hand, and shows each command it starts.
//!
//! It imports nothing of ours and needs no system library, so that it builds on a bare machine;
//! the programs it starts find each other through the environment:
//!
//! | variable | set for | holds |
//! | --- | --- | --- |
//! | `TANDEM_BIN` | browser, window, systems, crash, screenshots | the built `tandem` |
//! | `TANDEM_FAILPOINTS_BIN` | crash | the same with instants it can be made to die at |
//! | `TANDEM_WINDOW_BIN` | window, screenshots | the built `tandem-window`, panel inside |
//! | `CHROMIUM` | browser, screenshots | Chromium's executable |
//! | `TANDEM_WEBKIT_DRIVER` | window, screenshots | `WebKitWebDriver` |
//! | `TANDEM_KINTO_BIN` | window, systems | folder with `kinto` and its `python` |
//! | `TANDEM_POSTGRES_BIN` | window, systems | folder with `initdb` and `postgres` |
//! | `TANDEM_POSTGRES_USER` | window, systems | whom to become when root, whom `PostgreSQL` refuses |
//! | `TANDEM_TEST_POSTGRES`, `TANDEM_TEST_MYSQL` | systems | address of a running server for the connectors' own suite |
//! | `TANDEM_SYSTEMS_DIR` | window, systems | scratch folder for data, configuration and logs of servers |
//! | `SHOTS` | screenshots | folder for the pictures |
//!
//! Tests that need them live in test binaries of the `tests` crate behind its `e2e` feature
//! (`tests/e2e/window.rs`, `systems.rs`, `crash/main.rs`), so a plain `cargo test` neither builds nor runs
//! them. The tests start and stop their servers themselves; this program only provides the
//! executables, and two databases to the suite that every connector passes. Window tests run inside an X server and a D-Bus session made for them.
#![allow(
    clippy::print_stdout,
    reason = "a command line tool talks on its standard output"
)]

mod command;
mod consent;
mod databases;
mod fuzz;
mod install;
mod mutants;
mod parts;
mod paths;
mod report;
mod session;
mod tally;
mod trouble;
mod verbs;
mod watchdog;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::consent::Consent;
use crate::parts::Part;
use crate::paths::Paths;
use crate::trouble::Trouble;

/// Tandem's chores. Each installs what is missing first.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Args)]
struct Common {
    /// Install system packages without asking (also when the CI variable is set)
    #[arg(long, global = true)]
    yes: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Build, and open the window on the sample workspace
    Run {
        /// Do the same job in the terminal
        #[arg(long)]
        headless: bool,
    },
    /// Run all tests: checks, Rust, UI, browser, real window, real systems
    Test {
        /// Leave out what needs a browser or a server
        #[arg(long, conflicts_with = "only")]
        quick: bool,
        /// Run one part only
        #[arg(long, value_name = "PART")]
        only: Option<Part>,
    },
    /// Check format, lints, drift of generated types, licences, unused dependencies
    Check,
    /// Measure the work unit against the sandbox's servers
    Bench {
        /// Records on each side [default: the bench's own]
        #[arg(long)]
        n: Option<u64>,
        /// Delay of each answer, in milliseconds [default: the bench's own]
        #[arg(long, value_name = "MS")]
        latency: Option<u64>,
        /// Repetitions of each scenario [default: the bench's own]
        #[arg(long)]
        rounds: Option<u32>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Play many more random histories than the tests do, and find the planted bugs
    Soak {
        /// Histories of the whole engine
        #[arg(long, default_value_t = 10_000)]
        histories: u64,
        /// Start from this seed, one that an earlier run printed
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Change what decides, retries, breaks off and redacts in small ways; a test has to mind each
    Mutants,
    /// Try random inputs on what reads files, answers, values and mappings
    Fuzz {
        /// How long each target is tried
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// One target only
        #[arg(long, value_name = "TARGET")]
        only: Option<fuzz::Target>,
    },
    /// Prove Tandem on real systems nobody here wrote
    Systems {
        /// One pair of systems only, such as `kinto-postgres`
        #[arg(long, value_name = "PAIR")]
        only: Option<String>,
    },
    /// Build the installable packages that need no network
    Bundle,
    /// Photograph every scene of the panel, in both themes
    Screenshots {
        /// Where the pictures go [default: `screenshots` in the target folder]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Render icons/tandem.svg into the sizes and formats the platforms want
    Icons,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let consent = Consent::from_environment(cli.common.yes);
    match dispatch(cli.verb, consent) {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("error: {trouble}");
            if let Some(remedy) = trouble.remedy() {
                eprintln!("  try: {remedy}");
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: Verb, consent: Consent) -> Result<ExitCode, Trouble> {
    let paths = Paths::find();
    match verb {
        Verb::Run { headless } => verbs::run(&paths, consent, headless),
        Verb::Test { quick, only } => {
            Ok(parts::run(&paths, consent, &parts::selection(quick, only)))
        }
        Verb::Check => Ok(parts::check_alone(&paths, consent)),
        Verb::Bench {
            n,
            latency,
            rounds,
            json,
        } => verbs::bench(&paths, n, latency, rounds, json),
        Verb::Soak { histories, seed } => verbs::soak(&paths, consent, histories, seed),
        Verb::Mutants => mutants::mutants(&paths, consent),
        Verb::Fuzz { seconds, only } => fuzz::run(&paths, consent, seconds, only),
        Verb::Systems { only } => Ok(parts::systems_alone(&paths, consent, only.as_deref())),
        Verb::Bundle => verbs::bundle(&paths, consent),
        Verb::Screenshots { out } => verbs::screenshots(&paths, consent, out),
        Verb::Icons => verbs::icons(&paths, consent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn quick_and_only_exclude_each_other() {
        let both = Cli::try_parse_from(["xtask", "test", "--quick", "--only", "ui"]);
        assert!(both.is_err());
    }

    #[test]
    fn yes_may_stand_before_and_after_the_verb() {
        for words in [["xtask", "--yes", "run"], ["xtask", "run", "--yes"]] {
            let cli = Cli::try_parse_from(words).expect("parses");
            assert!(cli.common.yes);
        }
    }
}
