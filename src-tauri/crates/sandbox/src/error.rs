//! What can go wrong while the sample systems are set up or edited from inside the process.

/// A sample system could not be started, read or edited.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The loopback port could not be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The folder for the ERP's database could not be made.
    #[error("cannot create the folder {folder}: {source}")]
    Folder {
        /// The folder that was asked for.
        folder: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The ERP's database refused.
    #[error("the ERP database: {0}")]
    Database(#[from] rusqlite::Error),
    /// No such collection at the storefront.
    #[error("the storefront has no collection {0:?}")]
    NoCollection(String),
    /// No such column in the ERP's table.
    #[error("the ERP's table {table} has no column {column:?}")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column that was asked for.
        column: String,
    },
    /// No record with that id or key.
    #[error("{system} has no {collection} record {key:?}")]
    NoRecord {
        /// `storefront` or `ERP`.
        system: &'static str,
        /// Collection or table.
        collection: String,
        /// The id or key that was asked for.
        key: String,
    },
    /// A storefront edit was refused by the storefront's own rules.
    #[error("the storefront refused the edit with {status}: {message}")]
    Refused {
        /// The HTTP status that a client would have got.
        status: u16,
        /// The storefront's message.
        message: String,
    },
    /// Too few records stand on both sides for the scenario.
    #[error(
        "the edit scenario needs {needed} {collection} records on both sides and found {found}: run a first sync before it"
    )]
    TooFewShared {
        /// `customers` or `products`.
        collection: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
}
