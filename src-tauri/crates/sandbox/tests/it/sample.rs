//! The sample systems and their edit scenario.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tandem_sandbox::{
    Clock, SampleOptions, SampleSystems, SandboxError, Start, StorefrontConfig, Table,
};

use crate::shop::NOON;

async fn start(folder: &tempfile::TempDir, start: Start) -> SampleSystems {
    let storefront = StorefrontConfig {
        clock: Clock::manual(NOON),
        ..StorefrontConfig::sample()
    };
    SampleSystems::start(
        folder.path(),
        SampleOptions {
            start,
            storefront,
            ..SampleOptions::default()
        },
    )
    .await
    .unwrap()
}

fn by_key(rows: Vec<Map<String, Value>>, key: &str) -> BTreeMap<String, Map<String, Value>> {
    rows.into_iter()
        .map(|row| (row[key].as_str().unwrap().to_owned(), row))
        .collect()
}

#[tokio::test]
async fn both_systems_start_with_what_was_asked_for() {
    for (begin, rows) in [
        (Start::EmptyErp, 0),
        (Start::Overlap(600), 600),
        (Start::Overlap(5_000), 1_000),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let systems = start(&folder, begin).await;
        for (collection, table) in [
            ("customers", Table::Customers),
            ("products", Table::Products),
        ] {
            assert_eq!(systems.control().count(collection).unwrap(), 1_000);
            assert_eq!(
                systems.erp().count(table).unwrap(),
                rows,
                "{begin:?} {collection}"
            );
        }
        let addresses = systems.addresses();
        assert!(addresses.storefront.starts_with("http://127.0.0.1:"));
        assert!(addresses.erp.is_file());
    }
}

#[tokio::test]
async fn the_edit_scenario_does_what_it_counts() {
    let folder = tempfile::tempdir().unwrap();
    let systems = start(&folder, Start::Overlap(1_000)).await;
    let collections = [
        ("customers", Table::Customers),
        ("products", Table::Products),
    ];
    let look = || {
        collections.map(|(collection, table)| {
            let front = by_key(systems.control().records(collection).unwrap(), table.key());
            (
                front,
                by_key(systems.erp().records(table).unwrap(), table.key()),
            )
        })
    };
    let before = look();
    let edits = systems.edit_scenario(1).unwrap();
    let after = look();
    let mut contested = 0;
    for (((front_0, erp_0), (front_1, erp_1)), counts) in before
        .iter()
        .zip(&after)
        .zip([edits.customers, edits.products])
    {
        let front: Vec<_> = front_0
            .iter()
            .filter(|(k, r)| front_1.get(*k).is_some_and(|now| now != *r))
            .map(|(k, _)| k)
            .collect();
        let erp: Vec<_> = erp_0
            .iter()
            .filter(|(k, r)| erp_1[*k] != **r && erp_1[*k]["deleted"] == json!(0))
            .map(|(k, _)| k)
            .collect();
        let both = front.iter().filter(|k| erp.contains(k)).count();
        assert_eq!(both, counts.disjoint + counts.same + counts.contested);
        assert_eq!(front.len() - both, counts.storefront_only);
        assert_eq!(erp.len() - both, counts.erp_only);
        assert_eq!(
            front_0.keys().filter(|k| !front_1.contains_key(*k)).count(),
            counts.deleted_storefront
        );
        assert_eq!(
            erp_1.values().filter(|r| r["deleted"] == json!(1)).count(),
            counts.deleted_erp
        );
        assert_eq!(
            front_1.keys().filter(|k| !front_0.contains_key(*k)).count(),
            counts.new_storefront
        );
        assert_eq!(
            erp_1.keys().filter(|k| !erp_0.contains_key(*k)).count(),
            counts.new_erp
        );
        assert!(
            counts.contested > 0
                && counts.same > 0
                && counts.disjoint > 0
                && counts.deleted_erp > 0
        );
        contested += counts.contested;
    }
    assert_eq!(edits.contested_keys.len(), contested);

    let again = systems.edit_scenario(2).unwrap();
    assert_eq!(again.customers.new_erp, edits.customers.new_erp);
}

#[tokio::test]
async fn the_edit_scenario_wants_a_first_sync() {
    let folder = tempfile::tempdir().unwrap();
    let systems = start(&folder, Start::EmptyErp).await;
    assert!(matches!(
        systems.edit_scenario(1),
        Err(SandboxError::TooFewShared { found: 0, .. })
    ));
}
