//! Telling admins of final failures. The store's outbox holds each alert until a channel took it.

use async_trait::async_trait;
use serde::Deserialize;

use crate::app::App;
use crate::error::AppError;
use crate::wire::WireEvent;

/// A final failure, as an admin is told (BR-IC-002).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Alert {
    /// The tenant's name.
    #[serde(skip)]
    pub tenant: String,
    /// The sync's name.
    pub sync: String,
    /// The run that failed.
    pub run: String,
    /// The connection to blame, if one is.
    #[serde(default)]
    pub connection: Option<String>,
    /// What happened, a sentence without secrets.
    #[serde(default)]
    pub error: Option<String>,
    /// How often the call that failed was retried.
    #[serde(default)]
    pub retries: u32,
    /// What to do.
    #[serde(default)]
    pub remedy: Option<String>,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: Option<String>,
}

impl Alert {
    /// The one line that is always seen.
    #[must_use]
    pub fn title(&self) -> String {
        format!("The sync {} failed", self.sync)
    }

    /// What happened and what to do, plain text.
    #[must_use]
    pub fn body(&self) -> String {
        let mut lines = Vec::new();
        if let Some(error) = &self.error {
            lines.push(crate::error::sentence(error));
        }
        match self.retries {
            0 => {}
            1 => lines.push("It was retried once.".to_owned()),
            n => lines.push(format!("It was retried {n} times.")),
        }
        lines.extend(self.remedy.clone());
        lines.join("\n")
    }
}

/// One way of telling an admin.
#[async_trait]
pub trait AlertChannel: Send + Sync {
    /// Its name, for logs.
    fn name(&self) -> &'static str;
    /// Tells.
    ///
    /// # Errors
    /// Why nobody was told; the alert then waits for another attempt.
    async fn send(&self, alert: &Alert) -> Result<(), AlertError>;
}

/// Why an alert could not be delivered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AlertError(pub String);

/// How many alerts are delivered at a time.
const BATCH: usize = 100;

impl App {
    /// Delivers what waits in the tenant's outbox. One that no channel took stays there.
    pub(crate) async fn deliver_alerts(&self, tenant: &str) -> Result<(), AppError> {
        if self.inner.alerts.is_empty() {
            return Ok(());
        }
        let waiting = self
            .with_tenant(tenant, |scope| Ok(scope.store.pending_alerts(BATCH)?))
            .await?;
        for (seq, stored) in waiting {
            let Ok(mut alert) = Alert::deserialize(&stored) else {
                tracing::warn!(seq, "an alert in the outbox cannot be read; it stays there");
                continue;
            };
            alert.tenant = tenant.to_owned();
            if self.tell(&alert).await {
                self.with_tenant(tenant, move |scope| {
                    Ok(scope.store.alert_delivered(seq, scope.inner.now())?)
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Tells on every channel; whether any took it.
    async fn tell(&self, alert: &Alert) -> bool {
        let mut told = false;
        for channel in &self.inner.alerts {
            match channel.send(alert).await {
                Ok(()) => told = true,
                Err(error) => {
                    tracing::warn!(channel = channel.name(), %error, "an alert was not delivered");
                }
            }
        }
        if told {
            self.inner.hub.publish_event(WireEvent::AlertRaised {
                tenant: alert.tenant.clone(),
                sync: alert.sync.clone(),
                run: alert.run.clone(),
                message: alert.error.clone().unwrap_or_else(|| alert.title()),
            });
        }
        told
    }
}
