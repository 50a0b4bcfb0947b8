//! Logged errors as the faces see them.

use tandem_engine::ports::history::SyncError;

use super::time;
use super::words::{error_advice, error_type};
use crate::lookup::Syncs;
use crate::wire::{ErrorSummary, ErrorView};

/// An error in a list.
pub(crate) fn summary(error: &SyncError, syncs: &mut Syncs<'_>) -> ErrorSummary {
    let logged = &error.error;
    ErrorSummary {
        id: logged.id.to_string(),
        run: error.run.to_string(),
        sync: syncs
            .get(error.sync)
            .map_or_else(String::new, |it| it.config.name.to_string()),
        error_type: error_type(logged.error_type).to_owned(),
        message: logged.message.clone(),
        record_id: logged.record_id.as_ref().map(ToString::to_string),
        side: logged.side.map(Into::into),
        system: logged.side.map(|side| syncs.system(error.sync, side)),
        retry_count: logged.retry_count,
        occurred_at: time(logged.at),
        resolved: error.is_resolved,
        resolved_at: error.resolved_at.map(time),
    }
}

/// An error with everything known of it.
pub(crate) fn view(error: SyncError, syncs: &mut Syncs<'_>) -> ErrorView {
    let (cause, fix) = error_advice(error.error.error_type);
    ErrorView {
        summary: summary(&error, syncs),
        cause: Some(cause.to_owned()),
        fix: Some(remedy(&error).unwrap_or(fix).to_owned()),
        diagnostics: error.error.details,
        record: error.error.record_data,
    }
}

/// What the run itself suggested.
pub(crate) fn remedy(error: &SyncError) -> Option<&str> {
    error
        .error
        .details
        .get("remedy")
        .and_then(|it| it.as_str())
        .filter(|it| !it.is_empty())
}
