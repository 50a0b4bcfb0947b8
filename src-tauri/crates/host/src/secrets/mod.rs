//! Where credentials are kept: the keyring of the desktop, an encrypted file where that is chosen,
//! or nowhere but in the environment of this process.
//!
//! `TANDEM_SECRETS` chooses: `keyring`, `env`, or `file:PATH`. Without it the keyring is used where
//! there is one. A value in the environment (see [`EnvSecrets`]) goes before one that is kept.

mod environment;
mod file;
mod hold;
mod keyring;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tandem_domain::ids::TenantId;
use tandem_engine::ports::{Hold, Secret, SecretError, SecretStore, Secrets};

pub use environment::EnvSecrets;
pub use file::{Cost, FileSecrets};
pub use keyring::KeyringSecrets;

/// The variable that chooses.
const CHOICE: &str = "TANDEM_SECRETS";

/// One tenant's credentials: the environment's first, then those kept for it.
#[derive(Clone)]
pub struct TenantSecrets {
    tenant: TenantId,
    kept: Arc<dyn SecretStore>,
}

impl TenantSecrets {
    /// Those of `tenant` in `kept`.
    #[must_use]
    pub const fn new(tenant: TenantId, kept: Arc<dyn SecretStore>) -> Self {
        Self { tenant, kept }
    }
}

impl Secrets for TenantSecrets {
    fn get(&self, reference: &str) -> Result<Secret, SecretError> {
        match EnvSecrets.get(reference) {
            Err(SecretError::Missing { name, provide }) if !reference.starts_with("env:") => {
                let kept = self.kept.read(self.tenant, reference)?;
                kept.ok_or_else(|| SecretError::Missing {
                    provide: format!(
                        "keep it with `tandem secrets set {reference}` ({}), or {provide}",
                        self.kept.place()
                    ),
                    name,
                })
            }
            found => found,
        }
    }

    fn replace(&self, reference: &str, value: &Secret) -> Result<(), SecretError> {
        // A value from outside would go before the new one.
        match EnvSecrets.get(reference) {
            Err(SecretError::Missing { .. }) if !reference.starts_with("env:") => {
                self.kept.write(self.tenant, reference, value)
            }
            _ => EnvSecrets.replace(reference, value),
        }
    }

    fn hold(&self, reference: &str) -> Result<Option<Hold>, SecretError> {
        if reference.starts_with("env:") {
            return EnvSecrets.hold(reference);
        }
        self.kept.hold(self.tenant, reference)
    }
}

/// The place this machine's user chose, opened when first needed.
#[derive(Default)]
pub struct ChosenSecrets(OnceLock<Arc<dyn SecretStore>>);

impl ChosenSecrets {
    fn chosen(&self) -> &dyn SecretStore {
        &**self
            .0
            .get_or_init(|| choose(std::env::var(CHOICE).ok().as_deref()))
    }
}

fn choose(choice: Option<&str>) -> Arc<dyn SecretStore> {
    match choice.unwrap_or_default() {
        "" => Arc::new(KeyringSecrets::if_there_is_one()),
        "keyring" => Arc::new(KeyringSecrets::required()),
        "env" => Arc::new(Nowhere::default()),
        other => match other.strip_prefix("file:") {
            Some(path) if !path.is_empty() => Arc::new(FileSecrets::new(
                PathBuf::from(path),
                file::passphrase,
                Cost::default(),
            )),
            _ => Arc::new(Nowhere {
                unknown: Some(other.to_owned()),
            }),
        },
    }
}

impl SecretStore for ChosenSecrets {
    fn place(&self) -> String {
        self.chosen().place()
    }

    fn read(&self, tenant: TenantId, name: &str) -> Result<Option<Secret>, SecretError> {
        self.chosen().read(tenant, name)
    }

    fn write(&self, tenant: TenantId, name: &str, value: &Secret) -> Result<(), SecretError> {
        self.chosen().write(tenant, name, value)
    }

    fn delete(&self, tenant: TenantId, name: &str) -> Result<bool, SecretError> {
        self.chosen().delete(tenant, name)
    }

    fn names(&self, tenant: TenantId) -> Result<Vec<String>, SecretError> {
        self.chosen().names(tenant)
    }

    fn hold(&self, tenant: TenantId, name: &str) -> Result<Option<Hold>, SecretError> {
        self.chosen().hold(tenant, name)
    }
}

/// Nothing is kept: only the environment counts. A choice that cannot be understood refuses
/// everything, so that nothing is kept where it was not meant to be.
#[derive(Default)]
struct Nowhere {
    unknown: Option<String>,
}

impl Nowhere {
    fn understood(&self) -> Result<(), SecretError> {
        match &self.unknown {
            None => Ok(()),
            Some(choice) => Err(SecretError::Unavailable {
                reason: format!(
                    "{CHOICE} is {choice:?}, which is no place for them; it takes keyring, env, or \
                     file:PATH"
                ),
            }),
        }
    }

    fn refuse(&self) -> SecretError {
        match self.understood() {
            Err(error) => error,
            Ok(()) => SecretError::Unavailable {
                reason: format!(
                    "{CHOICE} is \"env\", so they come from the environment and none is kept; \
                     choose keyring or file:PATH to keep them"
                ),
            },
        }
    }
}

impl SecretStore for Nowhere {
    fn place(&self) -> String {
        match &self.unknown {
            None => format!("nowhere: {CHOICE} is \"env\""),
            Some(choice) => format!("nowhere: {CHOICE} is {choice:?}, which is no place"),
        }
    }

    fn read(&self, _: TenantId, _: &str) -> Result<Option<Secret>, SecretError> {
        self.understood().map(|()| None)
    }

    fn write(&self, _: TenantId, _: &str, _: &Secret) -> Result<(), SecretError> {
        Err(self.refuse())
    }

    fn delete(&self, _: TenantId, _: &str) -> Result<bool, SecretError> {
        Err(self.refuse())
    }

    fn names(&self, _: TenantId) -> Result<Vec<String>, SecretError> {
        self.understood().map(|()| Vec::new())
    }

    fn hold(&self, _: TenantId, _: &str) -> Result<Option<Hold>, SecretError> {
        Err(self.refuse())
    }
}

#[cfg(test)]
mod tests {
    use tandem_domain::ids::TenantId;

    use super::*;

    const TENANT: TenantId = TenantId(uuid::Uuid::nil());

    #[test]
    fn the_environment_alone_keeps_nothing_and_says_so() {
        let env = choose(Some("env"));
        assert_eq!(env.names(TENANT).unwrap(), Vec::<String>::new());
        assert_eq!(env.read(TENANT, "a").unwrap(), None);
        let told = env
            .write(TENANT, "a", &Secret::new("b".into()))
            .unwrap_err()
            .to_string();
        assert!(told.contains("file:PATH"), "{told}");
    }

    #[test]
    fn a_choice_that_is_none_refuses_reading_and_writing() {
        for choice in ["files", "file:", "Keyring", "/etc/secrets"] {
            let place = choose(Some(choice));
            let told = place.read(TENANT, "a").unwrap_err().to_string();
            assert!(
                told.contains(choice) && told.contains("keyring, env"),
                "{told}"
            );
            assert!(place.names(TENANT).is_err() && place.delete(TENANT, "a").is_err());
        }
    }

    #[test]
    fn a_missing_secret_names_every_way_to_provide_it() {
        let secrets = TenantSecrets::new(TENANT, choose(Some("env")));
        let told = secrets.get("no such secret").unwrap_err().to_string();
        assert!(
            told.contains("tandem secrets set no such secret")
                && told.contains("TANDEM_SECRET_NO_SUCH_SECRET"),
            "{told}"
        );
        let told = secrets.get("env:NO_SUCH_VARIABLE").unwrap_err().to_string();
        assert!(!told.contains("secrets set"), "{told}");
    }
}
