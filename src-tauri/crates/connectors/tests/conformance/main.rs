//! One suite for every connector: what the port promises, checked against systems that can be
//! changed behind the connector's back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the doubles and helpers are tests too"
)]

mod clock;
mod doubles;
mod files_details;
mod http_faults;
mod https;
mod logins;
mod memory;
mod mysql_details;
mod real_shapes;
mod rest_details;
mod settings;
mod sql_details;
mod suite;
mod system;
mod systems;
mod threats;
