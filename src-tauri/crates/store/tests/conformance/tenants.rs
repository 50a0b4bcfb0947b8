//! Tenants and what belongs to them outside runs.

use chrono::TimeDelta;
use tandem_domain::ids::{ConnectionId, Name, SyncId, TenantId};
use tandem_engine::ports::retention::Retention;
use tandem_engine::ports::store::{
    Actor, AuditFilter, AuditNames, CircuitRecord, ConnectionRecord, StoreError, Tenant,
};

use crate::harness::{Harness, World, actor, start, sync_record};

pub(crate) fn names_are_unique_and_listed_in_order(h: &dyn Harness) {
    let world = World::new(h);
    World::with(world.store.clone(), "Zeta", 2);
    World::with(world.store.clone(), "beta", 3);
    let names: Vec<String> = world
        .store
        .tenants()
        .unwrap()
        .into_iter()
        .map(|tenant| tenant.name.to_string())
        .collect();
    assert_eq!(names, ["Zeta", "acme", "beta"]);
    let again = Tenant {
        id: TenantId(world.id()),
        name: Name::new("acme").unwrap(),
        created_at: start(),
    };
    assert!(matches!(
        world.store.create_tenant(&again, &actor(start())),
        Err(StoreError::Conflict(_))
    ));
}

pub(crate) fn removing_a_tenant_leaves_nothing_and_nobody_else_is_touched(h: &dyn Harness) {
    let world = World::new(h);
    let other = World::with(world.store.clone(), "beta", 2);
    world.link(&["a", "b"]);
    other.link(&["a"]);
    let run = world.tenant.runs(&everything()).unwrap()[0].id;
    world.store.remove_tenant(world.tenant.id()).unwrap();
    assert!(matches!(
        world.tenant.run(run),
        Err(StoreError::NotFound { .. })
    ));
    assert!(world.tenant.syncs().unwrap().is_empty());
    assert!(world.tenant.audit(None, 10).unwrap().is_empty());
    assert_eq!(world.tenant.totals().unwrap().links, 0);
    assert_eq!(other.tenant.totals().unwrap().links, 1);
    assert_eq!(other.tenant.verify_audit().unwrap().first_bad, None);
    assert!(matches!(
        world.store.remove_tenant(world.tenant.id()),
        Err(StoreError::NotFound { .. })
    ));
}

pub(crate) fn everything() -> tandem_engine::ports::store::RunFilter {
    tandem_engine::ports::store::RunFilter {
        limit: 100,
        ..Default::default()
    }
}

pub(crate) fn connection(world: &World, name: &str) -> ConnectionRecord {
    ConnectionRecord {
        id: ConnectionId(world.id()),
        name: Name::new(name).unwrap(),
        kind: "rest".into(),
        settings: serde_json::json!({ "url": "http://127.0.0.1:1", "big": 9007199254740993_u64 }),
        created_at: start(),
        updated_at: start(),
    }
}

pub(crate) fn connections_are_created_replaced_and_audited(h: &dyn Harness) {
    let world = World::new(h);
    let mut shop = connection(&world, "shop");
    let erp = connection(&world, "erp");
    for connection in [&shop, &erp] {
        world
            .tenant
            .put_connection(connection, &world.actor())
            .unwrap();
    }
    shop.kind = "sqlite".into();
    world.tenant.put_connection(&shop, &world.actor()).unwrap();
    assert_eq!(world.tenant.connections().unwrap(), [erp, shop.clone()]);
    let taken = connection(&world, "erp");
    assert!(matches!(
        world.tenant.put_connection(&taken, &world.actor()),
        Err(StoreError::Conflict(_))
    ));
    let actions: Vec<String> = world
        .tenant
        .audit(None, 10)
        .unwrap()
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(
        actions,
        [
            "connection.change",
            "connection.create",
            "connection.create",
            "sync.create",
            "tenant.create"
        ]
    );
}

pub(crate) fn syncs_are_created_archived_and_their_names_freed(h: &dyn Harness) {
    let world = World::new(h);
    let mut sync = world.tenant.sync(world.sync).unwrap();
    assert_eq!(sync, sync_record(world.sync, "customers"));
    let second = sync_record(SyncId(world.id()), "customers");
    assert!(matches!(
        world.tenant.put_sync(&second, &world.actor()),
        Err(StoreError::Conflict(_))
    ));
    sync.archived = true;
    world.tenant.put_sync(&sync, &world.actor()).unwrap();
    world.tenant.put_sync(&second, &world.actor()).unwrap();
    assert_eq!(world.tenant.syncs().unwrap(), [second]);
    assert!(world.tenant.sync(world.sync).unwrap().archived);
}

pub(crate) fn a_workspace_is_put_whole_or_not_at_all(h: &dyn Harness) {
    let world = World::new(h);
    let shop = connection(&world, "shop");
    world.tenant.put_connection(&shop, &world.actor()).unwrap();
    let known = world.tenant.sync(world.sync).unwrap();
    let audited = world.tenant.audit(None, 10).unwrap();

    let kept = Retention::new(Some(90), None).unwrap();
    let mut moved = shop.clone();
    moved.kind = "sqlite".into();
    let erp = connection(&world, "erp");
    let mut paused = known.clone();
    paused.config.paused = true;
    let mut orders = sync_record(SyncId(world.id()), "customers");
    // The last of all cannot be kept: its name is taken.
    let refused = world.tenant.put_workspace(
        &[moved.clone(), erp.clone()],
        &[paused.clone(), orders.clone()],
        Some(&kept),
        &world.actor(),
    );
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(world.tenant.retention().unwrap(), Retention::default());
    assert_eq!(world.tenant.connections().unwrap(), [shop]);
    assert_eq!(world.tenant.syncs().unwrap(), [known]);
    assert_eq!(world.tenant.audit(None, 10).unwrap(), audited);

    orders.config.name = Name::new("orders").unwrap();
    world
        .tenant
        .put_workspace(
            &[moved.clone(), erp.clone()],
            &[paused.clone(), orders.clone()],
            Some(&kept),
            &world.actor(),
        )
        .unwrap();
    assert_eq!(world.tenant.retention().unwrap(), kept);
    assert_eq!(world.tenant.connections().unwrap(), [erp, moved]);
    assert_eq!(world.tenant.syncs().unwrap(), [paused, orders]);
    assert_eq!(
        world.tenant.audit(None, 10).unwrap().len(),
        audited.len() + 5
    );
    assert_eq!(world.tenant.verify_audit().unwrap().first_bad, None);
}

pub(crate) fn circuits_are_read_and_changed_at_once(h: &dyn Harness) {
    let world = World::new(h);
    let shop = connection(&world, "shop");
    world.tenant.put_connection(&shop, &world.actor()).unwrap();
    let audited = || world.tenant.audit(None, 100).unwrap().len();
    let before = audited();
    assert_eq!(
        world.tenant.circuit(shop.id).unwrap(),
        CircuitRecord::default()
    );
    let open = CircuitRecord {
        failures: 5,
        open_until: Some(start()),
        isolated: false,
        probe_until: Some(start()),
        generation: 1,
        last_error: Some("refused".into()),
        changed_at: Some(start()),
    };
    let change =
        |audit: Option<&str>, change: &mut dyn FnMut(&CircuitRecord) -> Option<CircuitRecord>| {
            let actor = world.actor();
            let audit = audit.map(|action| (&actor, action));
            world.tenant.change_circuit(shop.id, audit, change).unwrap()
        };
    let stored = change(None, &mut |found| {
        assert_eq!(*found, CircuitRecord::default());
        Some(open.clone())
    });
    assert_eq!((&stored, audited()), (&open, before));
    assert_eq!(change(None, &mut |_| None), open, "left as it is");
    // Another process's store sees it, and no change of either is lost.
    let other = h.open().tenant(world.tenant.id());
    let threads: Vec<_> = [world.tenant.clone(), other.clone()]
        .into_iter()
        .map(|tenant| {
            std::thread::spawn(move || {
                for _ in 0..50 {
                    tenant
                        .change_circuit(shop.id, None, &mut |found| {
                            Some(CircuitRecord {
                                failures: found.failures + 1,
                                ..found.clone()
                            })
                        })
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(other.circuit(shop.id).unwrap().failures, 105);
    // What an admin does is in the audit log, whether or not it changed anything.
    change(Some("connection.reset"), &mut |_| {
        Some(CircuitRecord::default())
    });
    change(Some("connection.reset"), &mut |_| None);
    let rows = world.tenant.audit(None, 2).unwrap();
    for (row, changed) in rows.iter().zip([false, true]) {
        assert_eq!(
            (row.action.as_str(), row.subject.as_str()),
            ("connection.reset", "shop")
        );
        assert_eq!(row.details, serde_json::json!({ "changed": changed }));
    }
    assert_eq!(audited(), before + 2);
}

pub(crate) fn audit_is_a_chain_read_in_pages(h: &dyn Harness) {
    let world = World::new(h);
    for number in 0..5 {
        world
            .tenant
            .add_audit(
                &world.actor(),
                "test.act",
                "subject",
                serde_json::json!({ "number": number }),
            )
            .unwrap();
    }
    let first = world.tenant.audit(None, 3).unwrap();
    let second = world.tenant.audit(Some(first[2].seq), 10).unwrap();
    let seqs: Vec<i64> = first.iter().chain(&second).map(|entry| entry.seq).collect();
    assert_eq!(seqs, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(first[0].details, serde_json::json!({ "number": 4 }));
    let mut hashes: Vec<&str> = first
        .iter()
        .chain(&second)
        .map(|e| e.hash.as_str())
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 7);
    assert_eq!(world.tenant.verify_audit().unwrap().first_bad, None);
}

pub(crate) fn audit_is_found_by_every_part_of_its_rows(h: &dyn Harness) {
    let world = World::new(h);
    let day = |day: i64| Actor {
        name: if day % 2 == 0 { "ann" } else { "bo" }.to_owned(),
        at: world.actor().at + TimeDelta::days(day),
    };
    let rows = [
        (
            1,
            "conflict.resolve",
            "Ada Lovelace",
            serde_json::json!({"city": "Köln"}),
        ),
        (2, "conflict.undo", "Ada Lovelace", serde_json::Value::Null),
        (3, "conflicts", "all", serde_json::Value::Null),
        (
            4,
            "sync.pause",
            "customers",
            serde_json::json!({"why": "100 % sure"}),
        ),
    ];
    for (number, action, subject, details) in rows {
        let added = world
            .tenant
            .add_audit(&day(number), action, subject, details);
        added.unwrap();
    }
    let find = |filter: AuditFilter| -> Vec<String> {
        let filter = AuditFilter {
            since: filter.since.or(Some(day(1).at)),
            limit: 100,
            ..filter
        };
        let found = world.tenant.find_audit(&filter).unwrap();
        found.into_iter().map(|row| row.action).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    let any = AuditFilter::default;
    let all = [
        "sync.pause",
        "conflicts",
        "conflict.undo",
        "conflict.resolve",
    ];
    let table: Vec<(AuditFilter, &[&str])> = vec![
        (any(), &all),
        (
            AuditFilter {
                actor: text("ann"),
                ..any()
            },
            &["sync.pause", "conflict.undo"],
        ),
        (
            AuditFilter {
                actor: text("an"),
                ..any()
            },
            &[],
        ),
        (
            AuditFilter {
                action: text("conflict.undo"),
                ..any()
            },
            &["conflict.undo"],
        ),
        // A group is what stands before the dot, whole.
        (
            AuditFilter {
                action: text("conflict"),
                ..any()
            },
            &all[2..],
        ),
        (
            AuditFilter {
                subject: text("lovelace"),
                ..any()
            },
            &all[2..],
        ),
        (
            AuditFilter {
                text: text("CITY"),
                ..any()
            },
            &["conflict.resolve"],
        ),
        // No pattern: a sign stands for itself.
        (
            AuditFilter {
                text: text("%"),
                ..any()
            },
            &["sync.pause"],
        ),
        (
            AuditFilter {
                text: text("_"),
                ..any()
            },
            &[],
        ),
        (
            AuditFilter {
                since: Some(day(3).at),
                ..any()
            },
            &all[..2],
        ),
        (
            AuditFilter {
                until: Some(day(3).at),
                ..any()
            },
            &all[2..],
        ),
        (
            AuditFilter {
                actor: text("bo"),
                action: text("conflict"),
                ..any()
            },
            &["conflict.resolve"],
        ),
    ];
    for (filter, wanted) in table {
        assert_eq!(find(filter.clone()), wanted, "{filter:?}");
    }
    let newest = world.tenant.audit(None, 1).unwrap()[0].seq;
    let older = AuditFilter {
        before: Some(newest - 1),
        ..any()
    };
    assert_eq!(find(older), all[2..]);
    let names = world.tenant.audit_names().unwrap();
    for actor in ["ann", "bo"] {
        assert!(names.actors.iter().any(|it| it == actor), "{names:?}");
    }
    assert!(
        names.actions.windows(2).all(|two| two[0] < two[1]),
        "{names:?}"
    );
    assert!(
        all.iter()
            .all(|it| names.actions.iter().any(|name| name == it))
    );
    let stranger = world.store.tenant(TenantId(world.id()));
    assert_eq!(stranger.audit_names().unwrap(), AuditNames::default());
}
