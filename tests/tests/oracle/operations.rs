//! What may happen: a history is a list of operations, each possible in every state (one that has
//! nothing to act on does nothing), so that any part of a history is a history too and shrinking may
//! leave out whatever it likes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::ids::{Both, Side};
use tandem_engine::ports::connector::ChangeDetection;
use tandem_tests::fake::Distortion;

/// Records there can be on each side, told apart by their names.
pub(crate) const NAMES: u8 = 5;
/// Fields beside the name.
pub(crate) const FIELDS: [&str; 2] = ["x", "y"];

/// A whole history.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// What both systems can do.
    pub(crate) abilities: Both<Abilities>,
    /// How the sync begins.
    pub(crate) strategy: Policies,
    /// The records that are on both sides at first.
    pub(crate) common: u8,
    /// What happens, in order.
    pub(crate) operations: Vec<Operation>,
    /// Feeds what admins choose.
    pub(crate) choices: u64,
}

/// What one system can do.
#[derive(Debug, Clone)]
pub(crate) struct Abilities {
    pub(crate) changes: ChangeDetection,
    pub(crate) conditional_writes: bool,
    pub(crate) idempotent_creates: bool,
    pub(crate) writes_echo: bool,
    /// It refuses a second record of the same name.
    pub(crate) unique: bool,
    pub(crate) bulk: usize,
    pub(crate) page_size: usize,
}

/// The policies of the sync.
#[derive(Debug, Clone)]
pub(crate) struct Policies {
    pub(crate) default: &'static str,
    pub(crate) first_sync: &'static str,
    pub(crate) delete_conflict: &'static str,
    pub(crate) deletes: &'static str,
}

/// One step.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// A person does something.
    Person(Act),
    /// Minutes pass.
    Advance(u8),
    /// One system's clock is set, in seconds off.
    Skew(Side, i64),
    /// A run, with what happens during it.
    Run {
        full: bool,
        decisions_only: bool,
        incidents: Vec<Incident>,
        /// The process dies when it has told so many events, between two calls.
        dies_at: Option<u8>,
    },
    /// A run that stands still at some call while another process takes over, and then goes on.
    SecondWorker {
        side: Side,
        call: u8,
        applied: bool,
        answered: bool,
    },
    /// An admin decides every open conflict.
    Decide,
    /// The policies change.
    Strategy(Policies),
    /// The mapping loses its last field, or has it again.
    Mapping { whole: bool },
    /// A system is copied, for a later recovery.
    BackUp(Side),
    /// A system is put back to its last copy.
    Recover(Side),
    /// The process ends between two runs and starts again.
    Restart,
}

/// What a person does at one system. Each value written is one that nobody wrote before.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) side: Side,
    pub(crate) name: u8,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Write(u8),
    /// Write the very field that a person wrote last, of that record.
    WriteThatToo,
    /// Write another field of the record that a person wrote last.
    WriteBeside,
    /// The same value on both sides.
    WriteBoth(u8),
    Clear(u8),
    Touch,
    Delete,
    /// Make a record of that name, under a new id or the one it had.
    Create {
        same_id: bool,
    },
}

/// What happens at a run's call.
#[derive(Debug, Clone)]
pub(crate) struct Incident {
    /// Of which system's calls.
    pub(crate) side: Side,
    /// The how-manieth of this run, from 0.
    pub(crate) call: u8,
    pub(crate) fault: Fault,
}

#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Never sent.
    Dropped,
    /// It had its effect, the answer was lost.
    AnswerLost,
    RateLimited,
    ServerError {
        applied: bool,
    },
    /// The answer is cut off.
    Truncated {
        applied: bool,
    },
    /// Nothing is reached any more, from here on.
    Down,
    Listing(Distortion),
    Person(Act),
    /// An admin cancels the run, which has to wait for its next try.
    Cancelled {
        applied: bool,
    },
    /// The process dies, before or after the effect.
    Crash {
        applied: bool,
    },
}

fn side() -> impl Strategy<Value = Side> {
    select(&Side::BOTH[..])
}

fn act() -> impl Strategy<Value = Act> {
    let field = 0..2_u8;
    let what = prop_oneof![
        10 => field.clone().prop_map(What::Write),
        6 => Just(What::WriteThatToo),
        3 => Just(What::WriteBeside),
        1 => field.clone().prop_map(What::WriteBoth),
        1 => field.prop_map(What::Clear),
        1 => Just(What::Touch),
        3 => Just(What::Delete),
        4 => any::<bool>().prop_map(|same_id| What::Create { same_id }),
    ];
    (side(), 0..NAMES, what).prop_map(|(side, name, what)| Act { side, name, what })
}

fn fault() -> impl Strategy<Value = Fault> {
    let distortion = select(
        &[
            Distortion::Empty,
            Distortion::Short,
            Distortion::Doubled,
            Distortion::Reordered,
            Distortion::Shifted,
            Distortion::Stale,
        ][..],
    );
    prop_oneof![
        1 => Just(Fault::Dropped),
        2 => Just(Fault::AnswerLost),
        1 => Just(Fault::RateLimited),
        1 => any::<bool>().prop_map(|applied| Fault::ServerError { applied }),
        2 => any::<bool>().prop_map(|applied| Fault::Truncated { applied }),
        2 => Just(Fault::Down),
        4 => distortion.prop_map(Fault::Listing),
        6 => act().prop_map(Fault::Person),
        1 => any::<bool>().prop_map(|applied| Fault::Cancelled { applied }),
        4 => any::<bool>().prop_map(|applied| Fault::Crash { applied }),
    ]
}

fn incident() -> impl Strategy<Value = Incident> {
    (side(), 0..8_u8, fault()).prop_map(|(side, call, fault)| Incident { side, call, fault })
}

fn abilities() -> impl Strategy<Value = Abilities> {
    let changes = select(
        &[
            ChangeDetection::Feed,
            ChangeDetection::Since,
            ChangeDetection::Full,
        ][..],
    );
    (
        changes,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        (1..4_usize, 2..5_usize),
    )
        .prop_map(
            |(
                changes,
                conditional_writes,
                idempotent_creates,
                writes_echo,
                unique,
                (bulk, page_size),
            )| Abilities {
                changes,
                conditional_writes,
                idempotent_creates,
                writes_echo,
                unique,
                bulk,
                page_size,
            },
        )
}

fn strategy() -> impl Strategy<Value = Policies> {
    let policy = || select(&["manual", "source_wins", "target_wins", "last_write_wins"][..]);
    let deletes = select(
        &[
            "manual",
            "delete_wins",
            "edit_wins",
            "source_wins",
            "target_wins",
        ][..],
    );
    (
        policy(),
        policy(),
        deletes,
        prop_oneof![4 => Just("propagate"), 1 => Just("manual")],
    )
        .prop_map(|(default, first_sync, delete_conflict, deletes)| Policies {
            default,
            first_sync,
            delete_conflict,
            deletes,
        })
}

fn operation() -> impl Strategy<Value = Operation> {
    let skew = select(&[-3600_i64, -90, 0, 90, 3600][..]);
    let run = (
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.15),
        prop_oneof![1 => vec(incident(), 0), 3 => vec(incident(), 1..4)],
        prop::option::weighted(0.1, 0..16_u8),
    )
        .prop_map(
            |(full, decisions_only, incidents, dies_at)| Operation::Run {
                full,
                decisions_only,
                incidents,
                dies_at,
            },
        );
    let second = (side(), 0..8_u8, any::<bool>(), any::<bool>()).prop_map(
        |(side, call, applied, answered)| Operation::SecondWorker {
            side,
            call,
            applied,
            answered,
        },
    );
    prop_oneof![
        12 => act().prop_map(Operation::Person),
        2 => (1..90_u8).prop_map(Operation::Advance),
        1 => (side(), skew).prop_map(|(side, seconds)| Operation::Skew(side, seconds)),
        8 => run,
        1 => second,
        2 => Just(Operation::Decide),
        1 => strategy().prop_map(Operation::Strategy),
        1 => Just(Operation::Restart),
        1 => any::<bool>().prop_map(|whole| Operation::Mapping { whole }),
        1 => side().prop_map(Operation::BackUp),
        1 => side().prop_map(Operation::Recover),
    ]
}

/// Any history of 1 to 60 operations, or of up to so many.
pub(crate) fn history(most: usize) -> impl Strategy<Value = History> {
    (
        (abilities(), abilities()),
        strategy(),
        0..=NAMES,
        vec(operation(), 1..=most),
        any::<u64>(),
    )
        .prop_map(
            |((source, target), strategy, common, operations, choices)| History {
                abilities: Both::new(source, target),
                strategy,
                common,
                operations,
                choices,
            },
        )
}
