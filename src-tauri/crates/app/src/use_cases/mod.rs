//! One module for each family of commands; each command is one method of [`crate::App`].

mod alerts;
mod audit;
mod conflicts;
mod conflicts_many;
mod connections;
mod errors;
mod farewell;
mod overview;
mod pairs;
mod plans;
mod restore;
mod retention;
mod runs;
mod secrets;
mod syncs;
mod tenants;

pub use runs::refused_by_guard;
pub use secrets::{SecretChange, SecretList, SecretView};

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
