//! What can go wrong in a use-case, and how each is told: a code, a sentence, a cause, a fix.

use tandem_engine::calls::CircuitRefusal;
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::retention::DetailsRemoved;
use tandem_engine::ports::{ConnectorError, SecretError, StoreError};
use tandem_engine::run::RunError;

use crate::wire::WireError;
use crate::workspace::WorkspaceProblems;

/// Why a use-case did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run could not be opened or its end not be recorded.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no such thing.
    #[error("there is no {kind} {name:?}")]
    Unknown {
        /// "sync", "connection" …
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What was probably meant.
        near: Option<String>,
    },
    /// The beginning of an id fits several.
    #[error("{prefix:?} is the beginning of several {kind} ids")]
    Ambiguous {
        /// "run", "conflict" …
        kind: &'static str,
        /// What was given.
        prefix: String,
        /// Two that fit.
        fits: [String; 2],
    },
    /// An argument makes no sense.
    #[error("{what}")]
    Argument {
        /// What is wrong.
        what: String,
        /// Why.
        why: String,
        /// What to do.
        fix: String,
    },
    /// A credential cannot be had or kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Something has that name already.
    #[error("there is a {kind} named {name:?} already")]
    Exists {
        /// "tenant" …
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// It was changed since it was read.
    #[error("the {kind} {name:?} was changed since it was read")]
    Outdated {
        /// "sync", "connection".
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A workspace file cannot be applied.
    #[error(transparent)]
    Workspace(#[from] WorkspaceProblems),
    /// A system could not be used.
    #[error("{connection}: {error}")]
    System {
        /// The connection's name.
        connection: String,
        /// What happened.
        error: ConnectorError,
    },
    /// A connection's circuit lets nothing through.
    #[error("{connection}: {refusal}")]
    Circuit {
        /// The connection's name.
        connection: String,
        /// Why.
        refusal: CircuitRefusal,
    },
    /// The sync rests.
    #[error("the sync {sync:?} is paused")]
    Paused {
        /// Its name.
        sync: String,
    },
    /// Another run of the sync, with other options, is going on.
    #[error("run {run} of {sync:?} is going on with other options")]
    Busy {
        /// The sync's name.
        sync: String,
        /// The live run.
        run: String,
    },
    /// What a run did is not kept any more.
    #[error("the details of run {run} were removed on {} by the retention of {} days", removed.at.format("%Y-%m-%d"), removed.kept_days)]
    DetailsRemoved {
        /// Which.
        run: String,
        /// When, and by which retention.
        removed: DetailsRemoved,
    },
    /// Alerts could not go where the environment says.
    #[error(transparent)]
    Alerts(#[from] tandem_host::alerts::AlertProblem),
    /// The settings file cannot be read or written.
    #[error("the settings cannot be used: {0}")]
    Settings(#[from] tandem_host::SettingsProblem),
    /// There is no settings file.
    #[error("settings are not kept here")]
    NoSettings,
    /// This face is no window.
    #[error("there is no window here")]
    NoWindow,
    /// The desktop did not do as asked.
    #[error("the desktop did not do that: {0}")]
    Desktop(String),
    /// There is no place for data.
    #[error("this machine tells no folder for data")]
    NoDataFolder,
    /// The sample systems cannot be started.
    #[error("the sample systems cannot be started: {0}")]
    Sample(String),
    /// Part of Tandem broke off (a bug).
    #[error("a task of Tandem's own broke off: {0}")]
    Internal(String),
}

impl From<AppError> for WireError {
    fn from(error: AppError) -> Self {
        let message = sentence(&error.to_string());
        let with = |code: &str, cause: &str, fix: &str| Self {
            code: code.to_owned(),
            message: message.clone(),
            cause: Some(cause.to_owned()),
            fix: Some(fix.to_owned()),
        };
        match &error {
            AppError::Store(error) | AppError::Run(RunError::Store(error)) => {
                store_error(error, &message)
            }
            AppError::Run(RunError::Configuration(_)) => with(
                "invalid_configuration",
                "A rule of the sync's configuration cannot be used.",
                "Correct the configuration and apply it again.",
            ),
            AppError::Unknown { kind, near, .. } => with(
                "not_found",
                &format!("This tenant has no {kind} of that name or id."),
                &near.as_ref().map_or_else(
                    || format!("List what there is ({kind}s list) and use one of those."),
                    |near| format!("Did you mean {near:?}?"),
                ),
            ),
            AppError::Ambiguous { fits: [a, b], .. } => with(
                "ambiguous_id",
                &format!("It fits {a} and {b}."),
                "Give more of the id.",
            ),
            AppError::Argument { why, fix, .. } => with("invalid_argument", why, fix),
            AppError::DetailsRemoved { .. } => with(
                "details_removed",
                "Its journal, snapshots and errors are gone; its counts stay. So it cannot be taken back either.",
                "Edit the records by hand, or restore the store from a backup. To keep details for longer, raise history_days under [retention] in the workspace file.",
            ),
            AppError::Secret(SecretError::Missing { provide, .. }) => with(
                "secret",
                "Credentials are kept apart from the workspace, which only names them.",
                provide,
            ),
            AppError::Secret(SecretError::Unavailable { .. }) => with(
                "secret",
                "The place where credentials are kept could not be used.",
                "Put that right and try again; nothing was changed.",
            ),
            AppError::Exists { .. } => with(
                "already_exists",
                "Names are unique.",
                "Choose another name, or use the one that is there.",
            ),
            AppError::Outdated { .. } => with(
                "changed_meanwhile",
                "Somebody else, or another window, saved it meanwhile; nothing was overwritten.",
                "Load it as it is now, and make the change again.",
            ),
            AppError::Workspace(problems) => with(
                "invalid_workspace",
                &problems.listing(),
                "Correct these and apply the file again; nothing of it was applied.",
            ),
            AppError::System { connection, error } => with(
                class_code(error.class),
                cause_of(error.class),
                &remedy(connection, error.class),
            ),
            AppError::Circuit {
                connection,
                refusal,
            } => {
                let (cause, fix) = match refusal {
                    CircuitRefusal::Isolated => (
                        "A person shut it; nothing is sent to it until it is reset.",
                        format!("Reset it first: tandem connections reset {connection:?}"),
                    ),
                    CircuitRefusal::Probing => (
                        "One probe at a time; its answer counts for all.",
                        "Wait for it: 45 seconds at the most.".to_owned(),
                    ),
                    CircuitRefusal::Open { .. } => (
                        "Too many calls failed in a row.",
                        format!("Probe it now: tandem connections probe {connection:?}"),
                    ),
                };
                with("circuit", cause, &fix)
            }
            AppError::Paused { sync } => with(
                "paused",
                "Somebody paused it; neither the schedule nor a person runs it until it is resumed.",
                &format!("Resume it first: tandem syncs resume {sync:?}"),
            ),
            AppError::Busy { run, .. } => with(
                "busy",
                "One sync has at most one run at a time.",
                &format!("Wait until it ended, or cancel it: tandem runs cancel {run}"),
            ),
            AppError::Alerts(problem) => Self::new(
                "alert_settings",
                format!("{} cannot be used.", problem.variable),
                sentence(&problem.why),
                problem.fix.clone(),
            ),
            AppError::Settings(_) => with(
                "settings",
                "The file cannot be read or written, or says what is no setting.",
                "Correct that file, or remove it to begin with the defaults.",
            ),
            AppError::NoSettings => with(
                "settings",
                "TANDEM_SETTINGS says off, or no home folder is set for this user.",
                "Name a file in TANDEM_SETTINGS and start again.",
            ),
            AppError::NoWindow => with(
                "no_window",
                "Only the window can do that; this is `tandem serve`, or a command.",
                "Do it in Tandem's window on that machine.",
            ),
            AppError::Desktop(_) => with(
                "desktop",
                "The desktop's own file or service could not be used.",
                "Check that its folder can be written, and try again.",
            ),
            AppError::NoDataFolder => with(
                "no_data_folder",
                "No home folder is set for this user.",
                "Name the store: --store FILE, or TANDEM_STORE.",
            ),
            AppError::Sample(_) => with(
                "sample_unavailable",
                "They need a free loopback port and a folder that can be written.",
                "Check both and try again.",
            ),
            AppError::Internal(_) => with(
                "internal",
                "This is a bug of Tandem's.",
                "Try again; if it happens again, report it with this message.",
            ),
        }
    }
}

fn store_error(error: &StoreError, message: &str) -> WireError {
    let (code, cause, fix) = match error {
        StoreError::NotFound { kind, .. } => (
            "not_found",
            format!("This tenant has no such {kind}, or it was removed in between."),
            "List what there is and use one of those.".to_owned(),
        ),
        StoreError::Conflict(_) => (
            "changed_meanwhile",
            "Somebody or something else was faster.".to_owned(),
            "Look at it again and decide on what it says now.".to_owned(),
        ),
        StoreError::LeaseLost => (
            "lease_lost",
            "This process was silent for longer than a lease lasts.".to_owned(),
            "Look at the run that took over.".to_owned(),
        ),
        StoreError::Newer { .. } => (
            "store_too_new",
            "A newer Tandem has opened this store and changed its layout.".to_owned(),
            "Use that newer Tandem, or name another store with --store FILE.".to_owned(),
        ),
        StoreError::Unwritable(_) => (
            "store_unwritable",
            "The disk is full, or the file or its folder may not be written.".to_owned(),
            "Free some space or correct the permissions; outgoing writes have stopped, nothing is lost.".to_owned(),
        ),
        StoreError::Damaged(_) => (
            "store_damaged",
            "The file is no whole database any more. It was set aside, not deleted.".to_owned(),
            "Restore it from a backup, or start again: a new store is made by the next start, and the next sync pairs the systems' records afresh.".to_owned(),
        ),
        StoreError::Busy(_) => (
            "store_busy",
            "Another process holds the store for unusually long.".to_owned(),
            "Try again; if it lasts, look for a process that hangs.".to_owned(),
        ),
        StoreError::Corrupt { .. } => (
            "store_corrupt",
            "This is a bug, or somebody changed the store by hand.".to_owned(),
            "Restore the store from a backup and report this message.".to_owned(),
        ),
        StoreError::Other(_) => (
            "store_failed",
            "The database refused.".to_owned(),
            "Try again; check the disk that holds the store.".to_owned(),
        ),
    };
    WireError::new(code, message, cause, fix)
}

/// The code of a class of failed calls.
pub(crate) const fn class_code(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Connect => "unreachable",
        ErrorClass::Timeout => "timeout",
        ErrorClass::RateLimited => "rate_limited",
        ErrorClass::Transient => "system_trouble",
        ErrorClass::Authentication => "authentication",
        ErrorClass::Forbidden => "forbidden",
        ErrorClass::Tls => "tls",
        ErrorClass::Rejected => "rejected",
        ErrorClass::Expired => "expired",
        ErrorClass::Protocol => "protocol",
        ErrorClass::Configuration => "settings",
    }
}

const fn cause_of(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Connect => "Nothing answers at that address.",
        ErrorClass::Timeout => "No whole answer came in time.",
        ErrorClass::RateLimited => "The system limits how often it may be called.",
        ErrorClass::Transient => "The system has trouble of its own.",
        ErrorClass::Authentication => "The system does not accept the credentials.",
        ErrorClass::Forbidden => "The account may not do this there.",
        ErrorClass::Tls => "The certificate or the handshake failed.",
        ErrorClass::Rejected => "The system refused the data.",
        ErrorClass::Expired => "The system no longer tells what changed since then.",
        ErrorClass::Protocol => "The answer is not what the connection's settings describe.",
        ErrorClass::Configuration => "The connection's settings cannot work.",
    }
}

pub(crate) fn remedy(connection: &str, class: ErrorClass) -> String {
    match class {
        ErrorClass::Connect => format!(
            "Check that the system behind {connection} is running and that its address is right."
        ),
        ErrorClass::Timeout | ErrorClass::Transient => {
            "Try again later, or ask the system's operator.".to_owned()
        }
        ErrorClass::RateLimited => {
            format!("Try again later, or lower the limits of {connection}.")
        }
        ErrorClass::Authentication => format!("Renew the credentials of {connection}."),
        ErrorClass::Forbidden => {
            format!("Give the account of {connection} the right to read and write there.")
        }
        ErrorClass::Tls => format!(
            "Check the certificate of {connection}; a CA of your own can be named in its settings."
        ),
        ErrorClass::Rejected => "Correct the data at its system.".to_owned(),
        ErrorClass::Expired => "Run the sync in full.".to_owned(),
        ErrorClass::Protocol => {
            format!("Compare the settings of {connection} with what the system really answers.")
        }
        ErrorClass::Configuration => format!("Correct the settings of {connection}."),
    }
}

/// The text with a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let mut out: String = chars.next().map_or_else(String::new, |first| {
        // A first word such as a file, an address or a quoted name keeps its letters.
        let word = text.split_whitespace().next().unwrap_or_default();
        if word.chars().all(|c| c.is_ascii_lowercase()) {
            first.to_uppercase().collect()
        } else {
            first.to_string()
        }
    });
    out.push_str(chars.as_str());
    if !out.ends_with(['.', '!', '?', ':', '…']) && !out.is_empty() {
        out.push('.');
    }
    out
}

/// The nearest of `known` to `given`, if any is near enough to have been meant.
pub(crate) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = given.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| {
            let longest = given.chars().count().max(name.chars().count());
            *distance * 5 <= longest * 2
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_whole_and_names_are_left_alone() {
        let table = [
            ("there is no sync", "There is no sync."),
            ("http://x/ refused", "http://x/ refused."),
            ("shop.toml:3 is odd", "shop.toml:3 is odd."),
            ("Done!", "Done!"),
            ("", ""),
        ];
        for (text, want) in table {
            assert_eq!(sentence(text), want);
        }
    }

    #[test]
    fn only_what_may_have_been_meant_is_suggested() {
        let known = ["collections", "base_url", "auth", "limits"];
        let table = [
            ("colections", Some("collections")),
            ("base-url", Some("base_url")),
            ("Auth", Some("auth")),
            ("timeout", None),
            ("x", None),
        ];
        for (given, want) in table {
            assert_eq!(nearest(given, known), want, "{given}");
        }
    }
}
