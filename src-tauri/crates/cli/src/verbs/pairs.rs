//! `pairs` and `set-aside`.

use tandem_app::WireError;
use tandem_app::wire::{
    DeleteChoice, DropSetAside, GetConflict, LinkPair, ListPairs, ListSetAside, PairView,
    RelinkPair, ResolveConflict, ResolveDeleteConflict, SetAsideView, UnlinkPair, WireConflictKind,
    WirePairState,
};

use super::conflicts::{carried_out, choices};
use super::lists::gather;
use crate::args::{Global, PairStateArg, Pairs, Run, SetAside, TakeArg};
use crate::outcome::Outcome;
use crate::session::Session;
use crate::show;

pub(super) async fn pairs(global: &Global, verb: Pairs) -> Result<Outcome, WireError> {
    let session = match &verb {
        Pairs::Confirm { .. } | Pairs::Reject { .. } => Session::open_telling(global)?,
        _ => Session::open(global)?,
    };
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    let shown = match verb {
        Pairs::List { sync, state, limit } => {
            let found = gather(limit, |after, limit| {
                app.list_pairs(ListPairs {
                    tenant: tenant.clone(),
                    sync: sync.clone(),
                    state: state.map(state_of),
                    after,
                    limit,
                })
            })
            .await?;
            out.print(&found, |paint| show::pairs(&found, paint))?;
            return Ok(Outcome::Completed);
        }
        Pairs::Confirm { id, take, note } => return review(&session, &id, Some(take), note).await,
        Pairs::Reject { id, note } => return review(&session, &id, None, note).await,
        Pairs::Link {
            sync,
            source,
            target,
        } => {
            app.link_pair(LinkPair {
                tenant,
                sync,
                source,
                target,
            })
            .await?
        }
        Pairs::Relink { id } => app.relink_pair(RelinkPair { tenant, id }).await?,
        Pairs::Unlink { id } => app.unlink_pair(UnlinkPair { tenant, id }).await?,
    };
    out.print(&shown, |paint| show::pair(&shown, paint))?;
    Ok(Outcome::Completed)
}

/// Decides about two records that were met for the first time and differ.
async fn review(
    session: &Session,
    id: &str,
    take: Option<TakeArg>,
    note: Option<String>,
) -> Result<Outcome, WireError> {
    let nothing = || {
        WireError::new(
            "invalid_argument",
            format!("Pair {id} waits for no review."),
            "Reviewed are records that were met for the first time and differ.",
            "List those that wait: tandem conflicts list.",
        )
    };
    let pair = numbered(session, id).await?;
    let conflict = pair.and_then(|pair| pair.conflict).ok_or_else(nothing)?;
    let get = GetConflict {
        tenant: session.tenant(),
        id: conflict,
    };
    let conflict = session.app.get_conflict(get).await?;
    if conflict.kind != WireConflictKind::Pairing {
        return Err(nothing());
    }
    let (tenant, id, revision) = (session.tenant(), conflict.id.clone(), conflict.revision);
    let decided = match take {
        Some(take) => {
            let choices = choices(&conflict, &[], Some(take));
            session
                .app
                .resolve_conflict(ResolveConflict {
                    tenant,
                    id,
                    revision,
                    choices,
                    note,
                })
                .await?
        }
        None => {
            session
                .app
                .resolve_delete_conflict(ResolveDeleteConflict {
                    tenant,
                    id,
                    revision,
                    choice: DeleteChoice::Unlink,
                    note,
                })
                .await?
        }
    };
    carried_out(session, decided.id).await
}

/// The pair of that number, if there is one.
async fn numbered(session: &Session, id: &str) -> Result<Option<PairView>, WireError> {
    let before = id.parse::<i64>().ok().and_then(|n| n.checked_sub(1));
    let Some(before) = before else {
        return Ok(None);
    };
    let page = session
        .app
        .list_pairs(ListPairs {
            tenant: session.tenant(),
            after: Some(before.to_string()),
            limit: 1,
            ..ListPairs::default()
        })
        .await?;
    Ok(page.items.into_iter().find(|pair| pair.id == id))
}

const fn state_of(state: PairStateArg) -> WirePairState {
    match state {
        PairStateArg::Active => WirePairState::Active,
        PairStateArg::Unpaired => WirePairState::Unpaired,
        PairStateArg::Closed => WirePairState::Closed,
        PairStateArg::Excluded => WirePairState::Excluded,
        PairStateArg::Quarantined => WirePairState::Quarantined,
    }
}

pub(super) async fn set_aside(global: &Global, verb: SetAside) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        SetAside::List { sync, limit } => {
            let found = waiting(&session, sync, limit).await?;
            out.print(&found, |paint| show::set_aside(&found, paint))?;
            Ok(Outcome::Completed)
        }
        SetAside::Drop { id } => {
            let left = app.drop_set_aside(DropSetAside { tenant, id }).await?;
            out.print(&left, |paint| show::pair(&left, paint))?;
            Ok(Outcome::Completed)
        }
        SetAside::Retry { id } => {
            let Some(it) = one_waiting(&session, &id).await? else {
                return Err(WireError::new(
                    "not_found",
                    format!("No record is set aside as {id}."),
                    "It is settled by now, or never was set aside.",
                    "Copy it from the list: tandem set-aside list.",
                ));
            };
            let ran = super::run::run(global, Run::of(it.sync)).await?;
            if one_waiting(&session, &id).await?.is_some() {
                out.note("It is still set aside: look at the errors of this run.");
                return Ok(match ran {
                    Outcome::Completed => Outcome::Partial,
                    other => other,
                });
            }
            Ok(ran)
        }
    }
}

async fn waiting(
    session: &Session,
    sync: Option<String>,
    most: u32,
) -> Result<Vec<SetAsideView>, WireError> {
    gather(most, |after, limit| {
        session.app.list_set_aside(ListSetAside {
            tenant: session.tenant(),
            id: None,
            sync: sync.clone(),
            after,
            limit,
        })
    })
    .await
}

async fn one_waiting(session: &Session, id: &str) -> Result<Option<SetAsideView>, WireError> {
    let page = session
        .app
        .list_set_aside(ListSetAside {
            tenant: session.tenant(),
            id: Some(id.to_owned()),
            sync: None,
            after: None,
            limit: 1,
        })
        .await?;
    Ok(page.items.into_iter().next())
}
