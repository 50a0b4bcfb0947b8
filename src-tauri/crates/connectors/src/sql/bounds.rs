//! How much of what a database holds is taken at once. The database itself is asked not to send what
//! is too large: by the time it arrived, it would be in memory.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use super::table::{Column, Kind, Table};
use super::values::Cell;
use crate::json;

/// Largest text of a row, bytes.
const VALUE: usize = 4 << 20;
/// What the texts of one row share, bytes.
const ROW: usize = 8 << 20;
/// Longest text where numbers, times or truth values are expected, bytes.
pub(crate) const NARROW: usize = 4 << 10;
/// Bytes of rows read for one page, past which the rest is left to the next.
pub(crate) const PAGE: usize = 8 << 20;
/// What the records of one page may take in memory, bytes.
pub(crate) const RECORDS: usize = 32 << 20;
/// Longest text, number or blob that `SQLite` itself may take into memory, bytes: a key to sort by,
/// the result of a trigger.
pub(crate) const ENGINE: i32 = 32 << 20;
/// What one row and one cell take besides their text.
const ROW_TAKES: usize = 1_024;
const CELL_TAKES: usize = 160;

/// What the database sends in place of a value that is too large.
pub(crate) const TOO_LARGE: &str = "\u{1}tandem: too large\u{1}";

/// Most columns whose sizes are added up in a statement; where there are more, each has its share.
const ADDED_UP: usize = 64;

/// Whether a column may hold texts of any size.
pub(crate) fn is_wide(column: &Column) -> bool {
    matches!(
        column.kind,
        Kind::Text | Kind::Json | Kind::List | Kind::Unknown
    )
}

/// When a column's value is too large to be sent, in SQL; `length` is what a column's is.
pub(crate) fn too_large(
    column: &Column,
    columns: &[Column],
    length: impl Fn(&Column) -> String,
) -> String {
    let own = length(column);
    if !is_wide(column) {
        return format!("{own} > {NARROW}");
    }
    let wide: Vec<&Column> = columns.iter().filter(|it| is_wide(it)).collect();
    let share = ROW / wide.len().max(1);
    if share >= VALUE {
        return format!("{own} > {VALUE}");
    }
    if wide.len() > ADDED_UP {
        return format!("{own} > {share}");
    }
    // Added up only where one has more than its share.
    let together: Vec<String> = wide
        .iter()
        .map(|it| format!("coalesce({}, 0)", length(it)))
        .collect();
    format!(
        "{own} > {share} AND ({own} > {VALUE} OR {} > {ROW})",
        together.join(" + ")
    )
}

/// What there is to say of a value that was too large.
pub(crate) fn why(column: &Column) -> String {
    let most = if is_wide(column) {
        format!(
            "a text may have {}, those of a row {} together",
            size(VALUE),
            size(ROW)
        )
    } else {
        format!("where no text is expected, {} may be", size(NARROW))
    };
    format!(
        "{} holds too much: {most}; leave it out of `columns`, or shorten it",
        column.name
    )
}

/// What one call has read so far.
#[derive(Default)]
pub(crate) struct Held(AtomicUsize);

impl Held {
    /// Takes one more row of a query in; `false`: it is too much, and was not taken. The first row
    /// always is, without its long texts where the queries before left no room for them.
    pub(crate) fn take(&self, mut cells: Vec<Cell>, rows: &mut Vec<Vec<Cell>>) -> bool {
        if self.0.load(Relaxed) + bytes(&cells) > PAGE {
            if !rows.is_empty() {
                return false;
            }
            for cell in &mut cells {
                if matches!(cell, Cell::Text(text) if text.len() > NARROW) {
                    *cell = Cell::TooLarge;
                }
            }
        }
        self.0.fetch_add(bytes(&cells), Relaxed);
        rows.push(cells);
        true
    }
}

/// Bytes that a row's texts have.
fn bytes(cells: &[Cell]) -> usize {
    cells
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) => text.len(),
            _ => 0,
        })
        .sum()
}

/// What a row takes as a record, bytes: at least.
pub(crate) fn takes(table: &Table, cells: &[Cell]) -> usize {
    let each = table.columns.iter().zip(cells).map(|(column, cell)| {
        let inner = match (column.kind, cell) {
            (Kind::Json | Kind::List, Cell::Text(text)) => {
                json::guard(text.as_bytes(), usize::MAX).unwrap_or_default()
            }
            (_, Cell::Text(text)) => text.len(),
            _ => 0,
        };
        CELL_TAKES + column.name.len() + inner
    });
    ROW_TAKES + each.sum::<usize>()
}

/// A size for people.
pub(crate) fn size(bytes: usize) -> String {
    if bytes >= 1 << 20 {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{} KiB", bytes >> 10)
    }
}
