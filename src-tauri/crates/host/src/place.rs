//! Where data belongs on this machine, and who is signed in.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The platform's folder for Tandem's data (`~/.local/share/tandem` and the like). `None` where the
/// machine tells no home folder; then the store's place must be named.
#[must_use]
pub fn data_folder() -> Option<PathBuf> {
    folder_by(&|name| env::var_os(name).filter(|value| !value.is_empty()))
}

fn folder_by(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = if cfg!(target_os = "windows") {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("tandem"))
}

/// The signed-in user's name, as the environment tells it; `unknown` where it does not.
#[must_use]
pub fn user_name() -> String {
    name_by(&|name| env::var(name).ok())
}

fn name_by(variable: &dyn Fn(&str) -> Option<String>) -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(variable)
        .map(|name| name.trim().to_owned())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_is_set_counts() {
        let table: [(&[(&str, &str)], &str); 4] = [
            (&[("USER", "ada"), ("LOGNAME", "grace")], "ada"),
            (&[("USER", "  "), ("LOGNAME", "grace")], "grace"),
            (&[("USERNAME", "Linus ")], "Linus"),
            (&[], "unknown"),
        ];
        for (set, want) in table {
            let found = name_by(&|name| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found, want, "{set:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn data_goes_where_the_platform_keeps_it() {
        type Case = (
            &'static [(&'static str, &'static str)],
            Option<&'static str>,
        );
        let table: [Case; 4] = [
            (
                &[("XDG_DATA_HOME", "/data"), ("HOME", "/home/ada")],
                Some("/data/tandem"),
            ),
            (
                &[("HOME", "/home/ada")],
                Some("/home/ada/.local/share/tandem"),
            ),
            (
                &[("XDG_DATA_HOME", "relative"), ("HOME", "/home/ada")],
                Some("/home/ada/.local/share/tandem"),
            ),
            (&[], None),
        ];
        for (set, want) in table {
            let found = folder_by(&|name| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).into())
            });
            assert_eq!(found, want.map(PathBuf::from), "{set:?}");
        }
    }
}
