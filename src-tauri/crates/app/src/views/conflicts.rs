//! Conflicts as the faces see them.

use tandem_domain::conflict::{Choice, ConflictDecision, ConflictSide};
use tandem_domain::ids::{FieldName, Side};
use tandem_domain::suggestion::{Suggestion, Took};
use tandem_domain::value::Value;
use tandem_engine::ports::store::{ConflictRecord, SyncRecord};

use super::label::label;
use super::time;
use super::words::{closed, field_type};
use crate::lookup::system_of;
use crate::wire::{
    ConflictFieldView, ConflictSummary, ConflictView, DeleteChoice, FieldChoice, FieldSuggestion,
    Take,
};

/// A suggestion as the faces see it; a value of one's own is never suggested.
pub(crate) fn suggestion(field: &FieldName, it: Suggestion) -> Option<FieldSuggestion> {
    let take = match it.take {
        Took::Source => Take::Source,
        Took::Target => Take::Target,
        Took::Base => Take::Base,
        Took::Custom => return None,
    };
    Some(FieldSuggestion {
        field: field.to_string(),
        take,
        chosen: it.chosen,
        of: it.of,
        same_pattern: it.same_pattern,
        strong: it.strong,
        offered: it.offered,
        followed: it.followed,
    })
}

/// A conflict in a list.
pub(crate) fn summary(
    conflict: &ConflictRecord,
    sync: Option<&SyncRecord>,
    suggestions: Vec<FieldSuggestion>,
) -> ConflictSummary {
    let sides = &conflict.draft.sides;
    ConflictSummary {
        id: conflict.id.to_string(),
        revision: conflict.revision,
        sync: conflict.sync_name.clone(),
        kind: conflict.draft.kind.into(),
        state: conflict.state.into(),
        label: name(conflict, sync),
        reason: conflict.draft.why.clone(),
        source_system: sync.map_or_else(String::new, |sync| system_of(sync, Side::Source)),
        target_system: sync.map_or_else(String::new, |sync| system_of(sync, Side::Target)),
        source_record_id: id(sides.source.as_ref()),
        target_record_id: id(sides.target.as_ref()),
        contested: contested(conflict).map(ToString::to_string).collect(),
        run: conflict.run.to_string(),
        detected_at: time(conflict.created_at),
        updated_at: time(conflict.updated_at),
        not_before: conflict.not_before.map(time),
        suggestions,
    }
}

/// A conflict with everything in it.
pub(crate) fn view(
    conflict: &ConflictRecord,
    sync: Option<&SyncRecord>,
    suggestions: Vec<FieldSuggestion>,
) -> ConflictView {
    let short = summary(conflict, sync, suggestions);
    let schema = sync.map(|sync| sync.config.mapping.schema());
    let chosen = match &conflict.decision {
        Some(ConflictDecision::Fields(choices)) => Some(choices),
        _ => None,
    };
    let mut fields: Vec<ConflictFieldView> = conflict
        .draft
        .fields
        .iter()
        .map(|it| ConflictFieldView {
            field: it.field.to_string(),
            ty: field_type(schema.as_ref(), &it.field),
            base: it.base.as_ref().map(Value::to_wire),
            source: it.source.as_ref().map(Value::to_wire),
            target: it.target.as_ref().map(Value::to_wire),
            contested: it.contested,
            choice: chosen
                .and_then(|choices| choices.get(&it.field))
                .map(|choice| field_choice(&it.field, choice)),
        })
        .collect();
    fields.sort_by_key(|field| !field.contested);
    let sides = &conflict.draft.sides;
    let updated = |side: Option<&ConflictSide>| side.and_then(|it| it.updated_at).map(time);
    let deleted = |side: Option<&ConflictSide>| side.is_some_and(|it| it.deleted);
    ConflictView {
        id: short.id,
        revision: short.revision,
        sync: short.sync,
        kind: short.kind,
        state: short.state,
        label: short.label,
        reason: short.reason,
        source_system: short.source_system,
        target_system: short.target_system,
        source_record_id: short.source_record_id,
        target_record_id: short.target_record_id,
        source_updated_at: updated(sides.source.as_ref()),
        target_updated_at: updated(sides.target.as_ref()),
        source_deleted: deleted(sides.source.as_ref()),
        target_deleted: deleted(sides.target.as_ref()),
        fields,
        suggestions: short.suggestions,
        delete_choice: match &conflict.decision {
            Some(ConflictDecision::DeleteBoth) => Some(DeleteChoice::DeleteBoth),
            Some(ConflictDecision::Restore) => Some(DeleteChoice::Restore),
            Some(ConflictDecision::Unlink) => Some(DeleteChoice::Unlink),
            Some(ConflictDecision::Fields(_)) | None => None,
        },
        note: conflict.note.clone(),
        decided_by: conflict.decided_by.clone(),
        decided_at: conflict.decided_at.map(time),
        not_before: short.not_before,
        closed: conflict.closed.map(|reason| closed(reason).to_owned()),
        run: short.run,
        detected_at: short.detected_at,
        updated_at: short.updated_at,
    }
}

/// The fields that need a choice.
pub(crate) fn contested(conflict: &ConflictRecord) -> impl Iterator<Item = &FieldName> {
    conflict
        .draft
        .fields
        .iter()
        .filter(|it| it.contested)
        .map(|it| &it.field)
}

fn field_choice(field: &FieldName, choice: &Choice) -> FieldChoice {
    let (take, value) = match choice {
        Choice::Source => (Take::Source, None),
        Choice::Target => (Take::Target, None),
        Choice::Base => (Take::Base, None),
        Choice::Custom(value) => (Take::Custom, Some(value.to_wire())),
    };
    FieldChoice {
        field: field.to_string(),
        take,
        value,
    }
}

fn id(side: Option<&ConflictSide>) -> Option<String> {
    side.filter(|it| !it.deleted).map(|it| it.id.to_string())
}

fn name(conflict: &ConflictRecord, sync: Option<&SyncRecord>) -> String {
    let key = sync.map_or(&[][..], |sync| &sync.config.match_key);
    let values = conflict.draft.fields.iter().filter_map(|it| {
        let value = it
            .base
            .as_ref()
            .or(it.source.as_ref())
            .or(it.target.as_ref())?;
        Some((&it.field, value))
    });
    label(&values, key).unwrap_or_else(|| {
        let sides = &conflict.draft.sides;
        let side = sides.source.as_ref().or(sides.target.as_ref());
        side.map_or_else(|| conflict.id.to_string(), |it| it.id.to_string())
    })
}
