//! Aligned columns, and colour where it is wanted.

use super::tame::line;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint {
    pub(crate) colour: bool,
}

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Quiet,
    Head,
}

/// Everything that [`Paint`] writes besides texts.
pub(super) const COLOURS: [&str; 6] = [
    "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m",
];

impl Paint {
    /// The text, which stays on its line, in a tone.
    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        let text = &line(text);
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Quiet => "2",
            Tone::Head => "1",
        };
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Rows of cells under a head.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<(Tone, String)>>,
}

/// Cells are cut at so many characters; `--json` has them whole.
const WIDEST: usize = 60;

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self {
            rows: vec![
                head.iter()
                    .map(|text| (Tone::Head, line(&text.to_uppercase())))
                    .collect(),
            ],
        }
    }

    /// Adds a row of plain cells.
    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.toned(cells.into_iter().map(|cell| (Tone::Plain, cell.into())));
    }

    /// Adds a row.
    pub(crate) fn toned(&mut self, cells: impl IntoIterator<Item = (Tone, String)>) {
        let cells = cells
            .into_iter()
            .map(|(tone, text)| (tone, cut(&line(&text))));
        self.rows.push(cells.collect());
    }

    /// Whether there is nothing under the head.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// The whole, aligned.
    pub(crate) fn text(&self, paint: Paint) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells
                .map(|(_, text)| text.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (at, ((tone, text), width)) in row.iter().zip(&widths).enumerate() {
                line.push_str(&paint.text(*tone, text));
                if at + 1 < row.len() {
                    let gap = width.saturating_sub(text.chars().count()) + 2;
                    line.extend(std::iter::repeat_n(' ', gap));
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_cells_are_tame() {
        let mut table = Table::new(&["name", "n"]);
        table.row(["Größe", "1"]);
        table.row(["\x1b[31mred", "22"]);
        let text = table.text(Paint { colour: false });
        assert_eq!(text, "NAME      N\nGröße     1\n\u{fffd}[31mred  22\n");
        assert!(
            table
                .text(Paint { colour: true })
                .contains("\x1b[1mNAME\x1b[0m")
        );
    }
}
