//! Suggestions from past decisions: what is counted, and from when on it is said.

use chrono::{TimeZone, Utc};
use tandem_domain::conflict::{ConflictDraft, ConflictField, ConflictKind, ConflictSide};
use tandem_domain::ids::{Both, RecordId};
use tandem_domain::suggestion::{Suggestion, Tally, Took, lower_bound, pattern, suggest};
use tandem_domain::value::Value;

use crate::common::field;

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn contested(source: Option<Value>, target: Option<Value>) -> ConflictField {
    ConflictField {
        field: field("x"),
        base: text("b"),
        source,
        target,
        contested: true,
    }
}

/// A conflict whose sides were changed at those seconds.
fn draft(source: Option<i64>, target: Option<i64>) -> ConflictDraft {
    let side = |at: Option<i64>| {
        Some(ConflictSide {
            id: RecordId::new("1").unwrap(),
            version: None,
            updated_at: at.map(|at| Utc.timestamp_opt(at, 0).unwrap()),
            deleted: false,
        })
    };
    ConflictDraft {
        kind: ConflictKind::Update,
        why: String::new(),
        fields: Vec::new(),
        sides: Both::new(side(source), side(target)),
    }
}

#[test]
fn a_pattern_tells_who_is_newer_and_who_is_empty_and_no_value() {
    let cases = [
        (
            Some(2),
            Some(1),
            text("secret"),
            text("b"),
            "source newer, none empty",
        ),
        (
            Some(1),
            Some(2),
            text("secret"),
            text(" "),
            "target newer, target empty",
        ),
        (
            Some(1),
            Some(1),
            Some(Value::Null),
            text("b"),
            "neither newer, source empty",
        ),
        (
            None,
            Some(1),
            None,
            Some(Value::List(Vec::new())),
            "neither newer, both empty",
        ),
    ];
    for (newer, than, source, target, want) in cases {
        assert_eq!(
            pattern(&draft(newer, than), &contested(source, target)),
            want
        );
    }
}

#[test]
fn suggestions_need_enough_decisions_and_a_clear_majority() {
    let here = "source newer, none empty";
    let other = "target newer, none empty";
    // (tallies as (pattern, took, times), what is suggested as (took, chosen, of, same, strong))
    type Row<'a> = (&'a str, Took, u32);
    type Want = Option<(Took, u32, u32, bool, bool)>;
    let (source, target, base, custom) = (Took::Source, Took::Target, Took::Base, Took::Custom);
    let cases: &[(&[Row<'_>], Want)] = &[
        (&[], None),
        (&[(here, source, 4)], None),
        // Five of five leave a bound of 0.57.
        (&[(here, source, 5)], None),
        (&[(here, source, 6)], Some((source, 6, 6, true, false))),
        (
            &[(here, target, 47), (here, source, 2)],
            Some((target, 47, 49, true, true)),
        ),
        (&[(here, base, 20)], Some((base, 20, 20, true, true))),
        (&[(here, source, 6), (here, target, 5)], None),
        (&[(here, source, 8), (here, target, 8)], None),
        // A value of one's own cannot be suggested, but it counts.
        (&[(here, custom, 30)], None),
        (&[(here, source, 6), (here, custom, 6)], None),
        // Too few like this: all decisions of the field.
        (
            &[(here, target, 1), (other, source, 30)],
            Some((source, 30, 31, false, true)),
        ),
        // Enough like this: they decide, though all together say otherwise.
        (
            &[(here, target, 12), (other, source, 90)],
            Some((target, 12, 12, true, true)),
        ),
    ];
    let values = contested(text("1"), text("2"));
    for (rows, want) in cases {
        let tallies: Vec<Tally> = rows
            .iter()
            .map(|(pattern, took, times)| Tally {
                field: field("x"),
                pattern: (*pattern).to_owned(),
                took: *took,
                times: *times,
                offered: 3,
                followed: 2,
            })
            .collect();
        let count = u32::try_from(rows.len()).unwrap();
        let want = want.map(|(take, chosen, of, same_pattern, strong)| Suggestion {
            take,
            chosen,
            of,
            same_pattern,
            strong,
            offered: 3 * count,
            followed: 2 * count,
        });
        assert_eq!(
            suggest(&tallies, &draft(Some(2), Some(1)), &values),
            want,
            "{rows:?}"
        );
        // Another field's decisions say nothing.
        let mut elsewhere = values.clone();
        elsewhere.field = field("y");
        assert_eq!(
            suggest(&tallies, &draft(Some(2), Some(1)), &elsewhere),
            None
        );
    }
}

#[test]
fn a_value_that_is_not_there_is_not_suggested() {
    let tallies = [Tally {
        field: field("x"),
        pattern: "neither newer, none empty".to_owned(),
        took: Took::Base,
        times: 40,
        offered: 0,
        followed: 0,
    }];
    let mut values = contested(text("1"), text("2"));
    assert!(suggest(&tallies, &draft(None, None), &values).is_some());
    values.base = None;
    assert_eq!(suggest(&tallies, &draft(None, None), &values), None);
}

#[test]
fn the_bound_grows_with_the_share_and_with_the_number() {
    assert!(lower_bound(0, 0) <= 0.0);
    assert!(lower_bound(9, 10) > lower_bound(8, 10));
    assert!(lower_bound(90, 100) > lower_bound(9, 10));
    assert!((lower_bound(47, 49) - 0.863).abs() < 0.001);
}
