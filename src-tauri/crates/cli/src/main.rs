//! `tandem`: the headless face. Reads the command line, calls the app, prints what it answers.

mod args;
mod demo;
mod outcome;
mod progress;
mod session;
mod show;
mod verbs;

use std::process::ExitCode;

use clap::Parser as _;

use args::Cli;
use outcome::Outcome;

/// A run hands its records from thread to thread; this allocator gives memory back while it does.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // A wrong command line ends here with status 2.
    let cli = Cli::parse();
    let json = cli.global.json;
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            outcome::trouble("no_threads", "Tandem could not start", &error.to_string())
        })
        .and_then(|runtime| {
            let outcome = runtime.block_on(verbs::carry_out(cli));
            // A connector's thread that still waits for an answer must not hold up the end.
            runtime.shutdown_background();
            outcome
        });
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            outcome::tell(&error, json);
            Outcome::Other.into()
        }
    }
}
