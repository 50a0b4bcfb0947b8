//! No method of one tenant's store reaches anything of another's.

use tandem_domain::conflict::ConflictDecision;
use tandem_domain::ids::{Both, ConflictId, Side, TenantId};
use tandem_engine::ports::alerts::{AlertClaim, AlertStep, ClaimedAlert, Delivery};
use tandem_engine::ports::history::{RunOptions, RunStatus};
use tandem_engine::ports::pairs::{NewRestoration, PairFilter, SetAsideFilter};
use tandem_engine::ports::retention::{Erasure, Pruned, Retention};
use tandem_engine::ports::session::Snapshots;
use tandem_engine::ports::store::{
    ConflictFilter, ErrorFilter, NewDecision, RunFilter, StoreError, TenantStore, Totals,
};

use crate::alerts::failure;
use crate::conflicts::park;
use crate::harness::{Harness, World, error, opened, rid};
use crate::reviewed::simulate;
use crate::tenants::connection;

fn refused<T>(answer: Result<T, StoreError>) {
    match answer {
        Err(StoreError::NotFound { .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("answered"),
    }
}

/// Everything there is to ask with ids of `owner`, asked as somebody else.
fn nothing(owner: &World, asker: &dyn TenantStore) {
    let actor = owner.actor();
    let run = owner
        .tenant
        .runs(&RunFilter {
            limit: 1,
            ..Default::default()
        })
        .unwrap()[0]
        .id;
    let conflict = owner
        .tenant
        .conflicts(&ConflictFilter {
            limit: 1,
            ..Default::default()
        })
        .unwrap()[0]
        .clone();
    let error = owner
        .tenant
        .errors(&ErrorFilter {
            limit: 1,
            ..Default::default()
        })
        .unwrap()[0]
        .error
        .id;
    let connection = owner.tenant.connections().unwrap()[0].clone();
    let claim = AlertClaim {
        channel: "mail",
        after: None,
        now: owner.now(),
        eager: true,
    };
    let alert = ClaimedAlert {
        alert: owner.tenant.alerts(None, 1).unwrap()[0].clone(),
        attempt: 1,
    };

    refused(asker.sync(owner.sync));
    refused(asker.side_progress(owner.sync));
    refused(asker.open_run(&owner.new_run(RunOptions::default())));
    refused(asker.erase_record(
        &Erasure {
            sync: owner.sync,
            side: Side::Source,
            record: rid("s-a"),
        },
        &actor,
    ));
    assert_eq!(asker.retention().unwrap(), Retention::default());
    assert_eq!(asker.prune(owner.now(), 10).unwrap(), Pruned::default());
    refused(asker.request_cancel(run, &actor));
    refused(asker.run(run));
    assert!(owner.tenant.planned(PLAN).unwrap().is_some());
    assert_eq!(asker.planned(PLAN).unwrap(), None);
    refused(asker.changes(run, None, None, 10));
    refused(asker.snapshots(run));
    refused(asker.conflict(conflict.id));
    refused(asker.decide(
        &NewDecision {
            conflict: conflict.id,
            revision: conflict.revision,
            decision: ConflictDecision::Unlink,
            note: None,
            not_before: owner.now(),
        },
        &actor,
    ));
    let decision = NewDecision {
        conflict: conflict.id,
        revision: conflict.revision,
        decision: ConflictDecision::Unlink,
        note: None,
        not_before: owner.now(),
    };
    match asker.decide_many(&[decision], false, &actor) {
        Ok(each) => each.into_iter().for_each(refused),
        Err(error) => refused::<()>(Err(error)),
    }
    let pair = conflict.link;
    refused(asker.restore(
        &NewRestoration {
            conflict: ConflictId(owner.id()),
            link: pair,
            run,
            draft: conflict.draft.clone(),
            decision: ConflictDecision::Unlink,
            note: None,
            not_before: owner.now(),
        },
        &actor,
    ));
    refused(asker.pair(pair));
    refused(asker.pair_of(owner.sync, Side::Source, &rid("s-a")));
    refused(asker.changes_of(run, pair));
    let records = Both::new(rid("s-a"), rid("t-a"));
    refused(asker.link_by_hand(owner.sync, &records, &actor));
    refused(asker.leave_alone(owner.sync, Side::Source, &rid("s-a"), &actor));
    let every = PairFilter {
        limit: 10,
        ..PairFilter::default()
    };
    let theirs = PairFilter {
        sync: Some(owner.sync),
        ..every.clone()
    };
    for filter in [&every, &theirs] {
        assert_eq!(asker.pairs(filter).unwrap(), []);
    }
    for sync in [None, Some(owner.sync)] {
        assert_eq!(
            asker
                .set_aside(&SetAsideFilter {
                    sync,
                    limit: 10,
                    ..SetAsideFilter::default()
                })
                .unwrap(),
            []
        );
    }
    refused(asker.tallies(owner.sync));
    refused(asker.undo_decision(conflict.id, &actor));
    let several = asker.undo_decisions(&[conflict.id], &actor);
    refused(several.and_then(|mut answers| answers.remove(0)));
    refused(asker.error(error));
    refused(asker.resolve_error(error, &actor));
    refused(asker.circuit(connection.id));
    refused(asker.change_circuit(
        connection.id,
        Some((&actor, "connection.isolate")),
        &mut |_| panic!("another tenant's circuit was shown"),
    ));
    refused(asker.settle_alert("mail", &alert, &Delivery::Told, owner.now()));
    refused(asker.last_scheduled(owner.sync));
    refused(asker.takeover_at(owner.sync));
    refused(asker.put_connection(&connection, &actor));
    refused(asker.put_sync(&owner.tenant.sync(owner.sync).unwrap(), &actor));

    assert_eq!(asker.continuations().unwrap(), []);
    let runs = RunFilter {
        sync: Some(owner.sync),
        limit: 10,
        ..Default::default()
    };
    assert!(asker.runs(&runs).unwrap().is_empty());
    let conflicts = ConflictFilter {
        sync: Some(owner.sync),
        limit: 10,
        ..Default::default()
    };
    assert!(asker.conflicts(&conflicts).unwrap().is_empty());
    let errors = ErrorFilter {
        run: Some(run),
        limit: 10,
        ..Default::default()
    };
    assert!(asker.errors(&errors).unwrap().is_empty());
    assert!(asker.connections().unwrap().is_empty());
    assert!(asker.alerts(None, 10).unwrap().is_empty());
    assert_eq!(asker.claim_alert(&claim).unwrap(), None);
    assert_eq!(asker.totals().unwrap(), Totals::default());
}

/// The hash of a plan that there is.
const PLAN: &str = "abc";

fn rich(h: &dyn Harness) -> World {
    let world = World::new(h);
    world
        .tenant
        .put_connection(&connection(&world, "shop"), &world.actor())
        .unwrap();
    let link = world.link(&["a"])[0];
    simulate(&world, link, PLAN);
    let mut session = opened(world.try_open(RunOptions::default()));
    park(&world, session.as_mut(), "b", "1", "2");
    session.log_errors(&[error(&world, "x")]).unwrap();
    let mut outcome = world.outcome(RunStatus::Partial);
    outcome.alert = AlertStep::Failed(Box::new(failure(&world, "it is down")));
    outcome.snapshots = Some(Snapshots {
        before: serde_json::json!([]),
        after: serde_json::json!([1]),
    });
    session.finish(outcome).unwrap();
    world
}

pub(crate) fn no_method_answers_for_another_tenant(h: &dyn Harness) {
    let world = rich(h);
    let other = World::with(world.store.clone(), "beta", 2);
    let audited = other.tenant.audit(None, 100).unwrap();
    nothing(&world, other.tenant.as_ref());
    assert_eq!(other.tenant.audit(None, 100).unwrap(), audited);
    assert_eq!(other.tenant.syncs().unwrap().len(), 1);
    // And nothing of the first was changed by asking.
    assert_eq!(world.tenant.totals().unwrap().open_conflicts, 1);
    assert_eq!(world.tenant.totals().unwrap().unresolved_errors, 1);
    assert_eq!(world.tenant.alerts(None, 1).unwrap()[0].deliveries, []);
}

pub(crate) fn an_unknown_tenant_has_nothing(h: &dyn Harness) {
    let world = rich(h);
    let nobody = world.store.tenant(TenantId(world.id()));
    nothing(&world, nobody.as_ref());
    assert!(nobody.audit(None, 10).unwrap().is_empty());
    assert_eq!(nobody.verify_audit().unwrap().first_bad, None);
    refused(nobody.add_audit(&world.actor(), "a", "b", serde_json::Value::Null));
}
