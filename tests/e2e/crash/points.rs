//! A process dies at each failpoint, at several of the times it comes by.

use std::collections::BTreeSet;

use tandem_engine::failpoints::Point;
use tandem_sandbox::Start;

use super::process::provided;
use super::town::{SYNC, Town};

/// What the process that dies is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum During {
    /// A run over edits of all kinds.
    Run,
    /// A run that goes on where another one died with writes under way.
    Recovery,
    /// An admin's command that decides and carries out.
    Decision,
    /// A run that applies a reviewed plan.
    Plan,
}

/// Where it dies, and at which of the times (from 0) it comes by. The first of each is reached for
/// certain; a later one that a run does not reach is a run like any other.
const CASES: [(During, Point, &[usize]); 50] = {
    use During::{Decision, Plan, Recovery, Run};
    [
        (Run, Point::RunOpening, &[0]),
        (Run, Point::RunOpened, &[0]),
        (Run, Point::Prepared, &[0]),
        (Run, Point::Staging, &[0, 1]),
        (Run, Point::Read, &[0]),
        (Run, Point::Planned, &[0]),
        (Run, Point::Journalling, &[0, 1]),
        (Run, Point::Journalled, &[0, 1]),
        (Run, Point::Sending, &[0, 1, 3]),
        (Run, Point::Answered, &[0, 1, 3, 6]),
        (Run, Point::Acknowledging, &[0, 1]),
        (Run, Point::Acknowledged, &[0, 1]),
        (Run, Point::Applied, &[0]),
        (Run, Point::Finishing, &[0]),
        (Run, Point::Finished, &[0]),
        // Every transaction of a run, whatever it is for.
        (Run, Point::Committing, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Run, Point::Committed, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Recovery, Point::RunOpening, &[0]),
        (Recovery, Point::RunOpened, &[0]),
        (Recovery, Point::Settling, &[0]),
        (Recovery, Point::Settled, &[0]),
        (Recovery, Point::Staging, &[0]),
        (Recovery, Point::Planned, &[0]),
        (Recovery, Point::Journalled, &[0]),
        (Recovery, Point::Sending, &[0]),
        (Recovery, Point::Answered, &[0, 2]),
        (Recovery, Point::Acknowledging, &[0]),
        (Recovery, Point::Finishing, &[0]),
        (Recovery, Point::Committing, &[1, 2, 3]),
        (Decision, Point::Deciding, &[0, 2]),
        (Decision, Point::Decided, &[0, 2]),
        (Decision, Point::DecisionsTaken, &[0]),
        (Decision, Point::Journalling, &[0]),
        (Decision, Point::Journalled, &[0]),
        (Decision, Point::Sending, &[0]),
        (Decision, Point::Answered, &[0]),
        (Decision, Point::Acknowledging, &[0]),
        (Decision, Point::Acknowledged, &[0]),
        (Decision, Point::Finished, &[0]),
        (Decision, Point::Committing, &[0, 2, 4, 6]),
        (Decision, Point::Committed, &[0, 2, 4, 6]),
        (Plan, Point::RunOpened, &[0]),
        (Plan, Point::Prepared, &[0]),
        (Plan, Point::Planned, &[0]),
        (Plan, Point::Journalled, &[0]),
        (Plan, Point::Sending, &[1]),
        (Plan, Point::Answered, &[0, 3]),
        (Plan, Point::Acknowledging, &[0]),
        (Plan, Point::Finishing, &[0]),
        (Plan, Point::Committing, &[1, 3]),
    ]
};

/// Points that other tests here die at.
const ELSEWHERE: [Point; 8] = [
    Point::Migrating,
    Point::MigratingStep,
    Point::Migrated,
    Point::Configuring,
    Point::Configured,
    Point::AlertSending,
    Point::AlertSent,
    Point::AlertMarked,
];

#[test]
fn every_failpoint_has_its_case() {
    let tried: BTreeSet<&str> = CASES
        .iter()
        .map(|(_, point, _)| point.name())
        .chain(ELSEWHERE.iter().map(|point| point.name()))
        .collect();
    let all: BTreeSet<&str> = Point::ALL.iter().map(|point| point.name()).collect();
    assert_eq!(tried, all);
}

#[test]
fn what_is_shipped_has_no_failpoints() {
    let holds = |variable: &str, what: &str| {
        let bytes = std::fs::read(provided(variable)).unwrap();
        bytes.windows(what.len()).any(|at| at == what.as_bytes())
    };
    for what in ["FAILPOINTS", "store.committing", "migration.step"] {
        assert!(!holds("TANDEM_BIN", what), "{what} in what is shipped");
        assert!(holds("TANDEM_FAILPOINTS_BIN", what), "{what} is not found");
    }
}

/// One town, one death after the other: what an earlier one left must not trouble a later one.
fn die_and_recover(during: During, stream: u64) {
    let mut town = Town::linked(stream);
    let mut deaths = 0;
    for (_, point, hits) in CASES.iter().filter(|(when, _, _)| *when == during) {
        for hit in *hits {
            println!("{during:?} {} {hit}", point.name());
            town.edit();
            let died = match during {
                During::Run => town
                    .survive(|tandem| tandem.dies_at(*point, *hit, &["run", SYNC]))
                    .aborted(),
                During::Recovery => {
                    let first =
                        town.survive(|tandem| tandem.dies_at(Point::Answered, 2, &["run", SYNC]));
                    assert!(first.aborted(), "{first:#?}");
                    town.survive(|tandem| tandem.dies_at(*point, *hit, &["run", SYNC]))
                        .aborted()
                }
                During::Plan => {
                    // 3, for there is something to decide.
                    let plan = town.tandem.must(&[3], &["run", SYNC, "--simulate"]).json();
                    let args = ["plans", "apply", plan["plan_hash"].as_str().unwrap()];
                    town.survive(|tandem| tandem.dies_at(*point, *hit, &args))
                        .aborted()
                }
                During::Decision => {
                    town.tandem.must(&[3], &["run", SYNC]);
                    decide_and_die(&mut town, *point, *hit)
                }
            };
            assert!(died || *hit > 0, "{} was not reached", point.name());
            deaths += usize::from(died);
            town.recovers();
        }
    }
    town.is_sound();
    println!("{during:?}: {deaths} deaths");
}

/// Decisions that were stored are carried out by whoever comes next; the others are made again.
fn decide_and_die(town: &mut Town, point: Point, hit: usize) -> bool {
    let take = town.toss();
    let args = town.decide(take);
    let died = town
        .survive(|tandem| tandem.dies_at(point, hit, &args))
        .aborted();
    let states = |state: &str| {
        let sql = format!("SELECT count(*) FROM conflicts WHERE state = '{state}'");
        town.books().number(&sql)
    };
    let (open, decided) = (states("open"), states("decided"));
    town.tandem.must(&[0], &["run", SYNC]);
    assert_eq!(
        (states("open"), states("decided")),
        (open, 0),
        "of {decided} decisions stored when it died at {} {hit}",
        point.name()
    );
    if open > 0 {
        town.tandem.must(&[0], &args);
    }
    died
}

#[test]
fn a_run_may_die_anywhere() {
    die_and_recover(During::Run, 1);
}

#[test]
fn a_run_that_settles_another_may_die_anywhere() {
    die_and_recover(During::Recovery, 2);
}

#[test]
fn a_decision_may_die_anywhere() {
    die_and_recover(During::Decision, 3);
}

#[test]
fn a_plan_may_die_anywhere() {
    die_and_recover(During::Plan, 11);
}

/// Creating everything on the other side, which no link tells of yet (case 30 at large).
#[test]
fn a_first_run_may_die_anywhere() {
    for (stream, point, hit) in [
        (4, Point::Sending, 5),
        (5, Point::Answered, 0),
        (6, Point::Answered, 7),
        (7, Point::Acknowledging, 1),
        (8, Point::Finishing, 0),
    ] {
        let mut town = Town::unlinked(stream, Start::EmptyErp);
        let said = town.survive(|tandem| tandem.dies_at(point, hit, &["run", SYNC]));
        assert!(said.aborted(), "{said:#?}");
        town.recovers();
        town.is_sound();
    }
}

/// A workspace is stored whole or not at all.
#[test]
fn a_workspace_is_applied_whole_or_not_at_all() {
    let town = Town::unconfigured(9, Start::EmptyErp);
    let apply = ["apply", "-f", &town.workspace()];
    for (point, hit, stored) in [
        (Point::Configuring, 0, 0),
        (Point::Committing, 0, 0),
        (Point::Configured, 0, 2),
    ] {
        let said = town.tandem.dies_at(point, hit, &apply);
        assert!(said.aborted(), "{said:#?}");
        let syncs = town.tandem.must(&[0], &["syncs", "list"]).json();
        assert_eq!(syncs.as_array().unwrap().len(), stored, "{}", point.name());
    }
    town.tandem.must(&[0], &apply);
    town.is_sound();
}
