//! Runs and their changes as the faces see them.

use tandem_domain::ids::Side;
use tandem_engine::ports::history::{Change, RecordEvent, Reversibility, RunStatus, SyncHistory};

use super::label::label;
use super::time;
use super::words::{error_advice, error_type, field_type, word};
use crate::error::sentence;
use crate::execution::LiveView;
use crate::lookup::{Syncs, system_of};
use crate::wire::{
    DecidedByView, FieldDiff, LostValue, RecordChange, RecordEventView, RunDetailsRemoved, RunView,
    WireError, WireReversible,
};

/// A run; `live` adds what only this process knows.
pub(crate) fn run(history: SyncHistory, syncs: &mut Syncs<'_>, live: Option<LiveView>) -> RunView {
    let error = history.error_type.map(|kind| {
        let (cause, fix) = error_advice(kind);
        let message = history.error_message.as_deref().unwrap_or(cause);
        WireError::new(error_type(kind), sentence(message), cause, fix)
    });
    let over = !matches!(history.status, RunStatus::Pending | RunStatus::Running);
    let counts = history.counts;
    let (progress, cancelling, elapsed_ms) = match live {
        Some(live) if !over => (live.progress, live.cancelling, live.elapsed_ms),
        _ => (None, false, history.execution_time_ms),
    };
    #[expect(clippy::cast_precision_loss, reason = "a share, shown to three digits")]
    let success_rate = (counts.processed > 0).then(|| {
        (counts.processed - counts.failed.min(counts.processed)) as f64 / counts.processed as f64
    });
    RunView {
        id: history.id.to_string(),
        source_system: syncs.system(history.sync, Side::Source),
        target_system: syncs.system(history.sync, Side::Target),
        sync: history.sync_name,
        direction: history.direction.into(),
        status: history.status.into(),
        simulated: history.options.simulate,
        full: history.options.full,
        decisions_only: history.options.decisions_only,
        rolls_back: history.options.rolls_back.map(|run| run.to_string()),
        applies: history.options.applies.map(|run| run.to_string()),
        trigger: history.trigger.into(),
        actor: history.actor,
        started_at: time(history.started_at),
        finished_at: history.completed_at.map(time),
        execution_time_ms: elapsed_ms,
        processed: counts.processed,
        succeeded: counts.succeeded,
        failed: counts.failed,
        skipped: counts.skipped,
        conflicts: counts.conflicts,
        created: counts.created.into(),
        updated: counts.updated.into(),
        deleted: counts.deleted.into(),
        success_rate,
        error,
        plan_hash: history.plan_hash,
        continue_at: history.continue_at.map(time),
        details_removed: history.details_removed.map(|removed| RunDetailsRemoved {
            at: time(removed.at),
            kept_days: removed.kept_days,
        }),
        cancelling,
        progress,
    }
}

/// One write of a record's history.
pub(crate) fn event(
    event: RecordEvent,
    sync: Option<&tandem_engine::ports::store::SyncRecord>,
) -> RecordEventView {
    RecordEventView {
        erased: event.change.erased,
        change: change(event.change, sync),
        run_id: event.run.to_string(),
        at: time(event.at),
        trigger: event.trigger.into(),
        actor: event.actor,
        decided: event.decided.map(|by| DecidedByView {
            conflict: by.conflict.to_string(),
            actor: by.actor,
            at: time(by.at),
            note: by.note,
        }),
    }
}

/// One entry of a run's journal.
pub(crate) fn change(
    change: Change,
    sync: Option<&tandem_engine::ports::store::SyncRecord>,
) -> RecordChange {
    let schema = sync.map(|sync| sync.config.mapping.schema());
    let schema = schema.as_ref();
    let match_key = sync.map_or(&[][..], |sync| &sync.config.match_key);
    let known = change
        .fields
        .iter()
        .filter_map(|it| Some((&it.field, it.after.as_ref().or(it.before.as_ref())?)));
    let label = label(&known, match_key);
    let fields = change
        .fields
        .iter()
        .map(|it| FieldDiff {
            field: it.field.to_string(),
            ty: field_type(schema, &it.field),
            before: it.before.as_ref().map(tandem_domain::value::Value::to_wire),
            after: it.after.as_ref().map(tandem_domain::value::Value::to_wire),
            changed: match (&it.before, &it.after) {
                (Some(before), Some(after)) => schema.map_or(before != after, |schema| {
                    !schema.same(&it.field, before, after)
                }),
                (before, after) => before.is_some() || after.is_some(),
            },
        })
        .collect();
    let losers = change
        .losers
        .iter()
        .map(|it| LostValue {
            side: it.side.into(),
            field: it.field.to_string(),
            value: it.value.to_wire(),
            winner: it.winner.to_wire(),
            rule: it.rule.clone(),
        })
        .collect();
    let (reversible, irreversible) = match change.reversibility() {
        Reversibility::Full => (WireReversible::Full, None),
        Reversibility::Partly(why) => (WireReversible::Partly, Some(why.to_owned())),
        Reversibility::No(why) => (WireReversible::No, Some(why.to_owned())),
    };
    RecordChange {
        seq: change.seq.to_string(),
        side: change.side.into(),
        system: sync.map_or_else(String::new, |sync| system_of(sync, change.side)),
        kind: change.kind.into(),
        state: change.state.into(),
        record_id: change.record_id.map(|id| id.to_string()),
        other_id: change.other_id.map(|id| id.to_string()),
        label,
        reason: word(&change.reason),
        error: change.error,
        fields,
        reversible,
        irreversible,
        losers,
    }
}
