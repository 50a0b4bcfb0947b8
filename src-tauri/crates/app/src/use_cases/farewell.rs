//! What is written down of a tenant before it is removed: its workspace file and its audit log.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::app::Scope;
use crate::error::AppError;
use crate::workspace::workspace_toml;

use super::audit::view;

/// Rows of the audit log read at a time.
const PAGE: usize = 1_000;

/// Writes both to a new folder; which one.
pub(super) fn export(scope: &Scope<'_>, to: Option<&str>) -> Result<PathBuf, AppError> {
    let folder = match to {
        Some(named) => named_folder(named)?,
        None => beside_the_store(scope),
    };
    let text = workspace_toml(scope)?;
    let failed = |error: std::io::Error| not_exported(&folder, &error);
    if let Some(parent) = folder.parent() {
        private_folder(parent, true).map_err(failed)?;
    }
    private_folder(&folder, false).map_err(failed)?;
    let mut workspace = private_file(&folder.join("workspace.toml")).map_err(failed)?;
    workspace
        .write_all(text.as_bytes())
        .and_then(|()| workspace.sync_all())
        .map_err(failed)?;
    let mut log = BufWriter::new(private_file(&folder.join("audit.jsonl")).map_err(failed)?);
    let mut before = None;
    loop {
        let rows = scope.store.audit(before, PAGE)?;
        before = rows.last().map(|row| row.seq);
        let last = rows.len() < PAGE;
        for row in rows {
            serde_json::to_writer(&mut log, &view(row))
                .map_err(std::io::Error::from)
                .and_then(|()| log.write_all(b"\n"))
                .map_err(failed)?;
        }
        if last {
            break;
        }
    }
    // Durable before the first row of the tenant goes.
    log.into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    Ok(folder)
}

fn named_folder(named: &str) -> Result<PathBuf, AppError> {
    let folder = PathBuf::from(named);
    if folder.is_absolute() {
        return Ok(folder);
    }
    Err(AppError::Argument {
        what: format!("{named:?} is no absolute path"),
        why: "Whoever asks and whoever writes may stand in different folders.".to_owned(),
        fix: "Give the whole path of a folder that is not there yet.".to_owned(),
    })
}

/// `removed/NAME-TIME`, whatever characters the name is made of.
fn beside_the_store(scope: &Scope<'_>) -> PathBuf {
    let store = scope.inner.place.parent().unwrap_or(Path::new("."));
    store.join("removed").join(folder_name(
        scope.tenant.name.as_str(),
        &scope.inner.now().format("%Y%m%dT%H%M%S%3fZ").to_string(),
    ))
}

fn folder_name(tenant: &str, stamp: &str) -> String {
    let plain: String = tenant
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("{plain}-{stamp}")
}

fn private_folder(path: &Path, may_be_there: bool) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(may_be_there);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn not_exported(folder: &Path, error: &std::io::Error) -> AppError {
    AppError::Argument {
        what: format!("the tenant cannot be exported to {}", folder.display()),
        why: format!("{}. Nothing was removed.", crate::error::sentence(&error.to_string())),
        fix: "Name another folder, which is not there yet and may be made, or say that nothing is to be exported.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_name_leads_out_of_no_folder() {
        for (name, want) in [
            ("acme", "acme-1"),
            ("../../etc", "______etc-1"),
            ("A&B \u{e9}", "A_B__-1"),
            ("C:\\x", "C__x-1"),
        ] {
            assert_eq!(folder_name(name, "1"), want);
        }
    }
}
