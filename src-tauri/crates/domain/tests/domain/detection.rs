//! Detection and merge (semantics, section 4): one row for each line of its table and more.

use serde_json::{Value as Json, json};
use tandem_domain::conflict::{CloseReason, ConflictKind};
use tandem_domain::ids::Side;
use tandem_domain::link::Seen;
use tandem_domain::plan;
use tandem_domain::plan::{ConflictChange, Intent, Reason};

use crate::common::{
    acked, base, carried_out, contested, draft, linked, now, pair, policy, rec, show, stored,
    version, write, writes,
};

/// One pair, and what must come of it.
struct Row {
    name: &'static str,
    config: Json,
    base: &'static str,
    source: &'static str,
    target: &'static str,
    reason: Reason,
    to_source: &'static str,
    to_target: &'static str,
    /// The agreed record afterwards; `=`: as before.
    agreed: &'static str,
}

fn rows() -> Vec<Row> {
    let row = |name,
               config: Json,
               [base, source, target]: [&'static str; 3],
               reason,
               [to_source, to_target, agreed]: [&'static str; 3]| Row {
        name,
        config,
        base,
        source,
        target,
        reason,
        to_source,
        to_target,
        agreed,
    };
    let s2t = || json!({"direction": "source_to_target"});
    let enforced = || json!({"direction": "source_to_target", "enforce": true});
    let wins = |who: &str| json!({"conflict": {"default": who}});
    let deletes = |how: &str| json!({"deletes": how});
    let on_delete = |how: &str| json!({"conflict": {"delete_conflict": how}});
    vec![
        row(
            "nothing changed",
            json!({}),
            ["x=1 y=1", "-", "-"],
            Reason::Unchanged,
            ["-", "-", "="],
        ),
        row(
            "read, but nothing changed",
            json!({}),
            ["x=1", "x=1.0", "x=1"],
            Reason::Unchanged,
            ["-", "-", "="],
        ),
        row(
            "source changed",
            json!({}),
            ["x=1 y=1", "x=2 y=1", "-"],
            Reason::OneSided,
            ["-", "patch x=2", "x=2 y=1"],
        ),
        row(
            "target changed",
            json!({}),
            ["x=1 y=1", "-", "x=2 y=1"],
            Reason::OneSided,
            ["patch x=2", "-", "x=2 y=1"],
        ),
        row(
            "case 04 same change",
            json!({}),
            ["x=1", "x=2", "x=2"],
            Reason::SameChange,
            ["-", "-", "x=2"],
        ),
        row(
            "case 04 same change, other digits",
            json!({}),
            ["x=1", "x=2.50", "x=2.5"],
            Reason::SameChange,
            ["-", "-", "x=2.50"],
        ),
        row(
            "case 05 disjoint edits merge",
            json!({}),
            ["x=1 y=1", "x=2 y=1", "x=1 y=2"],
            Reason::Merged,
            ["patch y=2", "patch x=2", "x=2 y=2"],
        ),
        row(
            "case 06 contested: nothing is written",
            json!({}),
            ["x=1 y=1", "x=2 y=5", "x=3 y=1"],
            Reason::Contested,
            ["-", "-", "="],
        ),
        row(
            "case 07 a partial payload lacks y",
            json!({}),
            ["x=1 y=1", "x=2", "-"],
            Reason::OneSided,
            ["-", "patch x=2", "x=2 y=1"],
        ),
        row(
            "source wins",
            wins("source_wins"),
            ["x=1 y=1", "x=2 y=1", "x=3 y=2"],
            Reason::Resolved,
            ["patch y=2", "patch x=2", "x=2 y=2"],
        ),
        row(
            "target wins",
            wins("target_wins"),
            ["x=1 y=1", "x=2 y=1", "x=3 y=2"],
            Reason::Resolved,
            ["patch x=3 y=2", "-", "x=3 y=2"],
        ),
        row(
            "a field's own rule goes before the default",
            json!({"conflict": {"default": "manual", "fields": {"x": "target_wins"}}}),
            ["x=1", "x=2", "x=3"],
            Reason::Resolved,
            ["patch x=3", "-", "x=3"],
        ),
        row(
            "another field's rule does not",
            json!({"conflict": {"default": "manual", "fields": {"y": "target_wins"}}}),
            ["x=1 y=1", "x=2 y=2", "x=3 y=3"],
            Reason::Contested,
            ["-", "-", "="],
        ),
        row(
            "case 42 value to null",
            json!({}),
            ["x=1", "x=null", "-"],
            Reason::OneSided,
            ["-", "patch x=null", "x=null"],
        ),
        row(
            "case 42 null to value",
            json!({}),
            ["x=null", "-", "x=1"],
            Reason::OneSided,
            ["patch x=1", "-", "x=1"],
        ),
        row(
            "case 42 cleared on both",
            json!({}),
            ["x=1", "x=null", "x=null"],
            Reason::SameChange,
            ["-", "-", "x=null"],
        ),
        row(
            "case 42 clearing meets an edit, manual",
            json!({}),
            ["x=1", "x=null", "x=2"],
            Reason::Contested,
            ["-", "-", "="],
        ),
        row(
            "case 42 clearing meets an edit, source wins",
            wins("source_wins"),
            ["x=1", "x=null", "x=2"],
            Reason::Resolved,
            ["-", "patch x=null", "x=null"],
        ),
        row(
            "case 42 clearing meets an edit, target wins",
            wins("target_wins"),
            ["x=1", "x=null", "x=2"],
            Reason::Resolved,
            ["patch x=2", "-", "x=2"],
        ),
        row(
            "case 42 clearing meets an edit, last write wins",
            wins("last_write_wins"),
            ["x=1", "x=null@20", "x=2@10"],
            Reason::Resolved,
            ["-", "patch x=null", "x=null"],
        ),
        row(
            "case 42 clearing meets an edit, sums",
            json!({"conflict": {"fields": {"x": "sum_deltas"}}}),
            ["x=1", "x=null", "x=2"],
            Reason::Contested,
            ["-", "-", "="],
        ),
        row(
            "a null where nothing was known",
            json!({}),
            ["x=1", "x=1 z=null", "-"],
            Reason::Unchanged,
            ["-", "-", "="],
        ),
        row(
            "case 13 sum of both changes",
            json!({"conflict": {"fields": {"x": "sum_deltas"}}}),
            ["x=10", "x=12", "x=9"],
            Reason::Resolved,
            ["patch x=11", "patch x=11", "x=11"],
        ),
        row(
            "case 14 source deleted",
            json!({}),
            ["x=1", "deleted", "-"],
            Reason::DeletePropagated,
            ["-", "delete", "="],
        ),
        row(
            "case 14 target deleted",
            json!({}),
            ["x=1", "x=1", "deleted"],
            Reason::DeletePropagated,
            ["delete", "-", "="],
        ),
        row(
            "case 14 a delete meets an edit",
            json!({}),
            ["x=1", "deleted", "x=2"],
            Reason::DeleteContested,
            ["-", "-", "="],
        ),
        row(
            "case 14 both deleted",
            json!({}),
            ["x=1", "deleted", "deleted"],
            Reason::BothDeleted,
            ["-", "-", "="],
        ),
        row(
            "delete wins",
            on_delete("delete_wins"),
            ["x=1", "deleted", "x=2"],
            Reason::DeletePropagated,
            ["-", "delete", "="],
        ),
        row(
            "edit wins",
            on_delete("edit_wins"),
            ["x=1", "deleted", "x=2"],
            Reason::Restored,
            ["create x=2", "-", "x=2"],
        ),
        row(
            "source wins, who deleted",
            on_delete("source_wins"),
            ["x=1", "deleted", "x=2"],
            Reason::DeletePropagated,
            ["-", "delete", "="],
        ),
        row(
            "target wins, who edited",
            on_delete("target_wins"),
            ["x=1", "deleted", "x=2"],
            Reason::Restored,
            ["create x=2", "-", "x=2"],
        ),
        row(
            "source wins, who edited",
            on_delete("source_wins"),
            ["x=1", "x=2", "deleted"],
            Reason::Restored,
            ["-", "create x=2", "x=2"],
        ),
        row(
            "deletes are a person's",
            deletes("manual"),
            ["x=1", "deleted", "-"],
            Reason::DeleteContested,
            ["-", "-", "="],
        ),
        row(
            "deletes are ignored",
            deletes("ignore"),
            ["x=1", "deleted", "-"],
            Reason::DeleteIgnored,
            ["-", "-", "="],
        ),
        row(
            "ignored even beside an edit",
            deletes("ignore"),
            ["x=1", "deleted", "x=2"],
            Reason::DeleteIgnored,
            ["-", "-", "="],
        ),
        row(
            "one-way passes on",
            s2t(),
            ["x=1", "x=2", "-"],
            Reason::OneSided,
            ["-", "patch x=2", "x=2"],
        ),
        row(
            "one-way: a change there is drift",
            s2t(),
            ["x=1", "-", "x=2"],
            Reason::Drift,
            ["-", "-", "="],
        ),
        row(
            "one-way: drift beside a change",
            s2t(),
            ["x=1 y=1", "y=2", "x=2"],
            Reason::OneSided,
            ["-", "patch y=2", "x=1 y=2"],
        ),
        row(
            "one-way: both changed is a conflict as always",
            s2t(),
            ["x=1", "x=2", "x=3"],
            Reason::Contested,
            ["-", "-", "="],
        ),
        row(
            "one-way, source wins",
            json!({"direction": "source_to_target", "conflict": {"default": "source_wins"}}),
            ["x=1", "x=2", "x=3"],
            Reason::Resolved,
            ["-", "patch x=2", "x=2"],
        ),
        row(
            "one-way, a winner that cannot travel is drift",
            json!({"direction": "source_to_target", "conflict": {"default": "target_wins"}}),
            ["x=1", "x=2", "x=3"],
            Reason::Drift,
            ["-", "-", "="],
        ),
        row(
            "enforced: put back",
            enforced(),
            ["x=1", "-", "x=2"],
            Reason::Enforced,
            ["-", "patch x=1", "="],
        ),
        row(
            "enforced: put back beside a change",
            enforced(),
            ["x=1 y=1", "y=2", "x=2"],
            Reason::Enforced,
            ["-", "patch x=1 y=2", "x=1 y=2"],
        ),
        row(
            "enforced: a deleted record comes back",
            enforced(),
            ["x=1", "-", "deleted"],
            Reason::Enforced,
            ["-", "create x=1", "="],
        ),
        row(
            "one-way: deleted at the source",
            s2t(),
            ["x=1", "deleted", "-"],
            Reason::DeletePropagated,
            ["-", "delete", "="],
        ),
        row(
            "one-way: deleted at the target is drift",
            s2t(),
            ["x=1", "-", "deleted"],
            Reason::Drift,
            ["-", "-", "="],
        ),
        row(
            "one-way: deleted there, edited here",
            s2t(),
            ["x=1", "x=2", "deleted"],
            Reason::DeleteContested,
            ["-", "-", "="],
        ),
    ]
}

#[test]
fn case_04_to_07_13_14_42_each_row_of_the_table() {
    for row in rows() {
        let policy = policy(row.config);
        let link = linked(row.base);
        let pair = pair(Some(link.clone()), row.source, row.target);
        let decision = plan(&pair, &policy, now());
        let name = row.name;
        assert_eq!(decision.reason, row.reason, "{name}");
        assert_eq!(
            write(&decision, Side::Source),
            row.to_source,
            "{name}: source"
        );
        assert_eq!(
            write(&decision, Side::Target),
            row.to_target,
            "{name}: target"
        );
        let after = stored(Some(&link), &decision).unwrap();
        let agreed = if row.agreed == "=" {
            row.base
        } else {
            row.agreed
        };
        assert_eq!(base(&after), show(&rec(agreed)), "{name}: base");
        assert_eq!(
            plan(&pair, &policy, now()),
            decision,
            "{name}: deterministic"
        );
        // Nothing beyond the mapped fields that changed is ever written.
        for side in Side::BOTH {
            if let Some(Intent::Update { patch, before, .. }) = decision.intents.get(side) {
                for (field, value) in patch.iter() {
                    let old = before.get(field);
                    assert!(old.is_none_or(|old| old != value), "{name}: minimal");
                }
            }
        }
        // Once the writes are acknowledged an idle run does nothing (case 35).
        if let Some(link) = carried_out(Some(&link), &decision, &policy) {
            let idle = plan(&crate::common::pair(Some(link), "-", "-"), &policy, now());
            assert_eq!(
                writes(&idle),
                ("-".into(), "-".into()),
                "{name}: idle {idle:?}"
            );
            assert!(idle.losers.is_empty(), "{name}: idle");
            assert_eq!(idle.link, None, "{name}: idle changes nothing");
        }
    }
}

#[test]
fn updates_and_deletes_name_the_version_they_were_planned_from() {
    let policy = policy(json!({}));
    let mut link = linked("x=1 y=1");
    link.sides.target.as_mut().unwrap().version = version("t-7");
    let patched = plan(&pair(Some(link.clone()), "x=2", "-"), &policy, now());
    let Some(Intent::Update {
        id,
        before,
        if_version,
        ..
    }) = &patched.intents.target
    else {
        panic!("{patched:?}");
    };
    assert_eq!(id.as_str(), "t1");
    assert_eq!(*before, rec("x=1 y=1"));
    assert_eq!(*if_version, version("t-7"));
    let fresh = plan(&pair(Some(link.clone()), "x=2", "y=1"), &policy, now());
    let Some(Intent::Update { if_version, .. }) = &fresh.intents.target else {
        panic!("{fresh:?}");
    };
    assert_eq!(*if_version, version("v2"));
    let deleted = plan(&pair(Some(link), "deleted", "-"), &policy, now());
    let Some(Intent::Delete {
        before, if_version, ..
    }) = &deleted.intents.target
    else {
        panic!("{deleted:?}");
    };
    assert_eq!(
        (before.clone(), if_version.clone()),
        (rec("x=1 y=1"), version("t-7"))
    );
}

#[test]
fn case_06_a_parked_record_is_written_whole_once_it_is_settled() {
    let policy = policy(json!({}));
    let link = linked("x=1 y=1");
    let parked = plan(&pair(Some(link.clone()), "x=2 y=5", "x=3"), &policy, now());
    assert_eq!(contested(draft(&parked)), "x: 1/2/3");
    assert_eq!(draft(&parked).kind, ConflictKind::Update);
    assert!(
        draft(&parked)
            .fields
            .iter()
            .any(|it| it.field.as_str() == "y" && !it.contested)
    );
    let link = stored(Some(&link), &parked).unwrap();
    let seen = |link: &tandem_domain::link::Link, side: Side| match &link
        .sides
        .get(side)
        .as_ref()
        .unwrap()
        .seen
    {
        Some(Seen::Live(record)) => show(record),
        other => format!("{other:?}"),
    };
    assert_eq!(seen(&link, Side::Source), "x=2 y=5");
    assert_eq!(seen(&link, Side::Target), "x=3 y=1");
    assert_eq!(base(&link), "x=1 y=1");
    // Nobody changes anything: the same conflict, nothing new to store.
    let mut again = pair(Some(link.clone()), "-", "-");
    again.conflict_open = true;
    let idle = plan(&again, &policy, now());
    assert_eq!(idle.conflict, parked.conflict);
    assert_eq!(
        (idle.link, idle.intents.source, idle.intents.target),
        (None, None, None)
    );
    // One side edits again: the same conflict with the fresh value.
    let mut edited = pair(Some(link.clone()), "-", "x=4");
    edited.conflict_open = true;
    assert_eq!(contested(draft(&plan(&edited, &policy, now()))), "x: 1/2/4");
    // The sides come to agree: it closes itself, and the waiting edit of y goes out.
    let mut agreed = pair(Some(link.clone()), "-", "x=2");
    agreed.conflict_open = true;
    let closed = plan(&agreed, &policy, now());
    assert_eq!(
        closed.conflict,
        ConflictChange::Close(CloseReason::SidesAgree)
    );
    assert_eq!(writes(&closed), ("-".into(), "patch y=5".into()));
    // One takes its edit back: what remains is one-sided.
    let mut reverted = pair(Some(link.clone()), "-", "x=1");
    reverted.conflict_open = true;
    let closed = plan(&reverted, &policy, now());
    assert_eq!(
        closed.conflict,
        ConflictChange::Close(CloseReason::SidesAgree)
    );
    assert_eq!(writes(&closed), ("-".into(), "patch x=2 y=5".into()));
    // Both go away.
    let mut gone = pair(Some(link), "deleted", "deleted");
    gone.conflict_open = true;
    assert_eq!(
        plan(&gone, &policy, now()).conflict,
        ConflictChange::Close(CloseReason::BothDeleted)
    );
}

#[test]
fn a_policy_change_settles_an_open_conflict() {
    let link = linked("x=1");
    let parked = plan(
        &pair(Some(link.clone()), "x=2", "x=3"),
        &policy(json!({})),
        now(),
    );
    let mut later = pair(stored(Some(&link), &parked), "-", "-");
    later.conflict_open = true;
    let settled = plan(
        &later,
        &policy(json!({"conflict": {"default": "source_wins"}})),
        now(),
    );
    assert_eq!(
        settled.conflict,
        ConflictChange::Close(CloseReason::PolicyDecided)
    );
    assert_eq!(writes(&settled), ("-".into(), "patch x=2".into()));
    assert_eq!(settled.losers.len(), 1);
    assert_eq!(settled.losers[0].rule, "source_wins");
    assert_eq!(settled.losers[0].side, Side::Target);
}

#[test]
fn case_08_a_field_known_to_one_side_only_is_left_alone() {
    // `z` is not mapped on either side's record: it never appears in a canonical record, a diff or a
    // patch; a mapped field that only one side carries is filled in, never taken away.
    let policy = policy(json!({"mapping": {"x": "decimal"}}));
    let decision = plan(&pair(Some(linked("x=1")), "x=2 z=9", "x=1"), &policy, now());
    assert_eq!(writes(&decision), ("-".into(), "patch x=2".into()));
    let filled = plan(
        &pair(None, "x=1", "x=1 z=9"),
        &crate::common::policy(json!({})),
        now(),
    );
    assert_eq!(filled.reason, Reason::Paired);
    assert_eq!(writes(&filled), ("patch z=9".into(), "-".into()));
}

#[test]
fn case_18_an_edited_key_is_an_update() {
    let policy = policy(json!({}));
    let decision = plan(
        &pair(Some(linked(r#"name="a""#)), r#"name="b""#, "-"),
        &policy,
        now(),
    );
    assert_eq!(writes(&decision), ("-".into(), r#"patch name="b""#.into()));
}

#[test]
fn case_22_a_server_that_rewrites_our_value_is_not_an_edit() {
    let policy = policy(json!({}));
    let link = linked(r#"name="+4920""#);
    let decision = plan(
        &pair(Some(link.clone()), r#"name="+49-30""#, "-"),
        &policy,
        now(),
    );
    let link = stored(Some(&link), &decision).unwrap();
    let link = acked(&link, &decision, Side::Target, r#"name="+4930""#, &policy);
    assert_eq!(base(&link), r#"name="+49-30""#);
    // Idle runs, also with the record read again: nothing.
    for target in ["-", r#"name="+4930""#] {
        let idle = plan(&pair(Some(link.clone()), "-", target), &policy, now());
        assert_eq!(
            (idle.reason, writes(&idle)),
            (Reason::Unchanged, ("-".into(), "-".into()))
        );
    }
    // Another field changes: only that one is written, no ping-pong.
    let other = plan(&pair(Some(link), "y=2", "-"), &policy, now());
    assert_eq!(writes(&other), ("-".into(), "patch y=2".into()));
}

#[test]
fn case_23_our_own_write_coming_back_is_no_change() {
    let policy = policy(json!({}));
    let link = linked("x=1");
    let decision = plan(&pair(Some(link.clone()), "x=2", "-"), &policy, now());
    let mut link = carried_out(Some(&link), &decision, &policy).unwrap();
    for _ in 0..3 {
        let echo = plan(&pair(Some(link.clone()), "-", "x=2@61"), &policy, now());
        assert_eq!(
            (echo.reason, writes(&echo)),
            (Reason::Unchanged, ("-".into(), "-".into()))
        );
        link = stored(Some(&link), &echo).unwrap();
    }
    let genuine = plan(&pair(Some(link), "-", "x=3"), &policy, now());
    assert_eq!(writes(&genuine), ("patch x=3".into(), "-".into()));
}

#[test]
fn case_36_a_metadata_touch_writes_nothing_but_is_remembered() {
    let policy = policy(json!({}));
    let link = linked("x=1");
    let touched = plan(&pair(Some(link.clone()), "x=1@40", "-"), &policy, now());
    assert_eq!(
        (touched.reason, writes(&touched)),
        (Reason::Unchanged, ("-".into(), "-".into()))
    );
    let after = touched.link.unwrap();
    assert_eq!(after.sides.source.as_ref().unwrap().version, version("v2"));
    assert_eq!(after.base, link.base);
}

#[test]
fn case_45_a_value_that_goes_back_and_forth_is_written_every_time() {
    let policy = policy(json!({}));
    let mut link = linked("x=0");
    for value in ["x=1", "x=2", "x=1", "x=2"] {
        let decision = plan(&pair(Some(link.clone()), value, "-"), &policy, now());
        assert_eq!(write(&decision, Side::Target), format!("patch {value}"));
        link = carried_out(Some(&link), &decision, &policy).unwrap();
    }
}

#[test]
fn read_only_fields_drift_and_never_advance_a_shadow() {
    let mut policy = policy(json!({}));
    policy.read_only(Side::Source, &crate::common::field("x"));
    let link = linked("x=1 y=1");
    let drift = plan(&pair(Some(link.clone()), "-", "x=2 y=3"), &policy, now());
    assert_eq!(writes(&drift), ("patch y=3".into(), "-".into()));
    let after = carried_out(Some(&link), &drift, &policy).unwrap();
    assert_eq!(base(&after), "x=1 y=3");
    assert_eq!(after.sides.target.as_ref().unwrap().shadow, rec("x=1 y=3"));
    // It is still there for a later edit of the other side to meet.
    let met = plan(&pair(Some(after), "x=5", "-"), &policy, now());
    assert_eq!(met.reason, Reason::Contested);
    assert_eq!(contested(draft(&met)), "x: 1/5/2");
    // A create leaves it out.
    let created = plan(&pair(None, "-", "x=1 y=2"), &policy, now());
    assert_eq!(write(&created, Side::Source), "create y=2");
}

#[test]
fn enforcement_records_the_loser_and_repeats_until_it_lands() {
    let policy = policy(json!({"direction": "source_to_target", "enforce": true}));
    let link = linked("x=1 y=1");
    let first = plan(&pair(Some(link.clone()), "-", "x=2"), &policy, now());
    assert_eq!(
        (first.losers.len(), first.losers[0].rule.as_str()),
        (1, "enforce")
    );
    let failed = stored(Some(&link), &first).unwrap();
    let again = plan(&pair(Some(failed.clone()), "-", "-"), &policy, now());
    assert_eq!(write(&again, Side::Target), "patch x=1");
    let landed = acked(&failed, &first, Side::Target, "-", &policy);
    assert_eq!(landed.sides.target.as_ref().unwrap().seen, None);
    assert_eq!(
        plan(&pair(Some(landed), "-", "-"), &policy, now()).reason,
        Reason::Unchanged
    );
}

#[test]
fn a_null_that_may_not_travel_is_remembered() {
    let policy = policy(json!({
        "direction": "source_to_target",
        "conflict": {"first_sync": "target_wins"},
    }));
    // The target's null wins, but the source is never written: drift, on every later run too.
    let mut link = None;
    for (source, target) in [("x=1 y=20", "x=1 y=null"), ("-", "-"), ("-", "-")] {
        let decision = plan(&pair(link.clone(), source, target), &policy, now());
        assert_eq!(writes(&decision), ("-".into(), "-".into()), "{decision:?}");
        link = stored(link.as_ref(), &decision);
    }
}
