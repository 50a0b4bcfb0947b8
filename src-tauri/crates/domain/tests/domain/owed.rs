//! What is owed: a merge is a promise to both sides (semantics, section 4).

use serde_json::json;
use tandem_domain::ids::Side;
use tandem_domain::link::{Link, LinkState, OwedField};
use tandem_domain::plan;
use tandem_domain::plan::{Decision, Reason};
use tandem_domain::policy::Policy;

use crate::common::{
    acked, base, contested, draft, linked, now, owed, pair, policy, show, stored, write, writes,
};

/// b{x1,y1} S{x2} T{y2}, merged; the write to T landed, the one to S did not.
fn half_landed(policy: &Policy) -> (Link, Decision) {
    let link = linked("x=1 y=1");
    let merged = plan(&pair(Some(link.clone()), "x=2", "y=2"), policy, now());
    let link = stored(Some(&link), &merged).unwrap();
    assert_eq!(owed(&link, Side::Source), [("y".into(), "2".into())].into());
    assert_eq!(owed(&link, Side::Target), [("x".into(), "2".into())].into());
    let link = acked(&link, &merged, Side::Target, "-", policy);
    assert_eq!(owed(&link, Side::Target), [].into());
    (link, merged)
}

#[test]
fn case_43_what_one_side_missed_reaches_it_in_the_next_run() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    // Whether the sides are read again or not.
    for (source, target) in [("-", "-"), ("x=2 y=1", "x=2 y=2")] {
        let next = plan(&pair(Some(link.clone()), source, target), &policy, now());
        assert_eq!(next.reason, Reason::OwedPaid);
        assert_eq!(writes(&next), ("patch y=2".into(), "-".into()));
        assert!(next.losers.is_empty());
        let link = stored(Some(&link), &next).unwrap();
        let paid = acked(&link, &next, Side::Source, "-", &policy);
        assert_eq!(owed(&paid, Side::Source), [].into());
        assert_eq!(show(&paid.sides.source.as_ref().unwrap().shadow), "x=2 y=2");
        assert_eq!(
            plan(&pair(Some(paid), "-", "-"), &policy, now()).reason,
            Reason::Unchanged
        );
    }
}

#[test]
fn case_43_a_debt_that_arrived_unnoticed_is_cleared_without_a_write() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    let next = plan(&pair(Some(link.clone()), "x=2 y=2", "-"), &policy, now());
    assert_eq!(writes(&next), ("-".into(), "-".into()));
    let link = stored(Some(&link), &next).unwrap();
    assert_eq!(owed(&link, Side::Source), [].into());
    assert_eq!(show(&link.sides.source.as_ref().unwrap().shadow), "x=2 y=2");
}

#[test]
fn case_43_a_debt_that_arrived_unnoticed_is_no_edit_that_a_newer_one_could_meet() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    let next = plan(&pair(Some(link), "x=2 y=2", "y=3"), &policy, now());
    assert_eq!(
        (next.reason, writes(&next)),
        (Reason::OneSided, ("patch y=3".into(), "-".into()))
    );
}

#[test]
fn case_43_a_debt_shows_in_a_conflict_about_another_field() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    let parked = plan(&pair(Some(link), "x=5", "x=6"), &policy, now());
    assert_eq!(contested(draft(&parked)), "x: 2/5/6");
    let fields = &draft(&parked).fields;
    let y = fields.iter().find(|it| it.field.as_str() == "y").unwrap();
    let both = [&y.source, &y.target].map(|it| it.as_ref().unwrap().to_json_text());
    assert_eq!(both, ["2", "2"], "what the source is owed, it is to say");
}

#[test]
fn case_43_a_debt_is_void_where_its_payer_takes_the_edit_back() {
    // b{x1}, S{x2}: the write to T failed. Then S says x1 again, which T says still.
    let policy = policy(json!({}));
    let link = linked("x=1");
    let sent = plan(&pair(Some(link.clone()), "x=2", "-"), &policy, now());
    let link = stored(Some(&link), &sent).unwrap();
    assert_eq!(owed(&link, Side::Target), [("x".into(), "2".into())].into());
    let next = plan(&pair(Some(link.clone()), "x=1", "-"), &policy, now());
    assert_eq!(
        (next.reason, writes(&next)),
        (Reason::SameChange, ("-".into(), "-".into()))
    );
    let link = stored(Some(&link), &next).unwrap();
    assert_eq!(
        (base(&link).as_str(), owed(&link, Side::Target)),
        ("x=1", [].into())
    );
}

#[test]
fn case_43_a_debt_stays_where_the_winner_cannot_reach_the_other_side() {
    let one_way = policy(json!({
        "direction": "source_to_target", "conflict": {"default": "target_wins"}
    }));
    let link = linked("x=1");
    let sent = plan(&pair(Some(link.clone()), "x=2", "-"), &one_way, now());
    let link = stored(Some(&link), &sent).unwrap();
    let drift = plan(&pair(Some(link.clone()), "-", "x=9"), &one_way, now());
    assert_eq!(
        (drift.reason, writes(&drift)),
        (Reason::Drift, ("-".into(), "-".into()))
    );
    let link = stored(Some(&link), &drift).unwrap();
    assert_eq!(owed(&link, Side::Target), [("x".into(), "2".into())].into());
}

#[test]
fn case_43_a_debtor_that_moved_on_is_contested_against_what_it_knew() {
    let manual = policy(json!({}));
    let (link, _) = half_landed(&manual);
    let parked = plan(&pair(Some(link.clone()), "y=7", "-"), &manual, now());
    assert_eq!(contested(draft(&parked)), "y: 1/7/2");
    // Parking changes nothing of what is owed.
    let waiting = stored(Some(&link), &parked).unwrap();
    assert_eq!(
        owed(&waiting, Side::Source),
        [("y".into(), "2".into())].into()
    );
    // By policy, either way; nothing is lost without a loser.
    let wins = |who: &str| policy(json!({"conflict": {"default": who}}));
    let source = plan(
        &pair(Some(waiting.clone()), "-", "-"),
        &wins("source_wins"),
        now(),
    );
    assert_eq!(writes(&source), ("-".into(), "patch y=7".into()));
    assert_eq!(source.losers[0].value.to_json_text(), "2");
    let after = stored(Some(&waiting), &source).unwrap();
    assert_eq!(
        (base(&after).as_str(), owed(&after, Side::Source)),
        ("x=2 y=7", [].into())
    );
    let target = plan(&pair(Some(waiting), "-", "-"), &wins("target_wins"), now());
    assert_eq!(writes(&target), ("patch y=2".into(), "-".into()));
    assert_eq!(target.losers[0].value.to_json_text(), "7");
}

#[test]
fn case_43_the_payer_may_change_its_mind_before_the_debt_is_paid() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    let next = plan(&pair(Some(link.clone()), "-", "y=3"), &policy, now());
    assert_eq!(
        (next.reason, writes(&next)),
        (Reason::OneSided, ("patch y=3".into(), "-".into()))
    );
    let link = stored(Some(&link), &next).unwrap();
    // The ancestor stays the value the debtor really knew.
    let debt = &link.sides.source.as_ref().unwrap().owed;
    assert_eq!(debt.len(), 1);
    assert_eq!(debt[0].prior.as_ref().unwrap().to_json_text(), "1");
    // And the debt grows with further edits of other fields.
    let more = plan(&pair(Some(link), "-", "x=9"), &policy, now());
    assert_eq!(write(&more, Side::Source), "patch x=9 y=3");
}

#[test]
fn case_44_an_edit_between_our_write_and_the_read_back_is_an_edit() {
    let policy = policy(json!({}));
    let link = linked("x=1 y=1");
    let decision = plan(&pair(Some(link.clone()), "x=2", "-"), &policy, now());
    let link = stored(Some(&link), &decision).unwrap();
    // The read-back could not be proved ours: only that the write was accepted is known.
    let plain = acked(&link, &decision, Side::Target, "-", &policy);
    let next = plan(&pair(Some(plain), "-", "x=2 y=5"), &policy, now());
    assert_eq!(writes(&next), ("patch y=5".into(), "-".into()));
    // The answer carried the record, with a field in it that we did not write.
    let carried = acked(&link, &decision, Side::Target, "x=2 y=5", &policy);
    assert_eq!(
        show(&carried.sides.target.as_ref().unwrap().shadow),
        "x=2 y=1"
    );
    for target in ["-", "x=2 y=5"] {
        let next = plan(&pair(Some(carried.clone()), "-", target), &policy, now());
        assert_eq!(writes(&next), ("patch y=5".into(), "-".into()), "{target}");
    }
    // The field we wrote was edited again.
    let edited = plan(&pair(Some(carried), "-", "x=3 y=1"), &policy, now());
    assert_eq!(write(&edited, Side::Source), "patch x=3");
}

#[test]
fn case_13_sums_are_safe_to_repeat() {
    let policy = policy(json!({"conflict": {"fields": {"x": "sum_deltas"}}}));
    let link = linked("x=10");
    let first = plan(&pair(Some(link.clone()), "x=12", "x=9"), &policy, now());
    assert_eq!(writes(&first), ("patch x=11".into(), "patch x=11".into()));
    assert!(first.losers.is_empty());
    let waiting = stored(Some(&link), &first).unwrap();
    // Neither landed; one landed and was acknowledged; one landed and nobody knows.
    for (source, target) in [
        ("-", "-"),
        ("x=12", "x=9"),
        ("x=11", "-"),
        ("-", "x=11"),
        ("x=11", "x=11"),
    ] {
        let replay = plan(&pair(Some(waiting.clone()), source, target), &policy, now());
        let after = stored(Some(&waiting), &replay).unwrap();
        assert_eq!(base(&after), "x=11", "{source} {target}");
        for side in Side::BOTH {
            assert!(["-", "patch x=11"].contains(&write(&replay, side).as_str()));
        }
    }
    let acknowledged = acked(&waiting, &first, Side::Source, "-", &policy);
    let next = plan(&pair(Some(acknowledged.clone()), "-", "-"), &policy, now());
    assert_eq!(writes(&next), ("-".into(), "patch x=11".into()));
    // Further changes while one side still owes: each counts once.
    let more = plan(&pair(Some(acknowledged), "x=14", "x=8"), &policy, now());
    assert_eq!(writes(&more), ("patch x=13".into(), "patch x=13".into()));
    let one = plan(&pair(Some(waiting), "-", "x=8"), &policy, now());
    assert_eq!(writes(&one), ("patch x=10".into(), "patch x=10".into()));
}

#[test]
fn a_debt_to_a_side_that_is_no_longer_written_waits_as_drift() {
    let both = policy(json!({}));
    let (link, _) = half_landed(&both);
    let one_way = policy(json!({"direction": "source_to_target"}));
    let next = plan(&pair(Some(link.clone()), "-", "-"), &one_way, now());
    assert_eq!(
        (next.reason, writes(&next)),
        (Reason::Drift, ("-".into(), "-".into()))
    );
    assert_eq!(next.link, None);
    assert_eq!(
        write(
            &plan(&pair(Some(link), "-", "-"), &both, now()),
            Side::Source
        ),
        "patch y=2"
    );
}

#[test]
fn a_delete_does_not_swallow_an_edit_that_never_arrived() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    // S never received y=2 and is deleted: T's edit stands against it.
    let met = plan(&pair(Some(link.clone()), "deleted", "-"), &policy, now());
    assert_eq!(met.reason, Reason::DeleteContested);
    // T is deleted instead: it had everything, and S has nothing new.
    let passed = plan(&pair(Some(link), "-", "deleted"), &policy, now());
    assert_eq!(write(&passed, Side::Source), "delete");
}

#[test]
fn case_14_a_pair_that_is_gone_owes_nothing_and_keeps_what_it_said_last() {
    let policy = policy(json!({}));
    let (link, _) = half_landed(&policy);
    let parked = plan(&pair(Some(link.clone()), "x=5", "x=6"), &policy, now());
    let waiting = stored(Some(&link), &parked).unwrap();
    let gone = plan(
        &pair(Some(waiting.clone()), "deleted", "deleted"),
        &policy,
        now(),
    );
    assert_eq!(gone.reason, Reason::BothDeleted);
    let closed = stored(Some(&waiting), &gone).unwrap();
    assert_eq!(closed.state, LinkState::Closed);
    for (side, said) in [(Side::Source, "x=5 y=1"), (Side::Target, "x=6 y=2")] {
        let half = closed.sides.get(side).as_ref().unwrap();
        assert_eq!((&half.seen, show(&half.shadow).as_str()), (&None, said));
        assert_eq!(owed(&closed, side), [].into());
    }
}

#[test]
fn debts_on_fields_that_are_no_longer_mapped_stay_until_they_are_mapped_again() {
    let policy = policy(json!({"mapping": {"x": "decimal"}}));
    let mut link = linked("x=1");
    link.sides.target.as_mut().unwrap().owed.push(OwedField {
        field: crate::common::field("gone"),
        value: tandem_domain::value::Value::Bool(true),
        prior: None,
    });
    let next = plan(&pair(Some(link), "-", "-"), &policy, now());
    assert_eq!(writes(&next), ("-".into(), "-".into()));
    assert_eq!(next.link, None, "it stays as it is");
}

#[test]
fn case_14_a_debt_that_arrived_unnoticed_is_no_edit_that_a_delete_could_meet() {
    // b{x1}, S{x2}: the write to T landed, but nobody heard of it; then S deletes its record.
    let policy = policy(json!({}));
    let link = linked("x=1 y=1");
    let sent = plan(&pair(Some(link.clone()), "x=2 y=1", "-"), &policy, now());
    let link = stored(Some(&link), &sent).unwrap();
    for (target, want) in [
        ("x=2 y=1", Reason::DeletePropagated),
        ("x=1 y=1", Reason::DeletePropagated),
        ("x=2 y=3", Reason::DeleteContested),
        ("x=3 y=1", Reason::DeleteContested),
    ] {
        let next = plan(&pair(Some(link.clone()), "deleted", target), &policy, now());
        assert_eq!(next.reason, want, "T {target}");
    }
}
