//! Checking a workspace against what is already set up and against the systems as they are.

use std::collections::HashMap;

use tandem_domain::collection::CollectionSchema;
use tandem_domain::config::{ConfigProblem, SyncConfiguration};
use tandem_domain::ids::{Both, Side};
use tandem_engine::ports::connector::{Capabilities, ErrorClass};
use tandem_engine::ports::store::ConnectionRecord;
use tandem_engine::ports::{ConnectorError, WritableConnector};

use super::parse::Parsed;
use super::{Problem, SyncDraft};
use crate::app::App;
use crate::error::{AppError, nearest, remedy, sentence};
use crate::systems;

/// What was found.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<String>,
}

/// In whose name systems are looked at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) app: &'a App,
    pub(super) tenant: &'a str,
    /// Whether they are asked at all, or only what was declared of them counts.
    pub(super) reach: bool,
}

/// A collection as far as it can be known.
#[derive(Clone)]
struct Seen {
    /// `None`: the system was not asked, and nothing is declared.
    schema: Option<CollectionSchema>,
    can: Capabilities,
}

type Collections = HashMap<(String, String), Seen>;

/// Checks every sync: its connections, its collections, its mapping against both schemas.
pub(super) async fn check(
    place: Place<'_>,
    parsed: &Parsed<'_>,
    connections: &[ConnectionRecord],
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut known = Collections::new();
    for sync in &parsed.workspace.syncs {
        let mut seen = Both::new(None, None);
        let mut whole = true;
        for side in Side::BOTH {
            match endpoint(
                place,
                parsed,
                connections,
                sync,
                side,
                &mut known,
                &mut verdict,
            )
            .await
            {
                Some(collection) => *seen.get_mut(side) = Some(collection),
                None => whole = false,
            }
        }
        if !whole {
            continue;
        }
        let prefix = format!("syncs.{}.", sync.config.name);
        let schema = |side| {
            seen.get(side)
                .as_ref()
                .and_then(|seen: &Seen| seen.schema.as_ref())
        };
        let mut problems = sync
            .config
            .check(schema(Side::Source), schema(Side::Target));
        problems.extend(Side::BOTH.into_iter().filter_map(|side| {
            let seen = seen.get(side).as_ref()?;
            unfindable(&sync.config, side, &seen.can)
        }));
        for problem in problems {
            let path = problem.path.strip_prefix(&prefix).unwrap_or(&problem.path);
            verdict.problems.push(parsed.problem(
                "syncs",
                sync.index,
                sync.config.name.as_str(),
                path,
                [problem.what, problem.why, problem.fix],
            ));
        }
    }
    verdict
}

/// Records are made at a side whose listing may hide their partners, and nothing could find these
/// (semantics 4): each of them would be made twice.
fn unfindable(config: &SyncConfiguration, side: Side, can: &Capabilities) -> Option<ConfigProblem> {
    let hidden = can.filtered && config.direction.receives(side) && !config.match_key.is_empty();
    if !hidden || config.looked_up_by(side, &can.lookup).is_some() {
        return None;
    }
    let end = config.end(side);
    Some(ConfigProblem {
        path: format!("syncs.{}.match_key", config.name),
        what: format!("no field of the match key can be looked up in {} of {}", end.collection, end.connection),
        why: "Its list has a query and may show only some records; a partner that it leaves out would not be found, and would be made a second time.".into(),
        fix: "Describe `find` for a field of the match key; or say `complete = true` in its `list`, if the query leaves no record out.".into(),
    })
}

/// A sync's side as far as it can be known; `None` where a problem was noted.
async fn endpoint(
    place: Place<'_>,
    parsed: &Parsed<'_>,
    connections: &[ConnectionRecord],
    sync: &SyncDraft,
    side: Side,
    known: &mut Collections,
    verdict: &mut Verdict,
) -> Option<Seen> {
    let end = sync.config.end(side);
    let mut refuse = |member: &str, words: [String; 3]| {
        let path = format!("{side}.{member}");
        verdict.problems.push(parsed.problem(
            "syncs",
            sync.index,
            sync.config.name.as_str(),
            &path,
            words,
        ));
    };
    let names = || connections.iter().map(|it| it.name.as_str());
    let Some(connection) = connections.iter().find(|it| it.name == end.connection) else {
        let near = nearest(end.connection.as_str(), names());
        refuse(
            "connection",
            [
                format!("there is no connection {:?}", end.connection.as_str()),
                format!("There are: {}.", names().collect::<Vec<_>>().join(", ")),
                near.map_or_else(
                    || "Describe it in [[connections]], or use one of those.".to_owned(),
                    |near| format!("Did you mean {near:?}?"),
                ),
            ],
        );
        return None;
    };
    let described =
        tandem_connectors::described_collections(&connection.kind, &connection.settings);
    let collection = end.collection.as_str();
    if !described.is_empty() && !described.iter().any(|it| it == collection) {
        let near = nearest(collection, described.iter().map(String::as_str));
        refuse(
            "collection",
            [
                format!("{} has no collection {collection:?}", connection.name),
                format!("Its settings describe: {}.", described.join(", ")),
                near.map_or_else(
                    || "Describe it there, or use one of those.".to_owned(),
                    |near| format!("Did you mean {near:?}?"),
                ),
            ],
        );
        return None;
    }
    let key = (connection.name.to_string(), collection.to_owned());
    if let Some(seen) = known.get(&key) {
        return Some(seen.clone());
    }
    let found = look(place, connection, collection).await;
    let seen = match found {
        Ok((seen, None)) => seen,
        Ok((seen, Some(error))) => {
            verdict.warnings.push(format!(
                "{} at {} could not be tried: {} It is kept all the same, checked against the fields it declares. {}",
                connection.name,
                systems::address(&connection.settings),
                sentence(&error.message),
                remedy(connection.name.as_str(), error.class),
            ));
            seen
        }
        Err(error) => {
            refuse("collection", [
                format!("{} at {} cannot be looked at: {}", connection.name, systems::address(&connection.settings), error.message),
                "A mapping is checked against the fields that are really there before it is saved.".to_owned(),
                remedy(connection.name.as_str(), error.class),
            ]);
            return None;
        }
    };
    known.insert(key, seen.clone());
    Some(seen)
}

/// The collection's schema. Where it is declared, a system that cannot be tried is only a warning.
async fn look(
    place: Place<'_>,
    connection: &ConnectionRecord,
    collection: &str,
) -> Result<(Seen, Option<ConnectorError>), ConnectorError> {
    if !place.reach {
        let offline =
            systems::connect_without_secrets(connection, collection, &place.app.inner.clock)?;
        let schema = if connection.kind == DECLARING {
            Some(offline.describe().await?)
        } else {
            None
        };
        let can = offline.capabilities();
        return Ok((Seen { schema, can }, None));
    }
    let (of, named) = (connection.clone(), collection.to_owned());
    let connecting = place
        .app
        .with_tenant(place.tenant, move |scope| scope.connect(&of, &named));
    let connect = async {
        connecting.await.map_err(|error| match error {
            AppError::System { error, .. } => error,
            other => ConnectorError::new(ErrorClass::Configuration, other.to_string()),
        })
    };
    let tried = async {
        let connector = connect.await?;
        let health = connector.check().await;
        Ok::<_, ConnectorError>((connector, health.err()))
    };
    match tried.await {
        Ok((connector, None)) => Ok((seen(&*connector).await?, None)),
        Ok((connector, Some(error))) => declared(connection, &*connector, error).await,
        Err(error) if error.class == ErrorClass::Authentication => {
            let offline =
                systems::connect_without_secrets(connection, collection, &place.app.inner.clock)?;
            declared(connection, &*offline, error).await
        }
        Err(error) => Err(error),
    }
}

async fn declared(
    connection: &ConnectionRecord,
    connector: &dyn WritableConnector,
    error: ConnectorError,
) -> Result<(Seen, Option<ConnectorError>), ConnectorError> {
    if connection.kind != DECLARING {
        return Err(error);
    }
    Ok((seen(connector).await?, Some(error)))
}

async fn seen(connector: &dyn WritableConnector) -> Result<Seen, ConnectorError> {
    Ok(Seen {
        schema: Some(connector.describe().await?),
        can: connector.capabilities(),
    })
}

/// The kind whose collections declare their fields; the others are asked.
const DECLARING: &str = "rest";
