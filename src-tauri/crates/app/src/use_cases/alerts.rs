//! What administrators were told.

use tandem_engine::ports::alerts::AlertRecord;

use super::{page, page_limit, parse_id};
use crate::app::App;
use crate::error::AppError;
use crate::views::time;
use crate::views::words::word;
use crate::wire::{AlertDeliveryView, AlertView, ListAlerts, Page};

impl App {
    /// What administrators were told of failures, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_alerts(&self, args: ListAlerts) -> Result<Page<AlertView>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let before = args
                .before
                .as_deref()
                .map(|seq| parse_id("alert", seq))
                .transpose()?;
            let alerts = scope.store.alerts(before, page_limit(args.limit)?)?;
            Ok(page(alerts, args.limit, |it| it.seq.to_string(), view))
        })
        .await
    }
}

fn view(alert: AlertRecord) -> AlertView {
    AlertView {
        seq: alert.seq.to_string(),
        at: time(alert.at),
        kind: word(&alert.kind),
        sync: alert.failure.sync,
        run_id: alert.run.to_string(),
        connection: alert.failure.connection,
        error: alert.failure.error,
        remedy: alert.failure.remedy,
        held_back: alert.held_back,
        deliveries: alert
            .deliveries
            .into_iter()
            .map(|delivery| AlertDeliveryView {
                channel: delivery.channel,
                delivered_at: delivery.delivered_at.map(time),
                attempts: delivery.attempts,
                last_error: delivery.last_error,
            })
            .collect(),
    }
}
