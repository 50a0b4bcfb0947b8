//! The desktop as a way of telling an admin that a sync finally failed. How often is the outbox's
//! business; here one alert becomes one notification, and a click on it shows the run.

use async_trait::async_trait;
use tandem_app::{Alert, AlertChannel, AlertError, Link};
use tauri::{AppHandle, Runtime};

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

/// Connection, error, retries, how many were held back, remedy; or that it works again.
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
    use tandem_app::{AlertKind, run_link};

    use super::*;

    fn alert(kind: AlertKind, connection: Option<&str>) -> Alert {
        let (tenant, run) = ("North & Sons", "0192");
        Alert {
            id: String::from("1-2-3"),
            tenant: tenant.to_owned(),
            kind,
            sync: String::from("customers"),
            run: run.to_owned(),
            link: run_link(tenant, run),
            connection: connection.map(str::to_owned),
            error_type: "network",
            error: Some(String::from("the shop does not answer")),
            retries: 3,
            held_back: 4,
            remedy: Some(String::from("Check that it is running.")),
            circuit_open_until: None,
            failed_at: Default::default(),
            at: Default::default(),
        }
    }

    #[test]
    fn a_notification_says_what_where_how_often_and_what_to_do() {
        let told = text(&alert(AlertKind::Failure, Some("storefront")));
        for part in [
            "storefront",
            "does not answer",
            "3 times",
            "4 earlier failures",
            "Check that it",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!text(&alert(AlertKind::Failure, None)).contains("Connection"));
        let recovered = alert(AlertKind::Recovery, None);
        assert_eq!(recovered.title(), "The sync customers works again");
        assert!(!text(&recovered).contains("Check that it"));
    }

    #[test]
    fn the_link_of_an_alert_is_one_that_the_window_follows() {
        let alert = alert(AlertKind::Failure, None);
        let link = Link::parse(&alert.link);
        assert_eq!(link, Link::to_run(&alert.tenant, &alert.run));
        assert!(link.is_some());
    }
}
