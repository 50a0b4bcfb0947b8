//! TEST-003: what may be sent again, and what is known of a call once it is given up.

use super::*;
use crate::calls::circuit::machine::CircuitRefusal;
use crate::ports::StoreError;

const EFFECTS: [Effect; 5] = [
    Effect::Declares,
    Effect::None,
    Effect::Changes,
    Effect::KeyedCreates,
    Effect::Creates,
];

fn failure(class: ErrorClass) -> ConnectorError {
    ConnectorError {
        class,
        message: "no route".into(),
        applied: Applied::No,
        retry_after: None,
        diagnostics: None,
    }
}

fn sequence(effect: Effect, may_have_landed: bool) -> Sequence {
    Sequence {
        may_have_landed,
        ..Sequence::new(effect)
    }
}

#[test]
fn test_003_only_a_create_that_may_have_landed_is_never_sent_again() {
    for effect in EFFECTS {
        assert!(sequence(effect, false).may_repeat(), "{effect:?}");
        let again = sequence(effect, true).may_repeat();
        assert_eq!(again, effect != Effect::Creates, "{effect:?}");
    }
}

#[test]
fn test_003_a_write_that_may_have_landed_once_says_so_whatever_failed_last() {
    use Applied::{Maybe, No};
    use ErrorClass::{Connect, Rejected};
    let table = [
        (Effect::Declares, Connect, No),
        (Effect::None, Connect, No),
        (Effect::None, Rejected, No),
        (Effect::Changes, Connect, Maybe),
        // The record is read again before it is written again: that shows what became of it.
        (Effect::Changes, Rejected, No),
        (Effect::KeyedCreates, Connect, Maybe),
        (Effect::KeyedCreates, Rejected, Maybe),
        (Effect::Creates, Connect, Maybe),
        (Effect::Creates, Rejected, Maybe),
    ];
    for (effect, class, applied) in table {
        for (may_have_landed, want) in [(false, No), (true, applied)] {
            let mut sequence = sequence(effect, may_have_landed);
            sequence.retries = 3;
            let ended = sequence.ended(failure(class), Some(GiveUp::Exhausted));
            let CallError::Failed {
                error,
                retries,
                gave_up,
            } = ended
            else {
                panic!("{ended}")
            };
            assert_eq!(
                error.applied, want,
                "{effect:?} {class:?} {may_have_landed}"
            );
            assert_eq!((retries, gave_up), (3, Some(GiveUp::Exhausted)));
        }
    }
}

#[test]
fn test_003_who_is_barred_after_a_failure_is_told_of_the_failure() {
    let barred = || CallError::Refused(CircuitRefusal::Isolated);
    let store = || CallError::Store(StoreError::LeaseLost);
    // What bars it, whether it failed before, whether that may have landed; told of the failure?
    let table = [
        (barred as fn() -> CallError, false, false, false),
        (barred, true, false, true),
        (barred, true, true, true),
        (store, false, false, false),
        // Nothing can have landed, so what is wrong with the store is the news.
        (store, true, false, false),
        (store, true, true, true),
    ];
    for (bar, failed, may_have_landed, told) in table {
        let mut sequence = sequence(Effect::Creates, may_have_landed);
        sequence.last = failed.then(|| failure(ErrorClass::Connect));
        let said = sequence.refused(bar());
        let of_the_failure = matches!(
            &said,
            CallError::Failed {
                gave_up: Some(GiveUp::Barred),
                ..
            }
        );
        assert_eq!(of_the_failure, told, "{said}: {failed} {may_have_landed}");
        if !told {
            assert_eq!(said.to_string(), bar().to_string());
        }
    }
}
