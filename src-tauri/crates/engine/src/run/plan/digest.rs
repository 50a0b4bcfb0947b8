//! A plan in one number.

use tandem_domain::ids::{RecordId, Side};
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
        use std::io::Write as _;
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.0.to_le_bytes());
        // Writing to a Vec cannot fail.
        let _ = write!(bytes, "{:?};", decision.reason);
        for side in Side::BOTH {
            match record_of(pair, side) {
                None => bytes.push(0),
                Some(id) => put_id(&mut bytes, 1, &id),
            }
            match decision.intents.get(side) {
                None => bytes.push(0),
                Some(Intent::Create { fields }) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&rules.schema.known_hash(fields).0);
                }
                Some(Intent::Update { id, patch, .. }) => {
                    put_id(&mut bytes, 2, id);
                    bytes.extend_from_slice(&rules.schema.known_hash(patch).0);
                }
                Some(Intent::Delete { id, .. }) => put_id(&mut bytes, 3, id),
            }
        }
        self.0 = xxhash_rust::xxh3::xxh3_128(&bytes);
    }

    pub(super) fn hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// What stands there and whose, with its length, so that no two texts run into each other.
fn put_id(bytes: &mut Vec<u8>, what: u8, id: &RecordId) {
    bytes.push(what);
    bytes.extend_from_slice(&(id.as_str().len() as u64).to_le_bytes());
    bytes.extend_from_slice(id.as_str().as_bytes());
}

/// The plan's digest as the run's content fingerprint (TASK-015: configuration, direction, record
/// ids, here with content).
pub(super) fn fingerprint(run: &RunContext, plan_hash: &str) -> ContentHash {
    let text = format!("{}{:?}{plan_hash}", run.sync.id, run.sync.config.direction);
    ContentHash(xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes())
}
