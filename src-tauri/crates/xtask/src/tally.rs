//! Counts tests from what runners print: libtest, Vitest, and our own closing line.

/// Tests seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that held.
    pub(crate) passed: u64,
    /// Tests that did not.
    pub(crate) failed: u64,
}

impl Tally {
    /// One step that is itself the test, such as a format check.
    pub(crate) fn one(held: bool) -> Self {
        Self {
            passed: u64::from(held),
            failed: u64::from(!held),
        }
    }

    /// Adds what another runner counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Takes in one line of a runner's output; a line that counts nothing changes nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim();
        let counts = line
            .strip_prefix("test result:")
            .or_else(|| line.strip_prefix("Tests "));
        if let Some(counts) = counts {
            self.passed += number_before(counts, "passed");
            self.failed += number_before(counts, "failed");
        } else if let Some((passed, failed)) = closing_line(line) {
            self.passed += passed;
            self.failed += failed;
        }
    }
}

/// `N passed, N failed` and nothing else.
fn closing_line(line: &str) -> Option<(u64, u64)> {
    let (passed, failed) = line.split_once(" passed, ")?;
    let failed = failed.strip_suffix(" failed")?;
    Some((passed.parse().ok()?, failed.parse().ok()?))
}

/// The number that stands right before `word`, or 0.
fn number_before(text: &str, word: &str) -> u64 {
    let mut last = "";
    for token in text.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '|' | '(' | ')'))
    {
        if token == word {
            return last.parse().unwrap_or(0);
        }
        if !token.is_empty() {
            last = token;
        }
    }
    0
}

/// The text without terminal colours (`ESC [ … letter`).
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            for inner in chars.by_ref() {
                if inner.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_runners_are_counted() {
        let cases = [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s",
                12,
                0,
            ),
            (
                "test result: \u{1b}[31mFAILED\u{1b}[0m. 3 passed; 2 failed; 0 ignored",
                3,
                2,
            ),
            ("      Tests  7 passed (7)", 7, 0),
            ("      Tests  1 failed | 11 passed (12)", 11, 1),
            ("      Tests  2 failed (2)", 0, 2),
            (
                "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (7)\u{1b}[39m",
                7,
                0,
            ),
            ("19 passed, 0 failed", 19, 0),
            (" Test Files  3 passed (3)", 0, 0),
            ("test records_that_passed ... ok", 0, 0),
            ("the run failed", 0, 0),
            ("3 of 4 passed, later 1 failed", 0, 0),
            ("", 0, 0),
        ];
        for (line, passed, failed) in cases {
            let mut tally = Tally::default();
            tally.read(line);
            assert_eq!(tally, Tally { passed, failed }, "{line:?}");
        }
    }
}
