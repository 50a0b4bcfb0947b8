//! Puts the parts together: single instance, deep links, the app, its events, its alerts, the
//! window.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tandem_app::wire::{WireError, WireEvent};
use tandem_app::{
    App, AppError, AppOptions, Link, alert_channels, default_anchor, default_settings,
    default_store,
};
use tauri::{AppHandle, Builder, Context, Emitter, EventTarget, Manager, Runtime, Wry};
use tauri_plugin_deep_link::DeepLinkExt;
use tauri_plugin_window_state::StateFlags;
use tokio::sync::broadcast::error::RecvError;

use crate::arguments::Arguments;
use crate::desktop::WindowDesktop;
use crate::desktop_alerts::DesktopAlerts;
use crate::leaving::Leaving;
use crate::notice::{self, Notice};
use crate::sample::Sample;
use crate::{commands, main_window, tray};

/// What the panel listens to.
const EVENT: &str = "tandem";

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The app did not open.
    #[error("{}", told(.0))]
    App(Box<WireError>),
    /// There is no place for the sample systems' files.
    #[error(
        "The sample systems have no place.\n  why: {0}\n  fix: check the folder for temporary files"
    )]
    Folder(std::io::Error),
    /// There is no desktop session to open a window in.
    #[error(
        "There is no display to open a window on.\n  why: neither DISPLAY nor WAYLAND_DISPLAY is set\n  fix: start it in a desktop session, or use `tandem serve` and a browser"
    )]
    NoDisplay,
    /// The webview or the desktop did not play along.
    #[error(
        "The window cannot be opened.\n  why: {0}\n  fix: check that a desktop session is running, or use `tandem serve`"
    )]
    Window(#[from] tauri::Error),
}

impl From<AppError> for Trouble {
    fn from(error: AppError) -> Self {
        Self::App(Box::new(error.into()))
    }
}

fn told(error: &WireError) -> String {
    let mut text = error.message.clone();
    for (word, line) in [("why", &error.cause), ("fix", &error.fix)] {
        if let Some(line) = line {
            text.push_str(&format!("\n  {word}: {line}"));
        }
    }
    text
}

/// Opens the window and returns when it was closed.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Trouble> {
    if !has_display() {
        return Err(Trouble::NoDisplay);
    }
    let sample = match arguments.demo.then(Sample::new) {
        Some(sample) => Some(Arc::new(sample.map_err(Trouble::Folder)?)),
        None => None,
    };
    let store = match (&arguments.store, &sample) {
        (Some(named), _) => named.clone(),
        // What the sample systems hold goes with the window; a store that remembers it would be
        // wrong about both of them the next time.
        (None, Some(sample)) => sample.folder().join("tandem.db"),
        (None, None) => default_store()?,
    };
    let first = Builder::<Wry>::default()
        .plugin(single_instance(arguments.store.as_deref(), arguments.demo))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(place_and_size(arguments.store.as_deref(), arguments.demo));
    let window = build(first, context())?;
    let app = open(window.handle(), arguments, store, sample.clone())?;
    tell_panel(window.handle().clone(), &app);
    carry_on(app.clone());
    let link = arguments
        .link
        .as_ref()
        .and_then(|address| tauri::async_runtime::block_on(app.follow(address)));
    let stays_away = arguments.background
        && link.is_none()
        && tauri::async_runtime::block_on(app.keeps_running());
    window.manage(Leaving::default());
    window.manage(app.clone());
    tray::put_up(window.handle(), &app);
    follow_links(window.handle());
    if !stays_away {
        main_window::open(window.handle(), link.as_ref())?;
    }
    window.run_return(|_, _| {});
    if let Some(sample) = sample {
        tauri::async_runtime::block_on(sample.close());
    }
    Ok(())
}

/// Whether a window could be shown; without a display GTK would end the process with less to say.
fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The configuration, the panel's files and what may be called, all embedded when building.
pub(crate) fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}

/// A Tauri application that answers the listed commands.
pub(crate) fn build<R: Runtime>(
    builder: Builder<R>,
    context: Context<R>,
) -> tauri::Result<tauri::App<R>> {
    builder.invoke_handler(commands::handler()).build(context)
}

/// One window for each store: a second start shows the first one's window, at its link if it has
/// one.
fn single_instance<R: Runtime>(store: Option<&Path>, demo: bool) -> tauri::plugin::TauriPlugin<R> {
    let shown = |app: &AppHandle<R>, arguments: Vec<String>, _| {
        let named = arguments
            .into_iter()
            .skip(1)
            .find(|it| Link::parse(it).is_some());
        let app = app.clone();
        // The second start waits for an answer to this call; a window that is busy, or about to
        // close, must not keep it waiting.
        tauri::async_runtime::spawn(async move {
            let link = match named {
                Some(address) => app.state::<App>().follow(&address).await,
                None => None,
            };
            if let Err(error) = main_window::show(&app, link.as_ref()) {
                tracing::warn!(%error, "the window could not be shown");
            }
        });
    };
    let name = format!("app.tandem.desktop{}", of_store(store, demo));
    tauri_plugin_single_instance::Builder::new()
        .callback(shown)
        .dbus_id(name)
        .build()
}

/// What tells the windows of several stores apart: nothing for the one in the data folder.
fn of_store(store: Option<&Path>, demo: bool) -> String {
    match store {
        Some(store) => {
            let place = std::path::absolute(store).unwrap_or_else(|_| store.to_path_buf());
            let digest = blake3::hash(place.as_os_str().as_encoded_bytes()).to_hex();
            format!(".s{}", digest.split_at(16).0)
        }
        None if demo => String::from(".demo"),
        None => String::new(),
    }
}

/// A window opens where and as large as it was, each store's by itself. Whether it was visible is
/// not kept: a start that shows nothing would look like one that failed.
fn place_and_size<R: Runtime>(store: Option<&Path>, demo: bool) -> tauri::plugin::TauriPlugin<R> {
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filename(format!("window{}.json", of_store(store, demo)))
        .build()
}

fn open(
    handle: &AppHandle<Wry>,
    arguments: &Arguments,
    store: PathBuf,
    sample: Option<Arc<Sample>>,
) -> Result<App, Trouble> {
    let mut options = AppOptions::on_this_machine(store);
    options.anchor = default_anchor();
    options.alerts = vec![Arc::new(DesktopAlerts::new(handle.clone()))];
    match alert_channels() {
        Ok(channels) => options.alerts.extend(channels),
        Err(error) => alerts_are_off(&error.into()),
    }
    if let Err(error) = options.settings_in(default_settings()) {
        eprintln!("{}", told(&error.into()));
    }
    let desktop = WindowDesktop::new(handle.clone(), arguments.store.as_deref());
    options.desktop = Some(Arc::new(desktop));
    options.sample = sample.map(|sample| sample as _);
    // Background work of the app belongs to Tauri's own runtime.
    let app = tauri::async_runtime::block_on(async { App::open(options) })?;
    for notice in app.notices() {
        eprintln!("{notice}");
    }
    Ok(app)
}

/// The window opens all the same: the desktop tells of failures, and of this.
fn alerts_are_off(error: &WireError) {
    eprintln!("{}", told(error));
    let parts = [
        Some(&error.message),
        error.cause.as_ref(),
        error.fix.as_ref(),
    ];
    let notice = Notice {
        summary: String::from("No alerts by e-mail or webhook"),
        body: parts.map(|part| part.map_or("", String::as_str)).join("\n"),
        open: String::from("Open Tandem"),
    };
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = notice::show(&notice, || {}) {
            tracing::warn!(%error, "the desktop shows no notifications");
        }
    });
}

/// Takes up what an earlier process left: decisions that were kept, alerts that nobody took.
fn carry_on(app: App) {
    tauri::async_runtime::spawn(async move {
        if let Err(error) = app.resume().await {
            tracing::warn!(%error, "what an earlier process left was not all taken up");
        }
    });
}

/// Hands every event to the panel, as long as there is one.
fn tell_panel<R: Runtime>(handle: AppHandle<R>, app: &App) {
    let mut events = app.subscribe();
    tauri::async_runtime::spawn(async move {
        loop {
            let event: WireEvent = match events.recv().await {
                Ok(event) => event,
                // The panel fetches afresh whatever it shows next; here nothing is made up for it.
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the panel was not told of some events");
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            let target = EventTarget::webview_window(main_window::LABEL);
            if let Err(error) = handle.emit_to(target, EVENT, &event) {
                tracing::warn!(%error, "the panel could not be told of an event");
            }
        }
    });
}

/// Links that the desktop opens with us, on platforms that send them as events.
fn follow_links<R: Runtime>(handle: &AppHandle<R>) {
    let app = handle.clone();
    handle.deep_link().on_open_url(move |event| {
        let (app, addresses) = (app.clone(), event.urls());
        tauri::async_runtime::spawn(async move {
            for address in addresses {
                let Some(link) = app.state::<App>().follow(address.as_str()).await else {
                    continue;
                };
                if let Err(error) = main_window::show(&app, Some(&link)) {
                    tracing::warn!(%error, "a link could not be followed");
                }
            }
        });
    });
}
