//! The desktop as a way of telling an admin that a sync finally failed. How often is the outbox's
//! business; here one alert becomes one notification, and a click on it shows the run.

use async_trait::async_trait;
use tandem_app::{Alert, AlertChannel, AlertError};
use tauri::{AppHandle, Runtime};

use crate::link::Link;
use crate::main_window;
use crate::notice::{self, Notice};

/// Tells by desktop notification.
pub(crate) struct DesktopAlerts<R: Runtime> {
    app: AppHandle<R>,
}

impl<R: Runtime> DesktopAlerts<R> {
    /// Notifications whose clicks lead to the window of `app`.
    pub(crate) fn new(app: AppHandle<R>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl<R: Runtime> AlertChannel for DesktopAlerts<R> {
    fn name(&self) -> &'static str {
        "desktop"
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let notice = Notice {
            summary: alert.title(),
            body: text(alert),
            open: String::from("Open run"),
        };
        let link = Link::to_run(&alert.tenant, &alert.run);
        let app = self.app.clone();
        let show = move || {
            notice::show(&notice, move || {
                if let Err(error) = main_window::show(&app, link.as_ref()) {
                    tracing::warn!(%error, "the window could not show the run of a notification");
                }
            })
        };
        // The platform may take its time; nothing else has to wait for it.
        match tauri::async_runtime::spawn_blocking(show).await {
            Ok(shown) => shown.map_err(|error| {
                AlertError(format!("the desktop shows no notifications: {error}"))
            }),
            Err(error) => Err(AlertError(error.to_string())),
        }
    }
}

/// Connection, error, retries, remedy.
fn text(alert: &Alert) -> String {
    let body = alert.body();
    match &alert.connection {
        Some(connection) if !body.contains(connection.as_str()) => {
            format!("Connection: {connection}\n{body}")
        }
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(connection: Option<&str>) -> Alert {
        Alert {
            tenant: String::from("main"),
            sync: String::from("customers"),
            run: String::from("0192"),
            connection: connection.map(str::to_owned),
            error: Some(String::from("the shop does not answer")),
            retries: 3,
            remedy: Some(String::from("Check that it is running.")),
            at: None,
        }
    }

    #[test]
    fn a_notification_says_what_where_how_often_and_what_to_do() {
        let told = text(&alert(Some("storefront")));
        for part in ["storefront", "does not answer", "3 times", "Check that it"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!text(&alert(None)).contains("Connection"));
    }
}
