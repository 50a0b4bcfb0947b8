//! Python environments for systems that come from `PyPI`, one each, under the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Cmd;
use crate::paths::Paths;
use crate::trouble::Trouble;

/// What Kinto's environment holds; the version the end-to-end test was written against.
const KINTO: &str = "kinto==26.5.0";

/// Makes sure that Kinto is installed; the folder with its executables.
pub(crate) fn kinto(paths: &Paths) -> Result<PathBuf, Trouble> {
    environment(&paths.systems().join("kinto-venv"), KINTO)
}

fn environment(folder: &Path, requirement: &str) -> Result<PathBuf, Trouble> {
    let bin = folder.join("bin");
    // Written last, so an installation that broke off is begun anew.
    let marker = folder.join("installed");
    if fs::read_to_string(&marker).is_ok_and(|text| text == requirement) {
        return Ok(bin);
    }
    Cmd::new("python3")
        .words("-m venv --clear")
        .arg(folder)
        .run()?;
    Cmd::new(bin.join("python"))
        .words("-m pip install --quiet --disable-pip-version-check --no-input")
        .arg(requirement)
        .run()?;
    fs::write(&marker, requirement).map_err(Trouble::file(&marker))?;
    Ok(bin)
}
