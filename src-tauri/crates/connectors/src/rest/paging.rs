//! From one page to the next, so that a listing is complete although rows come and go meanwhile.
//!
//! Where pages are counted (offset, page number), neighbours overlap by at least one row. If the
//! first row of a page was not on the page before, rows have moved up in between; then the listing
//! steps back until it meets rows it has seen. Where the system hands out a cursor, completeness is
//! the system's; here only a cursor that comes again is refused.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use tandem_engine::ports::connector::PageToken;

use super::cursor::CursorState;

/// The most pages of one listing: a hundred million records in pages of 100.
const MOST_PAGES: u64 = 1_000_000;
/// The most pages in a row that hold nothing and yet promise another.
const MOST_EMPTY: u64 = 1_000;

/// Where a listing stands; what a page token holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Where the next page is.
    pub(crate) place: Place,
    /// Pages read so far.
    pub(crate) pages: u64,
    /// Pages without any record since the last one with some.
    pub(crate) empty: u64,
    /// The digest of a place met earlier; see [`Progress::goes_on_at`].
    pub(crate) mark: u64,
    /// Digests of the ids on the last page, where pages are counted.
    pub(crate) seen: Vec<u64>,
    /// The most rows a page really brings, where that is fewer than asked for.
    pub(crate) page_size: Option<usize>,
    /// What the cursor will be made of.
    pub(crate) cursor: CursorState,
}

/// Where a page is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// The first.
    #[default]
    First,
    /// Counted: so many rows are behind us.
    Rows(u64),
    /// Counted by page number where its size cannot be chosen.
    Number(u64),
    /// At the system's own cursor.
    Cursor(String),
    /// At this address.
    Address(String),
}

impl Progress {
    /// Reads a token; `Err` says that it is none of ours.
    pub(crate) fn read(token: Option<&PageToken>) -> Result<Self, String> {
        token.map_or_else(
            || Ok(Self::default()),
            |token| {
                serde_json::from_str(&token.0)
                    .map_err(|error| format!("this page token was not made here: {error}"))
            },
        )
    }

    pub(crate) fn token(&self) -> PageToken {
        // A struct of numbers and texts always serialises.
        PageToken(serde_json::to_string(self).unwrap_or_default())
    }

    /// Moves on to `place` after a page of `rows` entries, refusing a place met before (Brent's way:
    /// compare with a mark that is moved ahead at each power of two, so that a cycle of any length
    /// shows) and a listing without end.
    pub(crate) fn goes_on_at(&mut self, place: Place, rows: usize) -> Result<(), String> {
        self.pages += 1;
        self.empty = if rows == 0 { self.empty + 1 } else { 0 };
        if self.empty >= MOST_EMPTY {
            return Err(format!(
                "its pages do not end: {MOST_EMPTY} in a row held nothing, and each promised another"
            ));
        }
        if self.pages >= MOST_PAGES {
            return Err(format!("its pages do not end: {MOST_PAGES} were read"));
        }
        // Counted pages may be met again on purpose, when a listing steps back.
        if matches!(place, Place::Cursor(_) | Place::Address(_)) {
            let digest = digest(&place);
            if self.pages > 1 && digest == self.mark {
                return Err("its pages go round in a circle: a cursor came again".to_owned());
            }
            if self.pages.is_power_of_two() {
                self.mark = digest;
            }
        }
        self.place = place;
        Ok(())
    }
}

/// A short digest of anything; stable within one version of the program, as page tokens need.
pub(crate) fn digest(value: &impl DigestText) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.feed(&mut hasher);
    hasher.finish()
}

/// What can be digested.
pub(crate) trait DigestText {
    /// Feeds it to the hasher.
    fn feed(&self, hasher: &mut DefaultHasher);
}

impl DigestText for &str {
    fn feed(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

impl DigestText for Place {
    fn feed(&self, hasher: &mut DefaultHasher) {
        match self {
            Self::First => 0u8.hash(hasher),
            Self::Rows(rows) => (1u8, rows).hash(hasher),
            Self::Number(page) => (2u8, page).hash(hasher),
            Self::Cursor(text) => (3u8, text).hash(hasher),
            Self::Address(text) => (4u8, text).hash(hasher),
        }
    }
}

/// The page (counted from 0) and size whose rows begin at or before `covered − 1` and reach as far
/// beyond as can be, with pages of at most `most`. `None` where every such page ends just there,
/// which for pages of 20 happens first at 232,792,560 rows.
pub(crate) fn overlapping_page(covered: u64, most: u64) -> Option<(u64, u64)> {
    let most = most.max(1);
    if covered == 0 {
        return Some((0, most));
    }
    (1..=most)
        .map(|size| ((covered - 1) / size, size))
        .max_by_key(|(page, size)| (page + 1) * size)
        .filter(|(page, size)| (page + 1) * size > covered)
}

/// What a counted page means for the listing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It joins on to what was seen; so many rows are behind us now.
    Forward(u64),
    /// It does not: go back to where only so many rows are behind us.
    Back(u64),
    /// It was the last.
    End,
    /// The system gives the same rows again and again, but says there is more.
    Stuck,
}

/// Judges a counted page: `start` is the number of rows before it, `ids` the digests of its rows.
pub(crate) fn judge(
    start: u64,
    covered: u64,
    size: u64,
    ids: &[u64],
    seen: &[u64],
    more: Option<bool>,
) -> Step {
    let joins = start == 0 || ids.first().is_some_and(|first| seen.contains(first));
    if !joins {
        return Step::Back(covered.saturating_sub(size.saturating_sub(1).max(1)));
    }
    let reached = start + ids.len() as u64;
    let brings_new = ids.iter().any(|id| !seen.contains(id));
    match (more, brings_new) {
        (Some(false), _) | (None, false) => Step::End,
        (Some(true), false) if covered > 0 || ids.is_empty() => Step::Stuck,
        _ => Step::Forward(reached),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_by_number_overlap_and_reach_on() {
        for most in [20, 50, 100] {
            let mut covered = 0;
            for _ in 0..500 {
                let (page, size) = overlapping_page(covered, most).unwrap();
                assert!(size <= most);
                assert!(covered == 0 || page * size < covered, "{most} {covered}");
                let reach = (page + 1) * size;
                assert!(reach > covered, "{most} {covered}");
                covered = reach;
            }
            assert!(covered > 300 * most, "{most}: {covered}");
        }
        assert_eq!(overlapping_page(6, 3), None);
    }

    #[test]
    fn a_counted_page_is_judged() {
        let table = [
            // start, covered, ids, seen, more → step
            (0, 0, vec![1, 2, 3], vec![], None, Step::Forward(3)),
            (0, 0, vec![], vec![], None, Step::End),
            (0, 0, vec![1], vec![], Some(false), Step::End),
            (2, 3, vec![3, 4, 5], vec![1, 2, 3], None, Step::Forward(5)),
            (2, 3, vec![3], vec![1, 2, 3], None, Step::End),
            // A row before us was deleted: 4 slipped onto the page behind us.
            (2, 3, vec![5, 6], vec![1, 2, 3], None, Step::Back(1)),
            (2, 3, vec![], vec![1, 2, 3], Some(false), Step::Back(1)),
            // Rows came in before us: we meet old ones, nothing is missed.
            (2, 3, vec![2, 3, 4], vec![1, 2, 3], None, Step::Forward(5)),
            (2, 3, vec![3], vec![1, 2, 3], Some(true), Step::Stuck),
        ];
        for (start, covered, ids, seen, more, expected) in table {
            let step = judge(start, covered, 3, &ids, &seen, more);
            assert_eq!(step, expected, "{start} {ids:?} {more:?}");
        }
    }

    #[test]
    fn a_circle_of_any_length_shows() {
        for length in [1usize, 2, 5, 13] {
            let mut progress = Progress::default();
            let refused = (0..200).position(|n| {
                progress
                    .goes_on_at(
                        Place::Cursor(format!("c{}", if n < 4 { n } else { 4 + n % length })),
                        1,
                    )
                    .is_err()
            });
            assert!(
                refused.is_some_and(|n| n <= 4 + 3 * length.max(8)),
                "{length}: {refused:?}"
            );
        }
    }

    /// Rows of each page, over and over → after how many pages it is refused.
    #[test]
    fn threat_a_listing_without_end_is_refused() {
        let table: [(&[usize], u64); 4] = [
            (&[0], MOST_EMPTY),
            (&[1], MOST_PAGES),
            (&[0, 0, 0, 1], MOST_PAGES),
            (&[5, 0], MOST_PAGES),
        ];
        for (rows, expected) in table {
            let mut progress = Progress::default();
            let mut pages = rows.iter().cycle();
            let refused = (1..=MOST_PAGES).find(|n| {
                let rows = pages.next().copied().unwrap_or_default();
                let place = Place::Cursor(format!("c{n}"));
                progress.goes_on_at(place, rows).is_err()
            });
            assert_eq!(refused, Some(expected), "{rows:?}");
        }
    }

    #[test]
    fn tokens_round_trip() {
        let mut progress = Progress::default();
        progress
            .goes_on_at(Place::Cursor("a\"b".into()), 1)
            .unwrap();
        progress.seen = vec![u64::MAX];
        assert_eq!(Progress::read(Some(&progress.token())).unwrap(), progress);
        assert!(Progress::read(Some(&PageToken("x".into()))).is_err());
    }
}
