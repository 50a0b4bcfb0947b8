//! Records that nothing was agreed about: met for the first time, new, or compared anew.

use serde_json::json;
use tandem_domain::ids::Side;
use tandem_domain::link::LinkState;
use tandem_domain::plan;
use tandem_domain::plan::Reason;

use crate::common::{
    acked, base, contested, draft, half, linked, now, pair, policy, rec, show, write, writes,
};

#[test]
fn case_32_matching_records_of_a_first_run_are_paired_without_writes() {
    let policy = policy(json!({}));
    for n in 0..20 {
        let record = format!(r#"x={n} name="c{n}""#);
        let decision = plan(&pair(None, &record, &record), &policy, now());
        assert_eq!(
            (decision.reason, writes(&decision)),
            (Reason::Paired, ("-".into(), "-".into()))
        );
        let link = decision.link.unwrap();
        assert_eq!(
            (link.state, base(&link)),
            (LinkState::Active, show(&rec(&record)))
        );
    }
}

#[test]
fn a_first_sync_that_differs_goes_by_its_own_policy() {
    let first = |who: &str| {
        policy(
            json!({"conflict": {"first_sync": who, "default": "source_wins", "fields": {"x": "source_wins"}}}),
        )
    };
    let met = |policy: &tandem_domain::policy::Policy| {
        plan(&pair(None, "x=1 y=7@10", "x=2 z=8@20"), policy, now())
    };
    let manual = met(&first("manual"));
    assert_eq!(manual.reason, Reason::PairedDifferent);
    assert_eq!(contested(draft(&manual)), "x: -/1/2");
    assert_eq!(writes(&manual), ("-".into(), "-".into()));
    let link = manual.link.clone().unwrap();
    assert_eq!(
        (link.state, base(&link).as_str()),
        (LinkState::Active, "none")
    );
    let mut idle = pair(Some(link), "-", "-");
    idle.conflict_open = true;
    assert_eq!(
        plan(&idle, &first("manual"), now()).conflict,
        manual.conflict
    );
    let row = |who: &str| writes(&met(&first(who)));
    assert_eq!(
        row("source_wins"),
        ("patch z=8".into(), "patch x=1 y=7".into())
    );
    assert_eq!(
        row("target_wins"),
        ("patch x=2 z=8".into(), "patch y=7".into())
    );
    assert_eq!(
        row("last_write_wins"),
        ("patch x=2 z=8".into(), "patch y=7".into())
    );
    // A value against a null is a difference too: nothing is absorbed.
    let cleared = plan(&pair(None, "x=1", "x=null"), &first("manual"), now());
    assert_eq!(cleared.reason, Reason::PairedDifferent);
}

#[test]
fn new_records_are_created_where_that_may_be() {
    let both = policy(json!({}));
    let s2t = policy(json!({"direction": "source_to_target"}));
    let created = plan(&pair(None, "x=1 y=null", "-"), &both, now());
    assert_eq!(
        (created.reason, write(&created, Side::Target)),
        (Reason::New, "create x=1 y=null".into())
    );
    let link = created.link.clone().unwrap();
    assert_eq!(
        (link.state, link.sides.target.is_none()),
        (LinkState::Unpaired, true)
    );
    // It failed: sent again, with what the record says by then.
    let again = plan(&pair(Some(link.clone()), "x=2", "-"), &both, now());
    assert_eq!(write(&again, Side::Target), "create x=2 y=null");
    // It landed, and the server filled a field in.
    let link = acked(&link, &created, Side::Target, "x=1 y=null z=5", &both);
    assert_eq!(link.state, LinkState::Active);
    assert_eq!(
        link.sides.target.as_ref().unwrap().shadow,
        rec("x=1 y=null z=5")
    );
    let idle = plan(&pair(Some(link), "-", "x=1 y=null z=5"), &both, now());
    assert_eq!(writes(&idle), ("-".into(), "-".into()));
    // Nothing is created against the direction; it is noted, and noted once.
    let stray = plan(&pair(None, "-", "x=1"), &s2t, now());
    assert_eq!(
        (stray.reason, writes(&stray)),
        (Reason::Drift, ("-".into(), "-".into()))
    );
    let link = stray.link.unwrap();
    let noted = plan(&pair(Some(link.clone()), "-", "x=1"), &s2t, now());
    assert_eq!((noted.reason, noted.link), (Reason::Drift, None));
    // Its partner turns up: met for the first time, nothing absorbed.
    let met = plan(&pair(Some(link), "x=2", "x=1"), &s2t, now());
    assert_eq!(met.reason, Reason::PairedDifferent);
    // A half whose record goes away is closed.
    let gone = plan(&pair(created.link, "deleted", "-"), &both, now());
    assert_eq!(
        (gone.reason, gone.link.unwrap().state),
        (Reason::BothDeleted, LinkState::Closed)
    );
}

#[test]
fn an_uncertain_create_that_is_found_but_differs_is_a_first_sync() {
    let policy = policy(json!({}));
    let created = plan(&pair(None, "x=1", "-"), &policy, now());
    let found = plan(&pair(created.link.clone(), "-", "x=9"), &policy, now());
    assert_eq!(found.reason, Reason::PairedDifferent);
    let found = plan(&pair(created.link, "-", "x=1"), &policy, now());
    assert_eq!(
        (found.reason, writes(&found)),
        (Reason::Paired, ("-".into(), "-".into()))
    );
}

#[test]
fn case_16_a_rebaselined_link_absorbs_no_difference() {
    let policy = policy(json!({}));
    let mut link = linked("x=1 y=1");
    link.sides.target = Some(half("t1", "x=1 y=2"));
    let met = plan(&pair(Some(link.rebaselined()), "-", "-"), &policy, now());
    assert_eq!(met.reason, Reason::PairedDifferent);
    assert_eq!(contested(draft(&met)), "y: -/1/2");
    let equal = plan(
        &pair(Some(linked("x=1").rebaselined()), "x=1", "x=1"),
        &policy,
        now(),
    );
    assert_eq!(
        (equal.reason, writes(&equal)),
        (Reason::Paired, ("-".into(), "-".into()))
    );
    // A record that left the filter is not read: it stands as it did.
    let paused = plan(&pair(Some(linked("x=1")), "-", "-"), &policy, now());
    assert_eq!(paused.reason, Reason::Unchanged);
}
