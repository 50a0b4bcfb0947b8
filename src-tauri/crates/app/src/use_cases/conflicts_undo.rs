//! Taking many decisions back, each answering for itself.

use tandem_domain::ids::ConflictId;
use tandem_engine::ports::store::ConflictRecord;

use super::conflicts_many::{CHUNK, named};
use crate::app::{App, Scope};
use crate::error::{AppError, sentence};
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
    let found = ids
        .iter()
        .map(|id| named(scope, id))
        .collect::<Result<Vec<_>, _>>()?;
    let known: Vec<ConflictId> = found.iter().flatten().map(|it| it.id).collect();
    let answers = scope.store.undo_decisions(&known, &scope.inner.who())?;
    let mut answers = answers.into_iter();
    let (mut open, mut left) = (Vec::with_capacity(known.len()), Vec::new());
    for (id, found) in ids.iter().zip(found) {
        // One answer for each conflict that was found, in order.
        let answer = found.and_then(|_| match answers.next() {
            Some(answer) => answer.map_err(|error| sentence(&error.to_string())),
            None => Err("The store did not say what became of it.".to_owned()),
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
