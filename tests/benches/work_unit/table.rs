//! A table with aligned columns.

use std::fmt;

/// Columns; a heading that begins with `<` is aligned to the right.
pub(crate) struct Table {
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            right: headings.iter().map(|text| text.starts_with('<')).collect(),
            rows: vec![
                headings
                    .iter()
                    .map(|text| text.trim_start_matches('<').to_owned())
                    .collect(),
            ],
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let columns: Vec<(usize, bool)> = self
            .right
            .iter()
            .enumerate()
            .map(|(column, right)| (width(column), *right))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, (width, right)) in row.iter().zip(&columns) {
                if *right {
                    line.push_str(&format!("  {cell:>width$}"));
                } else {
                    line.push_str(&format!("  {cell:<width$}"));
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
