//! Keeping credentials. These are no commands of a window or a browser: no value passes through a
//! web page, and none is ever given out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use tandem_domain::ids::Name;
use tandem_engine::ports::{Hold, Secret, SecretError, Secrets as _};

use crate::app::{App, Scope};
use crate::error::{AppError, nearest};
use crate::systems;

/// How often and how long to wait for whoever exchanges a credential: longer than a call may take.
const HOLD_TRIES: u32 = 400;
const HOLD_POLL: Duration = Duration::from_millis(100);

/// A credential that is kept or referred to; never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretView {
    /// The name that workspace files refer to it by.
    pub name: String,
    /// Whether it is kept; one that is not may still come from the environment.
    pub kept: bool,
    /// Whether a run would find a value.
    pub found: bool,
    /// The connections that refer to it.
    pub used_by: Vec<String>,
}

/// All of a tenant's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretList {
    /// Where they are kept, in words.
    pub place: String,
    /// By name.
    pub secrets: Vec<SecretView>,
}

/// A credential that was set or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretChange {
    /// Its name.
    pub name: String,
    /// Where it is or was kept, in words.
    pub place: String,
    /// Whether there was a value before.
    pub replaced: bool,
    /// The variable of the environment that goes before it, where there is one.
    pub shadowed: bool,
}

impl App {
    /// Keeps a credential, in place of an earlier value; the next run uses it. Audited by name.
    ///
    /// # Errors
    /// Where the name cannot be one, the value is empty, or nothing can be kept here.
    pub async fn set_secret(
        &self,
        tenant: String,
        name: String,
        value: Secret,
    ) -> Result<SecretChange, AppError> {
        let hold = self.hold(&tenant, checked(&name)?).await?;
        self.with_tenant(&tenant, move |scope| {
            let _hold = hold;
            let name = checked(&name)?;
            if value.expose().is_empty() {
                return Err(AppError::Argument {
                    what: format!("the value of {name:?} is empty"),
                    why: "An empty credential opens nothing.".to_owned(),
                    fix: format!("Give the value on standard input, or remove the name: tandem secrets delete {name}"),
                });
            }
            let (kept, of) = (&scope.inner.secrets, scope.tenant.id);
            let replaced = kept.read(of, &name)?.is_some();
            kept.write(of, &name, &value)?;
            let action = if replaced { "secret.change" } else { "secret.set" };
            note(scope, action, &name)?;
            let shadowed = scope.secrets().get(&name)? != value;
            Ok(SecretChange { place: kept.place(), name, replaced, shadowed })
        })
        .await
    }

    /// Forgets a credential. Audited by name.
    ///
    /// # Errors
    /// Where there is none by that name, or the place where they are kept cannot be used.
    pub async fn delete_secret(
        &self,
        tenant: String,
        name: String,
    ) -> Result<SecretChange, AppError> {
        let hold = self.hold(&tenant, name.clone()).await?;
        self.with_tenant(&tenant, move |scope| {
            let _hold = hold;
            let (kept, of) = (&scope.inner.secrets, scope.tenant.id);
            if !kept.delete(of, &name)? {
                let names = kept.names(of)?;
                return Err(AppError::Unknown {
                    kind: "secret",
                    near: nearest(&name, names.iter().map(String::as_str)).map(str::to_owned),
                    name,
                });
            }
            note(scope, "secret.delete", &name)?;
            let shadowed = scope.secrets().get(&name).is_ok();
            Ok(SecretChange {
                place: kept.place(),
                name,
                replaced: true,
                shadowed,
            })
        })
        .await
    }

    /// Waits until nobody exchanges the credential: a run that has just spent a refresh token would
    /// put its successor in place of what is set now.
    async fn hold(&self, tenant: &str, name: String) -> Result<Hold, AppError> {
        for _ in 0..HOLD_TRIES {
            let of = name.clone();
            let held = self
                .with_tenant(tenant, move |scope| {
                    Ok(scope.inner.secrets.hold(scope.tenant.id, &of)?)
                })
                .await?;
            if let Some(hold) = held {
                return Ok(hold);
            }
            self.inner.clock.sleep(HOLD_POLL).await;
        }
        Err(AppError::Secret(SecretError::Unavailable {
            reason: format!(
                "{name:?} is being exchanged for a new one and does not come to an end; try again when no run uses it"
            ),
        }))
    }

    /// The names of all credentials that are kept or that a connection refers to.
    ///
    /// # Errors
    /// Where the place where they are kept cannot be used.
    pub async fn list_secrets(&self, tenant: String) -> Result<SecretList, AppError> {
        self.with_tenant(&tenant, |scope| {
            let kept: BTreeSet<String> = scope
                .inner
                .secrets
                .names(scope.tenant.id)?
                .into_iter()
                .collect();
            let mut names: BTreeMap<String, Vec<String>> =
                kept.iter().map(|name| (name.clone(), Vec::new())).collect();
            for connection in scope.store.connections()? {
                for reference in systems::references(&connection.settings) {
                    let users = names.entry(reference).or_default();
                    users.push(connection.name.to_string());
                }
            }
            let secrets = scope.secrets();
            let secrets = names
                .into_iter()
                .map(|(name, used_by)| SecretView {
                    kept: kept.contains(&name),
                    found: secrets.get(&name).is_ok(),
                    name,
                    used_by,
                })
                .collect();
            Ok(SecretList {
                place: scope.inner.secrets.place(),
                secrets,
            })
        })
        .await
    }
}

fn checked(name: &str) -> Result<String, AppError> {
    let refused = |why: &str| AppError::Argument {
        what: format!("{name:?} cannot be a secret's name"),
        why: why.to_owned(),
        fix: "Use the name that the connection refers to: { secret = \"NAME\" }.".to_owned(),
    };
    if name.starts_with("env:") {
        return Err(refused(
            "A name that begins with env: stands for a variable of the environment.",
        ));
    }
    Name::new(name)
        .map(|name| name.to_string())
        .map_err(|error| refused(&error.to_string()))
}

fn note(scope: &Scope<'_>, action: &str, name: &str) -> Result<(), AppError> {
    let place = scope.inner.secrets.place();
    scope.store.add_audit(
        &scope.inner.who(),
        action,
        name,
        serde_json::json!({ "place": place }),
    )?;
    Ok(())
}

/// Forgets all credentials of a tenant that is being removed.
pub(super) fn forget_all(scope: &Scope<'_>) -> Result<(), SecretError> {
    let (kept, of) = (&scope.inner.secrets, scope.tenant.id);
    for name in kept.names(of)? {
        kept.delete(of, &name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use chrono::{DateTime, Utc};
    use tandem_domain::ids::TenantId;
    use tandem_engine::ports::{Clock, SecretStore};

    use super::*;
    use crate::AppOptions;
    use crate::wire::{CreateTenant, RemoveTenant};

    #[derive(Default)]
    struct Memory(
        Mutex<BTreeMap<(TenantId, String), Secret>>,
        /// How often somebody else will be holding them.
        AtomicU32,
    );

    impl SecretStore for Memory {
        fn place(&self) -> String {
            "in memory".to_owned()
        }

        fn read(&self, tenant: TenantId, name: &str) -> Result<Option<Secret>, SecretError> {
            let kept = self.0.lock().unwrap();
            Ok(kept.get(&(tenant, name.to_owned())).cloned())
        }

        fn write(&self, tenant: TenantId, name: &str, value: &Secret) -> Result<(), SecretError> {
            let mut kept = self.0.lock().unwrap();
            kept.insert((tenant, name.to_owned()), value.clone());
            Ok(())
        }

        fn delete(&self, tenant: TenantId, name: &str) -> Result<bool, SecretError> {
            let mut kept = self.0.lock().unwrap();
            Ok(kept.remove(&(tenant, name.to_owned())).is_some())
        }

        fn names(&self, tenant: TenantId) -> Result<Vec<String>, SecretError> {
            let kept = self.0.lock().unwrap();
            let of_tenant = kept.keys().filter(|(of, _)| *of == tenant);
            Ok(of_tenant.map(|(_, name)| name.clone()).collect())
        }

        fn hold(&self, _: TenantId, _: &str) -> Result<Option<Hold>, SecretError> {
            let held = self.1.load(Ordering::SeqCst);
            self.1.store(held.saturating_sub(1), Ordering::SeqCst);
            Ok((held == 0).then(|| Box::new(()) as Hold))
        }
    }

    /// Waiting on it takes no time.
    struct Hurried;

    #[async_trait]
    impl Clock for Hurried {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[tokio::test]
    async fn what_is_being_exchanged_is_set_and_deleted_afterwards_or_not_at_all() {
        for (held, works) in [(0, true), (1, true), (300, true), (100_000, false)] {
            let folder = tempfile::tempdir().unwrap();
            let kept = Arc::new(Memory::default());
            let mut options = AppOptions::on_this_machine(folder.path().join("tandem.db"));
            options.secrets = Arc::clone(&kept) as Arc<dyn SecretStore>;
            options.clock = Arc::new(Hurried);
            let app = App::open(options).unwrap();
            let (main, shop) = (|| "main".to_owned(), || "shop".to_owned());
            kept.1.store(held, Ordering::SeqCst);
            let set = app.set_secret(main(), shop(), Secret::new("value".to_owned()));
            assert_eq!(set.await.is_ok(), works, "{held}");
            kept.1.store(held, Ordering::SeqCst);
            let deleted = app.delete_secret(main(), shop()).await;
            assert_eq!(deleted.is_ok(), works, "{held}");
            if let Err(error) = deleted {
                assert!(error.to_string().contains("being exchanged"), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn removing_a_tenant_forgets_its_secrets_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Arc::new(Memory::default());
        let mut options = AppOptions::on_this_machine(folder.path().join("tandem.db"));
        options.secrets = Arc::clone(&kept) as Arc<dyn SecretStore>;
        let app = App::open(options).unwrap();
        let name = "leaving".to_owned();
        app.create_tenant(CreateTenant { name: name.clone() })
            .await
            .unwrap();
        for (tenant, secret) in [("main", "shop"), ("leaving", "shop"), ("leaving", "erp")] {
            let value = Secret::new("value".to_owned());
            app.set_secret(tenant.to_owned(), secret.to_owned(), value)
                .await
                .unwrap();
        }
        assert_eq!(kept.0.lock().unwrap().len(), 3);
        app.remove_tenant(RemoveTenant {
            name,
            export_to: None,
            no_export: true,
        })
        .await
        .unwrap();
        assert_eq!(kept.0.lock().unwrap().len(), 1);
        let left = app.list_secrets("main".to_owned()).await.unwrap();
        assert_eq!(left.secrets[0].name, "shop");
    }
}
