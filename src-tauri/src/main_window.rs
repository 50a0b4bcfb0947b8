//! The window itself: the panel's own pages and nothing else, whoever asks.

use tandem_app::Link;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::leaving::{self, Way};

/// Its label, which the capability names.
pub(crate) const LABEL: &str = "main";

/// Opens the window on the panel, or on `link`.
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, link: Option<&Link>) -> tauri::Result<()> {
    // The panel's routes are fragments, so its page is always the same one.
    let page = link.map_or_else(
        || String::from("index.html"),
        |link| format!("#{}", link.route()),
    );
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(page.into()))
        .title("Tandem")
        .inner_size(1280.0, 800.0)
        .min_inner_size(640.0, 480.0)
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_panel)
        // Whoever looks through the desktop's windows sees which screen is open.
        .on_document_title_changed(|window, title| {
            if let Err(error) = window.set_title(&title) {
                tracing::warn!(%error, "the window's title could not be changed");
            }
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    let handle = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            leaving::leave(&handle, Way::Closed);
        }
    });
    Ok(())
}

/// Brings the window to the front and shows `link` in it.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>, link: Option<&Link>) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window(LABEL) else {
        return open(app, link);
    };
    if let Some(link) = link {
        let mut page = window.url()?;
        page.set_fragment(Some(link.route()));
        window.navigate(page)?;
    }
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

/// Whether an address is the panel's own. Nothing else is ever loaded into the window.
fn is_panel(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        // What the panel's addresses look like where webviews know no schemes of their own.
        "http" | "https" if cfg!(any(windows, target_os = "android")) => {
            address.host_str() == Some("tauri.localhost")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_loads_nothing_but_the_panel() {
        let cases = [
            ("tauri://localhost/t/main/history", true),
            ("tauri://elsewhere/", false),
            ("https://example.org/", false),
            ("http://127.0.0.1:1420/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("about:blank", false),
        ];
        for (address, allowed) in cases {
            let address: Url = address.parse().unwrap();
            let expected = allowed && !cfg!(windows);
            assert_eq!(is_panel(&address), expected, "{address}");
        }
    }
}
