//! Where data belongs on this machine, and who is signed in.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The platform's folder for Tandem's data (`~/.local/share/tandem` and the like). `None` where the
/// machine tells no home folder; then the store's place must be named.
#[must_use]
pub fn data_folder() -> Option<PathBuf> {
    folder_by(&set, "XDG_DATA_HOME", ".local/share").map(|base| base.join("tandem"))
}

/// Where the audit log's key and its last known end are kept, apart from the store: the file that
/// `TANDEM_ANCHOR` names, or `audit-anchor.db` in the platform's folder for state
/// (`~/.local/state/tandem` and the like). `None` where that variable says `off`, or the machine
/// tells no home folder.
#[must_use]
pub fn audit_anchor() -> Option<PathBuf> {
    anchor_by(&set)
}

fn anchor_by(variable: &Variable<'_>) -> Option<PathBuf> {
    match variable("TANDEM_ANCHOR") {
        Some(named) if named == "off" => None,
        Some(named) => Some(PathBuf::from(named)),
        None => folder_by(variable, "XDG_STATE_HOME", ".local/state")
            .map(|base| base.join("tandem/audit-anchor.db")),
    }
}

/// How Tandem behaves on this machine: the file that `TANDEM_SETTINGS` names, or `settings.toml` in the
/// platform's folder for configuration (`~/.config/tandem` and the like). `None` where that variable
/// says `off`, or the machine tells no home folder.
#[must_use]
pub fn settings_file() -> Option<PathBuf> {
    settings_by(&set)
}

fn settings_by(variable: &Variable<'_>) -> Option<PathBuf> {
    match variable("TANDEM_SETTINGS") {
        Some(named) if named == "off" => None,
        Some(named) => Some(PathBuf::from(named)),
        None => folder_by(variable, "XDG_CONFIG_HOME", ".config")
            .map(|base| base.join("tandem/settings.toml")),
    }
}

type Variable<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The platform's folder for one kind of file; by variable or place in the home folder on Linux.
fn folder_by(variable: &Variable<'_>, named: &str, home: &str) -> Option<PathBuf> {
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(target_os = "windows") {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        absolute(named).or_else(|| absolute("HOME").map(|folder| folder.join(home)))
    }
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
    type Set = &'static [(&'static str, &'static str)];
    #[cfg(target_os = "linux")]
    type Case = (Set, Option<&'static str>);

    #[cfg(target_os = "linux")]
    #[test]
    fn data_goes_where_the_platform_keeps_it() {
        let table: [Case; 4] = [
            (
                &[("XDG_DATA_HOME", "/data"), ("HOME", "/home/ada")],
                Some("/data"),
            ),
            (&[("HOME", "/home/ada")], Some("/home/ada/.local/share")),
            (
                &[("XDG_DATA_HOME", "relative"), ("HOME", "/home/ada")],
                Some("/home/ada/.local/share"),
            ),
            (&[], None),
        ];
        for (set, want) in table {
            let found = folder_by(&of(set), "XDG_DATA_HOME", ".local/share");
            assert_eq!(found, want.map(PathBuf::from), "{set:?}");
        }
    }

    #[cfg(target_os = "linux")]
    fn of(set: Set) -> impl Fn(&str) -> Option<OsString> {
        move |name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_audit_log_is_anchored_apart_from_the_store() {
        let table: [Case; 5] = [
            (
                &[("HOME", "/home/ada")],
                Some("/home/ada/.local/state/tandem/audit-anchor.db"),
            ),
            (
                &[("XDG_STATE_HOME", "/state"), ("HOME", "/home/ada")],
                Some("/state/tandem/audit-anchor.db"),
            ),
            (
                &[("TANDEM_ANCHOR", "/safe/a.db"), ("HOME", "/home/ada")],
                Some("/safe/a.db"),
            ),
            (&[("TANDEM_ANCHOR", "off"), ("HOME", "/home/ada")], None),
            (&[], None),
        ];
        for (set, want) in table {
            assert_eq!(anchor_by(&of(set)), want.map(PathBuf::from), "{set:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn settings_are_one_file_for_each_account() {
        let table: [Case; 4] = [
            (
                &[("HOME", "/home/ada")],
                Some("/home/ada/.config/tandem/settings.toml"),
            ),
            (
                &[("XDG_CONFIG_HOME", "/etc/ada")],
                Some("/etc/ada/tandem/settings.toml"),
            ),
            (&[("TANDEM_SETTINGS", "/s.toml")], Some("/s.toml")),
            (&[("TANDEM_SETTINGS", "off"), ("HOME", "/home/ada")], None),
        ];
        for (set, want) in table {
            assert_eq!(settings_by(&of(set)), want.map(PathBuf::from), "{set:?}");
        }
    }
}
