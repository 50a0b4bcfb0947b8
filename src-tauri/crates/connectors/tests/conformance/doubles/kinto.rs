//! A record store with the habits of Kinto: a clock that never shows the same time twice, `ETag`
//! and `If-Match`, `_since` with tombstones, newest first unless asked otherwise, `Next-Page`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::db::{Db, RawFields, Row, Shared};
use super::shop::url_pairs;

/// `Authorization` of `admin:s3cret`.
const AUTHORIZATION: &str = "Basic YWRtaW46czNjcmV0";

pub(crate) fn router(db: Shared) -> Router {
    Router::new().fallback(handle).with_state(db)
}

/// Its clock: unique and rising.
pub(crate) fn put(db: &mut Db, id: &str, fields: RawFields, gone: bool) {
    let at = 1_772_000_000_000 + db.seq as i64 + 1;
    db.put(id, fields, at, gone);
}

fn shown(id: &str, row: &Row) -> String {
    let mut extra = vec![("last_modified", row.at_ms.to_string())];
    if row.gone {
        extra.push(("deleted", "true".into()));
    }
    Db::json(id, row, &extra)
}

fn data(id: &str, row: &Row) -> String {
    format!("{{\"data\":{}}}", shown(id, row))
}

fn answer(status: u16, body: String) -> Response {
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

fn refusal(status: u16, message: &str, existing: Option<String>) -> Response {
    let details = existing.map_or(String::new(), |row| {
        format!(",\"details\":{{\"existing\":{row}}}")
    });
    answer(
        status,
        format!("{{\"code\":{status},\"errno\":114,\"message\":{message:?}{details}}}"),
    )
}

#[derive(Deserialize)]
struct Envelope {
    data: RawFields,
}

async fn handle(
    State(db): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut db = db.lock().unwrap();
    db.requests += 1;
    if headers
        .get("authorization")
        .is_none_or(|value| value != AUTHORIZATION)
    {
        return refusal(
            401,
            "Please authenticate yourself to use this endpoint.",
            None,
        );
    }
    let base = "/v1/buckets/crm/collections/contacts/records";
    if uri.path() == "/v1/" {
        return answer(200, "{\"project_name\":\"kinto\",\"project_version\":\"26.5.0\",\"user\":{\"id\":\"basicauth:1\"}}".into());
    }
    let Some(rest) = uri.path().strip_prefix(base) else {
        return refusal(
            404,
            "The resource you are looking for could not be found.",
            None,
        );
    };
    let id = rest.trim_start_matches('/');
    match method.as_str() {
        "GET" if id.is_empty() => list(&db, &uri, &headers),
        "GET" => match db.live(id) {
            Some(row) => answer(200, data(id, row)),
            None => refusal(404, "not found", None),
        },
        "POST" => {
            let fields = serde_json::from_slice::<Envelope>(&body).unwrap().data;
            let id = db.next_id();
            store(&mut db, &id, fields, 201)
        }
        _ if !precondition(&db, id, &headers) => {
            let existing = db.live(id).map(|row| shown(id, row));
            refusal(412, "Resource was modified meanwhile", existing)
        }
        "PUT" => {
            let fields = serde_json::from_slice::<Envelope>(&body).unwrap().data;
            store(&mut db, id, fields, 201)
        }
        "PATCH" => {
            let patch = serde_json::from_slice::<Envelope>(&body).unwrap().data;
            let Some(row) = db.live(id) else {
                return refusal(404, "not found", None);
            };
            let mut fields = row.fields.clone();
            fields.extend(patch);
            store(&mut db, id, fields, 200)
        }
        "DELETE" => {
            if db.live(id).is_none() {
                return refusal(404, "not found", None);
            }
            put(&mut db, id, RawFields::new(), true);
            answer(200, data(id, &db.rows[id]))
        }
        _ => refusal(405, "not allowed", None),
    }
}

/// Kinto checks no uniqueness; a schema would refuse such a record with 400.
fn store(db: &mut Db, id: &str, mut fields: RawFields, status: u16) -> Response {
    fields.remove("id");
    fields.remove("last_modified");
    if db.email_taken(Some(id), &fields) {
        return refusal(400, "email in body: taken", None);
    }
    put(db, id, fields, false);
    answer(status, data(id, &db.rows[id]))
}

fn precondition(db: &Db, id: &str, headers: &HeaderMap) -> bool {
    if headers
        .get("if-none-match")
        .is_some_and(|value| value == "*")
    {
        return db.live(id).is_none();
    }
    let Some(expected) = headers.get("if-match") else {
        return true;
    };
    let expected = expected.to_str().unwrap();
    assert!(
        expected.starts_with('"') && expected.ends_with('"'),
        "unquoted: {expected}"
    );
    db.live(id)
        .is_none_or(|row| expected.trim_matches('"') == row.at_ms.to_string())
}

fn list(db: &Db, uri: &Uri, headers: &HeaderMap) -> Response {
    let query = url_pairs(uri.query().unwrap_or_default());
    let since: Option<i64> = query
        .get("_since")
        .map(|since| since.trim_matches('"').parse().unwrap());
    let mut rows: Vec<_> = db
        .rows
        .iter()
        .filter(|(_, row)| since.map_or(!row.gone, |since| row.at_ms > since))
        .filter(|(_, row)| {
            query.get("email").is_none_or(|email| {
                row.fields
                    .get("email")
                    .is_some_and(|raw| raw.get() == format!("{email:?}"))
            })
        })
        .collect();
    rows.sort_by_key(|(_, row)| row.at_ms);
    let ascending = query
        .get("_sort")
        .is_some_and(|sort| sort == "last_modified");
    if !ascending {
        rows.reverse();
    }
    if let Some(token) = query.get("_token") {
        let after: i64 = token.parse().unwrap();
        rows.retain(|(_, row)| {
            if ascending {
                row.at_ms > after
            } else {
                row.at_ms < after
            }
        });
    }
    let limit = query
        .get("_limit")
        .map_or(usize::MAX, |limit| limit.parse().unwrap());
    let more = rows.len() > limit;
    rows.truncate(limit);
    let shown: Vec<_> = rows.iter().map(|(id, row)| shown(id, row)).collect();
    let mut response = answer(200, format!("{{\"data\":[{}]}}", shown.join(",")));
    let stamp = db.rows.values().map(|row| row.at_ms).max().unwrap_or(0);
    response
        .headers_mut()
        .insert("etag", format!("\"{stamp}\"").parse().unwrap());
    if let (true, Some((_, last))) = (more, rows.last()) {
        let mut url = reqwest::Url::parse(&format!(
            "http://{}{}",
            headers["host"].to_str().unwrap(),
            uri.path()
        ))
        .unwrap();
        for (name, value) in query.iter().filter(|(name, _)| *name != "_token") {
            url.query_pairs_mut().append_pair(name, value);
        }
        url.query_pairs_mut()
            .append_pair("_token", &last.at_ms.to_string());
        response
            .headers_mut()
            .insert("next-page", url.as_str().parse().unwrap());
    }
    response
}
