//! Secrets from the environment: `env:NAME` reads that variable, a plain name reads
//! `TANDEM_SECRET_NAME`. They are the same for every tenant, and kept nowhere.

use std::env;

use tandem_engine::ports::{Hold, Secret, SecretError, Secrets};

/// What a variable that holds a named secret begins with.
const PREFIX: &str = "TANDEM_SECRET_";

/// Looks secrets up in the environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvSecrets;

/// The variable behind a reference.
pub(super) fn variable(reference: &str) -> String {
    if let Some(name) = reference.strip_prefix("env:") {
        return name.to_owned();
    }
    let upper = reference.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    PREFIX.chars().chain(upper).collect()
}

fn look_up(
    reference: &str,
    read: impl FnOnce(&str) -> Result<String, env::VarError>,
) -> Result<Secret, SecretError> {
    let name = variable(reference);
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(SecretError::Unavailable {
            reason: format!("{reference:?} names no environment variable"),
        });
    }
    match read(&name) {
        Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
        Ok(_) | Err(env::VarError::NotPresent) => Err(SecretError::Missing {
            name: reference.to_owned(),
            provide: format!("set the environment variable {name} to its value"),
        }),
        Err(env::VarError::NotUnicode(_)) => Err(SecretError::Unavailable {
            reason: format!("the environment variable {name} is not valid Unicode"),
        }),
    }
}

fn unchangeable(reference: &str) -> SecretError {
    SecretError::Unavailable {
        reason: format!(
            "the secret {reference:?} comes from the environment variable {}, which this process \
             cannot change for good; change it where it is set",
            variable(reference)
        ),
    }
}

impl Secrets for EnvSecrets {
    fn get(&self, reference: &str) -> Result<Secret, SecretError> {
        look_up(reference, |name| env::var(name))
    }

    fn replace(&self, reference: &str, _value: &Secret) -> Result<(), SecretError> {
        Err(unchangeable(reference))
    }

    fn hold(&self, reference: &str) -> Result<Option<Hold>, SecretError> {
        Err(unchangeable(reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_variables() {
        let table = [
            ("env:SHOP_KEY", "SHOP_KEY"),
            ("shop-key", "TANDEM_SECRET_SHOP_KEY"),
            ("erp password", "TANDEM_SECRET_ERP_PASSWORD"),
            ("Größe", "TANDEM_SECRET_GR__E"),
        ];
        for (reference, want) in table {
            assert_eq!(variable(reference), want);
        }
    }

    #[test]
    fn a_missing_secret_names_what_was_asked_and_how_to_provide_it() {
        for read in [Err(env::VarError::NotPresent), Ok(String::new())] {
            let error = look_up("shop-key", |_| read).unwrap_err().to_string();
            assert_eq!(
                error,
                "no secret named \"shop-key\": set the environment variable TANDEM_SECRET_SHOP_KEY to its value"
            );
        }
        assert!(matches!(
            look_up("env:", |_| Ok("x".into())),
            Err(SecretError::Unavailable { .. })
        ));
    }

    #[test]
    fn a_value_never_prints() {
        let secret = look_up("env:X", |_| Ok("hunter2".into())).unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
