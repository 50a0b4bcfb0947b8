//! Bringing back a value that a rule or a person decided against: a decision like any other, kept at
//! once, carried out by the next run if the record still says what it says now.

use std::collections::BTreeMap;

use tandem_domain::conflict::{Choice, ConflictDecision, ConflictDraft};
use tandem_domain::ids::{ConflictId, FieldName, RunId, Side};
use tandem_domain::link::{LinkState, Seen};
use tandem_domain::schema::CanonicalSchema;
use tandem_domain::value::Value;
use tandem_engine::ports::pairs::{NewRestoration, PairRecord};
use tandem_engine::ports::store::{ConflictRecord, SyncRecord};

use super::conflicts::show;
use crate::app::{App, Scope};
use crate::error::{AppError, nearest};
use crate::lookup;
use crate::wire::{ConflictView, RestoreValue};

/// Values that lost, where they stood, and the run it was in.
type Lost = (RunId, Vec<(Side, Value)>);

impl App {
    /// Keeps a value that lost to be brought back.
    ///
    /// # Errors
    /// [`AppError::Argument`] where no such value lost there, both sides lost one and neither is
    /// named, or the record cannot take it; a store conflict where a conflict of the record waits.
    pub async fn restore_value(&self, args: RestoreValue) -> Result<ConflictView, AppError> {
        let tenant = args.tenant.clone();
        let (conflict, shown) = self
            .with_tenant(&tenant, move |scope| {
                let kept = restore(scope, args)?;
                let shown = show(scope, &kept)?;
                Ok((kept, shown))
            })
            .await?;
        self.conflict_changed(&tenant, &conflict);
        if self.inner.carries_out {
            self.carry_out_later(tenant, &conflict);
        }
        Ok(shown)
    }
}

fn restore(scope: &Scope<'_>, args: RestoreValue) -> Result<ConflictRecord, AppError> {
    let sync = lookup::sync(scope.store, &args.sync)?;
    let (side, record) = lookup::named_record(args.source, args.target)?;
    let pair = scope.store.pair_of(sync.id, side, &record)?;
    let schema = sync.config.mapping.schema();
    let field = mapped(&schema, &sync, &args.field)?;
    may_take(&pair, &schema, &field)?;
    let (run, lost) = lost(scope, &pair, &field, &args.from)?;
    let wanted = args.lost_on.map(Side::from);
    let value = one_of(&schema, &field, &lost, wanted)?;
    let why = "A value that was decided against is brought back.".to_owned();
    let draft =
        ConflictDraft::restoring(&pair.link, &schema, &field, why).ok_or_else(not_linked)?;
    let said = draft.fields.iter().find(|it| it.field == field);
    let says = |now: Option<&Option<Value>>| {
        now.and_then(Option::as_ref)
            .is_some_and(|now| schema.same(&field, now, &value))
    };
    if says(said.map(|it| &it.source)) && says(said.map(|it| &it.target)) {
        return Err(AppError::Argument {
            what: format!("{field} says that already"),
            why: "Both records hold the value that is to be brought back.".to_owned(),
            fix: "There is nothing to do.".to_owned(),
        });
    }
    let new = NewRestoration {
        conflict: ConflictId(scope.inner.ids.next()),
        link: pair.id,
        run,
        draft,
        decision: ConflictDecision::Fields(BTreeMap::from([(field, Choice::Custom(value))])),
        note: args.note,
        not_before: scope.inner.not_before(),
    };
    Ok(scope.store.restore(&new, &scope.inner.who())?)
}

fn mapped(schema: &CanonicalSchema, sync: &SyncRecord, name: &str) -> Result<FieldName, AppError> {
    let known = schema.fields.keys();
    if let Some(field) = known.clone().find(|field| field.as_str() == name) {
        return Ok(field.clone());
    }
    let near = nearest(name, known.map(FieldName::as_str));
    Err(AppError::Argument {
        what: format!("{} has no field {name:?}", sync.config.name),
        why: "Only fields of the mapping can be written.".to_owned(),
        fix: near.map_or_else(
            || "Look at its mapping: tandem syncs show NAME.".to_owned(),
            |near| format!("Did you mean {near:?}?"),
        ),
    })
}

fn not_linked() -> AppError {
    AppError::Argument {
        what: "this record is not one of a linked pair".to_owned(),
        why: "A value is brought back to both records of a pair; one of them is deleted, was never there, or is left alone.".to_owned(),
        fix: "Roll the run back that deleted it, or link it by hand first: tandem pairs link.".to_owned(),
    }
}

fn may_take(
    pair: &PairRecord,
    schema: &CanonicalSchema,
    field: &FieldName,
) -> Result<(), AppError> {
    let live = |side: Side| {
        let half = pair.link.sides.get(side).as_ref();
        half.is_some_and(|half| half.seen != Some(Seen::Deleted))
    };
    if pair.link.state != LinkState::Active || !Side::BOTH.into_iter().all(live) {
        return Err(not_linked());
    }
    if let Some(conflict) = pair.conflict {
        return Err(AppError::Argument {
            what: format!("conflict {conflict} of this record waits"),
            why: "A record has one decision at a time.".to_owned(),
            fix: format!("Decide that one with the value: --field {field}=json:VALUE."),
        });
    }
    if !Side::BOTH
        .into_iter()
        .any(|side| schema.writable(side, field))
    {
        return Err(AppError::Argument {
            what: format!("{field} cannot be written on either side"),
            why: "The mapping or the systems make it read-only.".to_owned(),
            fix: "Change the mapping first.".to_owned(),
        });
    }
    Ok(())
}

/// What lost for that field, in a run or in a conflict.
fn lost(
    scope: &Scope<'_>,
    pair: &PairRecord,
    field: &FieldName,
    from: &str,
) -> Result<Lost, AppError> {
    match lookup::run(scope.store, from) {
        Ok(run) => {
            if let Some(removed) = run.details_removed {
                return Err(AppError::DetailsRemoved {
                    run: run.id.to_string(),
                    removed,
                });
            }
            let changes = scope.store.changes_of(run.id, pair.id)?;
            let lost = changes
                .into_iter()
                .flat_map(|change| change.losers)
                .filter(|loser| loser.field == *field)
                .map(|loser| (loser.side, loser.value))
                .collect();
            Ok((run.id, lost))
        }
        Err(AppError::Unknown { .. }) => {
            let conflict = lookup::conflict(scope.store, from).map_err(|error| match error {
                AppError::Unknown { name, near, .. } => AppError::Unknown {
                    kind: "run or conflict",
                    name,
                    near,
                },
                other => other,
            })?;
            Ok((conflict.run, lost_in(&conflict, pair, field)))
        }
        Err(error) => Err(error),
    }
}

/// What a person decided against.
fn lost_in(conflict: &ConflictRecord, pair: &PairRecord, field: &FieldName) -> Vec<(Side, Value)> {
    let Some(ConflictDecision::Fields(choices)) = &conflict.decision else {
        return Vec::new();
    };
    let seen = conflict.draft.fields.iter().find(|it| it.field == *field);
    let (Some(choice), Some(seen)) = (choices.get(field), seen) else {
        return Vec::new();
    };
    if conflict.link != pair.id {
        return Vec::new();
    }
    let taken = match choice {
        Choice::Source => seen.source.as_ref(),
        Choice::Target => seen.target.as_ref(),
        Choice::Base => seen.base.as_ref(),
        Choice::Custom(value) => Some(value),
    };
    [(Side::Source, &seen.source), (Side::Target, &seen.target)]
        .into_iter()
        .filter_map(|(side, value)| Some((side, value.clone()?)))
        .filter(|(_, value)| taken != Some(value))
        .collect()
}

/// The one value that is meant.
fn one_of(
    schema: &CanonicalSchema,
    field: &FieldName,
    lost: &[(Side, Value)],
    wanted: Option<Side>,
) -> Result<Value, AppError> {
    let mut values: Vec<&(Side, Value)> = Vec::new();
    for it in lost {
        let meant = wanted.is_none_or(|side| side == it.0);
        if meant
            && !values
                .iter()
                .any(|known| schema.same(field, &known.1, &it.1))
        {
            values.push(it);
        }
    }
    match values.as_slice() {
        [(_, value)] => Ok(value.clone()),
        [] => Err(AppError::Argument {
            what: format!("no value of {field} was decided against there"),
            why: "Neither that run nor that conflict holds one for this record.".to_owned(),
            fix: "Look at what lost: tandem runs diff RUN, tandem conflicts show ID.".to_owned(),
        }),
        [(side, first), .., (other, last)] => Err(AppError::Argument {
            what: format!("several values of {field} were decided against there"),
            why: format!(
                "The {side}'s said {}, the {other}'s {}.",
                first.to_wire(),
                last.to_wire()
            ),
            fix: "Say whose: --lost-on source or --lost-on target.".to_owned(),
        }),
    }
}
