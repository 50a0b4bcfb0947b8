//! How the window was started.

use std::path::PathBuf;

use clap::Parser;

/// Tandem's window: keeps two systems in step, in both directions.
#[derive(Debug, Parser)]
#[command(name = "tandem-window", version)]
pub(crate) struct Arguments {
    /// Start two sample systems and offer the sample workspace
    #[arg(long)]
    pub(crate) demo: bool,
    /// The store to open, instead of the one in the data folder
    #[arg(long, value_name = "FILE", env = "TANDEM_STORE")]
    pub(crate) store: Option<PathBuf>,
    /// Open no window where closing it would leave Tandem running too: for a start at login
    #[arg(long)]
    pub(crate) background: bool,
    /// A place to show: tandem://open/t/TENANT/SCREEN[/ID]
    #[arg(value_name = "LINK")]
    pub(crate) link: Option<String>,
}
