//! Going through the cases: for every round a fresh pair of servers and a fresh worker.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::case::{self, Case};
use crate::measure::Measured;
use crate::report::{Report, Results};
use crate::scenario::{Part, Round};
use crate::servers::Servers;
use crate::{Arguments, Outcome};

/// Measures everything that was asked for and reports it.
pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    let (cases, left_out) = case::cases(arguments);
    let mut results = Vec::with_capacity(cases.len());
    for case in cases {
        let rounds = case::rounds(arguments, &case);
        tell(&format!("{case}: {rounds} rounds"));
        let mut measured = Vec::new();
        for _ in 0..rounds {
            for part in [Part::Syncing, Part::Pairing] {
                measured.extend(round(case, part)?);
            }
        }
        results.push(Results::new(case, rounds, &measured));
    }
    let report = Report::new(results, &left_out);
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(())
}

fn round(case: Case, part: Part) -> Outcome<Vec<Measured>> {
    let servers = Servers::start()?;
    let round = Round {
        case,
        part,
        addresses: servers.addresses.clone(),
    };
    let worker = Command::new(std::env::current_exe()?)
        .arg("sync")
        .arg(serde_json::to_string(&round)?)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !worker.status.success() {
        return Err(format!("{case}: a round did not hold, see above").into());
    }
    Ok(serde_json::from_slice(&worker.stdout)?)
}

fn tell(what: &str) {
    // Progress is for whoever watches; nobody watching is no failure.
    let _ = writeln!(std::io::stderr(), "{what}");
}
