//! Deletes: passed on, contested, met again (semantics, section 4 and cases 14, 17, 47).

use serde_json::json;
use tandem_domain::conflict::{CloseReason, ConflictKind};
use tandem_domain::ids::{Both, Side};
use tandem_domain::link::LinkState;
use tandem_domain::plan;
use tandem_domain::plan::{ConflictChange, Pair, Reason};
use tandem_domain::planner::put_off;

use crate::common::{
    acked, contested, draft, linked, now, pair, policy, rec, says, stored, version, write, writes,
};

#[test]
fn case_14_delete_then_acknowledged_closes_the_link() {
    let policy = policy(json!({}));
    let link = linked("x=1");
    let decision = plan(&pair(Some(link.clone()), "deleted", "-"), &policy, now());
    let waiting = stored(Some(&link), &decision).unwrap();
    assert_eq!(waiting.state, LinkState::Active);
    // The delete failed: the next run sends it again, without being told of the deletion anew.
    let again = plan(&pair(Some(waiting.clone()), "-", "-"), &policy, now());
    assert_eq!(write(&again, Side::Target), "delete");
    let closed = acked(&waiting, &decision, Side::Target, "-", &policy);
    assert_eq!(closed.state, LinkState::Closed);
    assert_eq!(closed.sides.target.as_ref().unwrap().shadow, rec("x=1"));
    assert_eq!(
        plan(&pair(Some(closed), "-", "-"), &policy, now()).reason,
        Reason::Excluded
    );
}

#[test]
fn case_14_a_delete_conflict_can_settle_itself() {
    let policy = policy(json!({}));
    let link = linked("x=1");
    let parked = plan(&pair(Some(link.clone()), "deleted", "x=2"), &policy, now());
    assert_eq!(draft(&parked).kind, ConflictKind::Delete);
    assert!(draft(&parked).sides.source.as_ref().unwrap().deleted);
    let link = stored(Some(&link), &parked).unwrap();
    let open = |source: &str, target: &str| Pair {
        conflict_open: true,
        ..pair(Some(link.clone()), source, target)
    };
    // Nothing new: the same conflict.
    assert_eq!(
        plan(&open("-", "-"), &policy, now()).conflict,
        parked.conflict
    );
    // The edit is taken back: nothing stands against the delete.
    let passed = plan(&open("-", "x=1"), &policy, now());
    assert_eq!(write(&passed, Side::Target), "delete");
    // The record comes back as it was: the edit goes on.
    let back = plan(&open("x=1", "-"), &policy, now());
    assert_eq!(writes(&back), ("patch x=2".into(), "-".into()));
    assert_eq!(
        back.conflict,
        ConflictChange::Close(CloseReason::SidesAgree)
    );
    // Both gone.
    assert_eq!(
        plan(&open("-", "deleted"), &policy, now()).reason,
        Reason::BothDeleted
    );
}

#[test]
fn case_17_a_recreated_record_is_compared_with_its_tombstone() {
    let policy = policy(json!({}));
    let mut closed = linked("x=1");
    closed.state = LinkState::Closed;
    // The very state that was deleted: a stale answer, never a resurrection.
    let mut stale = pair(Some(closed.clone()), "x=1", "-");
    if let tandem_domain::plan::Observation::Live(observed) = &mut stale.sides.source {
        observed.version = version("v1");
    }
    let decision = plan(&stale, &policy, now());
    assert_eq!(
        (decision.reason, writes(&decision)),
        (Reason::Excluded, ("-".into(), "-".into()))
    );
    assert_eq!(decision.link, None);
    // A newer state, whether equal or not, is a delete met by an edit.
    for source in ["x=1", "x=2"] {
        let back = plan(&pair(Some(closed.clone()), source, "-"), &policy, now());
        assert_eq!(back.reason, Reason::DeleteContested, "{source}");
        assert_eq!(draft(&back).kind, ConflictKind::Delete);
        // Nor does the next idle run take it for settled.
        let mut idle = pair(stored(Some(&closed), &back), "-", "-");
        idle.conflict_open = true;
        assert_eq!(
            plan(&idle, &policy, now()).conflict,
            back.conflict,
            "{source}"
        );
    }
    // Nor does a policy about edits delete what somebody has again: the delete was settled long ago.
    for deletes in ["delete_wins", "target_wins"] {
        let deleting = crate::common::policy(json!({"conflict": {"delete_conflict": deletes}}));
        let back = plan(&pair(Some(closed.clone()), "x=2", "-"), &deleting, now());
        let reviewed = (Reason::DeleteContested, ("-".into(), "-".into()));
        assert_eq!((back.reason, writes(&back)), reviewed, "{deletes}");
        let link = stored(Some(&closed), &back);
        for (source, target) in [("-", "-"), ("x=3", "-"), ("-", "deleted")] {
            let mut later = pair(link.clone(), source, target);
            later.conflict_open = true;
            let later = plan(&later, &deleting, now());
            assert_eq!(
                (later.reason, writes(&later)),
                reviewed,
                "{deletes}: {source}"
            );
        }
        // The same where its plan had to wait for another run.
        let waiting = put_off(&pair(Some(closed.clone()), "x=2", "-"), &deleting, now());
        let later = plan(&pair(Some(waiting), "-", "-"), &deleting, now());
        assert_eq!((later.reason, writes(&later)), reviewed, "{deletes}");
    }
    let restoring = crate::common::policy(json!({"conflict": {"delete_conflict": "edit_wins"}}));
    let back = plan(&pair(Some(closed.clone()), "x=2", "-"), &restoring, now());
    assert_eq!(
        (back.reason, write(&back, Side::Target)),
        (Reason::Restored, "create x=2".into())
    );
    // Both back: met anew.
    let both = plan(&pair(Some(closed.clone()), "x=2", "x=2"), &policy, now());
    assert_eq!(both.reason, Reason::Paired);
    let both = plan(&pair(Some(closed), "x=2", "x=3"), &policy, now());
    assert_eq!(both.reason, Reason::PairedDifferent);
}

#[test]
fn case_17_a_new_id_under_the_same_key_is_reviewed() {
    // Even where first syncs are automatic, a person looks at it.
    let policy = policy(json!({"conflict": {"first_sync": "source_wins"}}));
    let link = linked("x=1 y=1");
    let replaced = |record: &str| Pair {
        link: Some(link.clone()),
        sides: Both::new(says("s2", record), says("t1", "-")),
        conflict_open: false,
    };
    let review = plan(&replaced("x=2 y=1"), &policy, now());
    assert_eq!(review.reason, Reason::PairedDifferent);
    assert_eq!(draft(&review).kind, ConflictKind::Pairing);
    assert_eq!(contested(draft(&review)), "x: -/2/1");
    assert_eq!(writes(&review), ("-".into(), "-".into()));
    let same = plan(&replaced("x=1 y=1"), &policy, now());
    assert_eq!(same.reason, Reason::Paired);
    assert_eq!(same.link.unwrap().sides.source.unwrap().id.as_str(), "s2");
}

#[test]
fn case_47_ignored_and_unlinked_pairs_stay_so() {
    let ignoring = policy(json!({"deletes": "ignore"}));
    let link = linked("x=1");
    let ignored = plan(&pair(Some(link.clone()), "deleted", "-"), &ignoring, now());
    let link = stored(Some(&link), &ignored).unwrap();
    assert_eq!(link.state, LinkState::Excluded);
    for (source, target) in [
        ("-", "-"),
        ("deleted", "x=2"),
        ("x=5", "x=6"),
        ("-", "deleted"),
    ] {
        let idle = plan(&pair(Some(link.clone()), source, target), &ignoring, now());
        assert_eq!(
            (idle.reason, writes(&idle), idle.link),
            (Reason::Excluded, ("-".into(), "-".into()), None)
        );
    }
}
