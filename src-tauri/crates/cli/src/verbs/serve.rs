//! `serve`: the panel in a browser on this machine.

use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use tandem_app::{
    Alert, AlertChannel, AlertError, UNDO_WINDOW, WireError, alert_channels, default_settings,
    random_bytes,
};
use tandem_server::{Settings, Token, find_panel};

use tandem_sandbox::SampleOptions;

use crate::args::{Global, Serve};
use crate::demo::{self, Sample};
use crate::outcome::{Outcome, trouble};
use crate::session::Session;

pub(super) async fn serve(global: &Global, args: Serve) -> Result<Outcome, WireError> {
    let channels = alert_channels()?;
    // What the sample systems hold goes with this command; a store that remembers it would be wrong
    // about both of them the next time.
    let place = args.demo.then(demo::place).transpose()?;
    let mut global = global.clone();
    if let Some(place) = &place {
        let beside = || place.path().join("tandem.db");
        global.store.get_or_insert_with(beside);
    }
    let session = Session::try_open_with(&global, |options| {
        options.sample = place.as_ref().map(|place| {
            Arc::new(Sample::new(
                place.path().to_path_buf(),
                SampleOptions::default(),
            )) as _
        });
        options.alerts = channels;
        options.undo_window = UNDO_WINDOW;
        options.carries_out = true;
        options.alerts.push(Arc::new(StandardError));
        options.settings_in(default_settings())
    })?;
    session.app.resume().await?;
    let panel = find_panel();
    if panel.is_none() {
        session
            .out
            .note("The panel's files are not here; only the commands under /api answer.");
    }
    let random = random_bytes()
        .map_err(|error| trouble("no_randomness", "No token can be made", &error.to_string()))?;
    let settings = Settings {
        listen: args.listen,
        panel,
        token: Token::new(random),
    };
    let running = tandem_server::serve(session.app.clone(), settings)
        .await
        .map_err(|error| {
            trouble(
                "cannot_serve",
                "The panel cannot be served",
                &error.to_string(),
            )
        })?;
    session.out.text(running.url())?;
    session
        .out
        .note("Open that address in a browser on this machine. Interrupt (Ctrl-C) to stop.");
    // Without a signal handler there is nothing to wait for but the end of the process.
    tokio::signal::ctrl_c().await.map_err(|error| {
        trouble(
            "no_signals",
            "Interrupts cannot be followed",
            &error.to_string(),
        )
    })?;
    running.stop().await.map_err(|error| {
        trouble(
            "cannot_serve",
            "The server did not end well",
            &error.to_string(),
        )
    })?;
    Ok(Outcome::Completed)
}

/// Alerts as a line on standard error.
struct StandardError;

#[async_trait]
impl AlertChannel for StandardError {
    fn name(&self) -> &'static str {
        "standard error"
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let body = alert.body().replace('\n', " ");
        writeln!(
            std::io::stderr().lock(),
            "alert: {} ({}): {body} Look at it: {}",
            alert.title(),
            alert.tenant,
            alert.command()
        )
        .map_err(|error| AlertError(error.to_string()))
    }
}
