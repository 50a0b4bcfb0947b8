//! The icon in the tray: how things are, when a sync runs next, and a way to run each, open the
//! window, quit. It follows the app's events. A desktop that shows no tray icons loses nothing:
//! everything in the menu is in the window too.

mod icon;
mod state;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tandem_app::wire::{ListTenants, Overview, RunSync, WireEvent};
use tandem_app::{App, AppError, Link};
use tauri::menu::{Menu, MenuBuilder, MenuItemBuilder, SubmenuBuilder};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use self::state::{TrayState, Worst};
use crate::leaving::{self, Way};
use crate::main_window;

/// A run may park thousands of conflicts in a second; the icon is drawn anew once.
const GATHER: Duration = Duration::from_millis(400);

const OPEN: &str = "open";
const QUIT: &str = "quit";
/// Followed by a link's address.
const GO: &str = "go ";
/// Followed by tenant and sync, with a sign between that no name holds.
const SYNC: &str = "sync ";
const BETWEEN: char = '\u{0}';

/// Puts the icon up and keeps it true for as long as the app lives.
pub(crate) fn put_up<R: Runtime>(handle: &AppHandle<R>, app: &App) {
    let Some(tray) = built(handle) else { return };
    let (handle, app) = (handle.clone(), app.clone());
    let mut events = app.subscribe();
    tauri::async_runtime::spawn(async move {
        let mut shown = None;
        loop {
            match state(&app).await {
                Ok(state) if shown.as_ref() != Some(&state) => match show(&handle, &tray, &state) {
                    Ok(()) => shown = Some(state),
                    Err(error) => tracing::warn!(%error, "the tray icon could not be changed"),
                },
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the tray icon may be out of date"),
            }
            loop {
                match events.recv().await {
                    Ok(event) if !changes(&event) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
            tokio::time::sleep(GATHER).await;
            while !matches!(
                events.try_recv(),
                Err(TryRecvError::Empty | TryRecvError::Closed)
            ) {}
        }
    });
}

/// Whether an event changes anything that the tray says.
const fn changes(event: &WireEvent) -> bool {
    !matches!(
        event,
        WireEvent::RunProgress { .. } | WireEvent::AlertRaised { .. }
    )
}

/// The icon, as far as this machine has what it takes. Where the library behind it is missing the
/// crate that looks for it panics; the window opens all the same.
fn built<R: Runtime>(handle: &AppHandle<R>) -> Option<TrayIcon<R>> {
    let build = AssertUnwindSafe(|| {
        let mut builder = TrayIconBuilder::with_id("tandem")
            .tooltip("Tandem")
            .on_menu_event(|app, event| chosen(app, event.id().as_ref()));
        if let Some(icon) = handle.default_window_icon() {
            builder = builder.icon(icon::marked(icon, Worst::Fine));
        }
        let menu = MenuBuilder::new(handle)
            .text(OPEN, "Open Tandem")
            .text(QUIT, "Quit")
            .build()?;
        builder.menu(&menu).build(handle)
    });
    match catch_unwind(build) {
        Ok(Ok(tray)) => Some(tray),
        Ok(Err(error)) => {
            tracing::warn!(%error, "there is no tray icon");
            None
        }
        Err(_) => {
            tracing::warn!("there is no tray icon: libayatana-appindicator3 is not installed");
            None
        }
    }
}

async fn state(app: &App) -> Result<TrayState, AppError> {
    let mut all = Vec::new();
    for tenant in app.list_tenants(ListTenants {}).await? {
        let asked = Overview {
            tenant: tenant.name.clone(),
        };
        match app.overview(asked).await {
            Ok(overview) => all.push((tenant.name, overview.into())),
            // It was removed meanwhile; an event about that is on its way.
            Err(AppError::Unknown { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(TrayState::of(&all))
}

fn show<R: Runtime>(
    handle: &AppHandle<R>,
    tray: &TrayIcon<R>,
    state: &TrayState,
) -> tauri::Result<()> {
    let icon = handle.default_window_icon();
    tray.set_menu(Some(menu(handle, state)?))?;
    tray.set_icon(icon.map(|icon| icon::marked(icon, state.worst)))?;
    tray.set_tooltip(Some(state.title()))
}

fn menu<R: Runtime>(handle: &AppHandle<R>, state: &TrayState) -> tauri::Result<Menu<R>> {
    let mut menu = MenuBuilder::new(handle);
    for line in &state.lines {
        let id = line
            .to
            .as_ref()
            .map_or_else(String::new, |to| format!("{GO}{to}"));
        let item = MenuItemBuilder::with_id(id, plain(&line.text)).enabled(line.to.is_some());
        menu = menu.item(&item.build(handle)?);
    }
    let next = MenuItemBuilder::new(plain(&state.next)).enabled(false);
    menu = menu.item(&next.build(handle)?).separator();
    if !state.syncs.is_empty() {
        let mut syncs = SubmenuBuilder::new(handle, "Sync now");
        for sync in &state.syncs {
            let id = format!("{SYNC}{}{BETWEEN}{}", sync.tenant, sync.sync);
            let text = if sync.running {
                format!("{} (running)", plain(&sync.text))
            } else {
                plain(&sync.text)
            };
            let item = MenuItemBuilder::with_id(id, text).enabled(!sync.running);
            syncs = syncs.item(&item.build(handle)?);
        }
        menu = menu.item(&syncs.build()?).separator();
    }
    menu.text(OPEN, "Open Tandem").text(QUIT, "Quit").build()
}

/// A name as it is: menus read `&` as the mark of a key.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

/// Somebody chose an item.
fn chosen<R: Runtime>(app: &AppHandle<R>, id: &str) {
    let open = |link: Option<&Link>| {
        if let Err(error) = main_window::show(app, link) {
            tracing::warn!(%error, "the window could not be shown");
        }
    };
    if id == OPEN {
        open(None);
    } else if id == QUIT {
        leaving::leave(app, Way::Quit);
    } else if let Some(address) = id.strip_prefix(GO) {
        open(Link::parse(address).as_ref());
    } else if let Some((tenant, sync)) = id
        .strip_prefix(SYNC)
        .and_then(|names| names.split_once(BETWEEN))
    {
        let (app, tenant, name) = (app.clone(), tenant.to_owned(), sync.to_owned());
        tauri::async_runtime::spawn(run(app, tenant, name));
    }
}

/// Runs a sync. Where it cannot even begin, the window shows that sync, and its page says why.
async fn run<R: Runtime>(handle: AppHandle<R>, tenant: String, name: String) {
    let asked = RunSync {
        tenant: tenant.clone(),
        name: name.clone(),
        ..RunSync::default()
    };
    let app = handle.state::<App>().inner().clone();
    if let Err(error) = app.run_sync(asked).await {
        tracing::warn!(%error, sync = name, "a sync could not be started from the tray");
        let link = Link::to_sync(&tenant, &name);
        if let Err(error) = main_window::show(&handle, link.as_ref()) {
            tracing::warn!(%error, "the window could not be shown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_they_are() {
        assert_eq!(plain("Salt & Sons"), "Salt && Sons");
    }
}
