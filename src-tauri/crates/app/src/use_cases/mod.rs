//! One module for each family of commands; each command is one method of [`crate::App`].

mod alerts;
mod audit;
mod conflicts;
mod conflicts_many;
mod conflicts_undo;
mod connections;
mod errors;
mod farewell;
mod mapping;
mod overview;
mod pairs;
mod plans;
mod record_history;
mod restore;
mod retention;
mod runs;
mod secrets;
mod settings;
mod syncs;
mod tenants;

pub use runs::refused_by_guard;
pub use secrets::{SecretChange, SecretList, SecretView};

use chrono::{DateTime, Utc};

use crate::error::AppError;
use crate::wire::Page;

/// The most items of one page.
const MOST: u32 = 1_000;

/// How many to ask the store for: one more than wanted, to know whether there is a next page.
fn page_limit(limit: u32) -> Result<usize, AppError> {
    if (1..=MOST).contains(&limit) {
        return Ok(limit as usize + 1);
    }
    Err(AppError::Argument {
        what: format!("a page cannot have {limit} items"),
        why: format!("Lists are given in pages of 1 to {MOST}."),
        fix: "Ask for fewer, and for the next page with the cursor that comes with this one."
            .to_owned(),
    })
}

/// A page of what the store gave for [`page_limit`].
fn page<S, T>(
    mut rows: Vec<S>,
    limit: u32,
    cursor: impl FnOnce(&S) -> String,
    mut show: impl FnMut(S) -> T,
) -> Page<T> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(cursor);
    Page {
        items: rows.drain(..).map(&mut show).collect(),
        next,
    }
}

/// A cursor or an id given back whole.
fn parse_id<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| no_cursor(what, text))
}

/// A time to filter by.
fn parse_time(text: &str) -> Result<DateTime<Utc>, AppError> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| AppError::Argument {
        what: format!("{text:?} is no time"),
        why: format!("It cannot be read as RFC 3339: {error}."),
        fix: "Give a date, a time and an offset, such as 2026-03-01T12:00:00Z.".to_owned(),
    })?;
    Ok(time.to_utc())
}

/// What is looked for; only spaces ask for nothing.
fn search_text(text: Option<&str>) -> Option<String> {
    text.map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn no_cursor(what: &'static str, text: &str) -> AppError {
    AppError::Argument {
        what: format!("{text:?} is no {what}"),
        why: "A cursor is given back exactly as it came with the last page.".to_owned(),
        fix: "Begin again without it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_or_refused_with_what_to_do() {
        let noon = parse_time("2026-03-01T13:00:00+01:00").unwrap();
        assert_eq!(noon, parse_time("2026-03-01T12:00:00Z").unwrap());
        for text in ["", "yesterday", "2026-03-01", "2026-13-01T00:00:00Z"] {
            let error = parse_time(text).unwrap_err().to_string();
            assert!(error.contains("is no time"), "{error}");
        }
        assert_eq!(search_text(Some("  a b ")), Some("a b".to_owned()));
        assert_eq!([search_text(Some(" ")), search_text(None)], [None, None]);
    }

    #[test]
    fn the_cursor_is_the_last_item_shown_and_only_when_there_are_more() {
        let show = |rows: Vec<u32>, limit| page(rows, limit, u32::to_string, |row| row * 10);
        assert_eq!(
            show(vec![5, 4, 3], 2),
            Page {
                items: vec![50, 40],
                next: Some("4".into())
            }
        );
        assert_eq!(
            show(vec![5, 4], 2),
            Page {
                items: vec![50, 40],
                next: None
            }
        );
        assert_eq!(
            show(vec![], 2),
            Page {
                items: vec![],
                next: None
            }
        );
        assert!(page_limit(0).is_err() && page_limit(1_001).is_err());
    }
}
