//! Records as a system holds them and as Tandem compares them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{RecordId, Version};
use crate::value::Value;

mod canonical;

pub use canonical::CanonicalRecord;

/// A record's fields as its own system names them; nested objects stay [`Value::Object`].
pub type NativeFields = BTreeMap<String, Value>;

/// A record as read from one system, before any mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NativeRecord {
    /// Its id at that system.
    pub id: RecordId,
    /// The state it is in, where the system tells.
    pub version: Option<Version>,
    /// When that system says it was last changed (that system's clock).
    pub updated_at: Option<DateTime<Utc>>,
    /// Its fields, or that it is gone.
    pub body: NativeBody,
}

/// Live or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NativeBody {
    /// Every field the system holds (`complete`) or only some of them.
    Live {
        /// The fields.
        fields: NativeFields,
        /// Whether a field that is missing here is missing there too.
        complete: bool,
    },
    /// A tombstone.
    Deleted,
}

/// A 128-bit digest of a canonical record under its schema's equality: equal records have equal
/// digests (`0.10` and `0.1`, NFC and NFD, a set in any order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 16]);
