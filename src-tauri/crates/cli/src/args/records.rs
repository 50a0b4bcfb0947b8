//! `pairs`, `set-aside` and `records`: single records and what holds them together.

use clap::{Subcommand, ValueEnum};
use tandem_app::wire::WireSide;

use super::TakeArg;

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
    /// What was ever written to a record and its partner, newest first: which run, which rule or whose
    /// decision, field by field
    #[command(group = clap::ArgGroup::new("whose").args(["source", "target"]).required(true))]
    History {
        /// The sync's name
        sync: String,
        /// The record's id at the source
        #[arg(long, value_name = "ID")]
        source: Option<String>,
        /// The record's id at the target
        #[arg(long, value_name = "ID")]
        target: Option<String>,
        /// Only what set this field, or decided about it
        #[arg(long, value_name = "NAME")]
        field: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
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

impl From<SideArg> for WireSide {
    fn from(side: SideArg) -> Self {
        match side {
            SideArg::Source => Self::Source,
            SideArg::Target => Self::Target,
        }
    }
}
