//! What was measured against what was wanted. Nothing here decides the exit status.

use serde::Serialize;

use crate::case::{Case, Changes, IN_FLIGHT, PAGE, Writes};
use crate::report::{Results, Summary};

/// One goal at one case.
#[derive(Serialize)]
pub(crate) struct Goal {
    /// Its number.
    pub(crate) number: u32,
    /// What is measured.
    pub(crate) what: String,
    pub(crate) measured: f64,
    /// At most this.
    pub(crate) target: f64,
    unit: &'static str,
    pub(crate) met: bool,
}

impl Goal {
    fn new(number: u32, what: String, measured: f64, target: f64, unit: &'static str) -> Self {
        Self {
            number,
            what,
            measured,
            target,
            unit,
            met: measured <= target,
        }
    }

    /// A figure with its unit.
    pub(crate) fn shown(&self, figure: f64) -> String {
        if self.unit.is_empty() {
            format!("{figure:.0}")
        } else {
            format!("{figure:.1} {}", self.unit)
        }
    }
}

/// A wall time that is wanted at certain cases.
struct Wall {
    number: u32,
    scenario: &'static str,
    n: u64,
    latency_ms: u64,
    writes: Writes,
    changes: Changes,
    target_ms: f64,
}

const fn wall(
    number: u32,
    scenario: &'static str,
    n: u64,
    latency_ms: u64,
    ways: (Writes, Changes),
    target_ms: f64,
) -> Wall {
    Wall {
        number,
        scenario,
        n,
        latency_ms,
        writes: ways.0,
        changes: ways.1,
        target_ms,
    }
}

const BULK: (Writes, Changes) = (Writes::Bulk, Changes::Feed);
const SINGLE: (Writes, Changes) = (Writes::Single, Changes::Feed);
const LISTING: (Writes, Changes) = (Writes::Bulk, Changes::Listing);

const WALLS: [Wall; 10] = [
    wall(1, "S1", 1_000, 0, BULK, 60.0),
    wall(1, "S1", 1_000, 0, SINGLE, 100.0),
    wall(2, "S1", 1_000, 50, BULK, 300.0),
    wall(2, "S1", 1_000, 50, SINGLE, 6_800.0),
    wall(3, "S1", 100_000, 0, BULK, 2_000.0),
    wall(3, "S1", 1_000_000, 0, BULK, 16_000.0),
    wall(5, "S2", 100_000, 0, LISTING, 400.0),
    wall(6, "S3", 100_000, 0, BULK, 200.0),
    wall(6, "S4", 100_000, 0, BULK, 150.0),
    wall(7, "S5", 100_000, 0, BULK, 1_100.0),
];

/// All goals that the results say something about, by number.
pub(crate) fn judge(results: &[Results]) -> Vec<Goal> {
    let mut goals = Vec::new();
    for results in results {
        let case = &results.case;
        for wanted in WALLS.iter().filter(|wanted| wanted.is_at(case)) {
            if let Some(found) = results.get(wanted.scenario) {
                let what = format!("{} of {case}", wanted.scenario);
                goals.push(Goal::new(
                    wanted.number,
                    what,
                    found.wall_ms,
                    wanted.target_ms,
                    "ms",
                ));
            }
        }
        if let Some(first) = results.get("S1") {
            of_first_sync(case, first, &mut goals);
        }
        if let (Changes::Feed, Some(idle)) = (case.changes, results.get("S2")) {
            of_idle(case, idle, &mut goals);
        }
        let peak = results.scenarios.iter().map(|one| one.peak_mib);
        goals.push(Goal::new(
            9,
            format!("peak memory, {case}"),
            peak.fold(0.0, f64::max),
            64.0,
            "MiB",
        ));
    }
    goals.sort_by_key(|goal| goal.number);
    goals
}

impl Wall {
    fn is_at(&self, case: &Case) -> bool {
        (self.n, self.latency_ms, self.writes, self.changes)
            == (case.n, case.latency_ms, case.writes, case.changes)
    }
}

fn of_first_sync(case: &Case, first: &Summary, goals: &mut Vec<Goal>) {
    if case.writes == Writes::Bulk && case.latency_ms == 0 && case.n >= 100_000 {
        let what = format!("CPU a record, S1 of {case}");
        goals.push(Goal::new(3, what, first.cpu_us_per_record, 15.0, "µs"));
    }
    if case.latency_ms > 0 && case.n >= 10_000 {
        // One page of B, which is empty; the writes' answers carry the records.
        let requests = case.n.div_ceil(PAGE) + 1 + case.calls_for(case.n) + 2;
        let what = format!("requests, S1 of {case}");
        goals.push(Goal::new(
            8,
            what,
            first.requests as f64,
            requests as f64,
            "",
        ));
        let what =
            format!("wall, S1 of {case}: pages one by one, then {IN_FLIGHT} writes at once, × 1.2");
        let floor = case.waiting_ms() as f64;
        goals.push(Goal::new(8, what, first.wall_ms, floor * 1.2, "ms"));
    }
    if case.n >= 1_000 {
        let what = format!("store a record, S1 of {case}");
        goals.push(Goal::new(
            10,
            what,
            first.store_bytes_per_record,
            400.0,
            "B",
        ));
    }
}

fn of_idle(case: &Case, idle: &Summary, goals: &mut Vec<Goal>) {
    let what = format!("requests, S2 of {case}");
    goals.push(Goal::new(4, what, idle.requests as f64, 2.0, ""));
    let target = 10.0 + case.latency_ms as f64;
    goals.push(Goal::new(
        4,
        format!("S2 of {case}"),
        idle.wall_ms,
        target,
        "ms",
    ));
}
