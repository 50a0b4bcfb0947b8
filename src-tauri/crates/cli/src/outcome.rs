//! How a command ends: its exit status, its error in words.

use std::io::Write as _;
use std::process::ExitCode;

use tandem_app::wire::{RunView, WireRunStatus};
use tandem_app::{WireError, refused_by_guard};

use crate::show;

/// What the exit status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 0.
    Completed,
    /// 3: some records failed or wait for a person; the rest landed.
    Partial,
    /// 4: a guard refused the run.
    Refused,
    /// 5: the run could not do its work.
    Failed,
    /// 1: anything else.
    Other,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Completed => 0,
            Outcome::Other => 1,
            Outcome::Partial => 3,
            Outcome::Refused => 4,
            Outcome::Failed => 5,
        })
    }
}

impl Outcome {
    /// How a run ended.
    pub(crate) fn of(run: &RunView) -> Self {
        match run.status {
            WireRunStatus::Completed => Self::Completed,
            WireRunStatus::Partial => Self::Partial,
            WireRunStatus::Failed if refused_by_guard(run) => Self::Refused,
            WireRunStatus::Failed | WireRunStatus::Pending | WireRunStatus::Running => Self::Failed,
        }
    }
}

/// Tells an error on standard error: what, why, what to do.
pub(crate) fn tell(error: &WireError, json: bool) {
    let mut err = std::io::stderr().lock();
    // Where standard error is closed nobody can be told.
    let _ = if json {
        serde_json::to_string(error)
            .map_err(std::io::Error::other)
            .and_then(|text| writeln!(err, "{}", show::json(&text)))
    } else {
        write!(err, "{}", show::page(&in_words(error), false))
    };
}

/// An error in words, each part on its line.
pub(crate) fn in_words(error: &WireError) -> String {
    let mut text = format!("error: {}\n", show::line(&error.message));
    for (word, part) in [("why:", &error.cause), ("fix:", &error.fix)] {
        if let Some(part) = part.as_ref().filter(|part| !part.is_empty()) {
            let indented = part.replace('\n', "\n       ");
            text.push_str(&format!("  {word} {indented}\n"));
        }
    }
    text
}

/// An error of this face's own.
pub(crate) fn trouble(code: &str, what: &str, why: &str) -> WireError {
    WireError {
        code: code.to_owned(),
        message: format!("{what}."),
        cause: Some(why.to_owned()),
        fix: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_why_and_what_to_do() {
        let error = WireError::new("x", "It broke.", "a: 1\nb: 2", "Mend it.");
        assert_eq!(
            in_words(&error),
            "error: It broke.\n  why: a: 1\n       b: 2\n  fix: Mend it.\n"
        );
        assert_eq!(
            in_words(&trouble("x", "It broke", "Age")),
            "error: It broke.\n  why: Age\n"
        );
    }
}
