//! SQLite behind the engine's store port.
//!
//! [`SqliteStore::open`] is the way in. `tenant` holds what anybody may ask of one tenant, a module
//! for each family of tables; `session` is one run's exclusive hold: staging, pairing, plan,
//! journal, receipts. Bodies are packed by `codec`, ids by `keys`; `db` knows how a connection is
//! set up and how one writes; `fault` decides how much of an error is told. The schema stands in
//! `/migrations`.

mod anchor;
mod codec;
mod db;
mod fault;
mod keys;
mod open;
mod schema;
mod session;
mod store;
mod tenant;

pub use anchor::AuditAnchor;
pub use open::Opened;
pub use store::SqliteStore;
