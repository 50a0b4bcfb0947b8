//! Runs.

use serde::Serialize;
use tandem_app::WireError;
use tandem_app::wire::{
    ChangeKind, ChangeState, ErrorSummary, RecordChange, RecordHistoryView, RunView, SideCounts,
    WireRunStatus,
};

use super::{Paint, Table, Tone, count, duration, time, value, word};

/// A run's end as `run --json` prints it; the names are a promise.
#[derive(Debug, Serialize)]
pub(crate) struct RunDocument<'a> {
    id: &'a str,
    sync: &'a str,
    status: WireRunStatus,
    simulated: bool,
    processed: u64,
    succeeded: u64,
    failed: u64,
    skipped: u64,
    conflicts: u64,
    created: SideCounts,
    updated: SideCounts,
    deleted: SideCounts,
    execution_time_ms: u64,
    /// What `plans apply` takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_hash: Option<&'a str>,
    error: Option<&'a WireError>,
}

/// The promised names of a run.
pub(crate) fn run_document(run: &RunView) -> RunDocument<'_> {
    RunDocument {
        id: &run.id,
        sync: &run.sync,
        status: run.status,
        simulated: run.simulated,
        processed: run.processed,
        succeeded: run.succeeded,
        failed: run.failed,
        skipped: run.skipped,
        conflicts: run.conflicts,
        created: run.created,
        updated: run.updated,
        deleted: run.deleted,
        execution_time_ms: run.execution_time_ms,
        plan_hash: applicable_plan(run),
        error: run.error.as_ref(),
    }
}

/// The hash of a plan that there is something to apply of.
fn applicable_plan(run: &RunView) -> Option<&str> {
    let planned = [run.created, run.updated, run.deleted]
        .iter()
        .any(|it| it.source + it.target > 0);
    run.plan_hash
        .as_deref()
        .filter(|_| run.simulated && planned)
}

const fn tone(status: WireRunStatus) -> Tone {
    match status {
        WireRunStatus::Completed => Tone::Good,
        WireRunStatus::Partial => Tone::Warn,
        WireRunStatus::Failed => Tone::Bad,
        WireRunStatus::Pending | WireRunStatus::Running => Tone::Plain,
    }
}

/// Runs in a table.
pub(crate) fn runs(runs: &[RunView], paint: Paint) -> String {
    let mut table = Table::new(&[
        "id",
        "sync",
        "status",
        "started",
        "took",
        "processed",
        "failed",
        "conflicts",
        "written",
    ]);
    for run in runs {
        let written = [run.created, run.updated, run.deleted]
            .iter()
            .map(|side| side.source + side.target)
            .sum::<u64>();
        let plain = |text: String| (Tone::Plain, text);
        table.toned([
            plain(run.id.clone()),
            plain(run.sync.clone()),
            (tone(run.status), status(run)),
            plain(time(&run.started_at)),
            plain(duration(run.execution_time_ms)),
            plain(run.processed.to_string()),
            plain(run.failed.to_string()),
            plain(run.conflicts.to_string()),
            plain(if run.simulated {
                "(simulated)".to_owned()
            } else {
                written.to_string()
            }),
        ]);
    }
    if table.is_empty() {
        "No runs.".to_owned()
    } else {
        table.text(paint)
    }
}

fn status(run: &RunView) -> String {
    if run.cancelling {
        "cancelling".to_owned()
    } else {
        word(&run.status)
    }
}

/// One run in full.
pub(crate) fn run(run: &RunView, paint: Paint) -> String {
    let title = match (run.simulated, run.rolls_back.is_some()) {
        (true, false) => "Simulation of",
        (false, false) => "Run of",
        (true, true) => "Simulated rollback of",
        (false, true) => "Rollback of",
    };
    let mut text = format!(
        "{title} {}: {} in {}\n",
        paint.text(Tone::Head, &run.sync),
        paint.text(tone(run.status), &status(run)),
        duration(run.execution_time_ms)
    );
    text.push_str(&format!(
        "  {} processed: {} succeeded, {} failed, {} skipped; {}\n",
        run.processed,
        run.succeeded,
        run.failed,
        run.skipped,
        count(run.conflicts, "new conflict")
    ));
    for (system, pick) in [
        (
            &run.source_system,
            (|side: SideCounts| side.source) as fn(SideCounts) -> u64,
        ),
        (&run.target_system, |side: SideCounts| side.target),
    ] {
        let would = if run.simulated { "would be " } else { "" };
        text.push_str(&format!(
            "  {system}: {} {would}created, {} {would}updated, {} {would}deleted\n",
            pick(run.created),
            pick(run.updated),
            pick(run.deleted)
        ));
    }
    if let Some(error) = &run.error {
        text.push_str(&format!("  {}\n", paint.text(Tone::Bad, &error.message)));
        if let Some(fix) = &error.fix {
            text.push_str(&format!("  fix: {fix}\n"));
        }
    }
    if let Some(hash) = applicable_plan(run) {
        text.push_str(&format!(
            "  to write just this: tandem plans apply {hash}\n"
        ));
    }
    if let Some(simulation) = &run.applies {
        text.push_str(&format!("  applies what run {simulation} planned\n"));
    }
    if let Some(earlier) = &run.rolls_back {
        text.push_str(&format!("  takes back run {earlier}\n"));
    }
    if let Some(at) = &run.continue_at {
        text.push_str(&format!("  the rest is due from {} on\n", time(at)));
    }
    if let Some(removed) = &run.details_removed {
        text.push_str(&format!(
            "  its details were removed on {} by the retention of {} days\n",
            time(&removed.at),
            removed.kept_days
        ));
    }
    let by = format!(
        "{}, {} by {}",
        time(&run.started_at),
        word(&run.trigger),
        run.actor
    );
    text.push_str(&format!(
        "  {}\n",
        paint.text(Tone::Quiet, &format!("{by}, id {}", run.id))
    ));
    text
}

/// What a run wrote, before and after.
pub(crate) fn changes(changes: &[RecordChange], paint: Paint) -> String {
    if changes.is_empty() {
        return "Nothing was written.".to_owned();
    }
    let mut text = String::new();
    for change in changes {
        one(&mut text, change, paint);
    }
    text
}

/// A record's history, newest first.
pub(crate) fn record_history(history: &RecordHistoryView, paint: Paint) -> String {
    let RecordHistoryView { pair, events, .. } = history;
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
    let mut text = paint.text(
        Tone::Head,
        &format!(
            "{} ({} {}, {} {})",
            pair.label,
            history.source_system,
            id(&pair.source_record_id),
            history.target_system,
            id(&pair.target_record_id)
        ),
    );
    text.push('\n');
    if events.items.is_empty() {
        text.push_str("Nothing was written to it that is still kept.\n");
    }
    for event in &events.items {
        let run = event.run_id.get(..8).unwrap_or(&event.run_id);
        let who = match &event.decided {
            Some(by) => format!("decided by {}", by.actor),
            None => format!("{}, {}", word(&event.trigger), event.actor),
        };
        text.push_str(&format!("{}  run {run} ({who})\n", time(&event.at)));
        if let Some(note) = event.decided.as_ref().and_then(|by| by.note.as_ref()) {
            text.push_str(&format!("    note: {note}\n"));
        }
        if event.erased {
            text.push_str("    what was written is erased\n");
        }
        one(&mut text, &event.change, paint);
    }
    if let Some(days) = history.kept_days {
        text.push_str(&format!("What is older than {days} days is not kept.\n"));
    }
    text
}

fn one(text: &mut String, change: &RecordChange, paint: Paint) {
    let kind = match change.kind {
        ChangeKind::Create => "+ create",
        ChangeKind::Update => "~ update",
        ChangeKind::Delete => "- delete",
    };
    let state = match change.state {
        ChangeState::Done => String::new(),
        other => format!(" [{}]", word(&other)),
    };
    let id = change.record_id.as_deref().unwrap_or("(new)");
    let label = change
        .label
        .as_ref()
        .map_or_else(String::new, |label| format!(" {label}"));
    text.push_str(&paint.text(Tone::Head, &format!("{kind} {} {id}{label}", change.system)));
    let lost = change
        .irreversible
        .as_ref()
        .map_or_else(String::new, |why| format!(": {why}"));
    text.push_str(&format!(
        "{state} ({}; reversible: {}{lost})\n",
        change.reason,
        word(&change.reversible)
    ));
    for field in change.fields.iter().filter(|field| field.changed) {
        let before = value(field.before.as_ref());
        let after = value(field.after.as_ref());
        text.push_str(&match change.kind {
            ChangeKind::Create => format!("    {}: {after}\n", field.field),
            ChangeKind::Delete => format!("    {}: {before}\n", field.field),
            ChangeKind::Update => format!("    {}: {before} → {after}\n", field.field),
        });
    }
    for lost in &change.losers {
        text.push_str(&format!(
            "    {}: {} at the {} was decided against ({})\n",
            lost.field,
            value(Some(&lost.value)),
            word(&lost.side),
            lost.rule
        ));
    }
    if let Some(error) = &change.error {
        text.push_str(&format!("    {}\n", paint.text(Tone::Bad, error)));
    }
}

/// The end of a run that touches only what it was asked to, as `runs rollback --json` and
/// `plans apply --json` print it.
#[derive(Debug, Serialize)]
pub(crate) struct GuardedDocument<'a> {
    #[serde(flatten)]
    run: RunDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rolls_back: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applies: Option<&'a str>,
    left_alone: Vec<LeftAlone<'a>>,
    #[serde(skip_serializing_if = "<[RecordChange]>::is_empty")]
    planned: &'a [RecordChange],
}

/// What such a run did not touch.
#[derive(Debug, Serialize)]
struct LeftAlone<'a> {
    record_id: Option<&'a str>,
    why: &'a str,
}

/// Its promised names.
pub(crate) fn guarded_document<'a>(
    run: &'a RunView,
    planned: &'a [RecordChange],
    left: &'a [ErrorSummary],
) -> GuardedDocument<'a> {
    GuardedDocument {
        run: run_document(run),
        rolls_back: run.rolls_back.as_deref(),
        applies: run.applies.as_deref(),
        left_alone: left
            .iter()
            .map(|it| LeftAlone {
                record_id: it.record_id.as_deref(),
                why: &it.message,
            })
            .collect(),
        planned,
    }
}

/// What such a run did or would do, and what it left alone.
pub(crate) fn guarded(
    view: &RunView,
    planned: &[RecordChange],
    left: &[ErrorSummary],
    paint: Paint,
) -> String {
    let mut text = run(view, paint);
    if view.simulated {
        text.push_str(&changes(planned, paint));
    }
    for it in left {
        // The run's own end stands above.
        let Some(id) = &it.record_id else { continue };
        text.push_str(&format!(
            "  {} {id}: {}\n",
            paint.text(Tone::Warn, "!"),
            it.message
        ));
    }
    text
}
