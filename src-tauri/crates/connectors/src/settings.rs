//! Settings common to every kind of connection, as the workspace file writes them: credentials by
//! reference, limits, and problems worded for the person who edits the file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tandem_engine::ports::{Secret, SecretError, Secrets};

/// A credential by reference: never the value itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretRef {
    /// A name in the keyring: `{ secret = "shop-key" }`.
    Secret(String),
    /// An environment variable: `{ env = "SHOP_KEY" }`.
    Env(String),
}

impl SecretRef {
    /// The reference as the `Secrets` port takes it.
    #[must_use]
    pub fn reference(&self) -> String {
        match self {
            Self::Secret(name) => name.clone(),
            Self::Env(name) => format!("env:{name}"),
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// [`SecretError`] where there is none by that name or the keyring cannot be read.
    pub fn resolve(&self, secrets: &dyn Secrets) -> Result<Secret, SecretError> {
        secrets.get(&self.reference())
    }
}

/// How much and how long, per connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most calls in flight at once.
    pub in_flight: usize,
    /// Until connected, seconds.
    pub connect_timeout_s: u64,
    /// Between two pieces of an answer, seconds.
    pub read_timeout_s: u64,
    /// One whole call, seconds.
    pub call_timeout_s: u64,
    /// Most calls a second; none: as fast as the system answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<u32>,
    /// Largest decoded answer, MiB. Read whole it takes at most two and a half times as much again.
    pub answer_mib: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 4,
            connect_timeout_s: 5,
            read_timeout_s: 15,
            call_timeout_s: 30,
            calls_per_second: None,
            answer_mib: 16,
        }
    }
}

impl Limits {
    pub(crate) fn check(&self, problems: &mut Vec<SettingsProblem>) {
        let ranges = [
            ("in_flight", self.in_flight as u64, 1, 64),
            ("connect_timeout_s", self.connect_timeout_s, 1, 120),
            ("read_timeout_s", self.read_timeout_s, 1, 600),
            ("call_timeout_s", self.call_timeout_s, 1, 600),
            ("answer_mib", self.answer_mib as u64, 1, 64),
            (
                "calls_per_second",
                u64::from(self.calls_per_second.unwrap_or(1)),
                1,
                10_000,
            ),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                problems.push(SettingsProblem::new(
                    format!("limits.{name}"),
                    format!("{value} is out of range"),
                    format!("choose a number from {least} to {most}"),
                ));
            }
        }
    }
}

/// One thing that is wrong with a connection's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsProblem {
    /// Where: `collections.contacts.list.path`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl SettingsProblem {
    pub(crate) fn new(
        path: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            what: what.into(),
            fix: fix.into(),
        }
    }
}
