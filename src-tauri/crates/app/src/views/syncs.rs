//! Sync configurations as the faces see them.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use tandem_domain::config::{
    ConflictResolutionStrategyKind as StrategyKind, SyncConfiguration, SyncDirection,
};
use tandem_domain::ids::Side;
use tandem_domain::mapping::{FieldMapping, SideMapping, Transform};
use tandem_engine::ports::store::SyncRecord;

use super::time;
use super::words::word;
use crate::wire::{MappedField, RunView, SyncSummary, SyncView};

/// A sync in a list.
pub(crate) fn summary(
    record: &SyncRecord,
    open_conflicts: u64,
    last_run: Option<RunView>,
    next_run: Option<DateTime<Utc>>,
) -> SyncSummary {
    let config = &record.config;
    SyncSummary {
        name: config.name.to_string(),
        source_system: config.source.connection.to_string(),
        source_collection: config.source.collection.to_string(),
        target_system: config.target.connection.to_string(),
        target_collection: config.target.collection.to_string(),
        direction: config.direction.into(),
        policy: strategy(config.conflict.default),
        paused: config.paused,
        open_conflicts,
        last_run,
        next_run_at: next_run.map(time),
    }
}

/// A sync with everything in it.
pub(crate) fn view(record: &SyncRecord, summary: SyncSummary) -> SyncView {
    let config = &record.config;
    SyncView {
        summary,
        fields: config
            .mapping
            .fields()
            .iter()
            .map(|(name, mapping)| MappedField {
                field: name.to_string(),
                ty: (&mapping.ty).into(),
                source: side(&mapping.source, name.as_str()),
                target: side(&mapping.target, name.as_str()),
                direction: direction(config, mapping),
                transforms: Side::BOTH
                    .into_iter()
                    .flat_map(|at| {
                        mapping
                            .side(at)
                            .transforms
                            .iter()
                            .map(move |step| format!("{at}: {}", transform(step)))
                    })
                    .collect(),
                policy: config.conflict.fields.get(name).copied().map(strategy),
                match_key: config.match_key.contains(name),
            })
            .collect(),
        match_key: config.match_key.iter().map(ToString::to_string).collect(),
        delete_policy: word(&config.deletes),
        delete_conflict_policy: word(&config.conflict.delete_conflict),
        first_sync_policy: strategy(config.conflict.first_sync),
        enforce: config.enforce,
        schedule: config.schedule.clone(),
        toml: crate::workspace::sync_toml(config),
        created_at: time(record.created_at),
        updated_at: time(record.updated_at),
    }
}

fn strategy(kind: StrategyKind) -> String {
    word(&kind)
}

/// Which way a field goes: as the sync does, less the sides it is never written on.
fn direction(config: &SyncConfiguration, mapping: &FieldMapping) -> crate::wire::WireDirection {
    let (to_source, to_target) = match config.direction {
        SyncDirection::Bidirectional => (true, true),
        SyncDirection::SourceToTarget => (false, true),
        SyncDirection::TargetToSource => (true, false),
    };
    match (
        to_source && mapping.source.writable(),
        to_target && mapping.target.writable(),
    ) {
        (true, false) => SyncDirection::TargetToSource.into(),
        (false, true) => SyncDirection::SourceToTarget.into(),
        _ => config.direction.into(),
    }
}

fn side(mapping: &SideMapping, name: &str) -> String {
    let mut text = if let Some(constant) = &mapping.constant {
        format!("always {constant}")
    } else if let Some(join) = &mapping.join {
        let paths: Vec<String> = join.paths.iter().map(ToString::to_string).collect();
        paths.join(&format!(" {:?} ", join.separator))
    } else if let Some(computed) = &mapping.expression {
        format!("= {}", computed.read)
    } else if let Some(path) = &mapping.path {
        path.to_string()
    } else {
        name.to_owned()
    };
    if mapping.read_only {
        text.push_str(" (read only)");
    }
    text
}

fn transform(step: &Transform) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = match step {
        Transform::Trim => write!(text, "outer blanks dropped"),
        Transform::Lower => write!(text, "in lower case"),
        Transform::Upper => write!(text, "in upper case"),
        Transform::Map { values, .. } => write!(text, "one of {} values by name", values.len()),
        Transform::Multiply(by) => write!(
            text,
            "times {}",
            by.as_str().map_or_else(|| by.to_string(), str::to_owned)
        ),
        Transform::DateFormat { format, .. } => write!(text, "a date like {format}"),
        Transform::Split(separator) => write!(text, "cut at {separator:?}"),
        Transform::Expression { read, .. } => write!(text, "= {read}"),
    };
    text
}
