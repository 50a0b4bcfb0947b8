//! Taking many decisions back, each answering for itself.

use tandem_domain::ids::ConflictId;
use tandem_engine::ports::store::ConflictRecord;

use super::conflicts_many::{CHUNK, no_such};
use crate::app::{App, Scope};
use crate::error::{AppError, sentence};
use crate::lookup;
use crate::wire::{DecisionsUndone, UndoDecisions, UndoRefused};

impl App {
    /// Takes many decisions back that have not begun to be written, each answering for itself.
    ///
    /// # Errors
    /// The store's own failures. What was taken back before such a failure stays open.
    pub async fn undo_decisions(&self, args: UndoDecisions) -> Result<DecisionsUndone, AppError> {
        let mut said = DecisionsUndone {
            undone: 0,
            left: Vec::new(),
        };
        for chunk in args.ids.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let (open, left) = self
                .with_tenant(&args.tenant, move |scope| undo_chunk(scope, &chunk))
                .await?;
            said.undone += open.len() as u64;
            said.left.extend(left);
            self.changed_many(&args.tenant, &open);
        }
        Ok(said)
    }
}

/// Takes many decisions back; see [`App::undo_decisions`].
fn undo_chunk(
    scope: &Scope<'_>,
    ids: &[String],
) -> Result<(Vec<ConflictRecord>, Vec<UndoRefused>), AppError> {
    // Each id's conflict, or why it names none.
    let mut named = Vec::with_capacity(ids.len());
    for id in ids {
        named.push(match lookup::conflict(scope.store, id) {
            Ok(conflict) => Ok(conflict.id),
            Err(AppError::Unknown { .. }) => Err(no_such().to_owned()),
            Err(error @ (AppError::Ambiguous { .. } | AppError::Argument { .. })) => {
                Err(sentence(&error.to_string()))
            }
            Err(error) => return Err(error),
        });
    }
    let known: Vec<ConflictId> = named.iter().flatten().copied().collect();
    let answers = scope.store.undo_decisions(&known, &scope.inner.who())?;
    let mut answers = answers.into_iter();
    let (mut open, mut left) = (Vec::with_capacity(known.len()), Vec::new());
    for (id, named) in ids.iter().zip(named) {
        let answer = named.and_then(|_| match answers.next() {
            Some(answer) => answer.map_err(|error| sentence(&error.to_string())),
            None => Err(no_such().to_owned()),
        });
        match answer {
            Ok(conflict) => open.push(conflict),
            Err(reason) => left.push(UndoRefused {
                id: id.clone(),
                reason,
            }),
        }
    }
    Ok((open, left))
}
