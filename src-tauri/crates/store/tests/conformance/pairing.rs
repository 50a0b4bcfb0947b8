//! Pairing by match key, and what stands in its way.

use tandem_domain::ids::{Both, Side};
use tandem_domain::link::LinkState;
use tandem_domain::plan::{ConflictChange, Decision, Observation, Pair, Reason};
use tandem_engine::ports::session::{PairProblem, PlannedPair, StagedPair};

use crate::harness::{
    Harness, World, acknowledged, all_pairs, gone, half, ids, live, person, put_row, rid, row,
    seen_id, some, whole,
};

pub(crate) fn case_32_twenty_and_twenty_by_key(h: &dyn Harness) {
    let world = World::new(h);
    let words: Vec<String> = (0..20).map(|number| format!("p{number}")).collect();
    let source: Vec<_> = words.iter().map(|w| person(&format!("s-{w}"), w)).collect();
    let mut target: Vec<_> = words.iter().map(|w| person(&format!("t-{w}"), w)).collect();
    target.reverse();
    let (_session, pairs) = world.pairs_of(&source, &target);
    let expected: Vec<_> = words
        .iter()
        .map(|w| some(&format!("s-{w}"), &format!("t-{w}")))
        .collect();
    assert_eq!(ids(&pairs), expected);
    assert!(
        pairs.iter().all(|pair| pair.link_id.is_none()
            && pair.pair.link.is_none()
            && pair.problem.is_none())
    );
}

pub(crate) fn links_first_then_paired_then_the_rest_each_once(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["l1", "l2"]);
    let edited = live("s-l2", &[("email", "l2"), ("name", "edited")]);
    let source = [
        person("s-only", "only-s"),
        person("s-both", "both"),
        live("s-keyless", &[("name", "n")]),
        edited,
    ];
    let target = [
        person("t-only", "only-t"),
        person("t-both", "both"),
        gone("t-l1"),
        gone("t-unknown"),
    ];
    let (mut session, pairs) = world.pairs_of(&source, &target);
    assert_eq!(
        ids(&pairs),
        [
            some("", ""),
            some("s-l2", ""),
            some("s-both", "t-both"),
            some("s-only", ""),
            some("s-keyless", ""),
            some("", "t-only"),
        ]
    );
    assert_eq!(pairs[0].link_id, Some(links[0]));
    assert_eq!(pairs[0].pair.sides.target, Observation::Deleted);
    assert_eq!(pairs[1].link_id, Some(links[1]));
    assert!(session.next_pairs(10).unwrap().is_empty());
}

fn duplicate(pair: &StagedPair, side: Side, others: &[&str]) {
    let others = others.iter().map(|id| rid(id)).collect();
    assert_eq!(
        pair.problem,
        Some(PairProblem::DuplicateKey { side, others })
    );
}

fn of<'a>(pairs: &'a [StagedPair], side: Side, id: &str) -> &'a StagedPair {
    pairs
        .iter()
        .find(|pair| seen_id(pair, side).as_deref() == Some(id))
        .unwrap_or_else(|| panic!("no pair shows {id}"))
}

pub(crate) fn case_20_duplicate_keys_stop_everyone_who_bears_them(h: &dyn Harness) {
    let world = World::new(h);
    world.link(&["linked"]);
    let source = [
        person("s1", "dup"),
        person("s2", "dup"),
        person("s3", "linked"),
        person("s4", "tdup"),
        person("s5", "fine"),
    ];
    let target = [
        person("t1", "dup"),
        person("t4", "tdup"),
        person("t5", "tdup"),
        person("t6", "fine"),
    ];
    let (mut session, pairs) = world.pairs_of(&source, &target);
    assert_eq!(pairs.len(), 8);
    duplicate(of(&pairs, Side::Source, "s1"), Side::Source, &["s2"]);
    duplicate(of(&pairs, Side::Source, "s2"), Side::Source, &["s1"]);
    duplicate(of(&pairs, Side::Target, "t1"), Side::Source, &["s1", "s2"]);
    duplicate(of(&pairs, Side::Source, "s3"), Side::Source, &["s-linked"]);
    duplicate(of(&pairs, Side::Source, "s4"), Side::Target, &["t4", "t5"]);
    duplicate(of(&pairs, Side::Target, "t4"), Side::Target, &["t5"]);
    duplicate(of(&pairs, Side::Target, "t5"), Side::Target, &["t4"]);
    let fine = of(&pairs, Side::Source, "s5");
    assert_eq!(
        (seen_id(fine, Side::Target).as_deref(), &fine.problem),
        (Some("t6"), &None)
    );

    // Quarantined they are links of their own, and reported once.
    let stopped: Vec<StagedPair> = pairs.into_iter().filter(|p| p.problem.is_some()).collect();
    session.quarantine(&stopped, &[], world.now()).unwrap();
    world.finish(session);
    let (mut session, pairs) = world.pairs_of(&source[..4], &target[..3]);
    assert!(pairs.is_empty(), "{pairs:?}");
    assert_eq!(session.unseen_count(Side::Source).unwrap(), (1, 1));
}

pub(crate) fn case_20_a_quarantined_record_takes_part_again_once_its_key_is_unique(
    h: &dyn Harness,
) {
    let world = World::new(h);
    let (mut session, pairs) = world.pairs_of(&[person("s1", "dup"), person("s2", "dup")], &[]);
    session.quarantine(&pairs, &[], world.now()).unwrap();
    world.finish(session);
    // One of them gets another key; the other was not even listed again.
    let (_session, pairs) = world.pairs_of(&[person("s2", "unique")], &[person("t1", "dup")]);
    assert_eq!(ids(&pairs), [some("", "t1"), some("s2", "")]);
    for pair in &pairs {
        assert_eq!(pair.problem, None);
        assert!(pair.todo && pair.link_id.is_some());
        let link = pair.pair.link.as_ref().unwrap();
        assert_eq!(link.state, LinkState::Quarantined);
    }
    let first = pairs[0].pair.link.as_ref().unwrap();
    assert_eq!(first.sides.source.as_ref().unwrap().id, rid("s1"));
}

pub(crate) fn case_17_a_new_record_with_a_deleted_ones_key_is_reviewed(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let (_session, pairs) = world.pairs_of(&[gone("s-a"), person("s-a2", "a")], &[]);
    assert_eq!(pairs.len(), 1, "the delete is not given out by itself");
    assert_eq!(
        (pairs[0].link_id, &pairs[0].problem),
        (Some(links[0]), &None)
    );
    let Observation::Live(seen) = &pairs[0].pair.sides.source else {
        panic!("{:?}", pairs[0].pair.sides);
    };
    assert_eq!(seen.id, rid("s-a2"));
}

pub(crate) fn case_18_a_linked_record_may_change_its_key(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a"]);
    let moved = live("s-a", &[("email", "other"), ("name", "a")]);
    // And a new record may take the key it gave up.
    let (_session, pairs) = world.pairs_of(&[moved, person("s-new", "a")], &[]);
    assert_eq!(ids(&pairs), [some("s-a", ""), some("s-new", "")]);
    assert_eq!(pairs[0].link_id, Some(links[0]));
    assert!(pairs.iter().all(|pair| pair.problem.is_none()));
}

pub(crate) fn case_19_two_linked_records_may_swap_keys(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let swapped = [
        live("s-a", &[("email", "b"), ("name", "a")]),
        live("s-b", &[("email", "a"), ("name", "b")]),
    ];
    let (_session, pairs) = world.pairs_of(&swapped, &[]);
    assert_eq!(
        pairs
            .iter()
            .map(|p| (p.link_id, p.problem.clone()))
            .collect::<Vec<_>>(),
        [(Some(links[0]), None), (Some(links[1]), None)]
    );
}

pub(crate) fn case_47_an_excluded_link_is_not_paired_again(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let mut unlinked = whole("u");
    unlinked.link.state = LinkState::Excluded;
    put_row(&world, session.as_mut(), None, unlinked);
    let mut ignored = half(Side::Target, "t-i", "i");
    ignored.link.state = LinkState::Excluded;
    let ignored = put_row(&world, session.as_mut(), None, ignored);
    world.finish(session);
    let (session, pairs) = world.pairs_of(
        &[person("s-u", "u")],
        &[person("t-u", "u"), person("t-i", "i")],
    );
    assert!(pairs.is_empty());
    world.finish(session);
    // What was deleted and ignored comes back as another record: left alone like the pair.
    let (_session, pairs) = world.pairs_of(&[person("s-i2", "i")], &[person("t-i", "i")]);
    assert_eq!(ids(&pairs), [some("s-i2", "")]);
    assert_eq!(
        pairs[0].problem,
        Some(PairProblem::Unlinked {
            side: Side::Source,
            link: ignored
        })
    );
}

pub(crate) fn a_half_link_finds_its_other_half(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let quiet = put_row(
        &world,
        session.as_mut(),
        None,
        half(Side::Source, "s-q", "q"),
    );
    let mut row = half(Side::Target, "t-d", "d");
    row.todo = true;
    let todo = put_row(&world, session.as_mut(), None, row);
    put_row(
        &world,
        session.as_mut(),
        None,
        half(Side::Source, "s-z", "z"),
    );
    world.finish(session);
    let (mut session, pairs) = world.pairs_of(&[person("s-d", "d")], &[person("t-q", "q")]);
    assert_eq!(ids(&pairs), [some("s-d", ""), some("", "t-q")]);
    assert_eq!(
        pairs.iter().map(|pair| pair.link_id).collect::<Vec<_>>(),
        [Some(todo), Some(quiet)]
    );
    put_row(&world, session.as_mut(), Some(quiet), whole("q"));
    world.finish(session);
    assert_eq!(world.tenant.totals().unwrap().links, 1);
    let (_session, pairs) = world.pairs_of(&[person("s-q", "q")], &[person("t-q", "q")]);
    assert!(ids(&pairs).iter().all(|pair| *pair == some("", "")));
}

pub(crate) fn two_half_links_become_one(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let mut first = half(Side::Source, "s-a", "a");
    first.todo = true;
    let first = put_row(&world, session.as_mut(), None, first);
    let mut second = half(Side::Target, "t-a", "a");
    second.todo = true;
    put_row(&world, session.as_mut(), None, second);
    world.finish(session);
    let mut session = world.open();
    let pairs = all_pairs(session.as_mut());
    assert_eq!(ids(&pairs), [some("", "t-a")]);
    assert_eq!(pairs[0].link_id, Some(first));
    put_row(&world, session.as_mut(), Some(first), whole("a"));
    session
        .acknowledge_chunk(
            &[acknowledged(first, whole("a"), Vec::new())],
            &[],
            world.now(),
        )
        .unwrap();
    world.finish(session);
    assert_eq!(world.tenant.totals().unwrap().links, 1);
    let mut session = world.open();
    assert!(all_pairs(session.as_mut()).is_empty());
    assert_eq!(session.unseen_count(Side::Target).unwrap(), (1, 1));
}

pub(crate) fn a_plan_is_kept_in_order(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let planned: Vec<PlannedPair> = (0..7)
        .map(|number| {
            let link = row(whole(&format!("w{number}")).link, false).link;
            PlannedPair {
                link_id: Some(tandem_domain::ids::LinkId(number)),
                pair: Pair {
                    link: Some(link.clone()),
                    sides: Both::new(Observation::Unchanged, Observation::Deleted),
                    conflict_open: true,
                },
                decision: Decision {
                    reason: Reason::DeletePropagated,
                    link: Some(link),
                    intents: Both::new(None, None),
                    conflict: ConflictChange::Keep,
                    losers: Vec::new(),
                },
                reuse_key: Some(world.key()),
                carries_out: None,
                put_off: false,
            }
        })
        .collect();
    session.keep_plan(planned[..3].to_vec()).unwrap();
    session.keep_plan(Vec::new()).unwrap();
    session.keep_plan(planned[3..].to_vec()).unwrap();
    let mut read = Vec::new();
    loop {
        let chunk = session.next_planned(2).unwrap();
        if chunk.is_empty() {
            break;
        }
        assert!(chunk.len() <= 2);
        read.extend(chunk);
    }
    assert_eq!(read, planned);
}
