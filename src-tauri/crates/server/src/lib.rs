//! The use-cases and the panel over loopback HTTP, for a machine without a desktop.
//!
//! `serve` binds a loopback address and answers three things: `POST /api/{command}` (the same
//! commands, arguments and errors as the window), `GET /api/events` (server-sent events), and the
//! panel's built files. Everything under `/api` wants the bearer token that the printed URL
//! carries in its fragment, where no server log and no `Referer` sees it. `Host` and `Origin` are
//! checked on every request, so that neither another site nor a rebound name gets an answer.

mod api;
mod error;
mod events;
mod guard;
mod headers;
mod panel;
mod running;
mod token;

pub use error::ServeError;
pub use panel::find_panel;
pub use running::{Running, Settings, serve};
pub use token::Token;
