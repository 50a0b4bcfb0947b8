//! Secrets in one encrypted file, for machines without a keyring: XChaCha20-Poly1305 under a key
//! that Argon2id derives from a passphrase.
//!
//! The file is JSON: what is needed to derive the key, a nonce, and the sealed values of all tenants.
//! Everything outside the seal is authenticated with it. It is replaced as a whole, under a lock
//! beside it, so that two processes lose nothing of each other's and a crash leaves one whole file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::TenantId;
use tandem_engine::ports::{Hold, Secret, SecretError, SecretStore};
use zeroize::Zeroizing;

use super::hold::{self, private};
use crate::random_bytes;

/// Where the passphrase is, or what it is.
const PASSPHRASE_FILE: &str = "TANDEM_SECRETS_PASSPHRASE_FILE";
const PASSPHRASE: &str = "TANDEM_SECRETS_PASSPHRASE";
/// More than this many KiB or passes no file of ours asks for: somebody wants to keep us busy.
const MOST: Cost = Cost {
    memory_kib: 1024 * 1024,
    passes: 16,
};
/// A file larger than this, in bytes, is none of ours.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What deriving the key costs whoever guesses passphrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    /// 64 MiB, three passes: RFC 9106's second recommendation, on one lane.
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
        }
    }
}

/// The passphrase from the file or variable that the user named.
pub(super) fn passphrase() -> Result<Zeroizing<String>, SecretError> {
    if let Some(path) = std::env::var_os(PASSPHRASE_FILE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        let read = fs::read_to_string(&path)
            .map_err(|error| unusable(&path, &format!("cannot be read ({error})")))?;
        let text = Zeroizing::new(read);
        let line = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
        if line.is_empty() {
            return Err(unusable(&path, "is empty"));
        }
        return Ok(line);
    }
    match std::env::var(PASSPHRASE) {
        Ok(value) if !value.is_empty() => Ok(Zeroizing::new(value)),
        _ => Err(SecretError::Unavailable {
            reason: format!(
                "the encrypted file needs its passphrase: set {PASSPHRASE_FILE} to a file that holds \
                 it, or {PASSPHRASE} to the passphrase itself"
            ),
        }),
    }
}

type Passphrase = fn() -> Result<Zeroizing<String>, SecretError>;
/// Names and values, by tenant.
type Values = BTreeMap<String, BTreeMap<String, Zeroizing<String>>>;

/// Secrets in an encrypted file.
pub struct FileSecrets {
    path: PathBuf,
    passphrase: Passphrase,
    cost: Cost,
    /// The key derived last, which is expensive, and what it was derived from.
    key: Mutex<Option<(Derivation, Zeroizing<[u8; 32]>)>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    cost: Cost,
    /// Base64.
    salt: String,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    tandem_secrets: u32,
    argon2id: Derivation,
    /// Base64.
    nonce: String,
    /// Base64.
    sealed: String,
}

impl FileSecrets {
    /// The file at `path`, made when something is first kept. `cost` is for a new file; an existing
    /// one says its own.
    #[must_use]
    pub const fn new(path: PathBuf, passphrase: Passphrase, cost: Cost) -> Self {
        Self {
            path,
            passphrase,
            cost,
            key: Mutex::new(None),
        }
    }

    fn key(&self, from: &Derivation) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = known.as_ref().filter(|(of, _)| of == from) {
            return Ok(key.clone());
        }
        if from.cost.memory_kib > MOST.memory_kib || from.cost.passes > MOST.passes {
            return Err(unusable(
                &self.path,
                "asks for more work than Tandem ever does",
            ));
        }
        let salt = self.bytes(&from.salt)?;
        let phrase = (self.passphrase)()?;
        let mut key = Zeroizing::new([0_u8; 32]);
        Params::new(from.cost.memory_kib, from.cost.passes, 1, Some(32))
            .and_then(|params| {
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                    phrase.as_bytes(),
                    &salt,
                    &mut *key,
                )
            })
            .map_err(|error| unusable(&self.path, &format!("has no usable key: {error}")))?;
        *known = Some((from.clone(), key.clone()));
        Ok(key)
    }

    fn bytes(&self, text: &str) -> Result<Vec<u8>, SecretError> {
        STANDARD
            .decode(text)
            .map_err(|_| unusable(&self.path, "is damaged: it holds no base64 where it should"))
    }

    /// All values, and what their key was derived from; `None` where there is no file.
    fn load(&self) -> Result<Option<(Derivation, Values)>, SecretError> {
        let text = match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Ok(found) if found.len() > MOST_BYTES => {
                return Err(unusable(&self.path, "is too large to be a file of secrets"));
            }
            _ => fs::read(&self.path)
                .map_err(|error| unusable(&self.path, &format!("cannot be read ({error})")))?,
        };
        let file: Sealed = serde_json::from_slice(&text)
            .map_err(|error| unusable(&self.path, &format!("is no file of secrets ({error})")))?;
        if file.tandem_secrets != 1 {
            return Err(unusable(&self.path, "was written by a newer Tandem"));
        }
        let key = self.key(&file.argon2id)?;
        let (nonce, sealed) = (self.bytes(&file.nonce)?, self.bytes(&file.sealed)?);
        let nonce = XNonce::try_from(nonce.as_slice())
            .map_err(|_| unusable(&self.path, "is damaged: its nonce has the wrong length"))?;
        let bound = bound(&file.argon2id);
        let opened = XChaCha20Poly1305::new((&*key).into())
            .decrypt(
                &nonce,
                Payload {
                    msg: &sealed,
                    aad: &bound,
                },
            )
            .map_err(|_| {
                // Not to be remembered: the passphrase may be put right meanwhile.
                *self.key.lock().unwrap_or_else(PoisonError::into_inner) = None;
                unusable(
                    &self.path,
                    "does not open: the passphrase is another one, or the file was changed",
                )
            })?;
        let opened = Zeroizing::new(opened);
        let values = serde_json::from_slice(&opened)
            .map_err(|_| unusable(&self.path, "holds something else than secrets"))?;
        Ok(Some((file.argon2id, values)))
    }

    /// Changes the values and replaces the file, if `change` says that there is something to write.
    fn change(&self, change: impl FnOnce(&mut Values) -> bool) -> Result<bool, SecretError> {
        let failed = |what: &str, error: std::io::Error| {
            unusable(&self.path, &format!("cannot be {what} ({error})"))
        };
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(|error| failed("put into its folder", error))?;
        let mut beside = self.path.clone().into_os_string();
        beside.push(".lock");
        let lock = private(
            OpenOptions::new().write(true).create(true),
            Path::new(&beside),
        )
        .map_err(|error| failed("locked", error))?;
        lock.lock().map_err(|error| failed("locked", error))?;

        let (from, mut values) = match self.load()? {
            Some(known) => known,
            None => {
                let salt = random_bytes::<16>().map_err(|error| failed("sealed", error))?;
                let salt = STANDARD.encode(salt);
                let from = Derivation {
                    cost: self.cost,
                    salt,
                };
                (from, Values::new())
            }
        };
        if !change(&mut values) {
            return Ok(false);
        }
        let key = self.key(&from)?;
        // 24 random bytes do not repeat; each writing has its own.
        let nonce = random_bytes::<24>().map_err(|error| failed("sealed", error))?;
        let plain = Zeroizing::new(
            serde_json::to_vec(&values)
                .map_err(|error| unusable(&self.path, &format!("cannot be written ({error})")))?,
        );
        let sealed = XChaCha20Poly1305::new((&*key).into())
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &plain,
                    aad: &bound(&from),
                },
            )
            .map_err(|_| unusable(&self.path, "cannot be sealed"))?;
        let text = serde_json::to_vec_pretty(&Sealed {
            tandem_secrets: 1,
            argon2id: from,
            nonce: STANDARD.encode(nonce),
            sealed: STANDARD.encode(sealed),
        })
        .map_err(|error| unusable(&self.path, &format!("cannot be written ({error})")))?;
        // Readable by its owner alone from the start; in place only once it is on the disk.
        let mut new =
            tempfile::NamedTempFile::new_in(folder).map_err(|error| failed("written", error))?;
        new.write_all(&text)
            .and_then(|()| new.as_file().sync_all())
            .map_err(|error| failed("written", error))?;
        new.persist(&self.path)
            .map_err(|error| failed("replaced", error.error))?;
        #[cfg(unix)]
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| failed("put on the disk for sure", error))?;
        Ok(true)
    }
}

/// What is sealed with the values, so that it cannot be exchanged.
fn bound(from: &Derivation) -> Vec<u8> {
    format!(
        "tandem secrets 1 argon2id {} {} {}",
        from.cost.memory_kib, from.cost.passes, from.salt
    )
    .into_bytes()
}

fn unusable(path: &Path, why: &str) -> SecretError {
    SecretError::Unavailable {
        reason: format!("{} {why}", path.display()),
    }
}

impl SecretStore for FileSecrets {
    fn place(&self) -> String {
        format!("encrypted in {}", self.path.display())
    }

    fn read(&self, tenant: TenantId, name: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.load()?.and_then(|(_, values)| {
            let value = values.get(&tenant.0.to_string())?.get(name)?;
            Some(Secret::new(value.to_string()))
        }))
    }

    fn write(&self, tenant: TenantId, name: &str, value: &Secret) -> Result<(), SecretError> {
        self.change(|values| {
            values
                .entry(tenant.0.to_string())
                .or_default()
                .insert(name.to_owned(), Zeroizing::new(value.expose().to_owned()));
            true
        })
        .map(|_| ())
    }

    fn delete(&self, tenant: TenantId, name: &str) -> Result<bool, SecretError> {
        self.change(|values| {
            values
                .get_mut(&tenant.0.to_string())
                .is_some_and(|of_tenant| of_tenant.remove(name).is_some())
        })
    }

    fn names(&self, tenant: TenantId) -> Result<Vec<String>, SecretError> {
        Ok(self.load()?.map_or_else(Vec::new, |(_, values)| {
            values
                .get(&tenant.0.to_string())
                .map(|of_tenant| of_tenant.keys().cloned().collect())
                .unwrap_or_default()
        }))
    }

    fn hold(&self, tenant: TenantId, name: &str) -> Result<Option<Hold>, SecretError> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".");
        beside.push(hold::name(tenant, name));
        hold::try_hold(Path::new(&beside))
            .map_err(|error| unusable(&self.path, &format!("cannot be locked ({error})")))
    }
}

#[cfg(test)]
mod tests;
