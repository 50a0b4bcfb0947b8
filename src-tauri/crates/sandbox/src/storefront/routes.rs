//! The storefront's HTTP interface: one small handler a route.

use std::borrow::Borrow;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::fields::Fields;

use super::answer::Outcome;
use super::collection::Collection;
use super::config::{Conditional, Paging};
use super::control_routes;
use super::faults::ListingFault;
use super::listing;
use super::query::{FeedQuery, ListQuery};
use super::shared::Shared;
use super::write::{Expect, Op, Write, expect_from_header, shape};

/// A bulk of 100 large records fits; anything above is answered with 413.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

type Pairs = Query<Vec<(String, String)>>;
type App = State<Arc<Shared>>;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route("/{collection}", get(list).post(create))
        .route(
            "/{collection}/{id}",
            get(read).patch(patch).put(put).delete(delete),
        );
    if shared.config.bulk {
        router = router.route("/{collection}/bulk", post(bulk));
    }
    if shared.config.change_feed {
        router = router.route("/{collection}/changes", get(changes));
    }
    router
        .merge(control_routes::router())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(shared)
}

async fn list(
    State(shared): App,
    Path(collection): Path<String>,
    Query(pairs): Pairs,
    fault: Option<Extension<ListingFault>>,
    uri: Uri,
) -> Response {
    let query = match ListQuery::read(&shared.config, &pairs) {
        Ok(query) => query,
        Err(refused) => return single(&shared, refused),
    };
    let page = in_collection(&shared, &collection, |c| {
        listing::list(&shared.config, c, &query, fault.map(|f| f.0))
    });
    let page = match page {
        Ok(page) => page,
        Err(refused) => return single(&shared, refused),
    };
    let mut response = json(StatusCode::OK, page.body);
    if let Some(cursor) = page.next_cursor {
        let kept = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|p| !p.is_empty() && !p.starts_with("cursor="));
        let query: Vec<String> = kept
            .map(str::to_owned)
            .chain([format!("cursor={cursor}")])
            .collect();
        let url = format!("{}{}?{}", shared.base_url, uri.path(), query.join("&"));
        let (name, value) = match shared.config.paging {
            Paging::CursorLink => (header::LINK, format!("<{url}>; rel=\"next\"")),
            _ => (header::HeaderName::from_static("next-page"), url),
        };
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn changes(
    State(shared): App,
    Path(collection): Path<String>,
    Query(pairs): Pairs,
    fault: Option<Extension<ListingFault>>,
) -> Response {
    let page = FeedQuery::read(&shared.config, &pairs).and_then(|query| {
        in_collection(&shared, &collection, |c| {
            listing::changes(&shared.config, c, query, fault.map(|f| f.0))
        })
    });
    match page {
        Ok(page) => json(StatusCode::OK, page.body),
        Err(refused) => single(&shared, refused),
    }
}

async fn read(State(shared): App, Path((collection, id)): Path<(String, String)>) -> Response {
    let found = in_collection(&shared, &collection, |c| {
        let (id, record) = c.get(&id)?;
        let mut body = String::with_capacity(record.body.len() + 96);
        record.write_json(id, shape(&shared.config), &mut body);
        Some((record.version, body))
    });
    match found {
        Ok(Some((version, body))) => tagged(&shared, Some(version), json(StatusCode::OK, body)),
        Ok(None) => single(
            &shared,
            Outcome::refused(
                404,
                "not_found",
                format!("{collection} has no record {id:?}"),
            ),
        ),
        Err(refused) => single(&shared, refused),
    }
}

async fn create(
    State(shared): App,
    Path(collection): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    one(&shared, &collection, None, Op::Create, &headers, &body)
}

async fn patch(
    State(shared): App,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    one(&shared, &path.0, Some(&path.1), Op::Patch, &headers, &body)
}

async fn put(
    State(shared): App,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    one(&shared, &path.0, Some(&path.1), Op::Put, &headers, &body)
}

async fn delete(
    State(shared): App,
    Path(path): Path<(String, String)>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    let version = pairs
        .iter()
        .find(|(name, _)| name == "version")
        .map(|(_, v)| format!("{{\"version\":{v}}}"));
    let body = version.unwrap_or_default();
    one(
        &shared,
        &path.0,
        Some(&path.1),
        Op::Delete,
        &headers,
        body.as_bytes(),
    )
}

/// A write of one record.
fn one(
    shared: &Shared,
    collection: &str,
    id: Option<&str>,
    op: Op,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let fields = if op == Op::Delete && text.is_empty() {
        Some(Fields::default())
    } else {
        Fields::parse(text)
    };
    let Some(fields) = fields else {
        return single(
            shared,
            Outcome::refused(
                400,
                "bad_body",
                "the body must be a JSON object of the record's fields".into(),
            ),
        );
    };
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let expect = match shared.config.conditional {
        Conditional::IfMatch => expect_from_header(header("if-match")),
        Conditional::None | Conditional::VersionField => Expect::Any,
    };
    let write = Write {
        op,
        id,
        expect,
        key: header("idempotency-key"),
        fields,
    };
    single(
        shared,
        shared
            .write(collection, write)
            .unwrap_or_else(|| no_collection(collection)),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkOperation<'a> {
    op: BulkOp,
    id: Option<String>,
    if_version: Option<BulkVersion>,
    key: Option<String>,
    #[serde(borrow, default)]
    fields: Fields<'a>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BulkOp {
    Create,
    Update,
    Delete,
}

/// A version as a number, or as the text of an `ETag`.
#[derive(Deserialize)]
#[serde(untagged)]
enum BulkVersion {
    Number(u64),
    Tag(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkEnvelope<'a> {
    #[serde(borrow)]
    operations: Vec<BulkOperation<'a>>,
}

async fn bulk(State(shared): App, Path(collection): Path<String>, body: Bytes) -> Response {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let operations = if text.trim_start().starts_with('[') {
        serde_json::from_str::<Vec<BulkOperation<'_>>>(text)
    } else {
        serde_json::from_str::<BulkEnvelope<'_>>(text).map(|envelope| envelope.operations)
    };
    let operations = match operations {
        Ok(operations) => operations,
        Err(error) => {
            return single(
                &shared,
                Outcome::refused(400, "bad_body", error.to_string()),
            );
        }
    };
    if operations.len() > shared.config.max_page {
        let message = format!(
            "{} operations sent, at most {} at once",
            operations.len(),
            shared.config.max_page
        );
        return single(&shared, Outcome::refused(413, "too_many", message));
    }
    let outcomes = {
        let writes = operations.iter().map(|operation| Write {
            op: match operation.op {
                BulkOp::Create => Op::Create,
                BulkOp::Update => Op::Patch,
                BulkOp::Delete => Op::Delete,
            },
            id: operation.id.as_deref(),
            expect: match &operation.if_version {
                None => Expect::Any,
                Some(BulkVersion::Number(version)) => Expect::OneOf(vec![*version]),
                Some(BulkVersion::Tag(tag)) => expect_from_header(Some(tag)),
            },
            key: operation.key.as_deref(),
            fields: operation.fields.clone(),
        });
        shared.write_all(&collection, writes.collect())
    };
    let Some(outcomes) = outcomes else {
        return single(&shared, no_collection(&collection));
    };
    let mut body = String::with_capacity(outcomes.len() * 560 + 16);
    body.push_str("{\"results\":[");
    for (at, outcome) in outcomes.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        outcome.push_result(&mut body);
    }
    body.push_str("]}");
    json(StatusCode::OK, body)
}

fn in_collection<T>(
    shared: &Shared,
    name: &str,
    work: impl FnOnce(&mut Collection) -> T,
) -> Result<T, Outcome> {
    shared.with(name, work).map_err(|_| no_collection(name))
}

fn no_collection(name: &str) -> Outcome {
    Outcome::refused(
        404,
        "no_collection",
        format!("there is no collection {name:?}"),
    )
}

/// The answer to a call about one record: the record itself, or `{"error":…}` with the record that stood in the way.
fn single(shared: &Shared, outcome: impl Borrow<Outcome>) -> Response {
    let outcome = outcome.borrow();
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    tagged(shared, outcome.version, json(status, outcome.to_single()))
}

fn tagged(shared: &Shared, version: Option<u64>, mut response: Response) -> Response {
    if shared.config.conditional == Conditional::IfMatch
        && let Some(version) = version
        && let Ok(tag) = HeaderValue::try_from(format!("\"{version}\""))
    {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

pub(crate) fn json(status: StatusCode, body: String) -> Response {
    let empty = body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if !empty {
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    response
}
