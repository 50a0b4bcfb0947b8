//! What is wrong with a workspace file.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; `None`: the file as a whole.
    pub line: Option<usize>,
    /// The character in that line, from 1; `None` where there is no line.
    pub column: Option<usize>,
    /// Where, as a path: `connections.shop.collections.customers.list`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// Why that cannot work.
    pub why: String,
    /// What to do.
    pub fix: String,
}

/// Everything that is wrong with a workspace file, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceProblems {
    /// The file's name.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl std::error::Error for WorkspaceProblems {}

impl fmt::Display for WorkspaceProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let s = if count == 1 { "" } else { "s" };
        write!(f, "{} has {count} problem{s}", self.file)
    }
}

impl WorkspaceProblems {
    /// Sorts by place.
    pub(crate) fn new(file: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line.unwrap_or(usize::MAX), problem.column));
        Self {
            file: file.to_owned(),
            problems,
        }
    }

    /// Every problem on lines of its own: place and what, then why, then what to do.
    #[must_use]
    pub fn listing(&self) -> String {
        let lines = self.problems.iter().map(|problem| {
            let Problem {
                line,
                column: _,
                path,
                what,
                why,
                fix,
            } = problem;
            let place =
                line.map_or_else(|| self.file.clone(), |line| format!("{}:{line}", self.file));
            let mut text = format!("{place}: {what}");
            if !path.is_empty() {
                text.push_str(&format!(" (in {path})"));
            }
            for part in [why, fix].into_iter().filter(|part| !part.is_empty()) {
                text.push_str("\n    ");
                text.push_str(part);
            }
            text
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
