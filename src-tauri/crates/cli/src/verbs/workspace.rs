//! `apply` and `export`.

use std::io::Read as _;
use std::path::Path;

use tandem_app::wire::{ApplyWorkspace, ExportWorkspace};
use tandem_app::{WireError, workspace_schema};

use crate::args::{Apply, Global};
use crate::outcome::Outcome;
use crate::session::{Out, Session};
use crate::show;

pub(super) async fn apply(global: &Global, args: Apply) -> Result<Outcome, WireError> {
    let Some(file) = args.file.filter(|_| !args.schema) else {
        Out::new(global).text(&workspace_schema())?;
        return Ok(Outcome::Completed);
    };
    let (text, name) = read(&file)?;
    let session = Session::open(global)?;
    let applied = session
        .app
        .apply_workspace(ApplyWorkspace {
            tenant: session.tenant(),
            text,
            file: Some(name),
            folder: folder(&file),
            dry_run: args.dry_run,
        })
        .await?;
    for warning in &applied.warnings {
        session.out.note(&format!("warning: {warning}"));
    }
    session
        .out
        .print(&applied, |paint| show::applied(&applied, paint))?;
    Ok(Outcome::Completed)
}

/// Where relative paths in the file start: its folder, under the one name by which every way of
/// naming it comes to the same. Standard input (`-`) counts as a file of the folder one is in.
fn folder(file: &Path) -> Option<String> {
    let file = std::path::absolute(file).ok()?;
    let folder = std::fs::canonicalize(file.parent()?).ok()?;
    folder.to_str().map(ToOwned::to_owned)
}

fn read(file: &Path) -> Result<(String, String), WireError> {
    let standard_input = file == Path::new("-");
    let text = if standard_input {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let name = if standard_input {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    text.map(|text| (text, name.clone())).map_err(|error| {
        WireError::new(
            "unreadable_file",
            format!("{name} cannot be read."),
            error.to_string(),
            "Name a text file in UTF-8 that may be read, or - for standard input.",
        )
    })
}

pub(super) async fn export(global: &Global) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let exported = session
        .app
        .export_workspace(ExportWorkspace {
            tenant: session.tenant(),
        })
        .await?;
    session.out.print(&exported, |_| exported.text.clone())?;
    Ok(Outcome::Completed)
}
