//! Pages of records: finding where one begins, writing it, and saying where the next one is.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::fields::{push_text, text_of};

use super::collection::{Collection, Id, Record, Shape, State};
use super::config::{Paging, StorefrontConfig};
use super::faults::ListingFault;
use super::query::{FeedQuery, ListQuery, Start, encode};
use super::write::shape;

/// A page ready to be sent: its body, and the query of the next page where that goes into a header.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: String,
    pub(crate) next_cursor: Option<String>,
}

/// Writes one page of a list, a look-up or a batch.
pub(crate) fn list(
    config: &StorefrontConfig,
    collection: &mut Collection,
    query: &ListQuery,
    fault: Option<ListingFault>,
) -> Page {
    let shape = shape(config);
    let mut body = String::with_capacity(query.limit.min(collection.live()).min(1_000) * 480 + 64);
    body.push_str("{\"data\":[");
    let rows_start = body.len();
    let found = if let Some(ids) = &query.ids {
        write_batch(collection, ids, shape, &mut body)
    } else {
        write_page(collection, query, shape, &mut body)
    };
    let mut more = found.more;
    if fault.is_some() {
        body.truncate(rows_start);
    }
    more &= fault != Some(ListingFault::Empty);
    body.push(']');
    let next = found
        .last
        .filter(|_| more)
        .map(|(ms, id)| encode(query.updated_since.and(Some(ms)), &id));
    match config.paging {
        Paging::Offset | Paging::Page => {
            let _ = write!(body, ",\"has_more\":{more}");
            if query.updated_since.is_none()
                && query.filters.is_empty()
                && query.ids.is_none()
                && !query.include_deleted
            {
                let total = if fault == Some(ListingFault::Empty) {
                    0
                } else {
                    collection.live()
                };
                let _ = write!(body, ",\"total\":{total}");
            }
        }
        Paging::CursorBody => {
            body.push_str(",\"next_cursor\":");
            match &next {
                Some(cursor) => push_text(&mut body, cursor),
                None => body.push_str("null"),
            }
        }
        Paging::None | Paging::CursorLink | Paging::CursorNextPage => {}
    }
    if config.change_feed {
        let _ = write!(body, ",\"seq\":{}", collection.seq());
    }
    body.push('}');
    let in_header = matches!(config.paging, Paging::CursorLink | Paging::CursorNextPage);
    Page {
        body,
        next_cursor: next.filter(|_| in_header),
    }
}

struct Found {
    last: Option<(i64, Id)>,
    more: bool,
}

fn write_batch(collection: &Collection, ids: &[String], shape: Shape, body: &mut String) -> Found {
    let mut rows = Rows {
        shape,
        body,
        count: 0,
    };
    for (id, record) in ids.iter().filter_map(|id| collection.get(id)) {
        rows.push(id, record);
    }
    Found {
        last: None,
        more: false,
    }
}

fn write_page(
    collection: &mut Collection,
    query: &ListQuery,
    shape: Shape,
    body: &mut String,
) -> Found {
    // Flagged records show where changes are asked for, or when named.
    let visible = |record: &Record| {
        record.state == State::Live || query.include_deleted || query.updated_since.is_some()
    };
    let matches = |record: &Record| visible(record) && holds(record, &query.filters);
    let plain = query.filters.is_empty() && query.updated_since.is_none() && !query.include_deleted;

    let mut mark = None;
    let found = {
        let candidates: Option<Vec<Id>> = query
            .filters
            .iter()
            .find_map(|(field, value)| collection.indexed(field, value));
        let (mut skip, mut after) = (0, None);
        match &query.start {
            Start::Offset(offset) if plain => {
                let (at, id) = collection.mark_before(*offset);
                skip = offset - at;
                after = id.map(|id| (None, id.to_string()));
            }
            Start::Offset(offset) => skip = *offset,
            Start::After(ms, id) => after = Some((*ms, id.clone())),
        }
        let after_id = after.as_ref().map(|(_, id)| id.as_str());
        let records: Box<dyn Iterator<Item = (&Id, &Record)>> =
            match (candidates, query.updated_since) {
                (Some(ids), since) => {
                    let mut found: Vec<_> =
                        ids.iter().filter_map(|id| collection.get(id)).collect();
                    found.retain(|(id, r)| {
                        since.is_none_or(|s| r.updated_ms >= s)
                            && after_id.is_none_or(|a| id.as_ref() > a)
                    });
                    Box::new(found.into_iter())
                }
                (None, Some(since)) => {
                    let after = after
                        .as_ref()
                        .map(|(ms, id)| (ms.unwrap_or(since), id.as_str()));
                    Box::new(collection.by_updated(since, after))
                }
                (None, None) => Box::new(collection.by_id(after_id)),
            };
        let mut rows = Rows {
            shape,
            body,
            count: 0,
        };
        let mut found = Found {
            last: None,
            more: false,
        };
        for (id, record) in records.filter(|(_, record)| matches(record)).skip(skip) {
            if rows.count == query.limit {
                found.more = true;
                break;
            }
            rows.push(id, record);
            found.last = Some((record.updated_ms, Arc::clone(id)));
        }
        if let (true, Start::Offset(offset), Some((_, id))) = (plain, &query.start, &found.last) {
            mark = Some((offset + rows.count, Arc::clone(id)));
        }
        found
    };
    if let Some((offset, id)) = mark {
        collection.mark(offset, id);
    }
    found
}

fn holds(record: &Record, filters: &[(String, String)]) -> bool {
    if filters.is_empty() {
        return true;
    }
    let fields = record.fields();
    filters.iter().all(|(name, wanted)| {
        fields.get(name).is_some_and(|json| {
            json != "null" && text_of(json).as_deref().unwrap_or(json) == wanted
        })
    })
}

/// Writes one page of the change feed.
pub(crate) fn changes(
    config: &StorefrontConfig,
    collection: &Collection,
    query: FeedQuery,
    fault: Option<ListingFault>,
) -> Page {
    let shape = Shape {
        deleted: true,
        seq: true,
        ..shape(config)
    };
    let mut body = String::from("{\"data\":[");
    let rows_start = body.len();
    let mut rows = Rows {
        shape,
        body: &mut body,
        count: 0,
    };
    let (mut next, mut more) = (query.since.min(collection.seq()), false);
    for (id, record) in collection.changes(query.since) {
        if rows.count == query.limit {
            more = true;
            break;
        }
        rows.push(id, record);
        next = record.seq;
    }
    if fault.is_some() {
        body.truncate(rows_start);
    }
    if fault == Some(ListingFault::Empty) {
        (next, more) = (query.since, false);
    }
    let _ = write!(body, "],\"next\":{next},\"more\":{more}}}");
    Page {
        body,
        next_cursor: None,
    }
}

struct Rows<'b> {
    shape: Shape,
    body: &'b mut String,
    count: usize,
}

impl Rows<'_> {
    fn push(&mut self, id: &str, record: &Record) {
        if self.count > 0 {
            self.body.push(',');
        }
        record.write_json(id, self.shape, self.body);
        self.count += 1;
    }
}
