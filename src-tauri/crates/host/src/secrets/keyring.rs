//! The keyring of the signed-in user: the Secret Service on Linux, Keychain on macOS, Credential
//! Manager on Windows. One entry for each secret, under a service name for each tenant.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use tandem_domain::ids::TenantId;
use tandem_engine::ports::{Hold, Secret, SecretError, SecretStore};

use super::hold;
use crate::data_folder;

type Keyring = Arc<dyn CredentialStoreApi + Send + Sync>;

/// Secrets in the keyring.
pub struct KeyringSecrets {
    /// Whether a machine without a keyring is an error even for reading.
    required: bool,
    /// Remembered once it answered; where there was none it is looked for again, since a user may
    /// sign in meanwhile.
    keyring: OnceLock<Keyring>,
}

impl KeyringSecrets {
    /// Where there is no keyring, nothing is found and nothing can be kept.
    #[must_use]
    pub const fn if_there_is_one() -> Self {
        Self {
            required: false,
            keyring: OnceLock::new(),
        }
    }

    /// Where there is no keyring, nothing works.
    #[must_use]
    pub const fn required() -> Self {
        Self {
            required: true,
            keyring: OnceLock::new(),
        }
    }

    fn keyring(&self) -> Result<&Keyring, SecretError> {
        if let Some(known) = self.keyring.get() {
            return Ok(known);
        }
        let opened = open().map_err(|error| SecretError::Unavailable {
            reason: format!(
                "there is no keyring here ({error}); sign in to a desktop session, or choose a \
                 place yourself: TANDEM_SECRETS=file:PATH for an encrypted file, TANDEM_SECRETS=env \
                 for environment variables alone"
            ),
        })?;
        Ok(self.keyring.get_or_init(|| opened))
    }

    /// `None` where no keyring is needed and none is there.
    fn for_reading(&self) -> Result<Option<&Keyring>, SecretError> {
        match self.keyring() {
            Err(_) if !self.required => Ok(None),
            keyring => keyring.map(Some),
        }
    }
}

#[cfg(target_os = "linux")]
fn open() -> Result<Keyring, Error> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn open() -> Result<Keyring, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "windows")]
fn open() -> Result<Keyring, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

fn service(tenant: TenantId) -> String {
    format!("tandem {}", tenant.0)
}

fn entry(keyring: &Keyring, tenant: TenantId, name: &str) -> Result<Entry, SecretError> {
    keyring
        .build(&service(tenant), name, None)
        .map_err(|error| failed(name, &error))
}

/// The library's own words carry no value: only for data that is not text does its error hold bytes,
/// which are not printed.
fn failed(name: &str, error: &Error) -> SecretError {
    let reason = match error {
        Error::NoStorageAccess(_) => {
            format!("the keyring is locked ({error}); unlock it, then try {name:?} again")
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            format!("the keyring's entry {name:?} is no text")
        }
        Error::Ambiguous(_) => {
            format!("the keyring has several entries {name:?}; delete all but one of them there")
        }
        other => format!("the keyring refused {name:?}: {other}"),
    };
    SecretError::Unavailable { reason }
}

impl SecretStore for KeyringSecrets {
    fn place(&self) -> String {
        match self.keyring() {
            Ok(_) => "in this user's keyring".to_owned(),
            Err(_) => {
                "nowhere: there is no keyring here, and TANDEM_SECRETS chooses no other place"
                    .to_owned()
            }
        }
    }

    fn read(&self, tenant: TenantId, name: &str) -> Result<Option<Secret>, SecretError> {
        let Some(keyring) = self.for_reading()? else {
            return Ok(None);
        };
        match entry(keyring, tenant, name)?.get_password() {
            Ok(value) => Ok(Some(Secret::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(name, &error)),
        }
    }

    fn write(&self, tenant: TenantId, name: &str, value: &Secret) -> Result<(), SecretError> {
        entry(self.keyring()?, tenant, name)?
            .set_password(value.expose())
            .map_err(|error| failed(name, &error))
    }

    fn delete(&self, tenant: TenantId, name: &str) -> Result<bool, SecretError> {
        match entry(self.keyring()?, tenant, name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(failed(name, &error)),
        }
    }

    fn names(&self, tenant: TenantId) -> Result<Vec<String>, SecretError> {
        let Some(keyring) = self.for_reading()? else {
            return Ok(Vec::new());
        };
        let service = service(tenant);
        let found = keyring
            .search(&HashMap::from([("service", service.as_str())]))
            .map_err(|error| failed("*", &error))?;
        let mut names = BTreeSet::new();
        for entry in found {
            let attributes = entry
                .get_attributes()
                .map_err(|error| failed("*", &error))?;
            let name = attributes.get("username").cloned();
            names.extend(name.or_else(|| entry.get_specifiers().map(|(_, user)| user)));
        }
        Ok(names.into_iter().collect())
    }

    /// A keyring has no lock of its own: a file in the user's data folder stands for the entry.
    fn hold(&self, tenant: TenantId, name: &str) -> Result<Option<Hold>, SecretError> {
        self.keyring()?;
        let folder = data_folder().ok_or_else(|| SecretError::Unavailable {
            reason: "no home folder is set for this user, so nothing can be locked".to_owned(),
        })?;
        let path = folder.join("locks").join(hold::name(tenant, name));
        hold::try_hold(&path).map_err(|error| SecretError::Unavailable {
            reason: format!("{} cannot be locked ({error})", path.display()),
        })
    }
}
