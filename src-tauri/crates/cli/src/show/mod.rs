//! Wire types as text for people.

mod conflicts;
mod decided;
mod kept;
mod pairs;
mod problems;
mod runs;
mod setup;
mod table;
mod tame;

pub(crate) use conflicts::{conflict, conflicts};
pub(crate) use decided::{DecidedMany, decided_many};
pub(crate) use kept::{erased, pruned};
pub(crate) use pairs::{pair, pairs, set_aside};
pub(crate) use problems::{alerts, audit, audit_verdict, error, errors};
pub(crate) use runs::{
    changes, guarded, guarded_document, record_history, run, run_document, runs,
};
pub(crate) use setup::{
    applied, circuit, connections, sample, secret_deleted, secret_set, secrets, sync, syncs,
    tenants, test,
};
pub(crate) use table::{Paint, Table, Tone};
pub(crate) use tame::{json, line, page};

use serde_json::Value;

/// A value as a person writes it.
pub(crate) fn value(value: Option<&Value>) -> String {
    match value {
        None => "–".to_owned(),
        Some(Value::Null) => "(none)".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "\"\"".to_owned(),
        Some(Value::String(text)) if text.trim() != text || text.contains(tame::acts) => {
            format!("{text:?}")
        }
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// `1 conflict`, `2 conflicts`.
pub(crate) fn count(n: u64, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {one}{s}")
}

/// A duration for people.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// A time without its fraction: `2026-01-31 12:00:05Z`.
pub(crate) fn time(at: &str) -> String {
    match at.split_once('T') {
        Some((day, clock)) => {
            let clock = clock
                .trim_end_matches('Z')
                .split('.')
                .next()
                .unwrap_or_default();
            format!("{day} {clock}Z")
        }
        None => at.to_owned(),
    }
}

/// The serde word of a wire word.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_show_what_the_eye_would_miss() {
        let table = [
            (None, "–"),
            (Some(json!(null)), "(none)"),
            (Some(json!("")), "\"\""),
            (Some(json!(" a")), "\" a\""),
            (Some(json!("a b")), "a b"),
            (Some(json!("a\nb")), "\"a\\nb\""),
            (Some(json!(["a", 1])), "[\"a\",1]"),
        ];
        for (given, want) in table {
            assert_eq!(value(given.as_ref()), want);
        }
    }

    #[test]
    fn durations_and_times_are_short() {
        assert_eq!(
            [duration(999), duration(1_250), duration(61_000)],
            ["999 ms", "1.2 s", "1 min 1 s"]
        );
        assert_eq!(time("2026-01-31T12:00:05.123Z"), "2026-01-31 12:00:05Z");
    }
}
