//! What was erased is in none of the store's files, not even in what earlier versions of a row left
//! between the others; and everything else reads as before.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tandem_domain::conflict::{
    Choice, ConflictDecision, ConflictDraft, ConflictField, ConflictKind, ConflictSide,
};
use tandem_domain::ids::{Both, LinkId, RunId, Side};
use tandem_domain::link::{Link, LinkState};
use tandem_domain::plan::{Loser, Observation};
use tandem_engine::ports::alerts::{AlertStep, Failure};
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::history::{ErrorType, Reversibility, RunOptions, RunStatus};
use tandem_engine::ports::retention::{Erased, Erasure};
use tandem_engine::ports::session::{ConflictStep, Snapshots};
use tandem_engine::ports::store::{ConflictFilter, ErrorFilter, NewDecision, Store, StoreError};
use tandem_store::SqliteStore;

use crate::harness::{
    Harness, StillClock, World, acknowledged, conflict_id, create, done, error, field, half,
    journal_pair, live, opened, person, record, rid, row, text, unusable, update, version, whole,
};

/// Stands in no other record.
const TOKEN: &str = "Zanzibar-Kisiwani";

struct At(PathBuf);

impl Harness for At {
    fn open(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = Arc::new(StillClock);
        Arc::new(SqliteStore::open(&self.0, &clock).unwrap().store)
    }
}

/// How often a text stands in the store's files.
fn found(path: &Path, text: &str) -> usize {
    let mut count = 0;
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", path.display());
        let bytes = std::fs::read(file).unwrap_or_default();
        count += bytes
            .windows(text.len())
            .filter(|it| *it == text.as_bytes())
            .count();
    }
    count
}

fn erase(world: &World, side: Side, id: &str) -> Result<Erased, StoreError> {
    let erasure = Erasure {
        sync: world.sync,
        side,
        record: rid(id),
    };
    world.tenant.erase_record(&erasure, &world.actor())
}

/// A record whose name holds the token, `n` being its version.
fn told(n: u32) -> Vec<(&'static str, String)> {
    vec![("email", "z".to_owned()), ("name", format!("{TOKEN} {n}"))]
}

fn agreed(n: u32) -> tandem_engine::ports::session::LinkRow {
    let fields = told(n);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let record = record(&fields);
    row(
        Link {
            state: LinkState::Active,
            base: Some(record.clone()),
            sides: Both::new(
                Some(crate::harness::side("s-z", &record)),
                Some(crate::harness::side("t-z", &record)),
            ),
        },
        false,
    )
}

/// Writes the token wherever a record's values can be kept; the link, and the run that made it.
fn plant(world: &World) -> (LinkId, RunId) {
    world.link(&["a", "b"]);
    let mut session = world.open();
    let made_by = session.run();
    let key = world.key();
    let mut pair = journal_pair(None, Some(agreed(0)));
    let whole_record = agreed(0).link.base.unwrap();
    pair.operations
        .push(create(key, Side::Target, &whole_record));
    let link = session.journal_chunk(&[pair], &[], world.now()).unwrap()[0]
        .link_id
        .unwrap();
    let receipt = acknowledged(link, agreed(0), vec![done(key, "t-z")]);
    session
        .acknowledge_chunk(&[receipt], &[], world.now())
        .unwrap();
    world.finish(session);

    for n in 1..=5 {
        let mut session = world.open();
        let key = world.key();
        let mut change = update(
            key,
            Side::Source,
            "s-z",
            &format!("{TOKEN} {}", n - 1),
            &format!("{TOKEN} {n}"),
        );
        change.losers.push(Loser {
            side: Side::Target,
            field: field("name"),
            value: text(&format!("{TOKEN} lost")),
            winner: text(TOKEN),
            rule: "source_wins".into(),
        });
        let mut pair = journal_pair(Some(link), Some(agreed(n)));
        pair.operations.push(change);
        let mut about = error(world, "s-z");
        about.message = format!("{TOKEN} is no name");
        about.details = serde_json::json!({ "value": TOKEN });
        about.record_data = Some(serde_json::json!({ "name": TOKEN }));
        let mut other = error(world, "s-a");
        other.message = format!("same name as {TOKEN} {n}");
        session
            .journal_chunk(&[pair], &[about, other], world.now())
            .unwrap();
        let mut receipt = done(key, "s-z");
        receipt.error = Some(format!("told {TOKEN}"));
        session
            .acknowledge_chunk(
                &[acknowledged(link, agreed(n), vec![receipt])],
                &[],
                world.now(),
            )
            .unwrap();
        session.stage(Side::Source, &[unusable("s-z")]).unwrap();
        let mut outcome = world.outcome(RunStatus::Partial);
        outcome.error = Some((ErrorType::Validation, format!("{TOKEN} {n} was refused")));
        outcome.alert = AlertStep::Failed(Box::new(Failure {
            sync: "customers".into(),
            run: RunId(world.id()),
            connection: None,
            error_type: ErrorType::Validation,
            error: Some(format!("{TOKEN} {n} was refused")),
            retries: 0,
            remedy: None,
            circuit_open_until: None,
            at: world.now(),
        }));
        outcome.snapshots = Some(Snapshots {
            before: serde_json::json!([
                { "side": "source", "id": "s-z", "fields": { "name": TOKEN } },
                { "side": "source", "id": "s-a", "fields": { "name": "a" } },
            ]),
            after: serde_json::json!([{ "side": "source", "id": "s-z", "fields": null }]),
        });
        session.finish(outcome).unwrap();
    }
    let mut session = world.open();
    let mut pair = journal_pair(Some(link), None);
    let id = conflict_id(world);
    let there = |id: &str| {
        Some(ConflictSide {
            id: rid(id),
            version: version("1"),
            updated_at: None,
            deleted: false,
        })
    };
    pair.conflict = ConflictStep::Park {
        id,
        draft: Box::new(ConflictDraft {
            kind: ConflictKind::Update,
            why: "both changed it".into(),
            fields: vec![ConflictField {
                field: field("name"),
                base: Some(text(&format!("{TOKEN} base"))),
                source: Some(text(&format!("{TOKEN} source"))),
                target: Some(text("other")),
                contested: true,
            }],
            sides: Both::new(there("s-z"), there("t-z")),
        }),
    };
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    world.finish(session);
    let custom = Choice::Custom(text(&format!("{TOKEN} custom")));
    world
        .tenant
        .decide(
            &NewDecision {
                conflict: id,
                revision: 1,
                decision: ConflictDecision::Fields([(field("name"), custom)].into()),
                note: Some(format!("{TOKEN} called")),
                not_before: world.now(),
            },
            &world.actor(),
        )
        .unwrap();
    let told = serde_json::json!({ "who": TOKEN });
    world
        .tenant
        .add_audit(&world.actor(), "thing.done", TOKEN, told)
        .unwrap();
    (link, made_by)
}

#[test]
fn nothing_of_an_erased_record_is_left_in_the_files_and_the_audit_log_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let world = World::new(&At(path.clone()));
    let (_, made_by) = plant(&world);
    assert!(found(&path, TOKEN) > 20, "{}", found(&path, TOKEN));
    let rows = world.tenant.audit(None, 100).unwrap().len();

    let gone = erase(&world, Side::Target, "t-z").unwrap();
    assert_eq!(found(&path, TOKEN), 0, "{gone:?}");
    assert_eq!(
        gone,
        Erased {
            link: true,
            changes: 6,
            snapshots: 5,
            errors: 5,
            conflicts: 1,
            decisions: 1,
            set_aside: 1,
            // Another record's five errors, five runs, and the hour's one alert.
            texts: 11,
            audit: 1,
            audit_kept: 0,
            repacked: 0,
        }
    );
    assert_eq!(world.tenant.verify_audit().unwrap().first_bad, None);
    let audit = world.tenant.audit(None, 100).unwrap();
    assert_eq!(audit.len(), rows + 1);
    assert_eq!(audit[0].action, "record.erase");
    assert_eq!(
        (audit[1].action.as_str(), audit[1].subject.as_str()),
        ("thing.done", "(erased)")
    );
    // That something was written is still told, and that it cannot be taken back.
    let changes = world.tenant.changes(made_by, None, None, 10).unwrap();
    assert_eq!(changes.len(), 1);
    assert!(changes[0].erased && changes[0].fields.is_empty());
    assert!(matches!(changes[0].reversibility(), Reversibility::No(_)));
    assert_eq!(world.tenant.conflicts(&all()).unwrap(), []);
    let filter = ErrorFilter {
        limit: 100,
        ..ErrorFilter::default()
    };
    let errors = world.tenant.errors(&filter).unwrap();
    assert_eq!(errors.len(), 10);
    assert!(errors.iter().all(|it| it.error.message == "(erased)"));
    // And it can be done again.
    assert!(erase(&world, Side::Source, "s-z").unwrap().link);
    assert!(matches!(
        erase(&world, Side::Source, "t-z"),
        Err(StoreError::NotFound { .. })
    ));
}

fn all() -> ConflictFilter {
    ConflictFilter {
        limit: 10,
        ..ConflictFilter::default()
    }
}

#[test]
fn an_erased_pair_is_read_by_id_and_planned_as_if_met_for_the_first_time() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(&At(folder.path().join("store.db")));
    let (link, _) = plant(&world);
    erase(&world, Side::Source, "s-z").unwrap();
    let mut session = world.open();
    for (side, id) in [(Side::Source, "s-z"), (Side::Target, "t-z")] {
        let ids = session.set_aside(side, None, 10).unwrap();
        assert_eq!(ids.len(), 1);
        assert_eq!(ids[0].0, rid(id), "its record is read by id");
    }
    let fields: [(&str, &str); 2] = [("email", "z"), ("name", "anew")];
    for (side, ids) in [
        (Side::Source, ["s-z", "s-a"]),
        (Side::Target, ["t-z", "t-a"]),
    ] {
        let page = [live(ids[0], &fields), person(ids[1], "a")];
        session.stage(side, &page).unwrap();
    }
    let pairs = crate::harness::all_pairs(session.as_mut());
    assert_eq!(pairs.len(), 1, "the others are as they were: {pairs:?}");
    assert_eq!(pairs[0].link_id, Some(link));
    let planned = pairs[0].pair.link.as_ref().unwrap();
    assert_eq!((planned.state, &planned.base), (LinkState::Active, &None));
    for side in Side::BOTH {
        assert!(matches!(
            pairs[0].pair.sides.get(side),
            Observation::Live(_)
        ));
    }
    assert!(!pairs[0].pair.conflict_open);
    session
        .acknowledge_chunk(
            &[acknowledged(link, whole("z"), Vec::new())],
            &[],
            world.now(),
        )
        .unwrap();
    world.finish(session);
    let mut session = world.open();
    assert_eq!(session.set_aside(Side::Source, None, 10).unwrap(), []);
    session.stage(Side::Source, &[person("s-z", "z")]).unwrap();
    assert_eq!(crate::harness::all_pairs(session.as_mut()), []);
}

#[test]
fn a_live_run_is_waited_for_and_one_that_went_silent_cannot_write_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let world = World::new(&At(path.clone()));
    let (link, _) = plant(&world);
    let mut session = opened(world.try_open(RunOptions::default()));
    world.pass(80);
    assert!(matches!(
        erase(&world, Side::Source, "s-z"),
        Err(StoreError::Conflict(_))
    ));
    assert!(found(&path, TOKEN) > 20);
    world.pass(20);
    erase(&world, Side::Source, "s-z").unwrap();
    let late = journal_pair(Some(link), Some(agreed(9)));
    assert!(matches!(
        session.journal_chunk(&[late], &[], world.now()),
        Err(StoreError::LeaseLost)
    ));
    drop(session);
    assert_eq!(found(&path, TOKEN), 0);
    world.finish(world.open());
}

#[test]
fn links_that_rest_stay_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(&At(folder.path().join("store.db")));
    for state in [LinkState::Closed, LinkState::Excluded] {
        let mut session = world.open();
        let mut resting = agreed(1);
        resting.link.state = state;
        let id = crate::harness::put_row(&world, session.as_mut(), None, resting);
        world.finish(session);
        erase(&world, Side::Source, "s-z").unwrap();
        let mut session = world.open();
        assert_eq!(session.set_aside(Side::Source, None, 10).unwrap(), []);
        assert_eq!(crate::harness::all_pairs(session.as_mut()), [], "{state:?}");
        // The ids are still known: neither record is taken for a new one.
        session.stage(Side::Source, &[person("s-z", "z")]).unwrap();
        let pairs = crate::harness::all_pairs(session.as_mut());
        assert!(pairs.iter().all(|pair| pair.link_id == Some(id)));
        let gone = acknowledged(
            id,
            half(Side::Source, &format!("s-{state:?}"), "q"),
            Vec::new(),
        );
        session
            .acknowledge_chunk(&[gone], &[], world.now())
            .unwrap();
        world.finish(session);
    }
}

#[test]
fn a_dictionary_that_was_made_of_it_is_made_anew_and_the_others_read_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let world = World::new(&At(path.clone()));
    let samples: Vec<Vec<u8>> = (0..400)
        .map(|n| format!("name {TOKEN} of the street {n} and its houses {}", n * 7).into_bytes())
        .collect();
    let dictionary = zstd::dict::from_samples(&samples, 4_096).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(8).any(|it| it == &TOKEN.as_bytes()[..8]);
    assert!(holds(&dictionary));
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute(
        "INSERT INTO dictionaries VALUES (1, 1, 1, ?1)",
        [&dictionary],
    )
    .unwrap();
    let words: Vec<String> = (0..300)
        .map(|n| format!("person number {n} of the street and its houses"))
        .collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push("z");
    let mut session = world.open();
    let run = session.run();
    // Creates borrow their bodies from the links.
    let mut pairs = Vec::new();
    for word in &words {
        let mut pair = journal_pair(None, Some(whole(word)));
        let fields = record(&[("email", word), ("name", word)]);
        pair.operations
            .push(create(world.key(), Side::Target, &fields));
        pairs.push(pair);
    }
    let told = [("email", "z"), ("name", TOKEN)];
    let last = pairs.last_mut().unwrap();
    last.row = Some(agreed(1));
    last.operations[0].after = Some(record(&told));
    session.journal_chunk(&pairs, &[], world.now()).unwrap();
    world.finish(session);
    let before = world.tenant.changes(run, None, None, 1_000).unwrap();

    let gone = erase(&world, Side::Source, "s-z").unwrap();
    assert!(gone.repacked >= 300, "{gone:?}");
    let now: Vec<Vec<u8>> = db
        .prepare("SELECT body FROM dictionaries")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(now.iter().all(|body| !holds(body)));
    assert_eq!(found(&path, &TOKEN[..8]), 0);
    let after = world.tenant.changes(run, None, None, 1_000).unwrap();
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert!(after.erased || before == after);
    }
    assert_eq!(after.iter().filter(|it| it.erased).count(), 1);
    // Another erasure finds no dictionary that tells of it.
    let gone = erase(&world, Side::Source, &format!("s-{}", words[7])).unwrap();
    assert_eq!((gone.changes, gone.repacked), (1, 0));
}
