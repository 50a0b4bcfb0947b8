//! What the engine needs of the world, as traits. `store`, `connectors` and `host` implement them.

pub mod alerts;
pub mod clock;
pub mod connector;
pub mod events;
pub mod history;
pub mod pairs;
pub mod retention;
pub mod secrets;
pub mod session;
pub mod store;

pub use alerts::{Alert, AlertChannel, AlertError};
pub use clock::{Clock, Ids};
pub use connector::{Connector, ConnectorError, ErrorClass, WritableConnector};
pub use events::{Event, Events};
pub use retention::Retention;
pub use secrets::{Hold, Redaction, Secret, SecretError, SecretStore, Secrets};
pub use session::RunSession;
pub use store::{Store, StoreError, TenantStore};
