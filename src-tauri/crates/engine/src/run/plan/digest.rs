//! A plan in one number.

use tandem_domain::ids::Side;
use tandem_domain::plan::{Decision, Intent, Pair};
use tandem_domain::record::ContentHash;

use crate::run::context::RunContext;
use crate::run::rules::{Rules, record_of};

/// A digest over all decisions, in order: what an admin reviewed is what is applied.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlanDigest(u128);

impl PlanDigest {
    /// The digest of an empty plan: two configurations that would do the same have different plans.
    pub(super) fn of(run: &RunContext) -> Self {
        let name = run.sync.config.name.as_str();
        Self(xxhash_rust::xxh3::xxh3_128(name.as_bytes()))
    }

    /// Pairs go by their records: where the store keeps a link depends on what else it keeps, other
    /// tenants' links included.
    pub(super) fn add(&mut self, rules: &Rules, pair: &Pair, decision: &Decision) {
        use std::fmt::Write as _;
        let mut text = format!("{:032x}{:?}", self.0, decision.reason);
        for side in Side::BOTH {
            let id = record_of(pair, side);
            // Writing to a String cannot fail.
            let _ = write!(text, "{id:?}");
            let _ = match decision.intents.get(side) {
                None => write!(text, "-"),
                Some(Intent::Create { fields }) => {
                    write!(text, "c{:?}", rules.schema.hash(fields).0)
                }
                Some(Intent::Update { id, patch, .. }) => {
                    write!(text, "u{id}{:?}", rules.schema.hash(patch).0)
                }
                Some(Intent::Delete { id, .. }) => write!(text, "d{id}"),
            };
        }
        self.0 = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
    }

    pub(super) fn hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// The plan's digest as the run's content fingerprint (TASK-015: configuration, direction, record
/// ids, here with content).
pub(super) fn fingerprint(run: &RunContext, plan_hash: &str) -> ContentHash {
    let text = format!("{}{:?}{plan_hash}", run.sync.id, run.sync.config.direction);
    ContentHash(xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes())
}
