//! The conflict inbox: looking, deciding, taking back.

use std::collections::BTreeMap;

use tandem_domain::conflict::{Choice, ConflictDecision, ConflictKind};
use tandem_domain::field_type::FieldType;
use tandem_domain::ids::FieldName;
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord, NewDecision, SyncRecord};

use super::{page, page_limit, parse_id};
use crate::app::{App, Scope};
use crate::error::{AppError, nearest};
use crate::lookup::{self, Syncs};
use crate::views::conflicts::{contested, summary, view};
use crate::wire::{
    ConflictSummary, ConflictView, DeleteChoice, FieldChoice, GetConflict, ListConflicts, Page,
    ResolveConflict, ResolveDeleteConflict, Take, UndoDecision, WireEvent,
};

impl App {
    /// Conflicts, newest first.
    ///
    /// # Errors
    /// Where the filter names an unknown sync.
    pub async fn list_conflicts(
        &self,
        args: ListConflicts,
    ) -> Result<Page<ConflictSummary>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let sync = lookup::sync_filter(scope.store, args.sync.as_deref())?;
            let filter = ConflictFilter {
                sync,
                state: args.state.map(Into::into),
                before: args
                    .before
                    .as_deref()
                    .map(|id| parse_id("conflict id", id))
                    .transpose()?,
                limit: page_limit(args.limit)?,
            };
            let rows = scope.store.conflicts(&filter)?;
            let mut syncs = Syncs::load(scope.store)?;
            // One look at the tallies of each sync on the page.
            for row in &rows {
                syncs.tallies(row.sync)?;
            }
            Ok(page(
                rows,
                args.limit,
                |it| it.id.to_string(),
                |it| {
                    let suggestions = syncs.suggestions(&it);
                    summary(&it, syncs.get(it.sync), suggestions)
                },
            ))
        })
        .await
    }

    /// One conflict.
    ///
    /// # Errors
    /// Where there is no such conflict.
    pub async fn get_conflict(&self, args: GetConflict) -> Result<ConflictView, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let conflict = lookup::conflict(scope.store, &args.id)?;
            show(scope, &conflict)
        })
        .await
    }

    /// Decides a conflict field by field. It is kept at once, and written after the undo window.
    ///
    /// # Errors
    /// [`AppError::Argument`] where a contested field has no choice, a choice is for another field,
    /// or a custom value does not fit; a store conflict where the record changed meanwhile.
    pub async fn resolve_conflict(&self, args: ResolveConflict) -> Result<ConflictView, AppError> {
        let tenant = args.tenant.clone();
        self.decide(
            &tenant,
            args.id,
            args.revision,
            args.note,
            move |conflict, sync| field_decision(conflict, sync, &args.choices),
        )
        .await
    }

    /// Decides a delete conflict.
    ///
    /// # Errors
    /// [`AppError::Argument`] where it is none.
    pub async fn resolve_delete_conflict(
        &self,
        args: ResolveDeleteConflict,
    ) -> Result<ConflictView, AppError> {
        let tenant = args.tenant.clone();
        self.decide(
            &tenant,
            args.id,
            args.revision,
            args.note,
            move |conflict, _| delete_decision(conflict, args.choice),
        )
        .await
    }

    async fn decide(
        &self,
        tenant: &str,
        id: String,
        revision: u32,
        note: Option<String>,
        decision: impl FnOnce(&ConflictRecord, &SyncRecord) -> Result<ConflictDecision, AppError>
        + Send
        + 'static,
    ) -> Result<ConflictView, AppError> {
        let (conflict, view) = self
            .with_tenant(tenant, move |scope| {
                let conflict = lookup::conflict(scope.store, &id)?;
                let sync = scope.store.sync(conflict.sync)?;
                let new = NewDecision {
                    conflict: conflict.id,
                    revision,
                    decision: decision(&conflict, &sync)?,
                    note,
                    not_before: scope.inner.not_before(),
                };
                let decided = scope.store.decide(&new, &scope.inner.who())?;
                let shown = show(scope, &decided)?;
                Ok((decided, shown))
            })
            .await?;
        self.conflict_changed(tenant, &conflict);
        if self.inner.carries_out {
            self.carry_out_later(tenant.to_owned(), &conflict);
        }
        Ok(view)
    }

    /// Takes a decision back that has not begun to be written.
    ///
    /// # Errors
    /// Where there is none, or it is being written.
    pub async fn undo_decision(&self, args: UndoDecision) -> Result<ConflictView, AppError> {
        let tenant = args.tenant.clone();
        let (conflict, shown) = self
            .with_tenant(&tenant, move |scope| {
                let conflict = lookup::conflict(scope.store, &args.id)?;
                let open = scope.store.undo_decision(conflict.id, &scope.inner.who())?;
                let shown = show(scope, &open)?;
                Ok((open, shown))
            })
            .await?;
        self.conflict_changed(&tenant, &conflict);
        Ok(shown)
    }

    pub(super) fn conflict_changed(&self, tenant: &str, conflict: &ConflictRecord) {
        self.inner.hub.publish_event(WireEvent::ConflictChanged {
            tenant: tenant.to_owned(),
            conflict: conflict.id.to_string(),
        });
    }
}

pub(super) fn show(scope: &Scope<'_>, conflict: &ConflictRecord) -> Result<ConflictView, AppError> {
    let mut syncs = Syncs::load(scope.store)?;
    syncs.tallies(conflict.sync)?;
    let suggestions = syncs.suggestions(conflict);
    Ok(view(conflict, syncs.get(conflict.sync), suggestions))
}

fn field_decision(
    conflict: &ConflictRecord,
    sync: &SyncRecord,
    choices: &[FieldChoice],
) -> Result<ConflictDecision, AppError> {
    if conflict.draft.kind == ConflictKind::Delete {
        return Err(AppError::Argument {
            what: "this conflict is about a delete, not about fields".to_owned(),
            why: conflict.draft.why.clone(),
            fix: "Choose to delete both, to restore the deleted one, or to unlink them.".to_owned(),
        });
    }
    let fields: Vec<&FieldName> = contested(conflict).collect();
    let listing = || {
        fields
            .iter()
            .map(|it| it.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut decided = BTreeMap::new();
    for choice in choices {
        let Some(field) = fields.iter().find(|it| it.as_str() == choice.field) else {
            let near = nearest(&choice.field, fields.iter().map(|it| it.as_str()));
            return Err(AppError::Argument {
                what: format!("{:?} is no contested field of this conflict", choice.field),
                why: format!("To be decided are: {}.", listing()),
                fix: near.map_or_else(
                    || "Choose for these only; the others merge by themselves.".to_owned(),
                    |near| format!("Did you mean {near:?}?"),
                ),
            });
        };
        let value = taken(conflict, sync, field, choice)?;
        if decided.insert((*field).clone(), value).is_some() {
            return Err(AppError::Argument {
                what: format!("{:?} is chosen twice", choice.field),
                why: "A field takes one value.".to_owned(),
                fix: "Choose once for each field.".to_owned(),
            });
        }
    }
    let missing: Vec<&str> = fields
        .iter()
        .filter(|it| !decided.contains_key(**it))
        .map(|it| it.as_str())
        .collect();
    if !missing.is_empty() {
        return Err(AppError::Argument {
            what: format!("nothing is chosen for {}", missing.join(", ")),
            why: "Nothing of this record is written until every contested field is decided."
                .to_owned(),
            fix: "Choose source, target, base or a custom value for each.".to_owned(),
        });
    }
    Ok(ConflictDecision::Fields(decided))
}

pub(super) fn taken(
    conflict: &ConflictRecord,
    sync: &SyncRecord,
    field: &FieldName,
    choice: &FieldChoice,
) -> Result<Choice, AppError> {
    let known = conflict.draft.fields.iter().find(|it| it.field == *field);
    let nothing_there = |side: &str| AppError::Argument {
        what: format!("{field} has no {side} value"),
        why: "That value was never known.".to_owned(),
        fix: "Take another side's value, or give one of your own.".to_owned(),
    };
    match choice.take {
        Take::Source if known.is_some_and(|it| it.source.is_none()) => Err(nothing_there("source")),
        Take::Target if known.is_some_and(|it| it.target.is_none()) => Err(nothing_there("target")),
        Take::Base if known.is_some_and(|it| it.base.is_none()) => Err(nothing_there("base")),
        Take::Source => Ok(Choice::Source),
        Take::Target => Ok(Choice::Target),
        Take::Base => Ok(Choice::Base),
        Take::Custom => {
            let Some(value) = &choice.value else {
                return Err(AppError::Argument {
                    what: format!("no value is given for {field}"),
                    why: "A custom choice brings its value.".to_owned(),
                    fix: "Give one; null clears the field.".to_owned(),
                });
            };
            let schema = sync.config.mapping.schema();
            let ty = schema
                .fields
                .get(field)
                .map_or(&FieldType::Json, |spec| &spec.ty);
            let value = ty.from_wire(value).map_err(|error| AppError::Argument {
                what: format!("{} does not fit {field}", error.what),
                why: format!("It {}.", error.why),
                fix: error.fix,
            })?;
            Ok(Choice::Custom(value))
        }
    }
}

pub(super) fn delete_decision(
    conflict: &ConflictRecord,
    choice: DeleteChoice,
) -> Result<ConflictDecision, AppError> {
    let decision = match choice {
        DeleteChoice::DeleteBoth => ConflictDecision::DeleteBoth,
        DeleteChoice::Restore => ConflictDecision::Restore,
        DeleteChoice::Unlink => ConflictDecision::Unlink,
    };
    let about_a_delete = conflict.draft.kind == ConflictKind::Delete;
    if about_a_delete || choice == DeleteChoice::Unlink {
        return Ok(decision);
    }
    Err(AppError::Argument {
        what: "this conflict is not about a delete".to_owned(),
        why: conflict.draft.why.clone(),
        fix: "Choose a value for each contested field, or unlink the two records.".to_owned(),
    })
}
