//! Conflict strategies, alone and through the service.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use serde_json::json;
use tandem_domain::config::{ConflictPolicy, ConflictResolutionStrategyKind as Kind};
use tandem_domain::field_type::FieldType;
use tandem_domain::ids::{Both, FieldName, Side};
use tandem_domain::plan;
use tandem_domain::plan::{Clocks, Reason};
use tandem_domain::policy::Policy;
use tandem_domain::resolution::{ConflictResolutionService, strategy};
use tandem_domain::strategy::{Claim, Contested, Resolution};
use tandem_domain::value::Value;

use crate::common::{
    at, configuration, contested, draft, field, linked, now, pair, policy, rec, writes,
};

/// One side: value, what it was, when it was changed (minutes past noon), whether by us.
type Said = (&'static str, Option<&'static str>, Option<i64>, bool);

struct Sample {
    name: &'static str,
    kind: Kind,
    base: Option<&'static str>,
    source: Said,
    target: Said,
    /// `source`, `target`, a value, or `?` for undecided.
    expected: &'static str,
}

fn samples() -> Vec<Sample> {
    let sample = |name, kind, base, source, target, expected| Sample {
        name,
        kind,
        base,
        source,
        target,
        expected,
    };
    let s = ("2", Some("1"), Some(10), false);
    let t = ("3", Some("1"), Some(20), false);
    vec![
        sample(
            "the later one wins",
            Kind::LastWriteWins,
            Some("1"),
            s,
            t,
            "target",
        ),
        sample(
            "whichever side it is",
            Kind::LastWriteWins,
            Some("1"),
            ("2", Some("1"), Some(30), false),
            t,
            "source",
        ),
        sample(
            "equal times",
            Kind::LastWriteWins,
            Some("1"),
            s,
            ("3", Some("1"), Some(10), false),
            "?",
        ),
        sample(
            "no time",
            Kind::LastWriteWins,
            Some("1"),
            ("2", Some("1"), None, false),
            t,
            "?",
        ),
        sample(
            "a time of our own",
            Kind::LastWriteWins,
            Some("1"),
            s,
            ("3", Some("1"), Some(20), true),
            "?",
        ),
        sample(
            "a time in the future",
            Kind::LastWriteWins,
            Some("1"),
            s,
            ("3", Some("1"), Some(90), false),
            "?",
        ),
        sample("source", Kind::SourceWins, Some("1"), s, t, "source"),
        sample(
            "source, without times",
            Kind::SourceWins,
            None,
            ("2", None, None, false),
            ("3", None, None, true),
            "source",
        ),
        sample("target", Kind::TargetWins, Some("1"), s, t, "target"),
        sample("manual", Kind::Manual, Some("1"), s, t, "?"),
        sample(
            "sum",
            Kind::SumDeltas,
            Some("10"),
            ("12", Some("10"), None, false),
            ("9", Some("10"), None, false),
            "11",
        ),
        sample(
            "sum of fractions",
            Kind::SumDeltas,
            Some("0.3"),
            ("0.4", Some("0.3"), None, false),
            ("0.1", Some("0.3"), None, false),
            "0.2",
        ),
        sample(
            "sum, a server that rounds",
            Kind::SumDeltas,
            Some("10.005"),
            ("12.01", Some("10.01"), None, false),
            ("10.005", Some("10.005"), None, false),
            "12.005",
        ),
        sample(
            "no base to add to",
            Kind::SumDeltas,
            None,
            ("12", None, None, false),
            ("9", None, None, false),
            "?",
        ),
        sample(
            "a text is no number",
            Kind::SumDeltas,
            Some("10"),
            ("\"x\"", Some("10"), None, false),
            ("9", Some("10"), None, false),
            "?",
        ),
        sample(
            "a null is no number",
            Kind::SumDeltas,
            Some("10"),
            ("null", Some("10"), None, false),
            ("9", Some("10"), None, false),
            "?",
        ),
        sample(
            "a sum past 28 digits",
            Kind::SumDeltas,
            Some("0"),
            ("79228162514264337593543950335", Some("0"), None, false),
            ("79228162514264337593543950335", Some("0"), None, false),
            "?",
        ),
    ]
}

fn value(text: &str) -> Value {
    Value::from_json_text(text).unwrap()
}

#[test]
fn test_001_each_strategy_with_sample_data() {
    let clocks = crate::common::clocks();
    let x = field("x");
    for sample in samples() {
        let base = sample.base.map(value);
        let own = |said: Said| (value(said.0), said.1.map(value));
        let (source, target) = (own(sample.source), own(sample.target));
        let contested = Contested {
            field: &x,
            ty: &FieldType::Json,
            base: base.as_ref(),
            sides: Both::new(
                Claim {
                    value: &source.0,
                    shadow: source.1.as_ref(),
                    updated_at: sample.source.2.map(at),
                    ours: sample.source.3,
                },
                Claim {
                    value: &target.0,
                    shadow: target.1.as_ref(),
                    updated_at: sample.target.2.map(at),
                    ours: sample.target.3,
                },
            ),
            clocks: &clocks,
            now: now(),
        };
        let result = match strategy(sample.kind).resolve(&contested) {
            Resolution::Take(side) => side.to_string(),
            Resolution::Value(value) => value.to_json_text(),
            Resolution::Undecided(why) => {
                assert!(why.ends_with('.'), "{}: {why}", sample.name);
                "?".to_owned()
            }
        };
        assert_eq!(result, sample.expected, "{}", sample.name);
        assert_eq!(strategy(sample.kind).name(), sample.kind.as_str());
    }
}

/// Plans one contested field under `last_write_wins`.
fn lww(
    clocks: Clocks,
    source: Option<DateTime<Utc>>,
    target: Option<DateTime<Utc>>,
) -> (Reason, (String, String)) {
    let policy = Policy::new(
        &configuration(json!({"conflict": {"default": "last_write_wins"}})),
        clocks,
    );
    let mut pair = pair(Some(linked("x=1")), "x=2", "x=3");
    for (side, time) in [(Side::Source, source), (Side::Target, target)] {
        if let tandem_domain::plan::Observation::Live(observed) = pair.sides.get_mut(side) {
            observed.updated_at = time;
        }
    }
    let decision = plan(&pair, &policy, now());
    (decision.reason, writes(&decision))
}

fn offset(source: i64, target: i64, tolerance: i64) -> Clocks {
    Clocks {
        offset: Both::new(Duration::seconds(source), Duration::seconds(target)),
        tolerance: Duration::seconds(tolerance),
    }
}

#[test]
fn case_01_the_newer_edit_wins_after_the_clocks_are_corrected() {
    let sec = Duration::seconds;
    // Edits ten minutes apart, clocks 90 s apart: the target is later either way round.
    for clocks in [offset(90, 0, 2), offset(0, 90, 2), offset(-45, 45, 2)] {
        let (source, target) = (at(0) + clocks.offset.source, at(10) + clocks.offset.target);
        assert_eq!(
            lww(clocks, Some(source), Some(target)),
            (Reason::Resolved, ("patch x=3".into(), "-".into()))
        );
    }
    // The uncorrected times say the opposite of the corrected ones.
    let clocks = offset(90, 0, 2);
    let (source, target) = (at(0) + sec(90), at(0) + sec(60));
    assert_eq!(
        lww(clocks, Some(source), Some(target)).1,
        ("patch x=3".into(), "-".into())
    );
}

#[test]
fn case_02_equal_times_go_to_the_inbox() {
    for tolerance in [0, 2] {
        let (reason, writes) = lww(offset(0, 0, tolerance), Some(at(5)), Some(at(5)));
        assert_eq!(
            (reason, writes),
            (Reason::Contested, ("-".into(), "-".into()))
        );
    }
}

#[test]
fn case_03_times_inside_the_tolerance_go_to_the_inbox() {
    let late = at(5) + Duration::seconds(40);
    assert_eq!(
        lww(offset(0, 0, 60), Some(at(5)), Some(late)).0,
        Reason::Contested
    );
    assert_eq!(
        lww(offset(0, 0, 60), Some(late), Some(at(5))).0,
        Reason::Contested
    );
    assert_eq!(
        lww(offset(0, 0, 2), Some(at(5)), Some(late)).0,
        Reason::Resolved
    );
    assert_eq!(
        lww(offset(0, 0, 60), Some(at(5)), Some(at(6))).0,
        Reason::Resolved
    );
    // Future and missing times never win, whoever has them.
    for (source, target) in [
        (Some(at(61)), Some(at(5))),
        (Some(at(5)), Some(at(61))),
        (None, Some(at(5))),
        (Some(at(5)), None),
    ] {
        assert_eq!(lww(offset(0, 0, 2), source, target).0, Reason::Contested);
    }
}

#[test]
fn a_time_that_our_own_write_caused_never_wins() {
    let policy = policy(json!({"conflict": {"default": "last_write_wins"}}));
    let mut link = linked("x=1 y=1");
    let target = link.sides.target.as_mut().unwrap();
    target.ours = true;
    target.updated_at = Some(at(30));
    // The target's edit of x hides behind the time of our own write.
    let hidden = plan(
        &pair(Some(link.clone()), "x=2@10", "x=3@30"),
        &policy,
        now(),
    );
    assert_eq!(hidden.reason, Reason::Contested);
    assert!(
        draft(&hidden).why.contains("our own write"),
        "{}",
        draft(&hidden).why
    );
    // A later time is its own.
    let own = plan(
        &pair(Some(link.clone()), "x=2@10", "x=3@31"),
        &policy,
        now(),
    );
    assert_eq!(own.reason, Reason::Resolved);
    // Where our write did not tell its time, the first one seen may be it.
    link.sides.target.as_mut().unwrap().updated_at = None;
    link.sides.target.as_mut().unwrap().version = None;
    let unknown = plan(&pair(Some(link), "x=2@10", "x=3@31"), &policy, now());
    assert_eq!(unknown.reason, Reason::Contested);
}

#[test]
fn the_service_detects_on_two_records_alone() {
    let schema = policy(json!({})).schema;
    let service = ConflictResolutionService::new(&ConflictPolicy::default());
    for (source, target, fields) in [
        ("x=1 y=1", "x=1.0 y=1", vec![]),
        ("x=1 y=1", "x=2 y=1", vec!["x"]),
        ("x=1 y=1", "x=2 y=2", vec!["x", "y"]),
        ("x=1", "y=2", vec![]),
        ("x=null", "x=1", vec!["x"]),
        ("name=\"Zo\u{eb}\"", "name=\"Zoe\u{308}\"", vec![]),
    ] {
        let (source, target) = (rec(source), rec(target));
        let found: Vec<String> = service
            .get_conflict_fields(&schema, &source, &target)
            .iter()
            .map(FieldName::to_string)
            .collect();
        assert_eq!(found, fields);
        assert_eq!(
            service.detect_conflict(&schema, &source, &target),
            !fields.is_empty()
        );
    }
}

#[test]
fn the_service_picks_field_then_default_and_first_sync_without_a_base() {
    let policy: ConflictPolicy = serde_json::from_value(json!({
        "default": "target_wins", "first_sync": "manual", "fields": {"x": "sum_deltas"}
    }))
    .unwrap();
    let service = ConflictResolutionService::new(&policy);
    assert_eq!(service.strategy_for(&field("x"), true).name(), "sum_deltas");
    assert_eq!(
        service.strategy_for(&field("y"), true).name(),
        "target_wins"
    );
    assert_eq!(service.strategy_for(&field("x"), false).name(), "manual");
}

#[test]
fn the_inbox_says_why() {
    let policy = policy(json!({"conflict": {"default": "last_write_wins"}}));
    let parked = plan(
        &pair(Some(linked("x=1 y=1")), "x=2 y=2@5", "x=3 y=3@5"),
        &policy,
        now(),
    );
    assert_eq!(contested(draft(&parked)), "x: 1/2/3, y: 1/2/3");
    assert_eq!(
        draft(&parked).why,
        "Both sides were changed at the same time."
    );
}

fn any_claim() -> impl Strategy<Value = (i64, i64, Option<i64>, bool)> {
    (
        -3_i64..4,
        -3_i64..4,
        prop::option::of(-10_i64..100),
        any::<bool>(),
    )
}

proptest! {
    /// Strategies are deterministic, do not care which side is which, and source_wins mirrors
    /// target_wins.
    #[test]
    fn strategy_laws(
        base in prop::option::of(-3_i64..4),
        a in any_claim(),
        b in any_claim(),
        tolerance in 0_i64..120,
        skews in (-120_i64..120, -120_i64..120),
    ) {
        let number = |n: i64| Value::Number(n.into());
        let base = base.map(number);
        let own = |c: (i64, i64, Option<i64>, bool)| (number(c.0), number(c.1));
        let (va, vb) = (own(a), own(b));
        let x = field("x");
        let clocks = offset(skews.0, skews.1, tolerance);
        let mirrored = offset(skews.1, skews.0, tolerance);
        let ca = Claim { value: &va.0, shadow: Some(&va.1), updated_at: a.2.map(at), ours: a.3 };
        let cb = Claim { value: &vb.0, shadow: Some(&vb.1), updated_at: b.2.map(at), ours: b.3 };
        let one = Contested { field: &x, ty: &FieldType::Json, base: base.as_ref(), sides: Both::new(ca.clone(), cb.clone()), clocks: &clocks, now: now() };
        let other = Contested { field: &x, ty: &FieldType::Json, base: base.as_ref(), sides: Both::new(cb, ca), clocks: &mirrored, now: now() };
        let turned = |resolution: Resolution| match resolution {
            Resolution::Take(side) => format!("{}", side.other()),
            Resolution::Value(value) => value.to_json_text(),
            Resolution::Undecided(_) => "?".into(),
        };
        let straight = |resolution: Resolution| match resolution {
            Resolution::Take(side) => side.to_string(),
            Resolution::Value(value) => value.to_json_text(),
            Resolution::Undecided(_) => "?".into(),
        };
        for kind in [Kind::LastWriteWins, Kind::SourceWins, Kind::TargetWins, Kind::Manual, Kind::SumDeltas] {
            let it = strategy(kind);
            prop_assert_eq!(it.resolve(&one), it.resolve(&one));
            let mirror = strategy(match kind {
                Kind::SourceWins => Kind::TargetWins,
                Kind::TargetWins => Kind::SourceWins,
                same => same,
            });
            prop_assert_eq!(straight(it.resolve(&one)), turned(mirror.resolve(&other)), "{}", it.name());
        }
    }
}
