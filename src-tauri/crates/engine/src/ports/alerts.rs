//! Telling administrators of final failures (`AlertOnSyncFailure`, TASK-023, TASK-024): what the end
//! of a run means for them, the outbox it is kept in, and the channels that take it out.
//!
//! The store decides, in the transaction that records a failure, whether it is told or held back:
//! at most one failure alert in a rolling hour for each configuration, counted from when somebody
//! was told. Of each configuration only the newest alert is ever delivered, and each channel has a
//! delivery of its own.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::{RunId, SyncId};

use super::history::ErrorType;

/// One failure alert of a configuration is told in this time, on each channel and on all together.
pub const SLOT: TimeDelta = TimeDelta::hours(1);

/// The longest a channel may take for one alert. A claim lasts twice as long.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a claim keeps other processes from delivering the same.
pub const CLAIM: TimeDelta = TimeDelta::seconds(60);

/// The furthest ahead of now that a claim's end is believed. A process takes the time before it waits
/// for the store, so that another's claim may be made later and found with an older time; what lies
/// further ahead was left by a clock that was set back.
pub const CLAIM_BELIEVED: TimeDelta = TimeDelta::seconds(120);

/// The longest wait between two attempts at a channel that fails.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// What the end of a run means for whoever is told of failures.
#[derive(Debug, Clone, PartialEq)]
pub enum AlertStep {
    /// Nothing: a simulation, a cancelled run, a rest that is due later.
    Silent,
    /// The sync failed for good.
    Failed(Box<Failure>),
    /// The sync did its work to the end.
    Works,
}

/// One final failure, secrets removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The configuration's name.
    pub sync: String,
    /// The run that failed.
    pub run: RunId,
    /// The connection to blame, if one is.
    #[serde(default)]
    pub connection: Option<String>,
    /// History's word for it.
    pub error_type: ErrorType,
    /// What happened.
    #[serde(default)]
    pub error: Option<String>,
    /// How often the call that failed was retried.
    #[serde(default)]
    pub retries: u32,
    /// What an administrator can do about it.
    #[serde(default)]
    pub remedy: Option<String>,
    /// Until when the connection's circuit is open, where this run opened it.
    #[serde(default)]
    pub circuit_open_until: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What an alert tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A configuration failed.
    Failure,
    /// One that had failed works again.
    Recovery,
}

/// An alert as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRecord {
    /// Ascending; the keyset cursor.
    pub seq: i64,
    /// Of which configuration.
    pub sync: SyncId,
    /// What it tells.
    pub kind: AlertKind,
    /// The failure; of a recovery the last one before it.
    pub failure: Failure,
    /// The run to look at: the one that failed, or the one that worked.
    pub run: RunId,
    /// How many final failures the configuration had had by then, this one included.
    pub number: u64,
    /// How many of these nobody had been told of before.
    pub held_back: u64,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// What became of it on each channel that tried.
    pub deliveries: Vec<AlertDelivery>,
}

/// One channel's part in an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertDelivery {
    /// The channel's name.
    pub channel: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was told there.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// A channel that asks for its next alert.
#[derive(Debug, Clone, Copy)]
pub struct AlertClaim<'a> {
    /// The channel's name.
    pub channel: &'a str,
    /// Only alerts after this one (keyset), so that one sweep tries each once.
    pub after: Option<i64>,
    /// Now.
    pub now: DateTime<Utc>,
    /// Also one whose next attempt is not due yet: a process has just started.
    pub eager: bool,
}

/// An alert that one process delivers on one channel, alone until its claim runs out.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedAlert {
    /// What to tell; `held_back` counts what this channel has not told of.
    pub alert: AlertRecord,
    /// Which attempt this is, from 1. An answer for an older one is known by it.
    pub attempt: u32,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The channel took it.
    Told,
    /// It did not.
    Failed {
        /// Why, secrets removed.
        why: String,
        /// Not to be tried again before then.
        again_at: DateTime<Utc>,
    },
}

impl Delivery {
    /// A failed attempt, tried again after 15 s, then twice as long each time, up to 15 minutes.
    #[must_use]
    pub fn failed(why: String, attempt: u32, now: DateTime<Utc>) -> Self {
        let doubled = 1_i32
            .checked_shl(attempt.saturating_sub(1).min(16))
            .unwrap_or(i32::MAX);
        let wait = TimeDelta::seconds(15)
            .checked_mul(doubled)
            .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
        Self::Failed {
            why,
            again_at: now + wait,
        }
    }
}

/// One message to an administrator. Every text in it is one line without control characters, of
/// bounded length; what else a channel reads as markup is the channel's to escape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The same for every attempt at this alert, unlike any other's: letters, digits and hyphens.
    pub id: String,
    /// The tenant's name.
    pub tenant: String,
    /// What it tells.
    pub kind: AlertKind,
    /// The sync's name.
    pub sync: String,
    /// The run to look at.
    pub run: String,
    /// `tandem://…`: leads to the run in the window.
    pub link: String,
    /// The connection to blame, if one is.
    pub connection: Option<String>,
    /// History's word for the failure.
    pub error_type: &'static str,
    /// What happened.
    pub error: Option<String>,
    /// How often the call that failed was retried.
    pub retries: u32,
    /// How many earlier failures were not told of.
    pub held_back: u64,
    /// What to do.
    pub remedy: Option<String>,
    /// Until when the connection's circuit is open, where the run opened it.
    pub circuit_open_until: Option<DateTime<Utc>>,
    /// When the failure was.
    pub failed_at: DateTime<Utc>,
    /// When this is told.
    pub at: DateTime<Utc>,
}

/// The longest text that an alert carries, in characters: an error may quote a whole answer.
const LONGEST_TEXT: usize = 1_000;
/// The longest name.
const LONGEST_NAME: usize = 128;

impl Alert {
    /// What a claimed alert says, its texts made fit to be shown.
    #[must_use]
    pub fn new(tenant: &str, link: String, record: &AlertRecord, now: DateTime<Utc>) -> Self {
        let failure = &record.failure;
        Self {
            id: format!("{}-{}-{}", record.sync, record.seq, record.number),
            tenant: line(tenant, LONGEST_NAME),
            kind: record.kind,
            sync: line(&failure.sync, LONGEST_NAME),
            run: record.run.to_string(),
            link,
            connection: failure
                .connection
                .as_deref()
                .map(|name| line(name, LONGEST_NAME)),
            error_type: failure.error_type.word(),
            error: failure.error.as_deref().map(|it| line(it, LONGEST_TEXT)),
            retries: failure.retries,
            held_back: record.held_back,
            remedy: failure.remedy.as_deref().map(|it| line(it, LONGEST_TEXT)),
            circuit_open_until: failure.circuit_open_until,
            failed_at: failure.at,
            at: now,
        }
    }

    /// The one line that is always seen.
    #[must_use]
    pub fn title(&self) -> String {
        match self.kind {
            AlertKind::Failure => format!("The sync {} failed", self.sync),
            AlertKind::Recovery => format!("The sync {} works again", self.sync),
        }
    }

    /// Everything else, as labels and values of one line each.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let recovered = self.kind == AlertKind::Recovery;
        let mut facts = vec![("Tenant", self.tenant.clone()), ("Sync", self.sync.clone())];
        if let Some(connection) = &self.connection {
            facts.push(("Connection", connection.clone()));
        }
        if let Some(error) = &self.error {
            facts.push((
                if recovered { "Error before" } else { "Error" },
                error.clone(),
            ));
        }
        facts.push(("Kind", self.error_type.to_owned()));
        facts.push(("Retries", self.retries.to_string()));
        if let Some(until) = self.circuit_open_until.filter(|_| !recovered) {
            facts.push(("Circuit", format!("open until {}", time(until))));
        }
        if self.held_back > 0 {
            facts.push(("Held back", self.held_back_text()));
        }
        facts.push((
            if recovered { "Failed" } else { "When" },
            time(self.failed_at),
        ));
        if let Some(remedy) = self.remedy.as_ref().filter(|_| !recovered) {
            facts.push(("What to do", remedy.clone()));
        }
        facts.push(("Run", self.run.clone()));
        facts
    }

    /// What happened and what to do, in a few sentences.
    #[must_use]
    pub fn body(&self) -> String {
        let mut lines = Vec::new();
        if self.kind == AlertKind::Recovery {
            lines.push("Its last run did its work to the end.".to_owned());
        }
        if let Some(error) = &self.error {
            lines.push(match self.kind {
                AlertKind::Failure => full(error),
                AlertKind::Recovery => full(&format!("Before: {error}")),
            });
        }
        if self.kind == AlertKind::Failure {
            match self.retries {
                0 => {}
                1 => lines.push("It was retried once.".to_owned()),
                n => lines.push(format!("It was retried {n} times.")),
            }
        }
        if self.held_back > 0 {
            lines.push(full(&self.held_back_text()));
        }
        if self.kind == AlertKind::Failure {
            lines.extend(self.remedy.clone());
        }
        lines.join("\n")
    }

    /// The terminal's command that shows the run, quoted for a shell.
    #[must_use]
    pub fn command(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let tenant = if self.tenant.chars().all(plain) {
            self.tenant.clone()
        } else {
            format!("'{}'", self.tenant.replace('\'', r"'\''"))
        };
        format!("tandem --tenant {tenant} runs show {}", self.run)
    }

    fn held_back_text(&self) -> String {
        match self.held_back {
            1 => "1 earlier failure was not told of".to_owned(),
            n => format!("{n} earlier failures were not told of"),
        }
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The text with a full stop.
fn full(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// The text on one line: control characters and what turns the direction of writing become blanks,
/// and what is too long is cut.
fn line(text: &str, longest: usize) -> String {
    let visible = text.chars().map(|c| match c {
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    });
    let mut line = String::new();
    for (count, c) in visible.enumerate() {
        if count == longest {
            line.push('…');
            break;
        }
        line.push(c);
    }
    line.trim().to_owned()
}

/// One way of telling an administrator. How often is not its business.
#[async_trait]
pub trait AlertChannel: Send + Sync {
    /// Its name, the same in every process: deliveries are kept by it.
    fn name(&self) -> &'static str;
    /// Tells. Given up after [`SEND_TIMEOUT`].
    ///
    /// # Errors
    /// Why nobody was told; the alert then waits for another attempt.
    async fn send(&self, alert: &Alert) -> Result<(), AlertError>;
}

/// Why an alert could not be delivered, without any secret of the channel's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AlertError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: AlertKind, held_back: u64) -> AlertRecord {
        let at = DateTime::from_timestamp(1_788_264_000, 0).unwrap_or_default();
        let run = RunId(uuid::Uuid::from_u128(7));
        AlertRecord {
            seq: 3,
            sync: SyncId(uuid::Uuid::from_u128(8)),
            kind,
            failure: Failure {
                sync: "contacts\r\nBcc: all@example.org".into(),
                run,
                connection: Some("shop\u{202e}x".into()),
                error_type: ErrorType::Network,
                error: Some("it does not\tanswer".into()),
                retries: 3,
                remedy: Some("Look at it.".into()),
                circuit_open_until: Some(at),
                at,
            },
            run,
            number: 5,
            held_back,
            at,
            deliveries: Vec::new(),
        }
    }

    #[test]
    fn an_alert_says_what_where_how_often_and_what_to_do_on_lines_of_its_own() {
        for kind in [AlertKind::Failure, AlertKind::Recovery] {
            let record = record(kind, 2);
            let alert = Alert::new("main", "tandem://open/x".into(), &record, record.at);
            let failed = kind == AlertKind::Failure;
            assert!(!alert.title().contains(['\r', '\n']), "{:?}", alert.title());
            assert_eq!(alert.title().contains("works again"), !failed);
            let facts = alert.facts();
            for (label, value) in &facts {
                assert!(!value.contains(char::is_control), "{label}: {value:?}");
            }
            let said = |label: &str| {
                facts
                    .iter()
                    .find(|(it, _)| *it == label)
                    .map(|(_, value)| value.as_str())
            };
            assert_eq!(said("Connection"), Some("shop x"));
            assert_eq!(said("Retries"), Some("3"));
            assert_eq!(
                said("Held back"),
                Some("2 earlier failures were not told of")
            );
            assert_eq!(said("What to do"), failed.then_some("Look at it."));
            assert_eq!(said("Circuit").is_some(), failed);
            let body = alert.body();
            assert!(body.contains("it does not answer."), "{body}");
            assert!(
                body.contains("2 earlier failures were not told of."),
                "{body}"
            );
            assert_eq!(body.contains("retried 3 times"), failed, "{body}");
            let run = record.run;
            assert_eq!(
                alert.command(),
                format!("tandem --tenant main runs show {run}")
            );
            let hostile = Alert::new("a'; rm -rf $(x)", String::new(), &record, record.at);
            assert_eq!(
                hostile.command(),
                format!(r"tandem --tenant 'a'\''; rm -rf $(x)' runs show {run}")
            );
        }
    }

    #[test]
    fn texts_are_cut_and_the_wait_grows_to_a_quarter_of_an_hour() {
        assert_eq!(line(&"é".repeat(5), 3), "ééé…");
        assert_eq!(line("abc", 3), "abc");
        let now = record(AlertKind::Failure, 0).at;
        for (attempt, seconds) in [(1, 15), (2, 30), (3, 60), (6, 480), (7, 900), (99, 900)] {
            assert_eq!(
                Delivery::failed("x".into(), attempt, now),
                Delivery::Failed {
                    why: "x".into(),
                    again_at: now + TimeDelta::seconds(seconds)
                },
                "{attempt}"
            );
        }
    }
}
