//! Credentials by reference. A secret's value lives only in memory and never prints.

use std::fmt;

/// A credential's value. `Debug` and `Display` never show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub const fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none by that name.
    #[error("no secret named {name:?}: {provide}")]
    Missing {
        /// The reference.
        name: String,
        /// How to provide it, a sentence for the admin.
        provide: String,
    },
    /// The place where they are kept cannot be used.
    #[error("secrets cannot be read: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// Where credentials are kept.
pub trait Secrets: Send + Sync {
    /// The value behind a reference (`env:NAME`, or a name in the keyring).
    fn get(&self, reference: &str) -> Result<Secret, SecretError>;
    /// Replaces a value (a rotated token), durably, before it is used.
    fn replace(&self, reference: &str, value: &Secret) -> Result<(), SecretError>;
}
