//! A transaction that failed leaves nothing behind, in the run's own memory neither: a full disk
//! that has space again a moment later must not make a run write what nobody can read, or forget
//! what it sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tandem_domain::ids::{OperationKey, Side};
use tandem_domain::link::LinkState;
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::history::OperationState;
use tandem_engine::ports::session::JournalPair;
use tandem_engine::ports::store::Store;
use tandem_store::SqliteStore;

use crate::harness::{
    Harness, StillClock, World, acknowledged, create, done, half, journal_pair, person, record,
    whole,
};

struct At(PathBuf);

impl Harness for At {
    fn open(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = Arc::new(StillClock);
        Arc::new(SqliteStore::open(&self.0, &clock).unwrap().store)
    }
}

/// While `work` runs, no operation can be written.
fn refused(path: &Path, change: &str, work: impl FnOnce()) {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(&format!(
        "CREATE TRIGGER refused BEFORE {change} ON operations BEGIN SELECT RAISE(ABORT, ''); END;"
    ))
    .unwrap();
    work();
    db.execute_batch("DROP TRIGGER refused").unwrap();
}

fn pair(key: OperationKey, word: &str) -> JournalPair {
    let agreed = record(&[("email", word), ("name", word)]);
    let mut row = half(Side::Source, &format!("s-{word}"), word);
    row.link.base = Some(agreed.clone());
    row.link.state = LinkState::Active;
    row.todo = true;
    let mut pair = journal_pair(None, Some(row));
    pair.operations.push(create(key, Side::Target, &agreed));
    pair
}

#[test]
fn an_acknowledgement_that_failed_leaves_its_operation_to_be_settled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let world = World::new(&At(path.clone()));
    let mut session = world.open();
    let key = world.key();
    let journalled = session
        .journal_chunk(&[pair(key, "a")], &[], world.now())
        .unwrap();
    let link = journalled[0].link_id.unwrap();
    let receipt = acknowledged(link, whole("a"), vec![done(key, "t-a")]);
    refused(&path, "UPDATE", || {
        session
            .acknowledge_chunk(&[receipt], &[], world.now())
            .unwrap_err();
    });
    world.finish(session);
    let mut next = world.open();
    let unsettled = next.unsettled().unwrap();
    assert_eq!(
        unsettled.iter().map(|it| it.key).collect::<Vec<_>>(),
        [key],
        "nobody would ask what became of it"
    );
    next.settle(&[(key, OperationState::Uncertain)]).unwrap();
    assert!(next.unsettled().unwrap().is_empty());
}

#[test]
fn a_dictionary_that_was_not_stored_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let world = World::new(&At(path.clone()));
    let mut session = world.open();
    let page: Vec<_> = (0..2_000)
        .map(|number| person(&format!("s{number}"), &format!("person number {number}")))
        .collect();
    session.stage(Side::Source, &page).unwrap();
    let first = pair(world.key(), "first");
    refused(&path, "INSERT", || {
        session
            .journal_chunk(&[first], &[], world.now())
            .unwrap_err();
    });
    let run = session.run();
    session
        .journal_chunk(&[pair(world.key(), "second")], &[], world.now())
        .unwrap();
    world.finish(session);
    let changes = world.tenant.changes(run, None, None, 10).unwrap();
    assert_eq!(changes.len(), 1, "and it reads back");
    let dictionaries: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM dictionaries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(dictionaries, 1, "this test means a run that makes one");
}
