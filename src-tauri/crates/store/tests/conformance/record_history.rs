//! The history of one pair, over all runs.

use tandem_domain::ids::{FieldName, LinkId, Side};
use tandem_engine::ports::history::{OperationKind, RecordHistoryFilter};
use tandem_engine::ports::store::StoreError;

use crate::harness::{Harness, World, journal_pair, update, whole};
use crate::reviewed::simulate;

fn filter(field: Option<&str>, before: Option<i64>, limit: usize) -> RecordHistoryFilter {
    RecordHistoryFilter {
        field: field.map(|name| FieldName::new(name).unwrap()),
        before,
        limit,
    }
}

pub(crate) fn a_pairs_writes_come_newest_first_page_by_page_without_simulations(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let mut runs = Vec::new();
    for (value, link, name) in [
        ("1", links[0], "a"),
        ("2", links[1], "b"),
        ("3", links[0], "a"),
    ] {
        world.pass(60);
        let mut session = world.open();
        let mut pair = journal_pair(Some(link), Some(whole(name)));
        let id = format!("t-{name}");
        pair.operations = vec![update(world.key(), Side::Target, &id, "x", value)];
        session.journal_chunk(&[pair], &[], world.now()).unwrap();
        runs.push(session.run());
        world.finish(session);
    }
    simulate(&world, links[0], "abc");
    let ask = |filter: &RecordHistoryFilter| world.tenant.record_history(links[0], filter).unwrap();
    let all = ask(&filter(None, None, 9));
    let updates: Vec<_> = all
        .iter()
        .filter(|event| event.change.kind == OperationKind::Update)
        .map(|event| event.run)
        .collect();
    assert_eq!(updates, [runs[2], runs[0]]);
    assert!(
        all.windows(2)
            .all(|pair| pair[0].change.seq > pair[1].change.seq)
    );
    assert!(all[0].at > all[1].at && all[0].decided.is_none());
    let first = ask(&filter(None, None, 1));
    let rest = ask(&filter(None, Some(first[0].change.seq), 9));
    assert_eq!([first, rest].concat(), all);
    assert_eq!(ask(&filter(Some("name"), None, 9)).len(), 2);
    assert_eq!(ask(&filter(Some("nothing"), None, 9)), []);
    let unknown = world
        .tenant
        .record_history(LinkId(999), &filter(None, None, 9));
    assert!(
        matches!(unknown, Err(StoreError::NotFound { .. })),
        "{unknown:?}"
    );
}
