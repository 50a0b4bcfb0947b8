//! The control handle over HTTP, under `/_control`, for a storefront in another process.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::work_unit;
use crate::error::SandboxError;

use super::control::Control;
use super::faults::Fault;
use super::shared::Shared;
use super::stats::Stats;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOffset {
    offset_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fill {
    #[serde(default)]
    seed: u64,
    n: u64,
}

/// The routes under `/_control`.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_control/stats", get(stats).delete(reset_stats))
        .route(
            "/_control/faults",
            get(faults).post(add_fault).delete(clear_faults),
        )
        .route("/_control/latency", put(latency))
        .route("/_control/clock", put(clock))
        .route("/_control/dump/{collection}", get(dump))
        .route("/_control/digest/{collection}", get(digest))
        .route("/_control/work-unit/{collection}", post(fill))
        .route("/_control/work-unit/{collection}/edit", post(edit))
}

type App = State<Arc<Shared>>;

async fn stats(State(shared): App) -> Json<Stats> {
    Json(Control::new(shared).stats())
}

async fn reset_stats(State(shared): App) -> StatusCode {
    Control::new(shared).reset_stats();
    StatusCode::NO_CONTENT
}

async fn faults(State(shared): App) -> Json<Vec<Fault>> {
    Json(Control::new(shared).faults())
}

async fn add_fault(State(shared): App, Json(fault): Json<Fault>) -> StatusCode {
    Control::new(shared).inject(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): App) -> StatusCode {
    Control::new(shared).clear_faults();
    StatusCode::NO_CONTENT
}

async fn latency(State(shared): App, Json(latency): Json<Latency>) -> StatusCode {
    Control::new(shared).set_latency_ms(latency.ms);
    StatusCode::NO_CONTENT
}

async fn clock(State(shared): App, Json(clock): Json<ClockOffset>) -> StatusCode {
    Control::new(shared).set_clock_offset_ms(clock.offset_ms);
    StatusCode::NO_CONTENT
}

async fn dump(State(shared): App, Path(collection): Path<String>) -> Response {
    reply(
        Control::new(shared)
            .records(&collection)
            .map(|records| json!({ "data": records })),
    )
}

async fn digest(State(shared): App, Path(collection): Path<String>) -> Response {
    let control = Control::new(shared);
    // As text: a 64-bit number does not survive every JSON reader.
    let digest = control
        .digest(&collection, &[])
        .and_then(|d| Ok(json!({ "count": control.count(&collection)?, "digest": d.to_string() })));
    reply(digest)
}

async fn fill(
    State(shared): App,
    Path(collection): Path<String>,
    Json(fill): Json<Fill>,
) -> Response {
    reply(
        work_unit::fill(&Control::new(shared), &collection, fill.seed, fill.n)
            .map(|n| json!({ "records": n })),
    )
}

async fn edit(
    State(shared): App,
    Path(collection): Path<String>,
    Json(edit): Json<work_unit::Edit>,
) -> Response {
    reply(
        work_unit::edit(&Control::new(shared), &collection, &edit).map(|n| json!({ "records": n })),
    )
}

fn reply(result: Result<Value, SandboxError>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": { "message": error.to_string() } })),
        )
            .into_response(),
    }
}
