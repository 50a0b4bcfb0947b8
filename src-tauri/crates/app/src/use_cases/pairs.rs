//! Pairs of records: looking, linking by hand, leaving alone; and records that are not settled.

use std::sync::Arc;

use tandem_domain::ids::{Both, LinkId, RecordId, Side};
use tandem_engine::calls::{self, CallError, CircuitBreaker};
use tandem_engine::ports::WritableConnector;
use tandem_engine::ports::connector::Fetched;
use tandem_engine::ports::pairs::{PairFilter, PairRecord, SetAsideFilter, SetAsidePlace};
use tandem_engine::ports::store::{StoreError, SyncRecord};

use super::{no_cursor, page, page_limit, parse_id};
use crate::app::{App, Scope};
use crate::error::AppError;
use crate::lookup::{self, Syncs, system_of};
use crate::views::pairs::{pair, set_aside};
use crate::wire::{
    DropSetAside, LinkPair, ListPairs, ListSetAside, Page, PairView, RelinkPair, SetAsideView,
    UnlinkPair, WireEvent,
};

impl App {
    /// Pairs, in the order they were met.
    ///
    /// # Errors
    /// Where the filter names an unknown sync.
    pub async fn list_pairs(&self, args: ListPairs) -> Result<Page<PairView>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let sync = lookup::sync_filter(scope.store, args.sync.as_deref())?;
            let after: Option<i64> = args
                .after
                .as_deref()
                .map(|text| parse_id("pair's number", text))
                .transpose()?;
            let rows = scope.store.pairs(&PairFilter {
                sync,
                state: args.state.map(Into::into),
                after: after.map(LinkId),
                limit: page_limit(args.limit)?,
            })?;
            let mut syncs = Syncs::load(scope.store)?;
            Ok(page(
                rows,
                args.limit,
                |it| it.id.0.to_string(),
                |it| pair(&it, &mut syncs),
            ))
        })
        .await
    }

    /// Links two records by hand. Both are read first; the next run compares them.
    ///
    /// # Errors
    /// [`AppError::Argument`] where one of them is not there; a store conflict where one is linked
    /// already or a run is live; the systems' own failures.
    pub async fn link_pair(&self, args: LinkPair) -> Result<PairView, AppError> {
        let (name, source, target) = (args.sync.clone(), args.source, args.target);
        let (sync, records) = self
            .with_tenant(&args.tenant, move |scope| {
                let sync = lookup::sync(scope.store, &name)?;
                Ok((
                    sync,
                    Both::new(lookup::record_id(&source)?, lookup::record_id(&target)?),
                ))
            })
            .await?;
        self.link(&args.tenant, sync, records).await
    }

    /// Links the two records of a pair anew.
    ///
    /// # Errors
    /// As of [`App::link_pair`]; [`AppError::Argument`] where it is half a pair.
    pub async fn relink_pair(&self, args: RelinkPair) -> Result<PairView, AppError> {
        let (sync, records) = self
            .with_tenant(&args.tenant, move |scope| {
                let found = named(scope, &args.id)?;
                let sides = found.link.sides;
                let (Some(source), Some(target)) = (sides.source, sides.target) else {
                    return Err(AppError::Argument {
                        what: "this record has no partner to be linked with".to_owned(),
                        why: "It is half a pair.".to_owned(),
                        fix: "Name both records: tandem pairs link SYNC --source ID --target ID."
                            .to_owned(),
                    });
                };
                Ok((
                    scope.store.sync(found.sync)?,
                    Both::new(source.id, target.id),
                ))
            })
            .await?;
        self.link(&args.tenant, sync, records).await
    }

    async fn link(
        &self,
        tenant: &str,
        sync: SyncRecord,
        records: Both<RecordId>,
    ) -> Result<PairView, AppError> {
        for side in Side::BOTH {
            self.must_be_there(tenant, &sync, side, records.get(side))
                .await?;
        }
        let shown = self
            .with_tenant(tenant, move |scope| {
                let who = scope.inner.who();
                let linked = scope.store.link_by_hand(sync.id, &records, &who)?;
                Ok(pair(&linked, &mut Syncs::load(scope.store)?))
            })
            .await?;
        self.pairs_changed(tenant);
        Ok(shown)
    }

    /// Refuses a record that its system does not have.
    async fn must_be_there(
        &self,
        tenant: &str,
        sync: &SyncRecord,
        side: Side,
        record: &RecordId,
    ) -> Result<(), AppError> {
        let connection = system_of(sync, side);
        let collection = sync.config.end(side).collection.to_string();
        let name = connection.clone();
        let (connector, circuit, store): (Arc<dyn WritableConnector>, _, _) = self
            .with_tenant(tenant, move |scope| {
                let connection = lookup::connection(scope.store, &name)?;
                let connector = scope.connect(&connection, &collection)?;
                let store = scope.inner.store.tenant(scope.tenant.id);
                Ok((connector, connection.id, store))
            })
            .await?;
        let clock = Arc::clone(&self.inner.clock);
        let circuit = CircuitBreaker::load(store, circuit, clock).await?;
        let inner = &self.inner;
        let looked =
            calls::look_at(&circuit, connector.as_read_only(), &*inner.clock, record).await;
        let why = match looked {
            Ok(Fetched::Found(_)) => return Ok(()),
            Ok(Fetched::Gone) => format!("{connection} says that there is no such record."),
            Ok(Fetched::Unknown(why)) => crate::error::sentence(&why),
            Err(CallError::Failed { error, .. }) => {
                return Err(AppError::System { connection, error });
            }
            Err(CallError::Refused(refusal)) => {
                return Err(AppError::Circuit {
                    connection,
                    refusal,
                });
            }
            Err(CallError::Store(error)) => return Err(error.into()),
        };
        Err(AppError::Argument {
            what: format!("the {side}'s {record} cannot be linked"),
            why,
            fix: "Give the id as its system shows it.".to_owned(),
        })
    }

    /// Leaves both records of a pair alone from now on.
    ///
    /// # Errors
    /// Where there is no such pair; a store conflict where it is left alone already, both are
    /// deleted, or a run is live.
    pub async fn unlink_pair(&self, args: UnlinkPair) -> Result<PairView, AppError> {
        let shown = self
            .with_tenant(&args.tenant, move |scope| {
                let found = named(scope, &args.id)?;
                leave_alone(scope, &found)
            })
            .await?;
        self.pairs_changed(&args.tenant);
        Ok(shown)
    }

    /// Records that were read and not settled.
    ///
    /// # Errors
    /// Where the filter names an unknown sync, or what is no place in the list.
    pub async fn list_set_aside(&self, args: ListSetAside) -> Result<Page<SetAsideView>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let sync = lookup::sync_filter(scope.store, args.sync.as_deref())?;
            let (sync, record) = match args.id.as_deref().map(|id| set_aside_named(scope, id)) {
                Some(named) => {
                    let (sync, side, record) = named?;
                    (Some(sync.id), Some((side, record)))
                }
                None => (sync, None),
            };
            let rows = scope.store.set_aside(&SetAsideFilter {
                sync,
                record,
                after: args.after.as_deref().map(place).transpose()?,
                limit: page_limit(args.limit)?,
            })?;
            let mut syncs = Syncs::load(scope.store)?;
            Ok(page(
                rows,
                args.limit,
                // Ids and a side are written as JSON without fail.
                |it| serde_json::to_string(&it.place).unwrap_or_default(),
                |it| set_aside(&it, &mut syncs),
            ))
        })
        .await
    }

    /// Leaves a record that was set aside alone from now on.
    ///
    /// # Errors
    /// Where there is none of that id; a store conflict while a run is live.
    pub async fn drop_set_aside(&self, args: DropSetAside) -> Result<PairView, AppError> {
        let shown = self
            .with_tenant(&args.tenant, move |scope| {
                let (sync, side, record) = set_aside_named(scope, &args.id)?;
                let who = scope.inner.who();
                let left = scope.store.leave_alone(sync.id, side, &record, &who)?;
                Ok(pair(&left, &mut Syncs::load(scope.store)?))
            })
            .await?;
        self.pairs_changed(&args.tenant);
        Ok(shown)
    }

    fn pairs_changed(&self, tenant: &str) {
        self.inner.hub.publish_event(WireEvent::WorkspaceChanged {
            tenant: tenant.to_owned(),
        });
    }
}

fn leave_alone(scope: &Scope<'_>, found: &PairRecord) -> Result<PairView, AppError> {
    let sides = &found.link.sides;
    let half = Side::BOTH
        .into_iter()
        .find_map(|side| Some((side, sides.get(side).as_ref()?)));
    let Some((side, half)) = half else {
        return Err(no_pair(&found.id.0.to_string()));
    };
    let who = scope.inner.who();
    let left = scope.store.leave_alone(found.sync, side, &half.id, &who)?;
    Ok(pair(&left, &mut Syncs::load(scope.store)?))
}

fn no_pair(name: &str) -> AppError {
    AppError::Unknown {
        kind: "pair",
        name: name.to_owned(),
        near: None,
    }
}

/// The pair of that number, or of that conflict.
fn named(scope: &Scope<'_>, id: &str) -> Result<PairRecord, AppError> {
    // A conflict's id has more digits than any number of pairs, or letters.
    let link = match id.parse::<i64>() {
        Ok(number) if id.len() < 19 => LinkId(number),
        _ => lookup::conflict(scope.store, id)?.link,
    };
    scope.store.pair(link).map_err(|error| match error {
        StoreError::NotFound { .. } => no_pair(id),
        other => other.into(),
    })
}

/// A place in the list of unsettled records, as the last page gave it.
fn place(text: &str) -> Result<SetAsidePlace, AppError> {
    serde_json::from_str(text).map_err(|_| no_cursor("place in the list", text))
}

/// What a line of the list of unsettled records is called by: `SYNC:SIDE:ID`.
fn set_aside_named(scope: &Scope<'_>, id: &str) -> Result<(SyncRecord, Side, RecordId), AppError> {
    for sync in scope.store.syncs()? {
        let rest = id
            .strip_prefix(sync.config.name.as_str())
            .and_then(|rest| rest.strip_prefix(':'));
        let Some(rest) = rest else { continue };
        for side in Side::BOTH {
            let record = rest
                .strip_prefix(side.as_str())
                .and_then(|rest| rest.strip_prefix(':'));
            if let Some(record) = record {
                return Ok((sync, side, lookup::record_id(record)?));
            }
        }
    }
    Err(AppError::Unknown {
        kind: "record that is set aside",
        name: id.to_owned(),
        near: None,
    })
}
