//! A storefront whose ways can be chosen: how it pages, how it makes writes conditional, whether it
//! has a change feed and bulk writes.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::db::{Db, RawFields, Row, Shared};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Paging {
    None,
    Offset,
    /// Counted pages whose end is only known by reading on, at most 7 rows each.
    OffsetCapped,
    Page,
    /// The size cannot be chosen.
    PageFixed,
    Cursor,
    Link,
    Keyset,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Conditional {
    IfMatch,
    Field,
    None,
}

#[derive(Clone, Copy)]
pub(crate) struct Ways {
    pub(crate) paging: Paging,
    pub(crate) conditional: Conditional,
    pub(crate) bulk: bool,
}

#[derive(Clone)]
struct App {
    db: Shared,
    ways: Ways,
}

pub(crate) fn router(db: Shared, ways: Ways) -> Router {
    Router::new().fallback(handle).with_state(App { db, ways })
}

type Query = BTreeMap<String, String>;

struct Reply {
    status: u16,
    body: String,
    headers: Vec<(&'static str, String)>,
}

fn reply(status: u16, body: String) -> Reply {
    Reply {
        status,
        body,
        headers: Vec::new(),
    }
}

fn problem(status: u16, code: &str, message: &str) -> Reply {
    reply(
        status,
        format!("{{\"error\":{{\"code\":{code:?},\"message\":{message:?}}}}}"),
    )
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::from_u16(self.status).unwrap(), self.body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    }
}

async fn handle(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let mut db = app.db.lock().unwrap();
    db.requests += 1;
    let query: Query = url_pairs(uri.query().unwrap_or_default());
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["items"]) => app.list(&db, &query, &uri),
        ("GET", ["items", "changes"]) => feed(&db, &query),
        ("GET", ["items", id]) => app.read(&db, id),
        ("POST", ["items", "bulk"]) if app.ways.bulk => app.bulk(&mut db, &body),
        ("POST", ["items"]) => {
            let key = headers
                .get("idempotency-key")
                .map(|key| key.to_str().unwrap());
            app.create(&mut db, serde_json::from_slice(&body).unwrap(), key)
        }
        ("PATCH", ["items", id]) => {
            let mut fields: RawFields = serde_json::from_slice(&body).unwrap();
            let expected = match app.ways.conditional {
                Conditional::Field => fields.remove("version").map(|v| v.get().to_owned()),
                Conditional::IfMatch => if_match(&headers),
                Conditional::None => None,
            };
            app.update(&mut db, id, fields, expected.as_deref())
        }
        ("DELETE", ["items", id]) => {
            let expected = match app.ways.conditional {
                Conditional::Field => query.get("version").cloned(),
                Conditional::IfMatch => if_match(&headers),
                Conditional::None => None,
            };
            app.delete(&mut db, id, expected.as_deref())
        }
        ("GET", [""]) => reply(
            200,
            "{\"name\":\"shop\",\"release\":3,\"account\":\"a-1\"}".into(),
        ),
        _ => problem(404, "not_found", "no such place"),
    }
}

fn if_match(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("if-match")?.to_str().unwrap();
    Some(value.trim_matches('"').to_owned())
}

pub(crate) fn url_pairs(query: &str) -> Query {
    let url = reqwest::Url::parse(&format!("http://x/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}

pub(crate) fn iso(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms)
        .unwrap()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn shown(id: &str, row: &Row) -> String {
    let mut extra = vec![
        ("version", row.version.to_string()),
        ("updated_at", format!("{:?}", iso(row.at_ms))),
    ];
    if row.gone {
        extra.push(("deleted", "true".into()));
    }
    Db::json(id, row, &extra)
}

fn feed(db: &Db, query: &Query) -> Reply {
    let since: u64 = query["since"].parse().unwrap();
    let mut rows: Vec<_> = db.rows.iter().filter(|(_, row)| row.seq > since).collect();
    rows.sort_by_key(|(_, row)| row.seq);
    let more = rows.len() > 10;
    rows.truncate(10);
    let next = rows.last().map_or(since, |(_, row)| row.seq);
    let rows: Vec<_> = rows.into_iter().map(|(id, row)| shown(id, row)).collect();
    reply(
        200,
        format!(
            "{{\"data\":[{}],\"next\":{next},\"more\":{more}}}",
            rows.join(",")
        ),
    )
}

impl App {
    fn list(&self, db: &Db, query: &Query, uri: &Uri) -> Reply {
        if let Some(ids) = query.get("ids") {
            let rows: Vec<_> = ids
                .split(',')
                .filter_map(|id| Some(shown(id, db.live(id)?)))
                .collect();
            return reply(200, format!("{{\"data\":[{}]}}", rows.join(",")));
        }
        let since = query.get("updated_since").map(|since| {
            since
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()
                .timestamp_millis()
        });
        let rows: Vec<_> = db
            .rows
            .iter()
            .filter(|(_, row)| match since {
                Some(since) => row.at_ms >= since,
                None => !row.gone,
            })
            .filter(|(_, row)| {
                query.get("email").is_none_or(|email| {
                    row.fields
                        .get("email")
                        .is_some_and(|raw| raw.get() == format!("{email:?}"))
                })
            })
            .collect();
        let number = |name: &str, default: usize| {
            query
                .get(name)
                .map_or(default, |text| text.parse().unwrap())
        };
        let limit = match self.ways.paging {
            Paging::None => usize::MAX,
            Paging::OffsetCapped => number("limit", 10).min(7),
            Paging::PageFixed => 10,
            _ => number("limit", 10).min(50),
        };
        let start = match self.ways.paging {
            Paging::None => 0,
            Paging::Offset | Paging::OffsetCapped => number("offset", 0),
            Paging::Page | Paging::PageFixed => (number("page", 1) - 1) * limit,
            Paging::Cursor | Paging::Link | Paging::Keyset => {
                query.get("after").map_or(0, |after| {
                    rows.iter().take_while(|(id, _)| *id <= after).count()
                })
            }
        };
        let more = rows.len() > start.saturating_add(limit);
        let page: Vec<_> = rows.into_iter().skip(start).take(limit).collect();
        let next = page.last().filter(|_| more).map(|(id, _)| (*id).clone());
        let shown: Vec<_> = page.into_iter().map(|(id, row)| shown(id, row)).collect();
        let mut members = vec![
            format!("\"data\":[{}]", shown.join(",")),
            format!("\"seq\":{}", db.seq),
        ];
        match self.ways.paging {
            Paging::Offset | Paging::Page => members.push(format!("\"more\":{more}")),
            Paging::Cursor => members.push(format!(
                "\"next\":{}",
                next.as_ref().map_or("null".into(), |n| format!("{n:?}"))
            )),
            _ => {}
        }
        let mut answer = reply(200, format!("{{{}}}", members.join(",")));
        if let (Paging::Link, Some(next)) = (self.ways.paging, next) {
            let link = format!(
                "<{}?limit={limit}>; rel=\"first\", <{}?limit={limit}&after={next}>; rel=\"next\"",
                uri.path(),
                uri.path()
            );
            answer.headers.push(("link", link));
        }
        answer
    }

    fn read(&self, db: &Db, id: &str) -> Reply {
        if id == "forbidden" {
            return problem(403, "forbidden", "not yours");
        }
        match db.live(id) {
            Some(row) => {
                let mut answer = reply(200, shown(id, row));
                answer
                    .headers
                    .push(("etag", format!("\"{}\"", row.version)));
                answer
            }
            None => problem(404, "not_found", "no such item"),
        }
    }

    fn create(&self, db: &mut Db, fields: RawFields, key: Option<&str>) -> Reply {
        if let Some(id) = key.and_then(|key| db.keys.get(key)) {
            return reply(201, shown(id, &db.rows[id]));
        }
        if db.email_taken(None, &fields) {
            return problem(422, "duplicate", "email is taken");
        }
        let id = db.next_id();
        let at = 1_772_000_500_000 + db.seq as i64;
        db.put(&id, fields, at, false);
        if let Some(key) = key {
            db.keys.insert(key.to_owned(), id.clone());
        }
        reply(201, shown(&id, &db.rows[&id]))
    }

    fn update(&self, db: &mut Db, id: &str, patch: RawFields, expected: Option<&str>) -> Reply {
        let Some(row) = db.live(id) else {
            return problem(404, "not_found", "no such item");
        };
        if expected.is_some_and(|expected| expected != row.version.to_string()) {
            let status = if self.ways.conditional == Conditional::IfMatch {
                412
            } else {
                409
            };
            return problem(status, "version_conflict", "it has changed");
        }
        let mut fields = row.fields.clone();
        fields.extend(patch);
        if db.email_taken(Some(id), &fields) {
            return problem(409, "duplicate", "email is taken");
        }
        let at = 1_772_000_500_000 + db.seq as i64;
        db.put(id, fields, at, false);
        reply(200, shown(id, &db.rows[id]))
    }

    fn delete(&self, db: &mut Db, id: &str, expected: Option<&str>) -> Reply {
        let Some(row) = db.live(id) else {
            return problem(404, "not_found", "no such item");
        };
        if expected.is_some_and(|expected| expected != row.version.to_string()) {
            let status = if self.ways.conditional == Conditional::IfMatch {
                412
            } else {
                409
            };
            return problem(status, "version_conflict", "it has changed");
        }
        let at = 1_772_000_500_000 + db.seq as i64;
        db.put(id, RawFields::new(), at, true);
        reply(204, String::new())
    }

    fn bulk(&self, db: &mut Db, body: &[u8]) -> Reply {
        #[derive(Deserialize)]
        struct Body {
            operations: Vec<Operation>,
        }
        #[derive(Deserialize)]
        struct Operation {
            op: String,
            #[serde(default)]
            id: String,
            version: Option<String>,
            #[serde(default)]
            key: String,
            #[serde(default)]
            fields: RawFields,
        }
        let body: Body = serde_json::from_slice(body).unwrap();
        let results: Vec<String> = body
            .operations
            .into_iter()
            .map(|op| {
                let answer = match op.op.as_str() {
                    "create" => self.create(db, op.fields, Some(&op.key)),
                    "update" => self.update(db, &op.id, op.fields, op.version.as_deref()),
                    _ => self.delete(db, &op.id, op.version.as_deref()),
                };
                let (status, body) = (answer.status, answer.body);
                match status {
                    204 => format!("{{\"status\":{status}}}"),
                    200..300 => format!("{{\"status\":{status},\"record\":{body}}}"),
                    _ => {
                        let error: BTreeMap<String, Box<RawValue>> =
                            serde_json::from_str(&body).unwrap();
                        format!("{{\"status\":{status},\"error\":{}}}", error["error"].get())
                    }
                }
            })
            .collect();
        reply(200, format!("{{\"results\":[{}]}}", results.join(",")))
    }
}
