//! Conflicts.

use tandem_app::wire::{
    ConflictFieldView, ConflictSummary, ConflictView, FieldSuggestion, Take, WireConflictKind,
    WireConflictState,
};

use super::{Paint, Table, Tone, line, time, value, word};

/// Conflicts in a table.
pub(crate) fn conflicts(conflicts: &[ConflictSummary], paint: Paint) -> String {
    let mut table = Table::new(&[
        "id",
        "sync",
        "record",
        "kind",
        "contested",
        "state",
        "found",
    ]);
    for conflict in conflicts {
        let plain = |text: String| (Tone::Plain, text);
        table.toned([
            plain(conflict.id.clone()),
            plain(conflict.sync.clone()),
            plain(conflict.label.clone()),
            plain(word(&conflict.kind)),
            plain(conflict.contested.join(", ")),
            (tone(conflict.state), word(&conflict.state)),
            plain(time(&conflict.detected_at)),
        ]);
    }
    if table.is_empty() {
        "No conflicts.".to_owned()
    } else {
        table.text(paint)
    }
}

const fn tone(state: WireConflictState) -> Tone {
    match state {
        WireConflictState::Open => Tone::Warn,
        WireConflictState::Decided => Tone::Plain,
        WireConflictState::Resolved | WireConflictState::Closed => Tone::Good,
    }
}

/// One conflict, value by value.
pub(crate) fn conflict(conflict: &ConflictView, paint: Paint) -> String {
    let mut text = format!(
        "{} ({}, {})\n  {}\n",
        paint.text(Tone::Head, &conflict.label),
        conflict.sync,
        paint.text(tone(conflict.state), &word(&conflict.state)),
        line(&conflict.reason)
    );
    let sides = [
        (
            &conflict.source_system,
            &conflict.source_record_id,
            &conflict.source_updated_at,
            conflict.source_deleted,
        ),
        (
            &conflict.target_system,
            &conflict.target_record_id,
            &conflict.target_updated_at,
            conflict.target_deleted,
        ),
    ];
    for (system, id, updated, deleted) in sides {
        let id = id.as_deref().unwrap_or("no record");
        let state = if deleted { ", deleted" } else { "" };
        let at = updated
            .as_ref()
            .map_or_else(String::new, |at| format!(", changed {}", time(at)));
        let who = line(&format!("{system}: {id}{state}{at}"));
        text.push_str(&format!("  {who}\n"));
    }
    let mut table = Table::new(&[
        "field",
        "base",
        conflict.source_system.as_str(),
        conflict.target_system.as_str(),
        "result",
    ]);
    let merged = conflict
        .fields
        .iter()
        .filter(|field| !field.contested)
        .count();
    // A delete conflict is about the whole record.
    let whole = conflict.kind == WireConflictKind::Delete;
    for field in conflict
        .fields
        .iter()
        .filter(|field| field.contested || whole)
    {
        table.row([
            field.field.clone(),
            value(field.base.as_ref()),
            value(field.source.as_ref()),
            value(field.target.as_ref()),
            result(field),
        ]);
    }
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table.text(paint));
    }
    if merged > 0 && !whole {
        text.push_str(&format!(
            "{merged} other fields agree or merge by themselves.\n"
        ));
    }
    for it in &conflict.suggestions {
        text.push_str(&suggestion(it, conflict));
    }
    for (word, what) in [
        ("choice", conflict.delete_choice.map(|it| word(&it))),
        ("note", conflict.note.clone()),
        ("closed", conflict.closed.clone()),
    ] {
        if let Some(what) = what {
            text.push_str(&format!("{word}: {}\n", line(&what)));
        }
    }
    if let (Some(by), Some(at)) = (&conflict.decided_by, &conflict.decided_at) {
        text.push_str(&format!("decided by {by}, {}\n", time(at)));
    }
    text.push_str(&paint.text(
        Tone::Quiet,
        &format!("id {}, revision {}", conflict.id, conflict.revision),
    ));
    text
}

/// The evidence in words: `suggested for name: ERP, chosen 47 of 49 times`.
fn suggestion(it: &FieldSuggestion, conflict: &ConflictView) -> String {
    let take = match it.take {
        Take::Source => conflict.source_system.as_str(),
        Take::Target => conflict.target_system.as_str(),
        Take::Base | Take::Custom => "base",
    };
    let like = if it.same_pattern {
        " in cases like this"
    } else {
        ""
    };
    let said = format!(
        "suggested for {}: {take}, chosen {} of {} times{like}",
        it.field, it.chosen, it.of
    );
    format!("{}\n", line(&said))
}

fn result(field: &ConflictFieldView) -> String {
    let Some(choice) = &field.choice else {
        return if field.contested {
            "(undecided)".to_owned()
        } else {
            String::new()
        };
    };
    match choice.take {
        Take::Source => value(field.source.as_ref()),
        Take::Target => value(field.target.as_ref()),
        Take::Base => value(field.base.as_ref()),
        Take::Custom => value(choice.value.as_ref()),
    }
}
