//! Reading the query string of a list request, with a clear refusal for what this storefront does not understand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::parse_ms;

use super::answer::Outcome;
use super::config::{Paging, StorefrontConfig};

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Offset(usize),
    /// After this record: its time (only where the order is by time) and id.
    After(Option<i64>, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListQuery {
    /// Records a page; `usize::MAX` without paging.
    pub(crate) limit: usize,
    pub(crate) start: Start,
    pub(crate) updated_since: Option<i64>,
    pub(crate) ids: Option<Vec<String>>,
    pub(crate) include_deleted: bool,
    pub(crate) filters: Vec<(String, String)>,
}

/// `limit` and `since` of a change feed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeedQuery {
    pub(crate) since: u64,
    pub(crate) limit: usize,
}

type Pairs = [(String, String)];

impl ListQuery {
    pub(crate) fn read(config: &StorefrontConfig, pairs: &Pairs) -> Result<Self, Outcome> {
        let paged = config.paging != Paging::None;
        let mut query = Self {
            limit: if paged { config.max_page } else { usize::MAX },
            start: Start::Offset(0),
            updated_since: None,
            ids: None,
            include_deleted: false,
            filters: Vec::new(),
        };
        let mut page = None;
        for (name, value) in pairs {
            match name.as_str() {
                "limit" if paged => query.limit = number(name, value)?.clamp(1, config.max_page),
                "offset" if config.paging == Paging::Offset => {
                    query.start = Start::Offset(number(name, value)?);
                }
                "page" if config.paging == Paging::Page => page = Some(number(name, value)?.max(1)),
                "cursor" if uses_cursor(config.paging) => {
                    query.start = decode(value)
                        .ok_or_else(|| bad(name, value, "a cursor this storefront gave out"))?;
                }
                "updated_since" if config.updated_since => {
                    let since = parse_ms(value)
                        .ok_or_else(|| bad(name, value, "a time like 2026-03-01T10:00:00.000Z"))?;
                    query.updated_since = Some(since);
                }
                "include_deleted" => query.include_deleted = value == "true",
                "ids" if config.batch_get => {
                    let ids: Vec<String> = value
                        .split(',')
                        .filter(|id| !id.is_empty())
                        .map(str::to_owned)
                        .collect();
                    if ids.len() > config.max_page {
                        let message = format!(
                            "{} ids asked for, at most {} at once",
                            ids.len(),
                            config.max_page
                        );
                        return Err(Outcome::refused(400, "too_many", message));
                    }
                    query.ids = Some(ids);
                }
                "limit" | "offset" | "page" | "cursor" | "updated_since" | "ids" => {
                    return Err(Outcome::refused(
                        400,
                        "unknown_parameter",
                        format!("{name} is not supported here"),
                    ));
                }
                _ if config.lookup => query.filters.push((name.clone(), value.clone())),
                _ => {
                    return Err(Outcome::refused(
                        400,
                        "unknown_parameter",
                        format!("{name} is not supported here"),
                    ));
                }
            }
        }
        if let Some(page) = page {
            query.start = Start::Offset((page - 1).saturating_mul(query.limit));
        }
        Ok(query)
    }
}

impl FeedQuery {
    pub(crate) fn read(config: &StorefrontConfig, pairs: &Pairs) -> Result<Self, Outcome> {
        let mut query = Self {
            since: 0,
            limit: config.max_page,
        };
        for (name, value) in pairs {
            match name.as_str() {
                "since" => {
                    query.since = value
                        .parse()
                        .map_err(|_| bad(name, value, "a sequence number"))?;
                }
                "limit" => query.limit = number(name, value)?.clamp(1, config.max_page),
                _ => {
                    return Err(Outcome::refused(
                        400,
                        "unknown_parameter",
                        format!("{name} is not supported here"),
                    ));
                }
            }
        }
        Ok(query)
    }
}

fn uses_cursor(paging: Paging) -> bool {
    matches!(
        paging,
        Paging::CursorBody | Paging::CursorLink | Paging::CursorNextPage
    )
}

fn number(name: &str, value: &str) -> Result<usize, Outcome> {
    value
        .parse()
        .map_err(|_| bad(name, value, "a whole number"))
}

fn bad(name: &str, value: &str, wanted: &str) -> Outcome {
    Outcome::refused(
        400,
        "bad_parameter",
        format!("{name}={value:?} is not {wanted}"),
    )
}

/// An opaque cursor for the page after this record.
pub(crate) fn encode(updated_ms: Option<i64>, id: &str) -> String {
    let plain = match updated_ms {
        Some(ms) => format!("u:{ms}:{id}"),
        None => format!("i:{id}"),
    };
    URL_SAFE_NO_PAD.encode(plain)
}

fn decode(cursor: &str) -> Option<Start> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    if let Some(id) = plain.strip_prefix("i:") {
        return Some(Start::After(None, id.to_owned()));
    }
    let (ms, id) = plain.strip_prefix("u:")?.split_once(':')?;
    Some(Start::After(Some(ms.parse().ok()?), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip() {
        for start in [
            Start::After(None, "cus-1".into()),
            Start::After(Some(-5), "a:b".into()),
        ] {
            let Start::After(ms, id) = &start else {
                continue;
            };
            assert_eq!(decode(&encode(*ms, id)).unwrap(), start);
        }
        for bad in ["", "zzz", "!!"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
