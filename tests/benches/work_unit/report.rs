//! Medians, and how they are shown: a table for each case, then the goals; or all of it as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tandem_engine::ports::Clock as _;
use tandem_host::SystemClock;

use crate::case::Case;
use crate::goals::{self, Goal};
use crate::measure::{self, Measured};
use crate::table::Table;

/// Everything that was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    date: String,
    machine: String,
    results: Vec<Results>,
    goals: Vec<Goal>,
    /// Cases that would mostly wait; asked for by number and latency they are measured.
    left_out: Vec<String>,
}

/// One case.
#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) case: Case,
    rounds: u32,
    pub(crate) scenarios: Vec<Summary>,
}

/// One scenario over all rounds.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) scenario: String,
    /// Medians, milliseconds.
    pub(crate) wall_ms: f64,
    /// The fastest and slowest round, milliseconds.
    pub(crate) wall_range_ms: (f64, f64),
    pub(crate) opening_ms: f64,
    pub(crate) cpu_ms: f64,
    /// CPU time a record held, microseconds.
    pub(crate) cpu_us_per_record: f64,
    /// The highest of all rounds, MiB.
    pub(crate) peak_mib: f64,
    /// The most of all rounds.
    pub(crate) requests: u64,
    /// Calls by kind in the round with the most of them.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Records written on (A, B).
    pub(crate) written: (u64, u64),
    /// The store on disk, bytes a record held, history included.
    pub(crate) store_bytes_per_record: f64,
}

impl Results {
    /// Medians over what all rounds of a case measured.
    pub(crate) fn new(case: Case, rounds: u32, measured: &[Measured]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for one in measured {
            if !names.contains(&one.scenario.as_str()) {
                names.push(&one.scenario);
            }
        }
        let scenarios = names
            .into_iter()
            .filter_map(|name| {
                let all: Vec<&Measured> =
                    measured.iter().filter(|one| one.scenario == name).collect();
                Summary::of(&case, &all)
            })
            .collect();
        Self {
            case,
            rounds,
            scenarios,
        }
    }

    /// A scenario's figures.
    pub(crate) fn get(&self, scenario: &str) -> Option<&Summary> {
        self.scenarios.iter().find(|one| one.scenario == scenario)
    }
}

impl Summary {
    fn of(case: &Case, all: &[&Measured]) -> Option<Self> {
        let of = |figure: fn(&Measured) -> f64| sorted(all.iter().map(|one| figure(one)));
        let walls = of(|one| one.wall_ms);
        let most = all.iter().max_by_key(|one| one.requests())?;
        let records = case.n.max(1) as f64;
        let cpu_ms = median(&of(|one| one.cpu_ms));
        Some(Self {
            scenario: most.scenario.clone(),
            wall_ms: median(&walls),
            wall_range_ms: (*walls.first()?, *walls.last()?),
            opening_ms: median(&of(|one| one.opening_ms)),
            cpu_ms,
            cpu_us_per_record: cpu_ms * 1_000.0 / records,
            peak_mib: *of(|one| one.peak_mib).last()?,
            requests: most.requests(),
            calls: most.calls.clone(),
            written: most.written,
            store_bytes_per_record: median(&of(|one| one.store_bytes as f64)) / records,
        })
    }
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
}

fn median(sorted: &[f64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        at(middle)
    } else {
        (at(middle.wrapping_sub(1)) + at(middle)) / 2.0
    }
}

impl Report {
    /// Judges the results by the goals.
    pub(crate) fn new(results: Vec<Results>, left_out: &[Case]) -> Self {
        Self {
            date: SystemClock::new().now().format("%Y-%m-%d").to_string(),
            machine: measure::machine(),
            goals: goals::judge(&results),
            results,
            left_out: left_out.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", self.date, self.machine)?;
        for results in &self.results {
            writeln!(
                f,
                "\n{}; medians of {} rounds",
                results.case, results.rounds
            )?;
            write!(f, "{}", figures(results))?;
        }
        if !self.goals.is_empty() {
            writeln!(f, "\nGoals")?;
            let mut table = Table::new(&["goal", "what", "<measured", "<target", ""]);
            for goal in &self.goals {
                table.row([
                    goal.number.to_string(),
                    goal.what.clone(),
                    goal.shown(goal.measured),
                    goal.shown(goal.target),
                    if goal.met { "met" } else { "not met" }.to_owned(),
                ]);
            }
            write!(f, "{table}")?;
        }
        for case in &self.left_out {
            writeln!(
                f,
                "\nLeft out, as it would mostly wait: {case} (ask for it with --n and --latency)"
            )?;
        }
        Ok(())
    }
}

fn figures(results: &Results) -> Table {
    let mut table = Table::new(&[
        "",
        "<wall ms",
        "<min",
        "<max",
        "<opening",
        "<CPU ms",
        "<µs/record",
        "<peak MiB",
        "<B/record",
        "<requests",
        "which",
    ]);
    for one in &results.scenarios {
        let calls: Vec<String> = one
            .calls
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        table.row([
            one.scenario.clone(),
            format!("{:.1}", one.wall_ms),
            format!("{:.1}", one.wall_range_ms.0),
            format!("{:.1}", one.wall_range_ms.1),
            format!("{:.1}", one.opening_ms),
            format!("{:.1}", one.cpu_ms),
            format!("{:.1}", one.cpu_us_per_record),
            format!("{:.1}", one.peak_mib),
            format!("{:.0}", one.store_bytes_per_record),
            one.requests.to_string(),
            calls.join(", "),
        ]);
    }
    table
}
