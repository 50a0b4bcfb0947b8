//! `GET /api/events[?tenant=NAME]`: what happens, as it happens, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use tandem_app::App;
use tandem_app::wire::WireEvent;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// A comment this often keeps a silent stream open, and finds out that the reader has gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What the stream needs: where events come from, and when the server ends.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) app: App,
    pub(crate) stop: CancellationToken,
}

/// Whose events.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// One tenant's alone; without it, those of all, each naming its tenant.
    tenant: Option<String>,
}

/// Opens a stream. It begins with a comment, so that the reader knows it is live. A reader that
/// falls behind is cut off: it opens a new stream and fetches afresh, so nothing is missed silently.
pub(crate) async fn stream(
    State(source): State<Source>,
    Query(wanted): Query<Wanted>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let live = stream::iter([Ok(Event::default().comment("live"))]);
    let events = stream::unfold(source.app.subscribe(), next)
        .filter_map(move |event| {
            let ours = wanted
                .tenant
                .as_deref()
                .is_none_or(|tenant| event.tenant() == tenant);
            std::future::ready(ours.then_some(event))
        })
        .filter_map(|event| std::future::ready(Event::default().json_data(&event).ok()))
        .map(Ok);
    let until = source.stop.cancelled_owned();
    Sse::new(live.chain(events).take_until(until)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

async fn next(mut events: Receiver<WireEvent>) -> Option<(WireEvent, Receiver<WireEvent>)> {
    match events.recv().await {
        Ok(event) => Some((event, events)),
        Err(RecvError::Lagged(_) | RecvError::Closed) => None,
    }
}
