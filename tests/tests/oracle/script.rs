//! What happens at the calls of a run: faults, people, cancellations and crashes.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tandem_domain::ids::Side;
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass, NativeChange};
use tandem_engine::ports::store::{Actor, RunFilter, TenantStore};
use tandem_tests::fake::{Call, FakeSystem, Reaction, State, fault};
use tokio::sync::Notify;

use crate::ghost::{Ghost, field_name, find};
use crate::machine::Machine;
use crate::operations::{Abilities, FIELDS, Fault, Incident, What};

impl Machine {
    /// What happens at each call of one system, as told by the incidents.
    pub(crate) fn script(
        &self,
        side: Side,
        incidents: &[Incident],
        died: &Arc<Notify>,
    ) -> impl FnMut(&Call, &mut State) -> Reaction + Send + use<> {
        let mut waiting: Vec<Incident> = incidents
            .iter()
            .filter(|incident| incident.side == side)
            .cloned()
            .collect();
        let (ghost, died) = (Arc::clone(&self.ghost), Arc::clone(died));
        let other = Arc::clone(self.world.side(side.other()));
        let (store, admin) = (Arc::clone(&self.world.store), self.world.actor());
        let (mut calls, mut down) = (0_u8, false);
        move |call, state| {
            let at = calls;
            calls = calls.saturating_add(1);
            if down {
                return Reaction::Fail(fault(ErrorClass::Connect));
            }
            let due = waiting
                .iter()
                .position(|incident| incident.call <= at && fits(&incident.fault, call, state));
            let Some(due) = due else {
                return Reaction::Answer;
            };
            let incident = waiting.remove(due);
            let mut ghost = ghost.lock().unwrap_or_else(PoisonError::into_inner);
            ghost.note(format!(
                "  at call {at} of the {side}: {:?}",
                incident.fault
            ));
            if let Fault::Person(act) = &incident.fault {
                interfere(&mut ghost, act, side, call, state, &other);
            }
            down = matches!(incident.fault, Fault::Down);
            match incident.fault {
                Fault::Crash { .. } => died.notify_one(),
                Fault::Cancelled { .. } => cancel(&*store, &admin),
                _ => {}
            }
            reaction(&incident.fault)
        }
    }
}

pub(crate) fn equip(state: &mut State, abilities: &Abilities) {
    state.unique = abilities.unique.then_some("name");
    state.page_size = abilities.page_size;
    state.columns = FIELDS.to_vec();
    let can = &mut state.capabilities;
    can.changes = abilities.changes;
    can.conditional_writes = abilities.conditional_writes;
    can.idempotent_creates = abilities.idempotent_creates;
    can.writes_echo = abilities.writes_echo;
    can.bulk = abilities.bulk;
}

/// Whether a fault makes sense at a call: what breaks a connector's contract proves nothing.
fn fits(fault: &Fault, call: &Call, state: &State) -> bool {
    use tandem_engine::ports::connector::ChangeDetection;
    use tandem_tests::fake::Distortion;
    let listing = matches!(call, Call::List { .. });
    match fault {
        // Where names may be borne twice, a record that cannot be seen is made a second time.
        Fault::Listing(Distortion::Short | Distortion::Empty | Distortion::Shifted)
            if state.unique.is_none() =>
        {
            false
        }
        // A listing that hides a record but tells, or has told, a cursor behind it would be a lie.
        Fault::Listing(Distortion::Short | Distortion::Shifted) => {
            listing && state.capabilities.changes == ChangeDetection::Full
        }
        Fault::Listing(Distortion::Empty) => {
            matches!(call, Call::List { first, .. } if *first || state.capabilities.changes == ChangeDetection::Full)
        }
        Fault::Listing(_) => listing,
        Fault::AnswerLost => matches!(call, Call::Write(_)),
        _ => true,
    }
}

/// A person acts while a run is under way. Between the re-read and the write of a system without
/// conditional writes nobody can help, so nobody touches a field there that is about to be written.
fn interfere(
    ghost: &mut Ghost,
    act: &crate::operations::Act,
    side: Side,
    call: &Call,
    state: &mut State,
    other: &Arc<FakeSystem>,
) {
    let safe = |at: Side, conditional: bool| {
        conditional
            || matches!(call, Call::List { .. })
            || (at == side && matches!(call, Call::Get(_)))
    };
    let mut own = safe(side, state.capabilities.conditional_writes)
        || (act.side == side && spares(ghost, act, call, state));
    let mut others = safe(side.other(), other.state().capabilities.conditional_writes);
    if matches!(act.what, What::Create { .. }) {
        // The run may be about to make the same record.
        own &= state.unique.is_some();
        others &= other.state().unique.is_some();
    }
    if matches!(act.what, What::WriteBoth(_)) {
        own &= others;
        others = own;
    }
    ghost.act(act, |at, change| {
        if at == side && own {
            change(state);
        } else if at != side && others {
            change(&mut other.state());
        }
    });
}

/// Whether a person's write and the one of ours that is about to land in the same record leave each
/// other alone.
fn spares(ghost: &Ghost, act: &crate::operations::Act, call: &Call, state: &State) -> bool {
    let (Call::Write(operations), (name, What::Write(field))) = (call, ghost.meant(act)) else {
        return false;
    };
    let record = find(state, &format!("n{name}"));
    operations.iter().any(|operation| match &operation.change {
        NativeChange::Update { id, patch, .. } => {
            Some(id) == record.as_ref() && !patch.contains_key(field_name(field))
        }
        _ => false,
    })
}

fn reaction(what: &Fault) -> Reaction {
    let maybe = |error: ConnectorError, applied: bool| {
        let error = ConnectorError {
            applied: Applied::Maybe,
            ..error
        };
        if applied {
            Reaction::ApplyThenFail(error)
        } else {
            Reaction::Fail(error)
        }
    };
    match what {
        Fault::Dropped | Fault::Down => Reaction::Fail(fault(ErrorClass::Connect)),
        Fault::AnswerLost => maybe(fault(ErrorClass::Timeout), true),
        Fault::RateLimited => Reaction::Fail(fault(ErrorClass::RateLimited)),
        Fault::ServerError { applied } => maybe(fault(ErrorClass::Transient), *applied),
        Fault::Truncated { applied } => maybe(fault(ErrorClass::Protocol), *applied),
        Fault::Listing(how) => Reaction::Distort(*how),
        Fault::Person(_) => Reaction::Answer,
        Fault::Cancelled { applied } => {
            // Long enough for the request to be noticed before the next try.
            let error = ConnectorError {
                retry_after: Some(Duration::from_secs(60)),
                ..fault(ErrorClass::Transient)
            };
            maybe(error, *applied)
        }
        Fault::Crash { applied } => Reaction::Hang { applied: *applied },
    }
}

/// Asks the run that is under way to end.
fn cancel(store: &dyn TenantStore, admin: &Actor) {
    let latest = store.runs(&RunFilter {
        limit: 1,
        ..RunFilter::default()
    });
    if let Some(run) = latest.expect("runs").first() {
        // One that has just ended cannot be cancelled any more.
        let _ = store.request_cancel(run.id, admin);
    }
}
