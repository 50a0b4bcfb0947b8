//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

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

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RunStatusArg {
    Pending,
    Running,
    Completed,
    Partial,
    Failed,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ConflictStateArg {
    Open,
    Decided,
    Resolved,
    Closed,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Conflicts {
    /// Conflicts, newest first
    List {
        /// Only of this sync
        #[arg(long, value_name = "NAME")]
        sync: Option<String>,
        /// Only in this state; `all` for every state
        #[arg(long, value_name = "STATE", default_value = "open")]
        state: StateFilter,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// One conflict, value by value
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Decide a conflict and write the decision to both systems
    Resolve(Resolve),
    /// Take a decision back that has not been written
    Undo {
        /// The conflict's id, or the beginning of it
        id: String,
    },
    /// Link the two records of a conflict anew that were unlinked; the next run compares them
    Relink {
        /// The conflict's id, or the beginning of it
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pairs {
    /// Pairs of records, in the order they were met
    List {
        /// Only of this sync
        #[arg(long, value_name = "NAME")]
        sync: Option<String>,
        /// Only in this state
        #[arg(long, value_name = "STATE")]
        state: Option<PairStateArg>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Two records that were met for the first time and differ are the same: keep them linked
    Confirm {
        /// The pair's number
        id: String,
        /// Whose values both get
        #[arg(long)]
        take: TakeArg,
        /// Why
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// They are not the same: leave both alone from now on
    Reject {
        /// The pair's number
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Link two records by hand, whatever they were before; the next run compares them as if met for
    /// the first time
    Link {
        /// The sync's name
        sync: String,
        /// The record's id at the source
        #[arg(long, value_name = "ID")]
        source: String,
        /// The record's id at the target
        #[arg(long, value_name = "ID")]
        target: String,
    },
    /// Link the two records of a pair anew
    Relink {
        /// The pair's number, or the id of one of its conflicts
        id: String,
    },
    /// Leave both records of a pair alone from now on
    Unlink {
        /// The pair's number, or the id of one of its conflicts
        id: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PairStateArg {
    Active,
    Unpaired,
    Closed,
    Excluded,
    Quarantined,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SetAside {
    /// Records that were read and not settled: unusable, quarantined, uncertain, deferred
    List {
        /// Only of this sync
        #[arg(long, value_name = "NAME")]
        sync: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Run its sync, which reads and tries it again
    Retry {
        /// Its id in the list
        id: String,
    },
    /// Leave it alone from now on, with its partner
    Drop {
        /// Its id in the list
        id: String,
    },
}

/// A state, or all of them.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StateFilter {
    Open,
    Decided,
    Resolved,
    Closed,
    All,
}

impl StateFilter {
    pub(crate) const fn one(self) -> Option<ConflictStateArg> {
        match self {
            Self::Open => Some(ConflictStateArg::Open),
            Self::Decided => Some(ConflictStateArg::Decided),
            Self::Resolved => Some(ConflictStateArg::Resolved),
            Self::Closed => Some(ConflictStateArg::Closed),
            Self::All => None,
        }
    }
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("how").args(["field", "take", "delete_both", "restore", "unlink"]).required(true).multiple(true))]
pub(crate) struct Resolve {
    /// The conflict's id, or the beginning of it; several are decided alike
    #[arg(
        value_name = "ID",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub(crate) ids: Vec<String>,
    /// A field and what it takes: source, target, base, or json:VALUE; once for each contested field
    #[arg(long, value_name = "NAME=TAKE", value_parser = field_choice, conflicts_with_all = ["delete_both", "restore", "unlink"])]
    pub(crate) field: Vec<Chosen>,
    /// Every open conflict that the decision is for: about fields, or about deletes
    #[arg(long)]
    pub(crate) all: bool,
    /// With --all: only of this sync
    #[arg(long, value_name = "NAME", requires = "all")]
    pub(crate) sync: Option<String>,
    /// With --all: only where this field is contested
    #[arg(long = "where", value_name = "FIELD", requires = "all")]
    pub(crate) contested: Option<String>,
    /// What every contested field takes that has no --field of its own
    #[arg(long, conflicts_with_all = ["delete_both", "restore", "unlink"])]
    pub(crate) take: Option<TakeArg>,
    /// Delete conflict: delete the other record too
    #[arg(long, conflicts_with_all = ["restore", "unlink"])]
    pub(crate) delete_both: bool,
    /// Delete conflict: bring the deleted record back
    #[arg(long, conflicts_with = "unlink")]
    pub(crate) restore: bool,
    /// Leave both records alone from now on
    #[arg(long)]
    pub(crate) unlink: bool,
    /// Several: if one cannot be decided, decide none
    #[arg(long)]
    pub(crate) all_or_nothing: bool,
    /// Only say what would be decided
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TakeArg {
    Source,
    Target,
    Base,
}

/// One `--field`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) field: String,
    pub(crate) take: Taken,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Taken {
    Side(TakeArg),
    Custom(serde_json::Value),
}

fn field_choice(text: &str) -> Result<Chosen, String> {
    let (field, take) = text
        .split_once('=')
        .ok_or("write NAME=source, NAME=target, NAME=base or NAME=json:VALUE")?;
    let take = match take {
        "source" => Taken::Side(TakeArg::Source),
        "target" => Taken::Side(TakeArg::Target),
        "base" => Taken::Side(TakeArg::Base),
        custom => {
            let json = custom.strip_prefix("json:").ok_or_else(|| {
                format!(
                    "{custom:?} is none of source, target, base, json:VALUE (text is json:\"…\")"
                )
            })?;
            Taken::Custom(serde_json::from_str(json).map_err(|error| {
                format!("{json} is not JSON ({error}); text stands in double quotes: '{field}=json:\"…\"'")
            })?)
        }
    };
    Ok(Chosen {
        field: field.to_owned(),
        take,
    })
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
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Check that no row was changed
    Verify,
    /// Write the whole log to a new file, one JSON document a line, newest first
    Export {
        /// The file; `-` is standard output
        file: PathBuf,
    },
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
pub(crate) enum Records {
    /// Destroy every copy of a record's values that a sync keeps: journal, snapshots, errors,
    /// conflicts, what both sides agreed on. Its pair of ids stays, and the next run compares both
    /// records anew; in the systems themselves nothing is changed
    #[command(group = clap::ArgGroup::new("which").args(["source", "target"]).required(true))]
    Erase {
        /// The sync's name
        sync: String,
        /// The record's id at the source; its partner is erased with it
        #[arg(long, value_name = "ID")]
        source: Option<String>,
        /// The record's id at the target; its partner is erased with it
        #[arg(long, value_name = "ID")]
        target: Option<String>,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
    /// Bring back a value that a rule or a person decided against, on both systems, if the record
    /// still says what it says now
    #[command(group = clap::ArgGroup::new("one").args(["source", "target"]).required(true))]
    Restore {
        /// The sync's name
        sync: String,
        /// The record's id at the source
        #[arg(long, value_name = "ID")]
        source: Option<String>,
        /// The record's id at the target
        #[arg(long, value_name = "ID")]
        target: Option<String>,
        /// The field
        #[arg(long, value_name = "NAME")]
        field: String,
        /// The run or the conflict in which the value lost
        #[arg(long, value_name = "ID")]
        from: String,
        /// Whose value, where both sides' lost
        #[arg(long, value_name = "SIDE")]
        lost_on: Option<SideArg>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SideArg {
    Source,
    Target,
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

    #[test]
    fn a_field_takes_a_side_or_a_json_value() {
        let table: [(&str, Option<Taken>); 7] = [
            ("phone=source", Some(Taken::Side(TakeArg::Source))),
            ("phone=base", Some(Taken::Side(TakeArg::Base))),
            (
                "phone=json:\"+49=30\"",
                Some(Taken::Custom("+49=30".into())),
            ),
            (
                "limit=json:null",
                Some(Taken::Custom(serde_json::Value::Null)),
            ),
            ("phone", None),
            ("phone=mine", None),
            ("phone=json:+49", None),
        ];
        for (text, want) in table {
            assert_eq!(
                field_choice(text).ok().map(|chosen| chosen.take),
                want,
                "{text}"
            );
        }
    }
}
