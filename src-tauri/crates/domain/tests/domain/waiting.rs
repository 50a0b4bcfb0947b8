//! Pairs whose plan waits for another run, and pairs that are left alone.

use serde_json::json;
use tandem_domain::ids::{Both, Side};
use tandem_domain::link::{LinkState, Seen};
use tandem_domain::plan;
use tandem_domain::plan::{ConflictChange, Pair, Reason};
use tandem_domain::planner::put_off;

use crate::common::{base, linked, now, pair, policy, rec, says, writes};

#[test]
fn what_waits_is_planned_later_as_it_would_have_been() {
    let policy = policy(json!({"conflict": {"first_sync": "source_wins"}}));
    for (link, source, target, state) in [
        (Some(linked("x=1 y=1")), "x=2 y=1", "-", LinkState::Active),
        (
            Some(linked("x=1 y=1")),
            "x=2 y=1",
            "x=1 y=2",
            LinkState::Active,
        ),
        (Some(linked("x=1 y=1")), "deleted", "-", LinkState::Active),
        (None, "x=2", "-", LinkState::Unpaired),
        (None, "x=2", "x=3", LinkState::Active),
        (None, "x=2", "x=2", LinkState::Active),
    ] {
        let met = pair(link.clone(), source, target);
        let planned = plan(&met, &policy, now());
        let waiting = put_off(&met, &policy, now());
        assert_eq!(waiting.state, state, "{source} | {target}");
        assert_eq!(
            waiting.base.is_some(),
            link.is_some(),
            "{source} | {target}"
        );
        let later = plan(&pair(Some(waiting), "-", "-"), &policy, now());
        assert_eq!(
            (later.reason, writes(&later)),
            (planned.reason, writes(&planned)),
            "{source} | {target}"
        );
    }
}

#[test]
fn case_17_a_record_made_anew_waits_for_its_review_too() {
    let policy = policy(json!({"conflict": {"default": "source_wins"}}));
    let anew = Pair {
        sides: Both::new(says("s2", "x=2 y=1"), says("t1", "-")),
        ..pair(Some(linked("x=1 y=1")), "-", "-")
    };
    let waiting = put_off(&anew, &policy, now());
    assert_eq!(waiting.base, None, "nothing is agreed with another record");
    let target = waiting.sides.get(Side::Target).as_ref().unwrap();
    assert!(target.shadow.is_empty(), "{target:?}");
    let later = plan(&pair(Some(waiting), "-", "-"), &policy, now());
    assert_eq!(
        (later.reason, writes(&later)),
        (Reason::PairedDifferent, ("-".into(), "-".into()))
    );
}

#[test]
fn case_17_two_that_are_back_are_met_by_the_policy_of_first_syncs() {
    let policy = policy(json!({
        "conflict": {"default": "target_wins", "first_sync": "source_wins"}
    }));
    let mut closed = linked("x=1");
    closed.state = LinkState::Closed;
    let met = plan(&pair(Some(closed), "x=2", "x=3"), &policy, now());
    assert_eq!(writes(&met), ("-".into(), "patch x=2".into()));
}

#[test]
fn a_record_that_is_not_agreed_on_is_only_seen() {
    let policy = policy(json!({}));
    let waiting = put_off(&pair(Some(linked("x=1")), "x=2", "-"), &policy, now());
    assert_eq!(base(&waiting), "x=1");
    let source = waiting.sides.get(Side::Source).as_ref().unwrap();
    assert_eq!(source.shadow, rec("x=1"));
    assert_eq!(source.seen, Some(Seen::Live(rec("x=2"))));
}

#[test]
fn case_47_a_conflict_of_a_pair_that_is_left_alone_is_left_alone_too() {
    let policy = policy(json!({}));
    for state in [LinkState::Excluded, LinkState::Quarantined] {
        let mut link = linked("x=1");
        link.state = state;
        let open = Pair {
            conflict_open: true,
            ..pair(Some(link), "x=2", "x=2")
        };
        let decision = plan(&open, &policy, now());
        assert_eq!(
            (decision.reason, decision.conflict),
            (Reason::Excluded, ConflictChange::Keep)
        );
    }
}
