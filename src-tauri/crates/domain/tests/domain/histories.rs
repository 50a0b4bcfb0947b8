//! Random histories of one pair between two small fake systems, planned by the real planner: edits,
//! deletes, recreations, writes that fail, land unnoticed or meet a newer version, replays, decisions.
//!
//! Every edit writes a number of its own, so that it can be told what became of it. Invariants: no
//! user's value is overwritten by us unless the other side had it or it is recorded as a loser; both
//! sides converge once faults stop and conflicts are decided; the idle run after that writes
//! nothing; one-way syncs never write their source. `TANDEM_HISTORIES` sets how many are run for
//! each configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::Duration;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use tandem_domain::conflict::{Choice, ConflictDecision, ConflictDraft, ConflictKind};
use tandem_domain::decide::DecisionOutcome;
use tandem_domain::ids::{Both, RecordId, Side, Version};
use tandem_domain::link::{Link, LinkState};
use tandem_domain::plan::{
    Acknowledged, ConflictChange, Decision, Intent, Observation, Observed, Pair,
};
use tandem_domain::policy::Policy;
use tandem_domain::record::CanonicalRecord;
use tandem_domain::value::Value;
use tandem_domain::{acknowledge, apply_decision, plan};

use crate::common::{at, field, policy};

const FIELDS: [&str; 3] = ["x", "y", "z"];

/// Histories per configuration, unless `TANDEM_HISTORIES` says otherwise.
const HISTORIES: u64 = 80;

/// A small generator of pseudo-random numbers: the same history for the same seed, everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn side(&mut self) -> Side {
        if self.one_in(2) {
            Side::Source
        } else {
            Side::Target
        }
    }

    fn field(&mut self) -> &'static str {
        FIELDS[usize::try_from(self.below(3)).unwrap()]
    }
}

type Fields = BTreeMap<&'static str, Option<i64>>;

/// One fake system with at most one record.
#[derive(Debug, Clone, Default)]
struct System {
    record: Option<Fields>,
    version: u64,
    minutes: i64,
    /// The version that was last read.
    read: u64,
    /// Every value each field ever held.
    held: BTreeSet<(&'static str, i64)>,
}

/// What the target's server makes of a value: it keeps `z` in tens.
fn normalised(side: Side, name: &str, value: i64) -> i64 {
    if side == Side::Target && name == "z" {
        value.div_euclid(10) * 10
    } else {
        value
    }
}

impl System {
    fn put(&mut self, side: Side, name: &'static str, value: Option<i64>, minutes: i64) {
        let value = value.map(|it| normalised(side, name, it));
        if let (Some(record), value) = (&mut self.record, value) {
            record.insert(name, value);
            if let Some(value) = value {
                self.held.insert((name, value));
            }
            self.touch(minutes);
        }
    }

    fn touch(&mut self, minutes: i64) {
        self.version += 1;
        self.minutes = minutes;
    }

    fn canonical(&self) -> Option<CanonicalRecord> {
        self.record.as_ref().map(|record| {
            record
                .iter()
                .map(|(name, value)| {
                    let value = value.map_or(Value::Null, |it| Value::Number(it.into()));
                    (field(name), value)
                })
                .collect()
        })
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => Some(i64::try_from(*number).unwrap()),
        _ => None,
    }
}

fn name_of(name: &str) -> &'static str {
    FIELDS.into_iter().find(|it| *it == name).unwrap()
}

/// What went wrong with a write.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    NotSent,
    AnswerLost,
    BareAnswer,
    TimelessAnswer,
}

struct World {
    dice: Dice,
    systems: Both<System>,
    link: Option<Link>,
    conflict: Option<(ConflictDraft, Option<ConflictDecision>)>,
    losers: BTreeSet<(&'static str, i64)>,
    minutes: i64,
    token: i64,
    writes: u64,
    one_way: bool,
    sums: bool,
    log: String,
}

impl World {
    fn new(seed: u64, config: &Json) -> Self {
        let mut world = Self {
            dice: Dice(seed),
            systems: Both::default(),
            link: None,
            conflict: None,
            losers: BTreeSet::new(),
            minutes: 0,
            token: 0,
            writes: 0,
            one_way: config["direction"] == "source_to_target",
            sums: config["conflict"]["default"] == "sum_deltas",
            log: String::new(),
        };
        // One map on both sides, perturbed later; or on one side only.
        let everywhere = world.dice.below(4);
        let fields: Fields = FIELDS
            .iter()
            .map(|name| (*name, Some(world.fresh())))
            .collect();
        for side in Side::BOTH {
            if everywhere == 0 && side == Side::Target {
                continue;
            }
            let system = world.systems.get_mut(side);
            system.record = Some(Fields::new());
            for (name, value) in &fields {
                system.put(side, name, *value, 0);
            }
        }
        world
    }

    /// A value nobody wrote before; a multiple of ten, so that every server keeps it as it is, but
    /// now and then one that the target will change.
    fn fresh(&mut self) -> i64 {
        self.token += 10;
        self.token
    }

    fn note(&mut self, text: impl std::fmt::Display) {
        let _ = writeln!(self.log, "{text}");
    }

    fn user(&mut self) {
        self.minutes += 1;
        let minutes = self.minutes;
        let side = self.dice.side();
        let name = self.dice.field();
        let value = match self.dice.below(8) {
            0 => None,
            1 if side == Side::Source && !self.sums => Some(self.fresh() + 3),
            _ => Some(self.fresh()),
        };
        let kind = self.dice.below(24);
        let exists = self.systems.get(side).record.is_some();
        match kind {
            0 | 1 if exists => {
                self.note(format_args!("user deletes {side}"));
                let system = self.systems.get_mut(side);
                system.record = None;
                system.touch(minutes);
            }
            2..=9 if !exists => {
                self.note(format_args!("user makes {side} again"));
                let fields: Vec<_> = FIELDS.iter().map(|name| (*name, self.fresh())).collect();
                let system = self.systems.get_mut(side);
                system.record = Some(Fields::new());
                for (name, value) in fields {
                    system.put(side, name, Some(value), minutes);
                }
            }
            3 if exists => {
                self.note(format_args!("touch {side}"));
                self.systems.get_mut(side).touch(minutes);
            }
            4 => {
                self.note(format_args!("user sets {name}={value:?} on both"));
                for side in Side::BOTH {
                    self.systems.get_mut(side).put(side, name, value, minutes);
                }
            }
            _ if exists => {
                self.note(format_args!("user sets {name}={value:?} on {side}"));
                self.systems.get_mut(side).put(side, name, value, minutes);
            }
            _ => {}
        }
    }

    fn observe(&mut self, side: Side) -> Observation {
        let full = self.dice.one_in(3);
        let linked = self
            .link
            .as_ref()
            .is_some_and(|link| link.sides.get(side).is_some());
        let system = self.systems.get_mut(side);
        if linked && system.read == system.version && !full {
            return Observation::Unchanged;
        }
        system.read = system.version;
        match system.canonical() {
            Some(record) => Observation::Live(Observed {
                id: RecordId::new(side.as_str()).unwrap(),
                record,
                version: Some(Version::new(system.version.to_string()).unwrap()),
                updated_at: Some(at(system.minutes)),
            }),
            None if linked => Observation::Deleted,
            None => Observation::Unchanged,
        }
    }

    fn pair(&mut self) -> Pair {
        let source = self.observe(Side::Source);
        let target = self.observe(Side::Target);
        Pair {
            link: self.link.clone(),
            sides: Both::new(source, target),
            conflict_open: self.conflict.is_some(),
        }
    }

    /// One run. `faulty`: writes may fail, users may interfere. Says how many writes landed.
    fn run(&mut self, policy: &Policy, faulty: bool) -> u64 {
        self.minutes += 1;
        let now = at(self.minutes + 1);
        let before = self.writes;
        let pair = self.pair();
        let nothing = |observation: &Observation| !matches!(observation, Observation::Live(_));
        if pair.link.is_none() && nothing(&pair.sides.source) && nothing(&pair.sides.target) {
            return 0;
        }
        let decided = match &self.conflict {
            Some((draft, Some(decision))) => Some((draft.clone(), decision.clone())),
            _ => None,
        };
        let decision = match decided {
            Some((draft, choice)) => {
                match apply_decision(&draft, &choice, &pair, policy, now) {
                    DecisionOutcome::Write(decision) => {
                        self.note(format_args!("decision holds: {choice:?}"));
                        // Applied: kept until nothing is left to write, or left to ordinary runs.
                        let done =
                            decision.intents.source.is_none() && decision.intents.target.is_none();
                        if done || self.dice.one_in(2) {
                            self.conflict = None;
                        }
                        decision
                    }
                    DecisionOutcome::Reopen { draft, link, .. } => {
                        self.note("decision reopened");
                        self.link = Some(link);
                        self.conflict = Some((draft, None));
                        return 0;
                    }
                }
            }
            None => plan(&pair, policy, now),
        };
        self.note(format_args!(
            "run: {:?} source {} target {}",
            decision.reason,
            crate::common::write(&decision, Side::Source),
            crate::common::write(&decision, Side::Target)
        ));
        self.journal(&decision);
        for side in Side::BOTH {
            if faulty && self.dice.one_in(12) {
                self.user();
            }
            if let Some(intent) = decision.intents.get(side) {
                self.send(side, intent, policy, faulty);
            }
        }
        self.writes - before
    }

    fn journal(&mut self, decision: &Decision) {
        if let Some(link) = &decision.link {
            self.link = Some(link.clone());
        }
        for loser in &decision.losers {
            if let Some(value) = whole(&loser.value) {
                self.losers.insert((name_of(loser.field.as_str()), value));
            }
        }
        match &decision.conflict {
            ConflictChange::Keep => {}
            ConflictChange::Close(_) => self.conflict = None,
            ConflictChange::Park(draft) => {
                assert!(decision.intents.source.is_none() && decision.intents.target.is_none());
                self.conflict = Some((draft.clone(), None));
            }
        }
    }

    fn send(&mut self, side: Side, intent: &Intent, policy: &Policy, faulty: bool) {
        assert!(
            !(self.one_way && side == Side::Source),
            "one-way:\n{}",
            self.log
        );
        let fault = match self.dice.below(8) {
            0 if faulty => Fault::NotSent,
            1 if faulty => Fault::AnswerLost,
            2 => Fault::BareAnswer,
            3 => Fault::TimelessAnswer,
            _ => Fault::None,
        };
        if fault == Fault::NotSent {
            self.note(format_args!("  {side}: not sent"));
            return;
        }
        let minutes = self.minutes;
        let version = |system: &System| Some(Version::new(system.version.to_string()).unwrap());
        let system = self.systems.get(side);
        let meets = match intent {
            Intent::Create { .. } => system.record.is_none(),
            Intent::Update { if_version, .. } | Intent::Delete { if_version, .. } => {
                system.record.is_some() && (if_version.is_none() || *if_version == version(system))
            }
        };
        if !meets {
            self.note(format_args!("  {side}: another version"));
            return;
        }
        self.writes += 1;
        match intent {
            Intent::Create { fields } => {
                let system = self.systems.get_mut(side);
                system.record = Some(Fields::new());
                for (name, value) in fields.iter() {
                    system.put(side, name_of(name.as_str()), whole(value), minutes);
                }
                system.touch(minutes);
                for (name, value) in fields.iter() {
                    self.made_of(side, name_of(name.as_str()), whole(value));
                }
            }
            Intent::Update { patch, .. } => {
                for (name, value) in patch.iter() {
                    let name = name_of(name.as_str());
                    self.may_vanish(side, name);
                    self.systems
                        .get_mut(side)
                        .put(side, name, whole(value), minutes);
                    self.made_of(side, name, whole(value));
                }
            }
            Intent::Delete { .. } => {
                for name in FIELDS {
                    self.may_vanish(side, name);
                }
                let system = self.systems.get_mut(side);
                system.record = None;
                system.touch(minutes);
            }
        }
        if fault == Fault::AnswerLost {
            self.note(format_args!("  {side}: landed, answer lost"));
            return;
        }
        let system = self.systems.get(side);
        let receipt = Acknowledged {
            id: RecordId::new(side.as_str()).unwrap(),
            version: version(system),
            updated_at: (fault != Fault::TimelessAnswer).then(|| at(minutes)),
            record: (fault == Fault::None).then(|| system.canonical()).flatten(),
        };
        if let Some(link) = &self.link {
            self.link = Some(acknowledge(link, side, intent, &receipt, &policy.schema));
        }
    }

    /// What the server made of a value that we wrote is no user's: where it came from is known.
    fn made_of(&mut self, side: Side, name: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            let other = self.systems.get_mut(side.other());
            other.held.insert((name, normalised(side, name, value)));
        }
    }

    /// We are about to take a value away: the other side had it, or it is a recorded loser.
    fn may_vanish(&self, side: Side, name: &'static str) {
        if self.sums {
            return;
        }
        let held = self
            .systems
            .get(side)
            .record
            .as_ref()
            .and_then(|record| record.get(name).copied().flatten());
        let Some(value) = held else {
            return;
        };
        let other = side.other();
        let known = &self.systems.get(other).held;
        let safe = known.contains(&(name, value))
            || known.contains(&(name, normalised(other, name, value)))
            || self.losers.contains(&(name, value));
        assert!(safe, "{name}={value} on {side} vanishes:\n{}", self.log);
    }

    fn decide(&mut self) {
        let Some((draft, None)) = &self.conflict else {
            return;
        };
        let draft = draft.clone();
        let unlink = self.dice.one_in(40);
        let decision = if unlink {
            ConflictDecision::Unlink
        } else if draft.kind == ConflictKind::Delete {
            if self.dice.one_in(2) {
                ConflictDecision::DeleteBoth
            } else {
                ConflictDecision::Restore
            }
        } else {
            let choices = draft
                .fields
                .iter()
                .filter(|it| it.contested)
                .map(|it| {
                    let choice = match self.dice.below(6) {
                        0 | 1 => Choice::Source,
                        2 | 3 => Choice::Target,
                        4 if it.base.is_some() => Choice::Base,
                        _ => Choice::Custom(Value::Number(self.fresh().into())),
                    };
                    (it.field.clone(), choice)
                })
                .collect();
            ConflictDecision::Fields(choices)
        };
        self.note(format_args!("decided {decision:?}"));
        self.conflict = Some((draft, Some(decision)));
    }

    /// Faults stop, conflicts are decided: both sides converge, and then nothing is written.
    fn come_to_rest(&mut self, policy: &Policy) {
        let mut quiet = 0;
        for _ in 0..40 {
            let open = self.conflict.is_some();
            self.decide();
            if self.run(policy, false) == 0 && !open && self.conflict.is_none() {
                quiet += 1;
                if quiet == 2 {
                    break;
                }
            } else {
                quiet = 0;
            }
        }
        assert_eq!(quiet, 2, "never at rest:\n{}\n{:#?}", self.log, self.link);
        for _ in 0..4 {
            assert_eq!(self.run(policy, false), 0, "not idle:\n{}", self.log);
        }
        let pair = Pair {
            link: self.link.clone(),
            sides: Both::new(Observation::Unchanged, Observation::Unchanged),
            conflict_open: false,
        };
        let idle = plan(&pair, policy, at(self.minutes + 1));
        assert_eq!(
            idle.link, None,
            "idle changes the link:\n{}\n{idle:#?}",
            self.log
        );
        assert!(idle.losers.is_empty());
        self.converged();
    }

    fn converged(&self) {
        let state = self.link.as_ref().map(|link| link.state);
        if self.one_way || state == Some(LinkState::Excluded) {
            return;
        }
        let (source, target) = (&self.systems.source.record, &self.systems.target.record);
        let alike = match (source, target) {
            (Some(source), Some(target)) => FIELDS.iter().all(|name| {
                let made = |it: &Option<i64>| it.map(|it| normalised(Side::Target, name, it));
                source.get(name).map(made) == target.get(name).map(made)
            }),
            (None, None) => true,
            _ => false,
        };
        assert!(
            alike,
            "{source:?} is not {target:?}:\n{}\n{:#?}",
            self.log, self.link
        );
    }
}

fn history(seed: u64, config: &Json, policy: &Policy) {
    let mut world = World::new(seed, config);
    if !world.dice.one_in(5) {
        world.run(policy, false);
    }
    let steps = 2 + world.dice.below(14);
    for _ in 0..steps {
        match world.dice.below(8) {
            0..=3 => world.user(),
            4..=6 => {
                world.run(policy, true);
            }
            _ => world.decide(),
        }
    }
    world.come_to_rest(policy);
}

fn count() -> u64 {
    std::env::var("TANDEM_HISTORIES")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(HISTORIES)
}

fn configurations() -> Vec<Json> {
    let mut all = Vec::new();
    let mapping = json!({"x": "integer", "y": "integer", "z": "integer"});
    for default in ["manual", "source_wins", "target_wins", "last_write_wins"] {
        for first_sync in ["manual", "source_wins", "last_write_wins"] {
            for delete_conflict in ["manual", "delete_wins", "edit_wins", "source_wins"] {
                all.push(json!({
                    "mapping": mapping, "match_key": [],
                    "conflict": {"default": default, "first_sync": first_sync, "delete_conflict": delete_conflict},
                }));
            }
        }
        for deletes in ["manual", "ignore"] {
            all.push(json!({"mapping": mapping, "match_key": [], "deletes": deletes, "conflict": {"default": default}}));
        }
        for enforce in [false, true] {
            all.push(json!({
                "mapping": mapping, "match_key": [], "direction": "source_to_target", "enforce": enforce,
                "conflict": {"default": default, "first_sync": default},
            }));
        }
    }
    all.push(json!({"mapping": mapping, "match_key": [], "conflict": {"default": "sum_deltas", "fields": {"y": "source_wins"}}}));
    all
}

#[test]
fn case_35_random_histories_lose_nothing_converge_and_come_to_rest() {
    let count = count();
    for (index, config) in configurations().iter().enumerate() {
        let policy = policy(config.clone());
        for n in 0..count {
            let seed = (index as u64) << 40 | n;
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                history(seed, config, &policy);
            }));
            assert!(outcome.is_ok(), "history {seed} of {config}");
        }
    }
}

#[test]
fn case_13_random_sums_count_every_change_once() {
    let policy = policy(json!({
        "mapping": {"x": "integer"}, "match_key": [],
        "conflict": {"fields": {"x": "sum_deltas"}},
    }));
    for seed in 0..count() * 8 {
        let mut dice = Dice(seed);
        let mut values = Both::new(100_i64, 100_i64);
        let mut versions = Both::new(1_u64, 1_u64);
        let mut expected = 100_i64;
        let mut link = Some(crate::common::linked("x=100"));
        let mut sold = Both::new(0_i64, 0_i64);
        for round in 0..8 {
            // At rest in the last rounds; changes of different size, so that two equal ones are not
            // taken for the same change.
            if round < 5 {
                for side in Side::BOTH {
                    if dice.one_in(2) {
                        let step = i64::try_from(dice.below(50)).unwrap() * 2
                            + if side == Side::Source { 1 } else { 1001 };
                        *values.get_mut(side) -= step;
                        *versions.get_mut(side) += 1;
                        *sold.get_mut(side) += step;
                        expected -= step;
                    }
                }
            }
            let read = |side: Side| {
                Observation::Live(Observed {
                    id: RecordId::new(if side == Side::Source { "s1" } else { "t1" }).unwrap(),
                    record: CanonicalRecord::from([(
                        field("x"),
                        Value::Number(Decimal::from(*values.get(side))),
                    )]),
                    version: Some(Version::new(versions.get(side).to_string()).unwrap()),
                    updated_at: None,
                })
            };
            let pair = Pair {
                link: link.clone(),
                sides: Both::new(read(Side::Source), read(Side::Target)),
                conflict_open: false,
            };
            let decision = plan(&pair, &policy, at(0) + Duration::minutes(round));
            link = decision.link.clone().or(link);
            for side in Side::BOTH {
                let Some(Intent::Update { patch, .. }) = decision.intents.get(side) else {
                    continue;
                };
                let fault = dice.below(6);
                if fault == 0 && round < 5 {
                    continue;
                }
                *values.get_mut(side) = whole(patch.get(&field("x")).unwrap()).unwrap();
                *versions.get_mut(side) += 1;
                let receipt = Acknowledged {
                    id: RecordId::new("any").unwrap(),
                    version: None,
                    updated_at: None,
                    record: None,
                };
                let intent = decision.intents.get(side).as_ref().unwrap();
                link = link.map(|it| acknowledge(&it, side, intent, &receipt, &policy.schema));
            }
        }
        assert_eq!(
            values,
            Both::new(expected, expected),
            "seed {seed} sold {sold:?}"
        );
    }
}
