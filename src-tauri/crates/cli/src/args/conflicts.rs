//! `conflicts`.

use clap::{Args, Subcommand, ValueEnum};

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

#[cfg(test)]
mod tests {
    use super::*;

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
