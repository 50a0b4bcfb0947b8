//! Credentials by reference. A secret's value lives only in memory and never prints.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tandem_domain::ids::TenantId;
use tandem_domain::redaction::Redactor;
use zeroize::Zeroizing;

/// A credential's value. `Debug` and `Display` never show it; its memory is overwritten when it is
/// dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
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

/// One tenant's credentials, by the references its connections hold.
pub trait Secrets: Send + Sync {
    /// The value behind a reference (`env:NAME`, or a name in the keyring).
    fn get(&self, reference: &str) -> Result<Secret, SecretError>;
    /// Replaces a value (a rotated token), durably, before it is used.
    fn replace(&self, reference: &str, value: &Secret) -> Result<(), SecretError>;
    /// Keeps everybody else, in this process and in others, from exchanging this value for a new
    /// one; `None` while somebody else does. Never waits.
    fn hold(&self, reference: &str) -> Result<Option<Hold>, SecretError>;
    /// Told of each value that a system gave in exchange for one of these, before it is used:
    /// whoever hides secrets has to know it.
    fn received(&self, _value: &Secret) {}
}

/// Held for as long as it lives, and no longer than its process does.
pub type Hold = Box<dyn Send + Sync>;

/// What takes the secrets out of everything that one run shows, logs or stores. All clones are one:
/// a token that comes in the middle of a run is hidden from then on, everywhere.
#[derive(Debug, Clone, Default)]
pub struct Redaction(Arc<RwLock<Redactor>>);

impl Redaction {
    /// Hides this value too.
    pub fn learn(&self, secret: &Secret) {
        let mut redactor = self.0.write().unwrap_or_else(PoisonError::into_inner);
        redactor.learn(secret.expose());
    }

    /// What `show` makes of the redactor as it is now.
    pub fn with<T>(&self, show: impl FnOnce(&Redactor) -> T) -> T {
        show(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Redactor> for Redaction {
    fn from(redactor: Redactor) -> Self {
        Self(Arc::new(RwLock::new(redactor)))
    }
}

/// A place where named credentials of all tenants are kept for good, each tenant's apart. A call may
/// block: on another process, a password prompt, a key derivation.
pub trait SecretStore: Send + Sync {
    /// Where that is, in words for an admin.
    fn place(&self) -> String;
    /// A value, if there is one by that name.
    fn read(&self, tenant: TenantId, name: &str) -> Result<Option<Secret>, SecretError>;
    /// Keeps a value, in place of an earlier one; durable when it returns.
    fn write(&self, tenant: TenantId, name: &str, value: &Secret) -> Result<(), SecretError>;
    /// Forgets a value; `false` if there was none.
    fn delete(&self, tenant: TenantId, name: &str) -> Result<bool, SecretError>;
    /// The names of all values kept, sorted.
    fn names(&self, tenant: TenantId) -> Result<Vec<String>, SecretError>;
    /// Keeps everybody else who asks, in this process and in others, from changing a value that may
    /// not be there yet; `None` while somebody else does. Reading and writing need no hold: it is for
    /// whoever writes what follows from what was read. Never waits.
    fn hold(&self, tenant: TenantId, name: &str) -> Result<Option<Hold>, SecretError>;
}
