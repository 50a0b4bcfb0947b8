//! One command's app, and where its output goes.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use serde::Serialize;
use tandem_app::{
    Alert, AlertChannel, AlertError, App, AppError, AppOptions, WireError, alert_channels,
    default_anchor, default_store,
};

use crate::args::Global;
use crate::outcome::trouble;
use crate::show::{self, Paint};

/// What a verb works with.
pub(crate) struct Session {
    pub(crate) app: App,
    pub(crate) tenant: String,
    pub(crate) out: Out,
}

impl Session {
    /// Opens the app on the named store, or the default one.
    pub(crate) fn open(global: &Global) -> Result<Self, WireError> {
        Self::open_with(global, |_| {})
    }

    /// The same for a command that runs syncs: administrators are told of failures by e-mail and
    /// webhook, where the environment says so.
    pub(crate) fn open_telling(global: &Global) -> Result<Self, WireError> {
        let channels = alert_channels()?;
        Self::open_with(global, |options| {
            options.alerts = channels
                .into_iter()
                .map(|channel| Arc::new(Noted(channel)) as _)
                .collect();
        })
    }

    /// The same, with options changed.
    pub(crate) fn open_with(
        global: &Global,
        change: impl FnOnce(&mut AppOptions),
    ) -> Result<Self, WireError> {
        Self::try_open_with(global, |options| {
            change(options);
            Ok(())
        })
    }

    /// The same, where changing them can fail.
    pub(crate) fn try_open_with(
        global: &Global,
        change: impl FnOnce(&mut AppOptions) -> Result<(), AppError>,
    ) -> Result<Self, WireError> {
        let store = match &global.store {
            Some(named) => named.clone(),
            None => default_store()?,
        };
        let mut options = AppOptions::on_this_machine(store);
        options.anchor = default_anchor();
        // A command ends when it is done: nothing waits for second thoughts, nothing goes on after.
        options.undo_window = Duration::ZERO;
        options.carries_out = false;
        if let Some(actor) = &global.actor {
            options.actor.clone_from(actor);
        }
        change(&mut options)?;
        let app = App::open(options)?;
        let out = Out::new(global);
        for notice in app.notices() {
            out.note(notice);
        }
        Ok(Self {
            app,
            tenant: global.tenant.clone(),
            out,
        })
    }

    /// The tenant's name, for a command's arguments.
    pub(crate) fn tenant(&self) -> String {
        self.tenant.clone()
    }
}

/// A channel whose failures are also told on standard error: the command may end before the alert
/// is tried again.
struct Noted(Arc<dyn AlertChannel>);

#[async_trait]
impl AlertChannel for Noted {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let sent = self.0.send(alert).await;
        if let Err(error) = &sent {
            // Where standard error is closed nobody can be told.
            let _ = writeln!(
                std::io::stderr().lock(),
                "alert by {} not delivered: {}\n  It is kept, and tried again by the next command that runs a sync, or by a window or `tandem serve`.",
                self.name(),
                show::line(&error.to_string())
            );
        }
        sent
    }
}

/// Where output goes, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    pub(crate) json: bool,
    pub(crate) paint: Paint,
    pub(crate) progress: Progress,
}

/// Whether and how progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not at all.
    Silent,
    /// A line for each step.
    Lines,
    /// One line that changes.
    Live,
}

impl Out {
    pub(crate) fn new(global: &Global) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = std::io::stderr().is_terminal();
        Self {
            json: global.json,
            paint: Paint {
                colour: !plain && std::io::stdout().is_terminal(),
            },
            progress: match (terminal, global.progress) {
                (true, _) => Progress::Live,
                (false, true) => Progress::Lines,
                (false, false) => Progress::Silent,
            },
        }
    }

    /// Prints a value as JSON, or its text.
    pub(crate) fn print<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(Paint) -> String,
    ) -> Result<(), WireError> {
        if self.json {
            let json = serde_json::to_string(value).map_err(|error| {
                trouble(
                    "internal",
                    "The answer cannot be written as JSON",
                    &error.to_string(),
                )
            })?;
            return self.text(&show::json(&json));
        }
        self.text(&text(self.paint))
    }

    /// Prints text with an end of line. Whoever closed the pipe has read enough.
    pub(crate) fn text(self, text: &str) -> Result<(), WireError> {
        let mut out = std::io::stdout().lock();
        let text = show::page(text.trim_end_matches('\n'), self.paint.colour && !self.json);
        let written = writeln!(out, "{text}").and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(trouble(
                "output",
                "The output cannot be written",
                &error.to_string(),
            )),
            _ => Ok(()),
        }
    }

    /// Tells something beside the output, on standard error.
    pub(crate) fn note(self, text: &str) {
        // Where standard error is closed nobody can be told.
        let _ = writeln!(std::io::stderr().lock(), "{}", show::page(text, false));
    }
}
