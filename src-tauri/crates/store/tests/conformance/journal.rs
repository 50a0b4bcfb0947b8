//! The journal and the links it goes with.

use tandem_domain::ids::{Both, RunId, Side};
use tandem_domain::link::{Link, LinkState, OwedField, Seen};
use tandem_domain::plan::Loser;
use tandem_domain::record::CanonicalRecord;
use tandem_domain::value::Value;
use tandem_engine::ports::history::{FieldChange, OperationKind, OperationState};
use tandem_engine::ports::store::StoreError;

use crate::harness::{
    Harness, World, acknowledged, all_pairs, create, done, error, field, half, journal_pair,
    person, put_row, record, rid, row, side, start, text, update, whole,
};

pub(crate) fn a_create_is_journalled_and_learns_its_id(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let run = session.run();
    let agreed = record(&[("email", "a"), ("name", "a")]);
    let key = world.key();
    let mut planned = half(Side::Source, "s-a", "a");
    planned.link.base = Some(agreed.clone());
    planned.link.state = LinkState::Active;
    planned.todo = true;
    let mut pair = journal_pair(None, Some(planned));
    pair.operations.push(create(key, Side::Target, &agreed));
    let link = session.journal_chunk(&[pair], &[], world.now()).unwrap()[0]
        .link_id
        .unwrap();
    let changes = world.tenant.changes(run, None, None, 10).unwrap();
    assert_eq!(
        (
            changes[0].state,
            &changes[0].record_id,
            &changes[0].other_id
        ),
        (OperationState::Journalled, &None, &Some(rid("s-a")))
    );
    session
        .acknowledge_chunk(
            &[acknowledged(link, whole("a"), vec![done(key, "t-a")])],
            &[],
            world.now(),
        )
        .unwrap();
    let changes = world.tenant.changes(run, None, None, 10).unwrap();
    assert_eq!(changes.len(), 1);
    let change = &changes[0];
    assert_eq!(
        (change.key, change.side, change.kind, change.state),
        (
            key,
            Side::Target,
            OperationKind::Create,
            OperationState::Done
        )
    );
    assert_eq!(
        (&change.record_id, &change.other_id),
        (&Some(rid("t-a")), &Some(rid("s-a")))
    );
    assert_eq!(change.fields, FieldChange::of(None, Some(&agreed)));
    world.finish(session);
    let (mut session, pairs) = world.pairs_of(&[person("s-a", "a")], &[person("t-a", "a")]);
    assert!(pairs.is_empty());
    assert_eq!(session.unchanged_pairs().unwrap(), 1);
}

pub(crate) fn what_a_run_wrote_is_read_newest_first_with_its_links_as_they_stand(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let run = session.run();
    let mut made = Vec::new();
    for word in ["a", "b", "c"] {
        let key = world.key();
        let mut planned = half(Side::Source, &format!("s-{word}"), word);
        planned.todo = true;
        let mut pair = journal_pair(None, Some(planned));
        let agreed = record(&[("email", word), ("name", word)]);
        pair.operations.push(create(key, Side::Target, &agreed));
        let link = session.journal_chunk(&[pair], &[], world.now()).unwrap()[0]
            .link_id
            .unwrap();
        made.push((link, key, word));
    }
    // The last one was never answered.
    for (link, key, word) in &made[..2] {
        let receipt = done(*key, &format!("t-{word}"));
        session
            .acknowledge_chunk(
                &[acknowledged(*link, whole(word), vec![receipt])],
                &[],
                world.now(),
            )
            .unwrap();
    }
    world.finish(session);
    let mut session = world.open();
    assert_eq!(session.made_by(run).unwrap(), Both::new(0, 2));
    let newest = session.undo_page(run, None, 1).unwrap();
    let rest = session
        .undo_page(run, Some(newest[0].change.seq), 9)
        .unwrap();
    let read: Vec<_> = newest
        .iter()
        .chain(&rest)
        .map(|it| {
            (
                it.change.record_id.clone(),
                it.link.as_ref().map(|it| it.id),
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            (Some(rid("t-b")), Some(made[1].0)),
            (Some(rid("t-a")), Some(made[0].0))
        ]
    );
    assert_eq!(newest[0].link.as_ref().unwrap().link, whole("b").link);
    // A run of nobody's is not found, and so would another configuration's be.
    let nobody = RunId(world.id());
    assert!(matches!(
        session.undo_page(nobody, None, 9),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        session.made_by(nobody),
        Err(StoreError::NotFound { .. })
    ));
    world.finish(session);
}

/// Ids as plain numbers, UUIDs, and texts that only look like them; values spelt unlike their equals.
pub(crate) fn a_link_reads_back_as_it_was_written(h: &dyn Harness) {
    let world = World::new(h);
    let ids = [
        "17",
        "017",
        "-5",
        "-0",
        "+5",
        "0",
        "9223372036854775807",
        "9223372036854775808",
        "0b6f1e0c-8f5f-4f0a-9d2e-1c2b3a4d5e6f",
        "0B6F1E0C-8F5F-4F0A-9D2E-1C2B3A4D5E6F",
        "0b6f1e0c8f5f4f0a9d2e1c2b3a4d5e6f",
        "é",
        " 5",
    ];
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let mut session = world.open();
    let mut expected = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let base = CanonicalRecord::from([
            (field("a"), number("1.0")),
            (field("b"), Value::Null),
            (field("c"), Value::List(vec![text("x"), Value::Bool(true)])),
            (field("d"), Value::Timestamp(start())),
        ]);
        let mut shadow = base.clone();
        shadow.insert(field("a"), number("1"));
        shadow.remove(&field("b"));
        shadow.insert(field("e"), text("only here"));
        let mut source = side(id, &shadow);
        source.version = crate::harness::version(id);
        source.updated_at = Some(start() + chrono::Duration::nanoseconds(at as i64));
        source.ours = at % 2 == 0;
        source.seen = (at % 3 == 0).then(|| Seen::Live(base.clone()));
        let mut target = side(id, &base);
        target.version = None;
        target.updated_at = None;
        target.seen = (at % 3 == 1).then_some(Seen::Deleted);
        target.owed = vec![OwedField {
            field: field("a"),
            value: number("2.50"),
            prior: (at % 2 == 0).then(|| number("2.5")),
        }];
        let link = Link {
            state: [LinkState::Active, LinkState::Excluded][at % 2],
            base: (at % 4 != 3).then_some(base),
            sides: Both::new(Some(source), Some(target)),
        };
        put_row(&world, session.as_mut(), None, row(link.clone(), true));
        expected.push(link);
    }
    world.finish(session);
    let mut session = world.open();
    let read: Vec<Link> = all_pairs(session.as_mut())
        .into_iter()
        .map(|pair| pair.pair.link.unwrap())
        .collect();
    // Numbers that are equal may be spelt differently: the spelling must survive as well.
    assert_eq!(format!("{read:?}"), format!("{expected:?}"));
}

pub(crate) fn history_keeps_what_a_create_wrote_when_the_link_moves_on(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let run = session.run();
    let words = ["kept", "edited", "recreated", "removed"];
    let keys = words.map(|_| world.key());
    let pairs: Vec<_> = words
        .iter()
        .zip(keys)
        .map(|(word, key)| {
            let mut planned = half(Side::Source, &format!("s-{word}"), word);
            let agreed = planned.link.sides.source.as_ref().unwrap().shadow.clone();
            planned.link.base = Some(agreed.clone());
            let mut pair = journal_pair(None, Some(planned));
            pair.operations.push(create(key, Side::Target, &agreed));
            pair
        })
        .collect();
    let links: Vec<_> = session
        .journal_chunk(&pairs, &[], world.now())
        .unwrap()
        .into_iter()
        .map(|done| done.link_id.unwrap())
        .collect();
    let before = world.tenant.changes(run, None, None, 10).unwrap();
    world.finish(session);

    let mut session = world.open();
    let mut edited = whole("edited");
    edited.link.base = Some(record(&[("email", "edited"), ("name", "other")]));
    put_row(&world, session.as_mut(), Some(links[1]), edited);
    let again = whole("recreated");
    let mut pair = journal_pair(Some(links[2]), Some(again.clone()));
    let base = again.link.base.clone().unwrap();
    pair.operations
        .push(create(world.key(), Side::Source, &base));
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    let nothing = row(
        Link {
            state: LinkState::Unpaired,
            base: None,
            sides: Both::new(None, None),
        },
        false,
    );
    session
        .acknowledge_chunk(
            &[acknowledged(links[3], nothing, Vec::new())],
            &[],
            world.now(),
        )
        .unwrap();
    let second = world.tenant.changes(session.run(), None, None, 10).unwrap();
    assert_eq!(second[0].fields, before[2].fields);
    world.finish(session);
    assert_eq!(world.tenant.changes(run, None, None, 10).unwrap(), before);
}

pub(crate) fn what_is_owed_is_planned_again(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let mut session = world.open();
    let run = session.run();
    let key = world.key();
    let mut owing = whole("a");
    owing.todo = true;
    owing.link.sides.target.as_mut().unwrap().owed = vec![OwedField {
        field: field("name"),
        value: text("new"),
        prior: Some(text("a")),
    }];
    let mut pair = journal_pair(Some(links[0]), Some(owing.clone()));
    let mut operation = update(key, Side::Target, "t-a", "a", "new");
    operation.losers = vec![Loser {
        side: Side::Target,
        field: field("name"),
        value: text("lost"),
        winner: text("new"),
        rule: "last_write_wins".into(),
    }];
    pair.operations.push(operation.clone());
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    let mut failed = done(key, "t-a");
    failed.state = OperationState::Failed;
    failed.error = Some("refused".into());
    session
        .acknowledge_chunk(
            &[acknowledged(links[0], owing.clone(), vec![failed])],
            &[],
            world.now(),
        )
        .unwrap();
    world.finish(session);
    let change = &world.tenant.changes(run, None, None, 10).unwrap()[0];
    assert_eq!(
        (
            change.state,
            change.error.as_deref(),
            &change.losers,
            &change.fields
        ),
        (
            OperationState::Failed,
            Some("refused"),
            &operation.losers,
            &FieldChange::of(operation.before.as_ref(), operation.after.as_ref())
        )
    );
    assert_eq!(change.other_id, Some(rid("s-a")));
    let mut session = world.open();
    let pairs = all_pairs(session.as_mut());
    assert_eq!(pairs.len(), 1);
    assert!(pairs[0].todo);
    assert_eq!(pairs[0].pair.link, Some(owing.link));
}

pub(crate) fn a_half_link_whose_record_is_gone_is_removed(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let link = put_row(
        &world,
        session.as_mut(),
        None,
        half(Side::Source, "s-h", "h"),
    );
    world.finish(session);
    let (mut session, pairs) = world.pairs_of(&[crate::harness::gone("s-h")], &[]);
    assert_eq!(pairs[0].link_id, Some(link));
    let mut nothing = half(Side::Source, "s-h", "h");
    nothing.link.sides.source = None;
    session
        .journal_chunk(&[journal_pair(Some(link), Some(nothing))], &[], world.now())
        .unwrap();
    world.finish(session);
    let (_session, pairs) = world.pairs_of(&[person("s-h", "h")], &[]);
    assert_eq!((pairs.len(), pairs[0].link_id), (1, None));
}

pub(crate) fn changes_come_in_pages(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a"]);
    let mut session = world.open();
    let run = session.run();
    for number in 0..5 {
        let mut pair = journal_pair(Some(links[0]), None);
        let after = number.to_string();
        pair.operations
            .push(update(world.key(), Side::Source, "s-a", "x", &after));
        session.journal_chunk(&[pair], &[], world.now()).unwrap();
    }
    let first = world.tenant.changes(run, None, None, 2).unwrap();
    let rest = world
        .tenant
        .changes(run, None, Some(first[1].seq), 9)
        .unwrap();
    let all: Vec<_> = first.iter().chain(&rest).collect();
    assert_eq!(all.len(), 5);
    assert!(all.windows(2).all(|two| two[0].seq < two[1].seq));
    assert!(all.iter().all(|change| change.other_id == Some(rid("t-a"))));
    let of = |kind, after| world.tenant.changes(run, Some(kind), after, 2).unwrap();
    assert_eq!(of(OperationKind::Update, None), first);
    assert_eq!(of(OperationKind::Update, Some(all[3].seq)), rest[2..]);
    assert_eq!(of(OperationKind::Delete, None), []);
}

pub(crate) fn a_failed_transaction_leaves_nothing(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let mut session = world.open();
    let run = session.run();
    let logged = error(&world, "x");
    // The second pair claims a record that another whole link holds.
    let mut pair = journal_pair(Some(links[0]), Some(whole("a")));
    pair.operations
        .push(update(world.key(), Side::Source, "s-a", "x", "y"));
    let clash = journal_pair(None, Some(whole("b")));
    let answer = session.journal_chunk(&[pair, clash], &[logged], world.now());
    assert!(matches!(answer, Err(StoreError::Conflict(_))), "{answer:?}");
    assert!(
        world
            .tenant
            .changes(run, None, None, 10)
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.tenant.totals().unwrap().unresolved_errors, 0);
    assert_eq!(world.tenant.totals().unwrap().links, 2);
    // The session goes on.
    put_row(&world, session.as_mut(), Some(links[0]), whole("a"));
    world.finish(session);
}
