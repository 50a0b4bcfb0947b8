//! Whether system packages may be installed: asked of the person at the terminal, unless they said
//! so beforehand or there is nobody to ask.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};

/// Whether this runs where nobody watches.
pub(crate) fn unattended() -> bool {
    set(env::var("CI").ok().as_deref())
}

fn set(ci: Option<&str>) -> bool {
    ci.is_some_and(|value| !matches!(value, "" | "0" | "false"))
}

/// How to learn whether installing is welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Given beforehand: `--yes`, or the CI variable.
    Given,
    /// Somebody sits at the terminal.
    Ask,
    /// Nobody to ask: nothing is installed, the reader is told what to do.
    Withheld,
}

impl Consent {
    /// From the `--yes` flag, the CI variable and the terminal.
    pub(crate) fn from_environment(yes: bool) -> Self {
        Self::decide(
            yes,
            env::var("CI").ok().as_deref(),
            io::stdin().is_terminal(),
        )
    }

    fn decide(yes: bool, ci: Option<&str>, terminal: bool) -> Self {
        if yes || set(ci) {
            Self::Given
        } else if terminal {
            Self::Ask
        } else {
            Self::Withheld
        }
    }

    /// Puts `question` to the person where that is called for.
    pub(crate) fn to(self, question: &str) -> bool {
        match self {
            Self::Given => true,
            Self::Withheld => false,
            Self::Ask => {
                print!("{question} [Y/n] ");
                let mut answer = String::new();
                let heard = io::stdout().flush().is_ok()
                    && io::stdin().lock().read_line(&mut answer).is_ok();
                heard
                    && matches!(
                        answer.trim().to_ascii_lowercase().as_str(),
                        "" | "y" | "yes"
                    )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_comes_from_flag_then_ci_then_terminal() {
        let cases = [
            (true, None, false, Consent::Given),
            (false, Some("true"), true, Consent::Given),
            (false, Some("1"), false, Consent::Given),
            (false, Some("false"), true, Consent::Ask),
            (false, Some(""), false, Consent::Withheld),
            (false, None, true, Consent::Ask),
            (false, None, false, Consent::Withheld),
        ];
        for (yes, ci, terminal, expected) in cases {
            assert_eq!(
                Consent::decide(yes, ci, terminal),
                expected,
                "yes {yes}, CI {ci:?}, terminal {terminal}"
            );
        }
    }
}
