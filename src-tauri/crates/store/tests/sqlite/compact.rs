//! How little room a record takes, and that nothing is lost by it.

use tandem_domain::ids::Side;
use tandem_domain::link::LinkState;
use tandem_engine::ports::history::FieldChange;
use tandem_engine::ports::store::Store;

use crate::harness::{
    Harness, StillClock, World, all_pairs, create, half, journal_pair, live, record,
};
use std::sync::Arc;
use tandem_engine::ports::clock::Clock;
use tandem_store::SqliteStore;

struct At(std::path::PathBuf);

impl Harness for At {
    fn open(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = Arc::new(StillClock);
        Arc::new(SqliteStore::open(&self.0, &clock).unwrap().store)
    }
}

/// 13 fields, as a customer has them; no two alike.
fn customer(number: usize) -> Vec<(&'static str, String)> {
    let mix = number.wrapping_mul(2_654_435_761) % 1_000_003;
    vec![
        ("email", format!("person{number}@example.com")),
        ("name", format!("Person {mix}")),
        ("phone", format!("+49 30 {mix:07}")),
        ("street", format!("Hauptstraße {}", mix % 300)),
        ("city", ["Berlin", "Wien", "Basel"][mix % 3].to_owned()),
        ("postal_code", format!("{:05}", mix % 99_999)),
        ("country", ["DE", "AT", "CH"][mix % 3].to_owned()),
        ("status", ["active", "lead"][mix % 2].to_owned()),
        ("credit_limit", format!("{}.00", mix % 10_000)),
        ("vat_id", format!("DE{:09}", mix * 7)),
        ("newsletter", mix.is_multiple_of(2).to_string()),
        ("created", format!("20{:02}-01-15", mix % 25)),
        ("notes", format!("customer since 20{:02}", mix % 25)),
    ]
}

#[test]
fn many_records_share_a_dictionary_and_a_create_borrows_its_body() {
    const READ: usize = 2_000;
    const WRITTEN: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let world = World::new(&At(path.clone()));
    let mut session = world.open();
    let run = session.run();
    let customers: Vec<_> = (0..READ).map(customer).collect();
    let as_text = |number: usize| -> Vec<(&str, &str)> {
        customers[number]
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    };
    let page: Vec<_> = (0..READ)
        .map(|number| live(&format!("s{number}"), &as_text(number)))
        .collect();
    session.stage(Side::Source, &page).unwrap();
    let pairs: Vec<_> = (0..WRITTEN)
        .map(|number| {
            let agreed = record(&as_text(number));
            let mut row = half(Side::Source, &format!("s{number}"), "unused");
            row.link.state = LinkState::Active;
            row.link.base = Some(agreed.clone());
            row.link.sides.source.as_mut().unwrap().shadow = agreed.clone();
            row.todo = true;
            let mut pair = journal_pair(None, Some(row));
            pair.operations
                .push(create(world.key(), Side::Target, &agreed));
            pair
        })
        .collect();
    session.journal_chunk(&pairs, &[], world.now()).unwrap();
    world.finish(session);

    let db = rusqlite::Connection::open(&path).unwrap();
    let (dictionaries, body, extras, journalled): (i64, f64, i64, i64) = db
        .query_row(
            "SELECT (SELECT count(*) FROM dictionaries),
                    (SELECT avg(length(base)) FROM links), (SELECT count(extra) FROM links),
                    (SELECT count(body) FROM operations)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .unwrap();
    let plain: usize = (0..WRITTEN)
        .map(|number| {
            let fields: serde_json::Map<String, serde_json::Value> = customers[number]
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
                .collect();
            serde_json::Value::Object(fields).to_string().len()
        })
        .sum();
    assert_eq!((dictionaries, extras, journalled), (1, 0, 0));
    let share = body * WRITTEN as f64 / plain as f64;
    assert!(share < 0.35, "a body takes {share:.2} of its JSON");

    // Read back by another process: all of it.
    let tenant = At(path).open().tenant(world.tenant.id());
    let changes = tenant.changes(run, None, None, WRITTEN + 1).unwrap();
    let fields: Vec<_> = changes.into_iter().map(|change| change.fields).collect();
    let expected: Vec<_> = pairs
        .iter()
        .map(|pair| {
            let operation = &pair.operations[0];
            FieldChange::of(operation.before.as_ref(), operation.after.as_ref())
        })
        .collect();
    assert_eq!(fields, expected);
    let mut session = world.open();
    let links: Vec<_> = all_pairs(session.as_mut())
        .into_iter()
        .map(|pair| pair.pair.link.unwrap())
        .collect();
    let expected: Vec<_> = pairs
        .iter()
        .map(|pair| pair.row.clone().unwrap().link)
        .collect();
    assert_eq!(links, expected);
}
