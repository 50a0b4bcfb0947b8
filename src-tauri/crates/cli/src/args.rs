//! The command line.

mod conflicts;
mod records;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use conflicts::{Chosen, ConflictStateArg, Conflicts, Resolve, TakeArg, Taken};
pub(crate) use records::{PairStateArg, Pairs, Records, SetAside, SideArg};

/// Two systems in step: configure, sync both ways, settle conflicts, look back.
#[derive(Debug, Parser)]
#[command(
    name = "tandem",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    /// The store, an SQLite file [default: tandem.db in the platform's data folder]
    #[arg(long, global = true, env = "TANDEM_STORE", value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Whose data
    #[arg(
        long,
        global = true,
        env = "TANDEM_TENANT",
        value_name = "NAME",
        default_value = "main"
    )]
    pub(crate) tenant: String,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// In whose name changes are made [default: the signed-in user]
    #[arg(long, global = true, env = "TANDEM_ACTOR", value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Show progress on standard error also where that is no terminal
    #[arg(long, global = true)]
    pub(crate) progress: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Create and update what a workspace file describes
    Apply(Apply),
    /// Write everything set up as a workspace file, without secrets
    Export,
    /// List and test connections; their circuits by hand
    #[command(subcommand)]
    Connections(Connections),
    /// List, show, pause and resume syncs
    #[command(subcommand)]
    Syncs(Syncs),
    /// Run a sync and wait for its end
    Run(Run),
    /// Look at runs; cancel one, take one back
    #[command(subcommand)]
    Runs(Runs),
    /// Carry out what a simulation planned, once you have reviewed it
    #[command(subcommand)]
    Plans(Plans),
    /// Forget what a sync's two sides agreed on, after a system was moved or replaced: pairs stay, and
    /// the next run compares each anew
    Rebaseline {
        /// The sync's name
        name: String,
    },
    /// Look at conflicts and settle them
    #[command(subcommand)]
    Conflicts(Conflicts),
    /// Look at pairs of records; review those met for the first time; link and unlink by hand
    #[command(subcommand)]
    Pairs(Pairs),
    /// Records that were read and not settled: try them again, or leave them alone
    #[command(subcommand)]
    SetAside(SetAside),
    /// Look at errors; mark them as settled
    #[command(subcommand)]
    Errors(Errors),
    /// What administrators were told of failures
    #[command(subcommand)]
    Alerts(Alerts),
    /// Who did what
    #[command(subcommand)]
    Audit(Audit),
    /// Remove now what [retention] in the workspace file no longer keeps; a window or `serve` does so
    /// every hour
    Prune,
    /// Bring a value back that was decided against; forget what a record ever said
    #[command(subcommand)]
    Records(Records),
    /// List, create and remove tenants
    #[command(subcommand)]
    Tenants(Tenants),
    /// Keep credentials: set, list names, delete
    #[command(subcommand)]
    Secrets(Secrets),
    /// Serve the panel to a browser on this machine
    Serve(Serve),
    /// Tell the whole story on sample systems: sync, edit, merge, settle, sync again
    Demo(Demo),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The workspace file, TOML; `-` reads standard input
    #[arg(short, long, value_name = "FILE", required_unless_present = "schema")]
    pub(crate) file: Option<PathBuf>,
    /// Only say what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the JSON Schema of workspace files and do nothing else
    #[arg(long, conflicts_with_all = ["file", "dry_run"])]
    pub(crate) schema: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Connections {
    /// All connections
    List,
    /// Reach a connection once, read-only
    Test {
        /// Its name
        name: String,
    },
    /// Reach a connection whose circuit is open: an answer closes it
    Probe {
        /// Its name
        name: String,
    },
    /// Send nothing to a connection until it is reset
    Isolate {
        /// Its name
        name: String,
    },
    /// Close a connection's circuit, whatever opened or isolated it
    Reset {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Syncs {
    /// All syncs
    List,
    /// One sync, with its mapping and policies
    Show {
        /// Its name
        name: String,
    },
    /// Let a sync rest
    Pause {
        /// Its name
        name: String,
    },
    /// End a sync's rest
    Resume {
        /// Its name
        name: String,
    },
    /// Put a sync away: it never runs again, its name is free, its history stays
    Archive {
        /// Its name
        name: String,
    },
    /// Carry a few real records of one side through the mapping; read-only
    Sample {
        /// Its name
        name: String,
        /// From which side
        #[arg(long, value_enum, default_value_t = SideArg::Source)]
        side: SideArg,
        /// At most so many records, 1 to 5
        #[arg(long, default_value_t = 3)]
        limit: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The sync
    pub(crate) name: String,
    /// Stop after the plan; write nothing
    #[arg(long)]
    pub(crate) simulate: bool,
    /// The exact number of deletes that a guard refused and that is confirmed hereby
    #[arg(long, value_name = "N")]
    pub(crate) allow_deletes: Option<u64>,
    /// List everything on both sides instead of what changed
    #[arg(long)]
    pub(crate) full: bool,
}

impl Run {
    /// An ordinary run of a sync.
    pub(crate) const fn of(name: String) -> Self {
        Self {
            name,
            simulate: false,
            allow_deletes: None,
            full: false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    /// Runs, newest first
    List {
        /// Only of this sync
        #[arg(long, value_name = "NAME")]
        sync: Option<String>,
        /// Only with this status
        #[arg(long)]
        status: Option<RunStatusArg>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// One run
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// What a run wrote, field by field, before and after
    Diff {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Take back what a run wrote: each field, where it still says what the run wrote
    Rollback {
        /// Its id, or the beginning of it
        id: String,
        /// Only show what would be written
        #[arg(long)]
        simulate: bool,
        /// The exact number of deletes that a guard refused and that is confirmed hereby
        #[arg(long, value_name = "N")]
        allow_deletes: Option<u64>,
    },
    /// Ask a live run to stop at its next chunk
    Cancel {
        /// Its id, or the beginning of it
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plans {
    /// Write what was reviewed and nothing else; what changed since is left alone and shown
    Apply {
        /// The plan's hash, as the simulation printed it
        hash: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RunStatusArg {
    Pending,
    Running,
    Completed,
    Partial,
    Failed,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Errors {
    /// Errors, newest first
    List {
        /// Only of this run
        #[arg(long, value_name = "ID")]
        run: Option<String>,
        /// Settled ones too
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// One error, with everything known of it
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Mark an error as settled
    Resolve {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Run the sync of a run again, which tries what failed in it
    Retry {
        /// The run's id, or the beginning of it
        run: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Alerts {
    /// Newest first, with what became of each on each channel
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Who did what, newest first
    List {
        #[command(flatten)]
        filter: AuditFilter,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Check that no row was changed, left out or made up
    Verify {
        /// Take the log as it is now: after a backup was put back, or the store was moved
        #[arg(long)]
        accept: bool,
    },
    /// Write the log, or what fits, to a new file, one JSON document a line, newest first
    Export {
        /// The file; `-` is standard output
        file: PathBuf,
        #[command(flatten)]
        filter: AuditFilter,
    },
}

/// Which rows of the audit log; every part that is given has to fit.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditFilter {
    /// Only by this actor
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Only this action (`conflict.resolve`), or this group of them (`conflict`)
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Only with this in what it was done to
    #[arg(long, value_name = "TEXT")]
    pub(crate) object: Option<String>,
    /// Only with this anywhere
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Not before this time, such as 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tenants {
    /// All tenants
    List,
    /// Create one
    Create {
        /// Its name
        name: String,
    },
    /// Remove one with everything of it; its workspace file and audit log are written to a folder
    /// first
    Remove {
        /// Its name
        name: String,
        /// Yes, everything of it
        #[arg(long)]
        yes: bool,
        /// A new folder to write to [default: removed/NAME-TIME beside the store]
        #[arg(long, value_name = "FOLDER", conflicts_with = "no_export")]
        export: Option<PathBuf>,
        /// Write nothing: it is gone for good
        #[arg(long)]
        no_export: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secrets {
    /// Keep a value, read from standard input, in place of an earlier one
    Set {
        /// The name that connections refer to it by
        name: String,
    },
    /// Names, where they are used, whether a value is found; never a value
    List,
    /// Forget a value
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// A loopback address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Offer two sample systems on this machine; they end with the command, and so does the store,
    /// unless one is named
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Leave the sample systems running afterwards and print their addresses
    #[arg(long)]
    pub(crate) serve: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
