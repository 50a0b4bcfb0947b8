//! The work unit of the goals, S1 to S5, on the real engine, store and REST connector against two
//! storefronts over real sockets: what a sync costs the machine that runs it.
//!
//! Three processes of this one program: the one that was started plans the cases and reports; a
//! server (`serve`) holds both storefronts; a worker (`sync`) does nothing but sync, fresh for every
//! round, so that its CPU time and its peak memory are those of syncing. After each scenario both
//! storefronts are compared through digests of their own and everything that was to happen is
//! counted; only that decides the exit status, never a time.

mod case;
mod goals;
mod measure;
mod orchestrate;
mod report;
mod rig;
mod scenario;
mod servers;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The allocator of the programs that sync.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Anything that can go wrong here ends the bench with a sentence.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "The work unit S1 to S5: time, requests, CPU, memory, bytes")]
struct Arguments {
    /// Records on each side [default: 1000, 10000, 100000]
    #[arg(long, value_delimiter = ',')]
    n: Vec<u64>,
    /// Delay of each answer, in milliseconds [default: 0, 50]
    #[arg(long, value_delimiter = ',')]
    latency: Vec<u64>,
    /// Repetitions of each case; medians are reported [default: 5, from 100,000 records on 3]
    #[arg(long)]
    rounds: Option<u32>,
    /// One JSON document instead of tables
    #[arg(long)]
    json: bool,
    /// Given by `cargo bench` to every bench; changes nothing
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// Serves two storefronts until standard input ends
    #[command(hide = true)]
    Serve,
    /// Does one round of one case
    #[command(hide = true)]
    Sync {
        /// The round, as JSON
        round: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.role {
        Some(Role::Serve) => servers::serve(),
        Some(Role::Sync { round }) => scenario::run(round),
        None => orchestrate::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // Where standard error is closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}
