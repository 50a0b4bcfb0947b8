//! `tandem secrets`: values go in by standard input and never come out.

use std::io::{IsTerminal as _, Read as _, stdin};

use tandem_app::WireError;
use tandem_app::ports::Secret;

use crate::args::{Global, Secrets};
use crate::outcome::{Outcome, trouble};
use crate::session::Session;
use crate::show;

/// A credential longer than this, in bytes, is a mistake: the wrong file was piped in.
const MOST_BYTES: u64 = 64 * 1024;

pub(super) async fn secrets(global: &Global, verb: Secrets) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        Secrets::Set { name } => {
            let value = value_of(&name)?;
            let set = app.set_secret(tenant, name, value).await?;
            out.print(&set, |_| show::secret_set(&set))?;
        }
        Secrets::List => {
            let list = app.list_secrets(tenant).await?;
            out.print(&list, |paint| show::secrets(&list, paint))?;
        }
        Secrets::Delete { name } => {
            let deleted = app.delete_secret(tenant, name).await?;
            out.print(&deleted, |_| show::secret_deleted(&deleted))?;
        }
    }
    Ok(Outcome::Completed)
}

/// The value: typed unseen at a terminal, otherwise all of standard input but one end of line.
fn value_of(name: &str) -> Result<Secret, WireError> {
    let unreadable = |why: String| trouble("input", "The value cannot be read", &why);
    if stdin().is_terminal() {
        return rpassword::prompt_password(format!("Value of {name} (not shown): "))
            .map(Secret::new)
            .map_err(|error| unreadable(error.to_string()));
    }
    let mut text = String::new();
    let read = stdin()
        .lock()
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map(|read| read as u64);
    match read {
        Err(error) => Err(unreadable(error.to_string())),
        Ok(read) if read > MOST_BYTES => Err(unreadable(format!(
            "it is longer than {MOST_BYTES} bytes, which no credential is"
        ))),
        Ok(_) => {
            let end = text.strip_suffix('\n').map_or(text.len(), |line| {
                line.strip_suffix('\r').map_or(line.len(), str::len)
            });
            text.truncate(end);
            Ok(Secret::new(text))
        }
    }
}
