//! What is written down of a tenant: its workspace file and its audit log before it is removed, or a
//! part of that log when somebody asks.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tandem_engine::ports::store::AuditFilter;

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
        None => beside_the_store(scope, "removed"),
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
    let log = private_file(&folder.join("audit.jsonl")).map_err(failed)?;
    // Durable before the first row of the tenant goes.
    write_log(scope, AuditFilter::default(), log)?.map_err(failed)?;
    Ok(folder)
}

/// Writes part of the audit log to a new file in `exported/` beside the store; which, and how many
/// rows.
pub(super) fn export_log(
    scope: &Scope<'_>,
    filter: AuditFilter,
) -> Result<(PathBuf, u64), AppError> {
    let folder = beside_the_store(scope, "exported");
    let file = folder.with_extension("jsonl");
    let failed = |error: std::io::Error| AppError::Argument {
        what: format!("the audit log cannot be written to {}", file.display()),
        why: crate::error::sentence(&error.to_string()),
        fix: "Make room there, or use `tandem audit export FILE` with a file elsewhere.".to_owned(),
    };
    if let Some(parent) = file.parent() {
        private_folder(parent, true).map_err(failed)?;
    }
    let log = private_file(&file).map_err(failed)?;
    let rows = write_log(scope, filter, log)?.map_err(failed)?;
    Ok((file, rows))
}

/// Writes row by row, durably; how many. The outer error is the store's, the inner one the file's.
fn write_log(
    scope: &Scope<'_>,
    filter: AuditFilter,
    log: File,
) -> Result<std::io::Result<u64>, AppError> {
    let mut filter = AuditFilter {
        limit: PAGE,
        ..filter
    };
    let (mut log, mut written) = (BufWriter::new(log), 0);
    loop {
        let rows = scope.store.find_audit(&filter)?;
        filter.before = rows.last().map(|row| row.seq);
        let last = rows.len() < PAGE;
        for row in rows {
            let line = serde_json::to_writer(&mut log, &view(row)).map_err(std::io::Error::from);
            if let Err(error) = line.and_then(|()| log.write_all(b"\n")) {
                return Ok(Err(error));
            }
            written += 1;
        }
        if last {
            break;
        }
    }
    let file = log
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error);
    Ok(file.and_then(|file| file.sync_all()).map(|()| written))
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

/// `KIND/NAME-TIME`, whatever characters the name is made of.
fn beside_the_store(scope: &Scope<'_>, kind: &str) -> PathBuf {
    let store = scope.inner.place.parent().unwrap_or(Path::new("."));
    store.join(kind).join(folder_name(
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
