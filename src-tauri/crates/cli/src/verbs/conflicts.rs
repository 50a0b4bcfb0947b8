//! `conflicts`: looking, deciding, taking back.

use tandem_app::wire::{
    ConflictSummary, ConflictView, DeleteChoice, FieldChoice, GetConflict, ListConflicts,
    PickedConflict, RelinkPair, ResolveConflict, ResolveConflicts, ResolveDeleteConflict,
    RestoreValue, Take, UndoDecision, WireConflictState,
};
use tandem_app::{App, WireError};

use super::lists::gather;
use crate::args::{Chosen, ConflictStateArg, Conflicts, Global, Resolve, TakeArg, Taken};
use crate::outcome::Outcome;
use crate::session::Session;
use crate::show;

pub(super) async fn conflicts(global: &Global, verb: Conflicts) -> Result<Outcome, WireError> {
    let session = match &verb {
        Conflicts::Resolve(_) => Session::open_telling(global)?,
        _ => Session::open(global)?,
    };
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        Conflicts::List { sync, state, limit } => {
            let found = list(app, &tenant, sync, state.one().map(state_of), limit).await?;
            out.print(&found, |paint| show::conflicts(&found, paint))?;
            Ok(Outcome::Completed)
        }
        Conflicts::Show { id } => {
            let conflict = app.get_conflict(GetConflict { tenant, id }).await?;
            out.print(&conflict, |paint| show::conflict(&conflict, paint))?;
            Ok(Outcome::Completed)
        }
        Conflicts::Undo { id } => {
            let conflict = app.undo_decision(UndoDecision { tenant, id }).await?;
            out.print(&conflict, |paint| show::conflict(&conflict, paint))?;
            Ok(Outcome::Completed)
        }
        Conflicts::Relink { id } => {
            let pair = app.relink_pair(RelinkPair { tenant, id }).await?;
            out.print(&pair, |paint| show::pair(&pair, paint))?;
            Ok(Outcome::Completed)
        }
        Conflicts::Resolve(args) => match args.ids.as_slice() {
            [id] if !args.dry_run => resolve(&session, id, &args).await,
            _ => resolve_many(&session, &args).await,
        },
    }
}

async fn list(
    app: &App,
    tenant: &str,
    sync: Option<String>,
    state: Option<WireConflictState>,
    most: u32,
) -> Result<Vec<ConflictSummary>, WireError> {
    gather(most, |before, limit| {
        let (tenant, sync) = (tenant.to_owned(), sync.clone());
        app.list_conflicts(ListConflicts {
            tenant,
            state,
            sync,
            before,
            limit,
        })
    })
    .await
}

async fn resolve(session: &Session, id: &str, args: &Resolve) -> Result<Outcome, WireError> {
    let conflict = session
        .app
        .get_conflict(GetConflict {
            tenant: session.tenant(),
            id: id.to_owned(),
        })
        .await?;
    decide(session, &conflict, args).await?;
    carried_out(session, conflict.id).await
}

/// Brings a value back that lost.
pub(super) async fn restore(global: &Global, args: RestoreValue) -> Result<Outcome, WireError> {
    let session = Session::open_telling(global)?;
    let kept = session.app.restore_value(args).await?;
    carried_out(&session, kept.id).await
}

/// Writes a decision and shows what became of it.
pub(super) async fn carried_out(session: &Session, id: String) -> Result<Outcome, WireError> {
    let (app, out) = (&session.app, session.out);
    app.carry_out_decisions(&session.tenant).await?;
    app.idle().await;
    let after = app
        .get_conflict(GetConflict {
            tenant: session.tenant(),
            id,
        })
        .await?;
    out.print(&after, |paint| show::conflict(&after, paint))?;
    Ok(match after.state {
        WireConflictState::Resolved => Outcome::Completed,
        WireConflictState::Closed => {
            out.note(after.closed.as_deref().unwrap_or_default());
            Outcome::Completed
        }
        WireConflictState::Decided => {
            out.note("The decision is kept but could not be written yet; the next run of the sync writes it.");
            Outcome::Partial
        }
        WireConflictState::Open => {
            out.note("The record changed meanwhile: nothing was written. Look at its new values and decide again.");
            Outcome::Partial
        }
    })
}

async fn decide(
    session: &Session,
    conflict: &ConflictView,
    args: &Resolve,
) -> Result<ConflictView, WireError> {
    let (tenant, id, revision) = (session.tenant(), conflict.id.clone(), conflict.revision);
    let note = args.note.clone();
    if let Some(choice) = delete_choice(args) {
        let args = ResolveDeleteConflict {
            tenant,
            id,
            revision,
            choice,
            note,
        };
        return Ok(session.app.resolve_delete_conflict(args).await?);
    }
    let choices = choices(conflict, &args.field, args.take);
    Ok(session
        .app
        .resolve_conflict(ResolveConflict {
            tenant,
            id,
            revision,
            choices,
            note,
        })
        .await?)
}

const fn delete_choice(args: &Resolve) -> Option<DeleteChoice> {
    if args.delete_both {
        Some(DeleteChoice::DeleteBoth)
    } else if args.restore {
        Some(DeleteChoice::Restore)
    } else if args.unlink {
        Some(DeleteChoice::Unlink)
    } else {
        None
    }
}

fn field_choice(chosen: &Chosen) -> FieldChoice {
    let (take, value) = match &chosen.take {
        Taken::Side(side) => (take_of(*side), None),
        Taken::Custom(value) => (Take::Custom, Some(value.clone())),
    };
    FieldChoice {
        field: chosen.field.clone(),
        take,
        value,
    }
}

/// The fields named, and `take` for every other contested one.
pub(super) fn choices(
    conflict: &ConflictView,
    named: &[Chosen],
    take: Option<TakeArg>,
) -> Vec<FieldChoice> {
    let mut choices: Vec<FieldChoice> = named.iter().map(field_choice).collect();
    if let Some(side) = take {
        let rest = conflict.fields.iter().filter(|field| {
            field.contested && named.iter().all(|chosen| chosen.field != field.field)
        });
        choices.extend(rest.map(|field| FieldChoice {
            field: field.field.clone(),
            take: take_of(side),
            value: None,
        }));
    }
    choices
}

/// Several conflicts, or all that fit, decided alike.
async fn resolve_many(session: &Session, args: &Resolve) -> Result<Outcome, WireError> {
    let (app, out) = (&session.app, session.out);
    let picked = |id: &String| PickedConflict {
        id: id.clone(),
        revision: None,
    };
    let decided = app
        .resolve_conflicts(ResolveConflicts {
            tenant: session.tenant(),
            ids: (!args.all).then(|| args.ids.iter().map(picked).collect()),
            sync: args.sync.clone(),
            contested: args.contested.clone(),
            take: args.take.map(take_of),
            choices: args.field.iter().map(field_choice).collect(),
            choice: delete_choice(args),
            together: args.all_or_nothing,
            dry_run: args.dry_run,
            note: args.note.clone(),
        })
        .await?;
    let mut many = show::DecidedMany::new(decided);
    if many.decided.decided > 0 && !args.dry_run {
        app.carry_out_decisions(&session.tenant).await?;
        app.idle().await;
        for id in many.ids() {
            let get = GetConflict {
                tenant: session.tenant(),
                id,
            };
            many.note(app.get_conflict(get).await?.state);
        }
    }
    out.print(&many, |paint| show::decided_many(&many, paint))?;
    Ok(if many.is_whole() {
        Outcome::Completed
    } else {
        Outcome::Partial
    })
}

pub(super) const fn take_of(take: TakeArg) -> Take {
    match take {
        TakeArg::Source => Take::Source,
        TakeArg::Target => Take::Target,
        TakeArg::Base => Take::Base,
    }
}

const fn state_of(state: ConflictStateArg) -> WireConflictState {
    match state {
        ConflictStateArg::Open => WireConflictState::Open,
        ConflictStateArg::Decided => WireConflictState::Decided,
        ConflictStateArg::Resolved => WireConflictState::Resolved,
        ConflictStateArg::Closed => WireConflictState::Closed,
    }
}
