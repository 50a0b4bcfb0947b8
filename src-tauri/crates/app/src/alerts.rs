//! Telling administrators of final failures. The store's outbox says what is due on which channel;
//! here each channel takes its part, whatever becomes of the others.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::future::join_all;
use tandem_engine::failpoints::{Point, reach};
use tandem_engine::ports::alerts::{
    Alert, AlertChannel, AlertClaim, AlertError, AlertKind, ClaimedAlert, Delivery, SEND_TIMEOUT,
};
use tandem_engine::ports::{Clock, StoreError};

use crate::app::{App, Inner};
use crate::error::AppError;
use crate::link::run_link;
use crate::wire::WireEvent;

/// How often a process that stays looks for alerts whose time has come: those that failed before, and
/// those that another process left.
const LOOK_EVERY: Duration = Duration::from_secs(15);

impl App {
    /// Delivers what is due of the tenant's alerts, on all channels at once. One that a channel does
    /// not take is tried again later.
    pub(crate) async fn deliver_alerts(&self, tenant: &str, eager: bool) -> Result<(), AppError> {
        let published = Mutex::default();
        let all = self
            .inner
            .alerts
            .iter()
            .map(|channel| self.deliver_on(&**channel, tenant, eager, &published));
        join_all(all).await.into_iter().collect()
    }

    async fn deliver_on(
        &self,
        channel: &dyn AlertChannel,
        tenant: &str,
        eager: bool,
        published: &Mutex<BTreeSet<String>>,
    ) -> Result<(), AppError> {
        let mut after = None;
        loop {
            let name = channel.name();
            let claimed = self
                .with_tenant(tenant, move |scope| {
                    Ok(scope.store.claim_alert(&AlertClaim {
                        channel: name,
                        after,
                        now: scope.inner.now(),
                        eager,
                    })?)
                })
                .await;
            let Some(claimed) = claimed? else {
                return Ok(());
            };
            after = Some(claimed.alert.seq);
            let first = claimed
                .alert
                .deliveries
                .iter()
                .all(|delivery| delivery.delivered_at.is_none());
            if let Some(alert) = self.tell(channel, tenant, claimed).await?
                && first
                && published
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(alert.id.clone())
            {
                self.publish_alert(alert);
            }
        }
    }

    /// The faces hear of an alert once, however many channels told it.
    fn publish_alert(&self, alert: Alert) {
        let message = match (alert.kind, &alert.error) {
            (AlertKind::Failure, Some(error)) => error.clone(),
            _ => alert.title(),
        };
        self.inner.hub.publish_event(WireEvent::AlertRaised {
            tenant: alert.tenant,
            sync: alert.sync,
            run: alert.run,
            message,
        });
    }

    /// Sends it and keeps what became of it; the alert if it was told.
    async fn tell(
        &self,
        channel: &dyn AlertChannel,
        tenant: &str,
        claimed: ClaimedAlert,
    ) -> Result<Option<Alert>, AppError> {
        let link = run_link(tenant, &claimed.alert.run.to_string());
        let alert = Alert::new(tenant, link, &claimed.alert, self.inner.now());
        let name = channel.name();
        reach(Point::AlertSending);
        let sent = within_timeout(&*self.inner.clock, channel.send(&alert)).await;
        reach(Point::AlertSent);
        let now = self.inner.now();
        let delivery = match sent {
            Ok(()) => Delivery::Told,
            Err(error) => {
                tracing::warn!(channel = name, %error, "an alert was not delivered; it is tried again");
                Delivery::failed(error.0, claimed.attempt, now)
            }
        };
        let told = delivery == Delivery::Told;
        self.with_tenant(tenant, move |scope| {
            match scope.store.settle_alert(name, &claimed, &delivery, now) {
                // The tenant or the sync was removed meanwhile.
                Err(StoreError::NotFound { .. }) => Ok(()),
                settled => Ok(settled?),
            }
        })
        .await?;
        reach(Point::AlertMarked);
        Ok(told.then_some(alert))
    }

    /// Delivers what earlier processes left, in the background, without waiting for when it is due
    /// again: for a process that may not live that long. [`App::idle`] waits for its end.
    pub fn deliver_left_alerts(&self) {
        if self.inner.alerts.is_empty() {
            return;
        }
        let app = self.clone();
        self.inner.tasks.spawn(async move { app.sweep(true).await });
    }

    /// The same, and from then on again and again for as long as the app lives.
    pub(crate) fn keep_delivering(&self) {
        if self.inner.alerts.is_empty() {
            return;
        }
        let (inner, clock) = (Arc::downgrade(&self.inner), Arc::clone(&self.inner.clock));
        tokio::spawn(async move {
            let mut eager = true;
            while let Some(app) = alive(&inner) {
                app.sweep(eager).await;
                eager = false;
                drop(app);
                clock.sleep(LOOK_EVERY).await;
            }
        });
    }

    async fn sweep(&self, eager: bool) {
        let swept = async {
            let tenants = self.with_store(|inner| Ok(inner.store.tenants()?)).await?;
            for tenant in tenants {
                // A tenant that was removed meanwhile keeps none of the others waiting.
                match self.deliver_alerts(tenant.name.as_str(), eager).await {
                    Ok(()) | Err(AppError::Unknown { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok::<(), AppError>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "alerts could not be delivered; they stay in the store");
        }
    }
}

fn alive(inner: &Weak<Inner>) -> Option<App> {
    inner.upgrade().map(|inner| App { inner })
}

/// No channel takes longer than a claim lasts, whatever it does.
async fn within_timeout(
    clock: &dyn Clock,
    send: impl Future<Output = Result<(), AlertError>>,
) -> Result<(), AlertError> {
    tokio::select! {
        biased;
        sent = send => sent,
        () = clock.sleep(SEND_TIMEOUT) => Err(AlertError(format!(
            "no answer within {} s",
            SEND_TIMEOUT.as_secs()
        ))),
    }
}
