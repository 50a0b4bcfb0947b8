//! Finding things by what people type: names with a hint when misspelt, ids by their beginning.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tandem_domain::conflict::ConflictState;
use tandem_domain::ids::{ConflictId, ErrorId, RecordId, RunId, Side, SyncId};
use tandem_domain::suggestion::{Tally, suggest};
use tandem_engine::ports::history::{SyncError, SyncHistory};
use tandem_engine::ports::store::{
    ConflictFilter, ConflictRecord, ConnectionRecord, ErrorFilter, RunFilter, SyncRecord, Tenant,
    TenantStore,
};
use tandem_engine::ports::{Store, StoreError};
use uuid::Uuid;

use crate::error::{AppError, nearest, sentence};
use crate::views::conflicts::suggestion;
use crate::wire::FieldSuggestion;

/// The tenant of that name.
pub(crate) fn tenant(store: &dyn Store, name: &str) -> Result<Tenant, AppError> {
    let tenants = store.tenants()?;
    let near = nearest(name, tenants.iter().map(|it| it.name.as_str())).map(str::to_owned);
    tenants
        .into_iter()
        .find(|it| it.name.as_str() == name)
        .ok_or_else(|| AppError::Unknown {
            kind: "tenant",
            name: name.to_owned(),
            near,
        })
}

/// The connection of that name.
pub(crate) fn connection(
    store: &dyn TenantStore,
    name: &str,
) -> Result<ConnectionRecord, AppError> {
    let all = store.connections()?;
    let near = nearest(name, all.iter().map(|it| it.name.as_str())).map(str::to_owned);
    all.into_iter()
        .find(|it| it.name.as_str() == name)
        .ok_or_else(|| AppError::Unknown {
            kind: "connection",
            name: name.to_owned(),
            near,
        })
}

/// The sync of that name.
pub(crate) fn sync(store: &dyn TenantStore, name: &str) -> Result<SyncRecord, AppError> {
    let all = store.syncs()?;
    let near = nearest(name, all.iter().map(|it| it.config.name.as_str())).map(str::to_owned);
    all.into_iter()
        .find(|it| it.config.name.as_str() == name)
        .ok_or_else(|| AppError::Unknown {
            kind: "sync",
            name: name.to_owned(),
            near,
        })
}

/// The sync that a list is narrowed to, if it is.
pub(crate) fn sync_filter(
    store: &dyn TenantStore,
    name: Option<&str>,
) -> Result<Option<SyncId>, AppError> {
    name.map(|name| Ok(sync(store, name)?.id)).transpose()
}

/// The one record that is named by its id on either side.
pub(crate) fn named_record(
    source: Option<String>,
    target: Option<String>,
) -> Result<(Side, RecordId), AppError> {
    match (source, target) {
        (Some(id), None) => Ok((Side::Source, record_id(&id)?)),
        (None, Some(id)) => Ok((Side::Target, record_id(&id)?)),
        _ => Err(AppError::Argument {
            what: "just one record is to be named".to_owned(),
            why: "A pair is named by the id of either of its records.".to_owned(),
            fix: "Give its id at the source or its id at the target.".to_owned(),
        }),
    }
}

/// A record's id as somebody gave it.
pub(crate) fn record_id(id: &str) -> Result<RecordId, AppError> {
    RecordId::new(id).map_err(|error| AppError::Argument {
        what: "this cannot be a record's id".to_owned(),
        why: sentence(&error.to_string()),
        fix: "Give it as the system does.".to_owned(),
    })
}

/// The run whose id begins so.
pub(crate) fn run(store: &dyn TenantStore, id: &str) -> Result<SyncHistory, AppError> {
    let list = |before: Option<Uuid>| {
        let before = before.map(RunId);
        let filter = RunFilter {
            before,
            limit: PAGE,
            ..RunFilter::default()
        };
        Ok(store.runs(&filter)?.iter().map(|it| it.id.0).collect())
    };
    by_prefix("run", id, |exact| store.run(RunId(exact)), list)
}

/// The conflict whose id begins so.
pub(crate) fn conflict(store: &dyn TenantStore, id: &str) -> Result<ConflictRecord, AppError> {
    let list = |before: Option<Uuid>| {
        let before = before.map(ConflictId);
        let filter = ConflictFilter {
            before,
            limit: PAGE,
            ..ConflictFilter::default()
        };
        Ok(store.conflicts(&filter)?.iter().map(|it| it.id.0).collect())
    };
    by_prefix(
        "conflict",
        id,
        |exact| store.conflict(ConflictId(exact)),
        list,
    )
}

/// The error whose id begins so.
pub(crate) fn error(store: &dyn TenantStore, id: &str) -> Result<SyncError, AppError> {
    let list = |before: Option<Uuid>| {
        let before = before.map(ErrorId);
        let filter = ErrorFilter {
            before,
            limit: PAGE,
            ..ErrorFilter::default()
        };
        Ok(store
            .errors(&filter)?
            .iter()
            .map(|it| it.error.id.0)
            .collect())
    };
    by_prefix("error", id, |exact| store.error(ErrorId(exact)), list)
}

/// Rows looked through at a time.
const PAGE: usize = 1_000;

/// A whole id is asked for; the beginning of one is looked for in all of the list, since it has to
/// fit once only.
fn by_prefix<T>(
    kind: &'static str,
    text: &str,
    exact: impl Fn(Uuid) -> Result<T, StoreError>,
    list: impl Fn(Option<Uuid>) -> Result<Vec<Uuid>, StoreError>,
) -> Result<T, AppError> {
    let unknown = || AppError::Unknown {
        kind,
        name: text.to_owned(),
        near: None,
    };
    let get = |id| {
        exact(id).map_err(|error| match error {
            StoreError::NotFound { .. } => unknown(),
            other => other.into(),
        })
    };
    if let Ok(id) = Uuid::parse_str(text) {
        return get(id);
    }
    let digits: String = text
        .chars()
        .filter(|c| *c != '-')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if digits.len() < 4 || digits.len() >= 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(AppError::Argument {
            what: format!("{text:?} is no {kind} id"),
            why: "An id is a UUID; its beginning will do, from 4 digits on.".to_owned(),
            fix: format!("Copy it from the list of {kind}s."),
        });
    }
    let mut found: Option<Uuid> = None;
    let mut before = None;
    loop {
        let page = list(before)?;
        for id in page
            .iter()
            .filter(|id| id.simple().to_string().starts_with(&digits))
        {
            if let Some(other) = found.replace(*id) {
                return Err(AppError::Ambiguous {
                    kind,
                    prefix: text.to_owned(),
                    fits: [other.to_string(), id.to_string()],
                });
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => before = Some(*last),
            _ => break,
        }
    }
    get(found.ok_or_else(unknown)?)
}

/// Syncs by id, archived ones included, each fetched once.
pub(crate) struct Syncs<'a> {
    store: &'a dyn TenantStore,
    known: HashMap<SyncId, Option<SyncRecord>>,
    tallies: HashMap<SyncId, Vec<Tally>>,
}

impl<'a> Syncs<'a> {
    /// Begins with those that are not archived.
    pub(crate) fn load(store: &'a dyn TenantStore) -> Result<Self, AppError> {
        let known = store
            .syncs()?
            .into_iter()
            .map(|it| (it.id, Some(it)))
            .collect();
        Ok(Self {
            store,
            known,
            tallies: HashMap::new(),
        })
    }

    /// The sync, if it can still be found.
    pub(crate) fn get(&mut self, id: SyncId) -> Option<&SyncRecord> {
        let store = self.store;
        self.known
            .entry(id)
            .or_insert_with(|| store.sync(id).ok())
            .as_ref()
    }

    /// Reads what people chose in the conflicts of a sync so far, once.
    pub(crate) fn tallies(&mut self, id: SyncId) -> Result<(), AppError> {
        if let Entry::Vacant(new) = self.tallies.entry(id) {
            new.insert(self.store.tallies(id)?);
        }
        Ok(())
    }

    /// What is suggested for the contested fields of an open conflict, from the tallies read before;
    /// nothing for one that is settled.
    pub(crate) fn suggestions(&self, conflict: &ConflictRecord) -> Vec<FieldSuggestion> {
        if conflict.state != ConflictState::Open {
            return Vec::new();
        }
        let tallies = self
            .tallies
            .get(&conflict.sync)
            .map_or(&[][..], Vec::as_slice);
        let contested = conflict.draft.fields.iter().filter(|it| it.contested);
        contested
            .filter_map(|it| suggestion(&it.field, suggest(tallies, &conflict.draft, it)?))
            .collect()
    }

    /// The connection's name on a side of a sync.
    pub(crate) fn system(&mut self, id: SyncId, side: Side) -> String {
        self.get(id)
            .map_or_else(String::new, |sync| system_of(sync, side))
    }
}

/// The connection's name on a side of a sync.
pub(crate) fn system_of(sync: &SyncRecord, side: Side) -> String {
    sync.config.end(side).connection.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, ids: &[&str]) -> Result<String, String> {
        let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::parse_str(id).unwrap()).collect();
        let exact = |id: Uuid| {
            let missing = StoreError::NotFound {
                kind: "run",
                id: id.to_string(),
            };
            ids.contains(&id).then_some(id).ok_or(missing)
        };
        by_prefix("run", text, exact, |_| Ok(ids.clone()))
            .map(|id| id.to_string())
            .map_err(|error| crate::wire::WireError::from(error).code)
    }

    #[test]
    fn ids_are_found_by_their_beginning() {
        let ids = [
            "019a0000-0000-7000-8000-000000000001",
            "019a0000-0001-7000-8000-000000000001",
            "019b0000-0000-7000-8000-000000000001",
        ];
        let table: [(&str, Result<&str, &str>); 8] = [
            (ids[0], Ok(ids[0])),
            ("019B", Ok(ids[2])),
            ("019a0000-0001", Ok(ids[1])),
            ("019a00000001", Ok(ids[1])),
            ("019a0000", Err("ambiguous_id")),
            ("019c", Err("not_found")),
            ("01", Err("invalid_argument")),
            ("newest", Err("invalid_argument")),
        ];
        for (text, want) in table {
            assert_eq!(
                find(text, &ids),
                want.map(str::to_owned).map_err(str::to_owned),
                "{text}"
            );
        }
        assert_eq!(
            find("019c0000-0000-7000-8000-000000000001", &ids),
            Err("not_found".to_owned())
        );
    }
}
