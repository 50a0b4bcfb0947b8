//! The user interface's node packages, exactly those of its lock file, without install scripts.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::command::Cmd;
use crate::consent::Consent;
use crate::install::apt;
use crate::paths::{Paths, on_path};
use crate::trouble::Trouble;

/// The oldest node the panel's tools run on.
const OLDEST: (u64, u64) = (20, 19);

/// Makes sure that `ui/node_modules` is what `ui/package-lock.json` says.
pub(crate) fn ensure(paths: &Paths, consent: Consent) -> Result<(), Trouble> {
    ensure_node(consent)?;
    let ui = paths.ui();
    let lock = ui.join("package-lock.json");
    let marker = ui.join("node_modules/.package-lock.json");
    if is_current(modified(&lock), modified(&marker)) {
        return Ok(());
    }
    // Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, and
    // npm leaves those out of it where a registry does not hold them. Every version is pinned both
    // here and in package.json, and `--no-save` keeps the lock file as it is.
    Cmd::new("npm")
        .words("install --no-save --ignore-scripts --no-audit --no-fund")
        .dir(ui)
        .run()
}

/// One package of node tools in a folder of their own, for chores that are not the panel's.
pub(crate) fn tool(
    paths: &Paths,
    consent: Consent,
    package: &str,
    version: &str,
) -> Result<(), Trouble> {
    let folder = paths.tools().join("node");
    let installed = folder.join("node_modules").join(package);
    let manifest = fs::read_to_string(installed.join("package.json")).unwrap_or_default();
    if manifest.contains(&format!("\"version\": \"{version}\"")) {
        return Ok(());
    }
    ensure_node(consent)?;
    fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
    Cmd::new("npm")
        .words("install --ignore-scripts --no-audit --no-fund --no-save --prefix")
        .arg(&folder)
        .arg(format!("{package}@{version}"))
        .run()
}

fn ensure_node(consent: Consent) -> Result<(), Trouble> {
    if on_path("npm", &[]).is_none() {
        apt::ensure(&[&apt::NODE], consent)?;
    }
    let missing = |what: String| Trouble::Missing {
        what,
        remedy: format!(
            "install Node.js {}.{} or newer, with npm",
            OLDEST.0, OLDEST.1
        ),
    };
    let (_, answer) = Cmd::new("node")
        .arg("--version")
        .output()
        .map_err(|_| missing(String::from("node")))?;
    match version(&answer) {
        Some(found) if found >= OLDEST => Ok(()),
        _ => Err(missing(format!(
            "node {}.{} or newer (found {})",
            OLDEST.0,
            OLDEST.1,
            answer.trim()
        ))),
    }
}

/// `v20.19.4` as major and minor.
fn version(answer: &str) -> Option<(u64, u64)> {
    let mut parts = answer.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|meta| meta.modified()).ok()
}

/// Whether what is installed is at least as new as what is asked for.
fn is_current(lock: Option<SystemTime>, marker: Option<SystemTime>) -> bool {
    matches!((lock, marker), (Some(lock), Some(marker)) if marker >= lock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn node_says_its_version() {
        assert_eq!(version("v20.19.4\n"), Some((20, 19)));
        assert_eq!(version("node: not found"), None);
        assert!(version("v18.20.1") < Some(OLDEST));
        assert!(version("v22.1.0") > Some(OLDEST));
    }

    #[test]
    fn packages_are_installed_anew_when_the_lock_file_is_newer() {
        let early = Some(SystemTime::UNIX_EPOCH);
        let late = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        assert!(is_current(early, late));
        assert!(is_current(early, early));
        assert!(!is_current(late, early));
        assert!(!is_current(early, None));
        assert!(!is_current(None, early));
    }
}
