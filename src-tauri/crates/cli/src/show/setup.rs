//! Tenants, connections, syncs, workspace files.

use tandem_app::wire::{
    Applied, ApplyAction, CircuitView, ConnectionTest, ConnectionView, MappingSample, SyncSummary,
    SyncView, TenantView,
};
use tandem_app::{SecretChange, SecretList};

use super::{Paint, Table, Tone, count, duration, time, word};

/// Tenants in a table.
pub(crate) fn tenants(tenants: &[TenantView], paint: Paint) -> String {
    let mut table = Table::new(&["name", "created", "id"]);
    for tenant in tenants {
        table.row([
            tenant.name.clone(),
            time(&tenant.created_at),
            tenant.id.clone(),
        ]);
    }
    table.text(paint)
}

/// Secrets' names in a table.
pub(crate) fn secrets(list: &SecretList, paint: Paint) -> String {
    let mut table = Table::new(&["name", "value", "used by"]);
    for secret in &list.secrets {
        let value = match (secret.kept, secret.found) {
            (true, _) => "kept",
            (false, true) => "from the environment",
            (false, false) => "missing",
        };
        table.row([
            secret.name.clone(),
            value.to_owned(),
            secret.used_by.join(", "),
        ]);
    }
    let what = if table.is_empty() {
        "None is kept, and no connection refers to one.".to_owned()
    } else {
        table.text(paint)
    };
    format!("Kept {}.\n{what}", list.place)
}

/// A secret that was set.
pub(crate) fn secret_set(set: &SecretChange) -> String {
    let what = if set.replaced { "Replaced" } else { "Kept" };
    let shadowed = if set.shadowed {
        "\nA variable of the environment goes before it: unset that one for this value to be used."
    } else {
        ""
    };
    format!("{what} the secret {}, {}.{shadowed}", set.name, set.place)
}

/// A secret that was deleted.
pub(crate) fn secret_deleted(deleted: &SecretChange) -> String {
    let left = if deleted.shadowed {
        " A variable of the environment still provides it."
    } else {
        ""
    };
    format!("Deleted the secret {}.{left}", deleted.name)
}

/// Connections in a table.
pub(crate) fn connections(connections: &[ConnectionView], paint: Paint) -> String {
    let mut table = Table::new(&[
        "name",
        "kind",
        "address",
        "circuit",
        "collections",
        "used by",
    ]);
    for connection in connections {
        let names: Vec<&str> = connection
            .collections
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        let tone = if connection.circuit == CircuitView::Closed {
            Tone::Good
        } else {
            Tone::Bad
        };
        let plain = |text: String| (Tone::Plain, text);
        table.toned([
            plain(connection.name.clone()),
            plain(connection.kind.clone()),
            plain(connection.address.clone()),
            (tone, word(&connection.circuit)),
            plain(names.join(", ")),
            plain(connection.used_by.join(", ")),
        ]);
    }
    if table.is_empty() {
        return "No connections. Describe some in a workspace file: tandem apply -f FILE"
            .to_owned();
    }
    table.text(paint)
}

/// How a connection answered.
pub(crate) fn test(name: &str, test: &ConnectionTest, paint: Paint) -> String {
    let (tone, said) = if test.ok {
        (Tone::Good, "reachable")
    } else {
        (Tone::Bad, "not reachable")
    };
    let mut text = format!("{name}: {}", paint.text(tone, said));
    if let Some(system) = &test.system {
        text.push_str(&format!(", {system}"));
    }
    if let Some(ms) = test.latency_ms {
        text.push_str(&format!(", answered in {}", duration(ms)));
    }
    if let Some(ms) = test.clock_offset_ms.filter(|ms| ms.abs() >= 1_000) {
        text.push_str(&format!(", its clock differs by {ms} ms"));
    }
    text.push('\n');
    for collection in &test.collections {
        let found = match &collection.error {
            Some(error) => error.message.clone(),
            None if collection.complete => format!("{} fields", collection.fields),
            None => format!("{} fields declared", collection.fields),
        };
        text.push_str(&format!("  {}: {found}\n", collection.name));
    }
    text
}

/// A connection's circuit.
pub(crate) fn circuit(connection: &ConnectionView, paint: Paint) -> String {
    let tone = if connection.circuit == CircuitView::Closed {
        Tone::Good
    } else {
        Tone::Bad
    };
    let stands = paint.text(tone, &word(&connection.circuit));
    let mut text = format!("{}: circuit {stands}", connection.name);
    if connection.circuit == CircuitView::Open
        && let Some(until) = &connection.open_until
    {
        text.push_str(&format!(" until {}", time(until)));
    }
    if let Some(last) = &connection.last_error {
        text.push_str(&format!(
            ", {} in a row, the last one: {last}",
            count(u64::from(connection.failures), "failure")
        ));
    }
    text.push('\n');
    text
}

/// Syncs in a table.
pub(crate) fn syncs(syncs: &[SyncSummary], paint: Paint) -> String {
    let mut table = Table::new(&[
        "name",
        "source",
        "target",
        "direction",
        "policy",
        "conflicts",
        "last run",
        "next run",
        "state",
    ]);
    for sync in syncs {
        let last = sync.last_run.as_ref().map_or_else(
            || "never".to_owned(),
            |run| format!("{} {}", word(&run.status), time(&run.started_at)),
        );
        table.row([
            sync.name.clone(),
            format!("{}.{}", sync.source_system, sync.source_collection),
            format!("{}.{}", sync.target_system, sync.target_collection),
            word(&sync.direction),
            sync.policy.clone(),
            sync.open_conflicts.to_string(),
            last,
            sync.next_run_at
                .as_deref()
                .map_or_else(|| "when asked".to_owned(), time),
            if sync.paused { "paused" } else { "ready" }.to_owned(),
        ]);
    }
    if table.is_empty() {
        return "No syncs. Describe some in a workspace file: tandem apply -f FILE".to_owned();
    }
    table.text(paint)
}

/// One sync in full.
pub(crate) fn sync(sync: &SyncView, paint: Paint) -> String {
    let mut text = syncs(std::slice::from_ref(&sync.summary), paint);
    text.push('\n');
    let mut table = Table::new(&[
        "field",
        "type",
        sync.summary.source_system.as_str(),
        sync.summary.target_system.as_str(),
        "goes",
        "rule",
        "key",
    ]);
    for field in &sync.fields {
        table.row([
            field.field.clone(),
            word(&field.ty),
            field.source.clone(),
            field.target.clone(),
            word(&field.direction),
            field.policy.clone().unwrap_or_default(),
            if field.match_key { "yes" } else { "" }.to_owned(),
        ]);
    }
    text.push_str(&table.text(paint));
    for (word, what) in [
        ("deletes", &sync.delete_policy),
        ("delete against edit", &sync.delete_conflict_policy),
        ("first sync", &sync.first_sync_policy),
    ] {
        text.push_str(&format!("{word}: {what}\n"));
    }
    text
}

/// Real records carried through a mapping.
pub(crate) fn sample(sample: &MappingSample, paint: Paint) -> String {
    if sample.records.is_empty() {
        return format!("{} has no record to show.", sample.from);
    }
    let mut text = String::new();
    let cell = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(String::new, |value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
    };
    for record in &sample.records {
        text.push_str(&paint.text(Tone::Head, &record.id));
        text.push('\n');
        let mut table = Table::new(&["field", &sample.from, "read as", &sample.to, "result"]);
        for field in &record.fields {
            let mut outcome = word(&field.outcome);
            if let Some(why) = &field.why {
                outcome.push_str(&format!(": {why}"));
            }
            table.row([
                field.field.clone(),
                cell(&field.native),
                cell(&field.canonical),
                cell(&field.written),
                outcome,
            ]);
        }
        text.push_str(&table.text(paint));
        for problem in &record.problems {
            let told = format!("{} {}", problem.message, problem.fix);
            text.push_str(&paint.text(Tone::Bad, &told));
            text.push('\n');
        }
    }
    text
}

/// What applying a workspace file did.
pub(crate) fn applied(applied: &Applied, paint: Paint) -> String {
    let mut text = String::new();
    for item in &applied.items {
        let (tone, mark) = match item.action {
            ApplyAction::Created => (Tone::Good, "+"),
            ApplyAction::Updated => (Tone::Warn, "~"),
            ApplyAction::Unchanged => (Tone::Quiet, "="),
        };
        let line = format!(
            "{mark} {} {}: {}",
            word(&item.kind),
            item.name,
            word(&item.action)
        );
        text.push_str(&paint.text(tone, &line));
        text.push('\n');
        for difference in &item.differences {
            text.push_str(&format!("    {difference}\n"));
        }
    }
    if applied.dry_run {
        text.push_str("Nothing was written: this was a dry run.\n");
    }
    text
}
