//! Decisions of admins, carried out against freshly read sides (semantics, section 5).

use std::collections::BTreeMap;

use serde_json::json;
use tandem_domain::apply_decision;
use tandem_domain::conflict::{Choice, ConflictDecision, ConflictDraft, ConflictKind};
use tandem_domain::decide::DecisionOutcome;
use tandem_domain::ids::Side;
use tandem_domain::link::{Link, LinkState};
use tandem_domain::plan;
use tandem_domain::plan::{ConflictChange, Decision, Pair, Reason};
use tandem_domain::policy::Policy;
use tandem_domain::value::Value;

use crate::common::{
    acked, base, carried_out, contested, draft, field, linked, now, owed, pair, policy, show,
    stored, write, writes,
};

fn choose(choices: &[(&str, Choice)]) -> ConflictDecision {
    ConflictDecision::Fields(
        choices
            .iter()
            .map(|(name, choice)| (field(name), choice.clone()))
            .collect::<BTreeMap<_, _>>(),
    )
}

fn custom(text: &str) -> Choice {
    Choice::Custom(Value::from_json_text(text).unwrap())
}

/// b{x1,y1} with x contested as 2/3 and a clean edit of y: the parked link and its conflict.
fn parked(policy: &Policy) -> (Link, ConflictDraft) {
    let link = linked("x=1 y=1");
    let decision = plan(&pair(Some(link.clone()), "x=2 y=5", "x=3"), policy, now());
    (
        stored(Some(&link), &decision).unwrap(),
        draft(&decision).clone(),
    )
}

fn written(outcome: DecisionOutcome) -> Decision {
    match outcome {
        DecisionOutcome::Write(decision) => decision,
        DecisionOutcome::Reopen { draft, changed, .. } => {
            panic!("reopened: {changed:?} {}", contested(&draft))
        }
    }
}

fn reopened(outcome: DecisionOutcome) -> (ConflictDraft, Vec<String>) {
    match outcome {
        DecisionOutcome::Reopen { draft, changed, .. } => {
            (draft, changed.iter().map(ToString::to_string).collect())
        }
        DecisionOutcome::Write(decision) => panic!("written: {decision:?}"),
    }
}

#[test]
fn case_06_each_choice_reaches_both_sides_at_once() {
    let policy = policy(json!({}));
    for (choice, to_source, to_target, agreed, losers) in [
        (Choice::Source, "-", "patch x=2 y=5", "x=2 y=5", 1),
        (Choice::Target, "patch x=3", "patch y=5", "x=3 y=5", 1),
        (Choice::Base, "patch x=1", "patch x=1 y=5", "x=1 y=5", 2),
        (custom("9"), "patch x=9", "patch x=9 y=5", "x=9 y=5", 2),
        (
            custom("null"),
            "patch x=null",
            "patch x=null y=5",
            "x=null y=5",
            2,
        ),
    ] {
        let (link, draft) = parked(&policy);
        for (source, target) in [("-", "-"), ("x=2 y=5", "x=3 y=1")] {
            let decision = written(apply_decision(
                &draft,
                &choose(&[("x", choice.clone())]),
                &pair(Some(link.clone()), source, target),
                &policy,
                now(),
            ));
            assert_eq!(
                writes(&decision),
                (to_source.into(), to_target.into()),
                "{choice:?}"
            );
            assert_eq!(decision.reason, Reason::Resolved);
            assert_eq!(decision.losers.len(), losers, "{choice:?}");
            assert!(decision.losers.iter().all(|it| it.rule == "decision"));
            let after = carried_out(Some(&link), &decision, &policy).unwrap();
            assert_eq!(base(&after), agreed, "{choice:?}");
            let idle = plan(&pair(Some(after), "-", "-"), &policy, now());
            assert_eq!(
                (idle.reason, idle.link),
                (Reason::Unchanged, None),
                "{choice:?}"
            );
        }
    }
}

#[test]
fn case_28_a_record_edited_since_reopens_with_fresh_values() {
    let policy = policy(json!({}));
    let (link, seen) = parked(&policy);
    for (choice, source, target, fresh) in [
        (Choice::Source, "-", "x=4", "x: 1/2/4"),
        (Choice::Source, "x=4", "-", "x: 1/4/3"),
        (Choice::Target, "-", "x=1", "x: 1/2/1"),
        (custom("9"), "x=8", "x=7", "x: 1/8/7"),
    ] {
        let (draft, changed) = reopened(apply_decision(
            &seen,
            &choose(&[("x", choice)]),
            &pair(Some(link.clone()), source, target),
            &policy,
            now(),
        ));
        assert_eq!(
            (contested(&draft).as_str(), changed),
            (fresh, vec!["x".to_owned()])
        );
    }
    // The other field was edited: it merges as usual, the choice stands.
    let merged = written(apply_decision(
        &seen,
        &choose(&[("x", Choice::Source)]),
        &pair(Some(link.clone()), "y=6", "z=4"),
        &policy,
        now(),
    ));
    assert_eq!(
        writes(&merged),
        ("patch z=4".into(), "patch x=2 y=6".into())
    );
    // The other field came to be contested: reopened with both; the choice for x is kept.
    let (draft, changed) = reopened(apply_decision(
        &seen,
        &choose(&[("x", Choice::Source)]),
        &pair(Some(link.clone()), "-", "y=7"),
        &policy,
        now(),
    ));
    assert_eq!(
        (contested(&draft).as_str(), changed),
        ("x: 1/2/3, y: 1/5/7", vec!["y".to_owned()])
    );
    // A side moved to what was decided: done already there.
    let there = written(apply_decision(
        &seen,
        &choose(&[("x", Choice::Source)]),
        &pair(Some(link.clone()), "-", "x=2"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&there), ("-".into(), "patch y=5".into()));
    // Both moved to one third value: nothing is left to decide.
    let agreed = written(apply_decision(
        &seen,
        &choose(&[("x", Choice::Source)]),
        &pair(Some(link.clone()), "x=6", "x=6"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&agreed), ("-".into(), "patch y=5".into()));
    // No choice for a contested field.
    let (_, changed) = reopened(apply_decision(
        &seen,
        &choose(&[]),
        &pair(Some(link.clone()), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(changed, vec!["x".to_owned()]);
    // Deleted in the meantime.
    let (draft, _) = reopened(apply_decision(
        &seen,
        &choose(&[("x", Choice::Source)]),
        &pair(Some(link), "deleted", "-"),
        &policy,
        now(),
    ));
    assert_eq!(draft.kind, ConflictKind::Delete);
}

#[test]
fn case_46_a_decision_half_applied_is_finished_not_reopened() {
    let policy = policy(json!({}));
    let (link, seen) = parked(&policy);
    let decision = choose(&[("x", custom("9"))]);
    let first = written(apply_decision(
        &seen,
        &decision,
        &pair(Some(link.clone()), "-", "-"),
        &policy,
        now(),
    ));
    let journalled = stored(Some(&link), &first).unwrap();
    for (answer, fresh) in [("-", "x=9"), ("-", "-"), ("x=9.5 y=5", "x=9.5")] {
        // The write to the target landed (as sent, or as that server made it), the source's did not.
        let half = acked(&journalled, &first, Side::Target, answer, &policy);
        let again = written(apply_decision(
            &seen,
            &decision,
            &pair(Some(half.clone()), "-", fresh),
            &policy,
            now(),
        ));
        assert_eq!(
            writes(&again),
            ("patch x=9".into(), "-".into()),
            "{answer} {fresh}"
        );
        assert!(again.losers.is_empty(), "recorded once");
        assert_eq!(again.conflict, ConflictChange::Keep);
        // An ordinary run pays it just as well.
        let ordinary = plan(&pair(Some(half.clone()), "-", "-"), &policy, now());
        assert_eq!(write(&ordinary, Side::Source), "patch x=9");
        let done = acked(
            &stored(Some(&half), &again).unwrap(),
            &again,
            Side::Source,
            "-",
            &policy,
        );
        assert_eq!(owed(&done, Side::Source), [].into());
        let replay = written(apply_decision(
            &seen,
            &decision,
            &pair(Some(done), "-", "-"),
            &policy,
            now(),
        ));
        assert_eq!(
            writes(&replay),
            ("-".into(), "-".into()),
            "never applied twice"
        );
    }
    // Nothing landed at all: both are sent again.
    let again = written(apply_decision(
        &seen,
        &decision,
        &pair(Some(journalled.clone()), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&again), ("patch x=9".into(), "patch x=9 y=5".into()));
    // The receipt of a landed write was lost: read, it holds what was decided.
    let lost = written(apply_decision(
        &seen,
        &decision,
        &pair(Some(journalled.clone()), "-", "x=9 y=5"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&lost), ("patch x=9".into(), "-".into()));
    // Someone edited after half of it landed: that is news.
    let half = acked(&journalled, &first, Side::Target, "-", &policy);
    let (draft, changed) = reopened(apply_decision(
        &seen,
        &decision,
        &pair(Some(half), "-", "x=4"),
        &policy,
        now(),
    ));
    assert_eq!(changed, vec!["x".to_owned()]);
    assert!(contested(&draft).contains("/4"), "{}", contested(&draft));
}

#[test]
fn a_pairing_is_settled_field_by_field_or_rejected() {
    let policy = policy(json!({}));
    let met = plan(&pair(None, "x=1 y=7", "x=2 z=8"), &policy, now());
    let (link, seen) = (met.link.clone().unwrap(), draft(&met).clone());
    assert_eq!(seen.kind, ConflictKind::Pairing);
    let settled = written(apply_decision(
        &seen,
        &choose(&[("x", Choice::Target)]),
        &pair(Some(link.clone()), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(
        writes(&settled),
        ("patch x=2 z=8".into(), "patch y=7".into())
    );
    let after = carried_out(Some(&link), &settled, &policy).unwrap();
    assert_eq!(base(&after), "x=2 y=7 z=8");
    // There is no base to choose.
    let (_, changed) = reopened(apply_decision(
        &seen,
        &choose(&[("x", Choice::Base)]),
        &pair(Some(link.clone()), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(changed, vec!["x".to_owned()]);
    let rejected = written(apply_decision(
        &seen,
        &ConflictDecision::Unlink,
        &pair(Some(link), "-", "x=5"),
        &policy,
        now(),
    ));
    assert_eq!(rejected.link.unwrap().state, LinkState::Excluded);
}

/// The source deleted what the target edited.
fn delete_conflict(policy: &Policy) -> (Link, ConflictDraft) {
    let link = linked("x=1");
    let decision = plan(&pair(Some(link.clone()), "deleted", "x=2"), policy, now());
    (
        stored(Some(&link), &decision).unwrap(),
        draft(&decision).clone(),
    )
}

#[test]
fn delete_conflicts_are_deleted_restored_or_unlinked() {
    let policy = policy(json!({}));
    let (link, seen) = delete_conflict(&policy);
    let fresh = |source: &str, target: &str| pair(Some(link.clone()), source, target);
    let apply = |decision: ConflictDecision, pair: &Pair| {
        apply_decision(&seen, &decision, pair, &policy, now())
    };

    let both = written(apply(ConflictDecision::DeleteBoth, &fresh("-", "-")));
    assert_eq!(
        (both.reason, writes(&both)),
        (Reason::DeletePropagated, ("-".into(), "delete".into()))
    );
    assert_eq!(both.losers.len(), 1);
    let closed = carried_out(Some(&link), &both, &policy).unwrap();
    assert_eq!(closed.state, LinkState::Closed);
    // Edited since: not what the admin agreed to lose.
    let (draft, changed) = reopened(apply(ConflictDecision::DeleteBoth, &fresh("-", "x=3")));
    assert_eq!(
        (draft.kind, changed),
        (ConflictKind::Delete, vec!["x".to_owned()])
    );
    // The other one went as well, or the delete landed unnoticed: nothing left to do.
    let gone = written(apply(ConflictDecision::DeleteBoth, &fresh("-", "deleted")));
    assert_eq!(
        (gone.reason, writes(&gone)),
        (Reason::BothDeleted, ("-".into(), "-".into()))
    );

    let restored = written(apply(ConflictDecision::Restore, &fresh("-", "x=3")));
    assert_eq!(
        (restored.reason, writes(&restored)),
        (Reason::Restored, ("create x=3".into(), "-".into()))
    );
    let half = stored(Some(&link), &restored).unwrap();
    let again = written(apply_decision(
        &seen,
        &ConflictDecision::Restore,
        &pair(Some(half.clone()), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(write(&again, Side::Source), "create x=3");
    let whole = acked(&half, &restored, Side::Source, "-", &policy);
    assert_eq!(
        (
            whole.state,
            show(&whole.sides.source.as_ref().unwrap().shadow).as_str()
        ),
        (LinkState::Active, "x=3")
    );
    let replay = written(apply_decision(
        &seen,
        &ConflictDecision::Restore,
        &pair(Some(whole), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&replay), ("-".into(), "-".into()));

    let unlinked = written(apply(ConflictDecision::Unlink, &fresh("-", "-")));
    assert_eq!(writes(&unlinked), ("-".into(), "-".into()));
    let link = unlinked.link.unwrap();
    assert_eq!(link.state, LinkState::Excluded);
    // Case 47: never resurrected.
    assert_eq!(
        plan(&pair(Some(link.clone()), "x=9", "x=8"), &policy, now()).reason,
        Reason::Excluded
    );
    let late = written(apply_decision(
        &seen,
        &ConflictDecision::Restore,
        &pair(Some(link), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&late), ("-".into(), "-".into()));
}

#[test]
fn a_decision_toward_a_side_that_is_not_written_stands_and_shows_as_drift() {
    let policy = policy(json!({"direction": "source_to_target"}));
    let link = linked("x=1");
    let parked = plan(&pair(Some(link.clone()), "x=2", "x=3"), &policy, now());
    let (link, seen) = (
        stored(Some(&link), &parked).unwrap(),
        draft(&parked).clone(),
    );
    let decided = written(apply_decision(
        &seen,
        &choose(&[("x", Choice::Target)]),
        &pair(Some(link.clone()), "-", "-"),
        &policy,
        now(),
    ));
    assert_eq!(writes(&decided), ("-".into(), "-".into()));
    let link = stored(Some(&link), &decided).unwrap();
    // It does not come up again by itself, but stays visible; a fresh edit is a fresh conflict.
    let idle = plan(&pair(Some(link.clone()), "-", "-"), &policy, now());
    assert_eq!(
        (idle.reason, idle.conflict),
        (Reason::Drift, ConflictChange::Keep)
    );
    assert_eq!(
        plan(&pair(Some(link), "x=7", "-"), &policy, now()).reason,
        Reason::Contested
    );
}
