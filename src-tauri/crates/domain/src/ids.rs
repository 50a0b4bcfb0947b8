//! Names and identifiers, each its own type, parsed once at the edge and trusted from then on.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Why a text is no valid identifier of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {reason}: {text:?}")]
pub struct InvalidId {
    /// What it should have been ("record id", "field name" …).
    pub kind: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
    /// The text, cut to 80 characters.
    pub text: String,
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId {
                    kind: stringify!($name),
                    reason: "is not a UUID",
                    text: text.chars().take(80).collect(),
                })
            }
        }
    )*};
}

uuid_id! {
    /// The owner of everything; no value ever crosses from one to another.
    TenantId,
    /// One configured external system.
    ConnectionId,
    /// One sync configuration.
    SyncId,
    /// One run: a `sync_history` row.
    RunId,
    /// One conflict, through all its revisions.
    ConflictId,
    /// One `sync_errors` row.
    ErrorId,
    /// One intended write; sent as `Idempotency-Key` where the system takes one. The same across
    /// retries and restarts, new with each new plan.
    OperationKey,
}

/// A link's row in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkId(pub i64);

/// Reads a text and parses it: borrowed where the format can lend it.
struct TextId<T>(&'static str, fn(&str) -> Result<T, InvalidId>);

impl<T> Visitor<'_> for TextId<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $ok:expr, $reason:literal);* $(;)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        // What is one and the same text, as field names mostly are, need not be read.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.0, &other.0) {
                    Ordering::Equal
                } else {
                    self.0.cmp(&other.0)
                }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl $name {
            #[doc = concat!("Parses a ", $kind, ": 1 to ", stringify!($max), " bytes; ", $reason, " is refused.")]
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                let fail = |reason| Err(InvalidId { kind: $kind, reason, text: text.chars().take(80).collect() });
                if text.is_empty() {
                    return fail("is empty");
                }
                if text.len() > $max {
                    return fail("is too long");
                }
                let ok: fn(&str) -> bool = $ok;
                if !ok(text) {
                    return fail($reason);
                }
                Ok(Self(Arc::from(text)))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextId($kind, |text| Self::new(text)))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
    )*};
}

fn plain(text: &str) -> bool {
    text.trim() == text && !text.chars().any(char::is_control)
}

text_id! {
    /// A record's identifier at its own system, as that system writes it.
    RecordId, "record id", 1024, |t| !t.chars().any(char::is_control), "holds a control character";
    /// A field of the canonical record.
    FieldName, "field name", 128, plain, "has outer blanks or a control character";
    /// One kind of record at a connection (customers, products, orders).
    CollectionName, "collection name", 256, plain, "has outer blanks or a control character";
    /// A name an admin gave to a tenant, a connection or a sync configuration.
    Name, "name", 128, plain, "has outer blanks or a control character";
    /// What a system uses to tell one state of a record from the next: an `ETag`, a revision, a row
    /// version. Compared for equality only.
    Version, "version", 1024, |t| !t.chars().any(char::is_control), "holds a control character";
}

/// The two roles in a sync configuration; not kinds of system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The first system.
    Source,
    /// The second system.
    Target,
}

impl Side {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::Source, Self::Target];

    /// The opposite side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Source => Self::Target,
            Self::Target => Self::Source,
        }
    }

    /// `source` or `target`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing for each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Both<T> {
    /// The source's.
    pub source: T,
    /// The target's.
    pub target: T,
}

impl<T> Both<T> {
    /// One for each.
    pub const fn new(source: T, target: T) -> Self {
        Self { source, target }
    }

    /// The one of `side`.
    pub const fn get(&self, side: Side) -> &T {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// The one of `side`, to change.
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        }
    }
}
