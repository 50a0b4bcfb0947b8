//! Connections as the faces see them.

use chrono::{DateTime, Utc};
use tandem_engine::ports::connector::ChangeDetection;
use tandem_engine::ports::store::{CircuitRecord, ConnectionRecord};

use super::time;
use crate::systems::Described;
use crate::wire::{CircuitView, CollectionView, ConnectionView};

/// A connection with its circuit.
pub(crate) fn view(
    record: &ConnectionRecord,
    described: Described,
    circuit: CircuitRecord,
    used_by: Vec<String>,
    now: DateTime<Utc>,
) -> ConnectionView {
    ConnectionView {
        name: record.name.to_string(),
        kind: record.kind.clone(),
        address: described.address,
        collections: described
            .collections
            .into_iter()
            .map(|(name, can)| CollectionView {
                name,
                changes: match can.changes {
                    ChangeDetection::Feed => "feed",
                    ChangeDetection::Since => "since",
                    ChangeDetection::Full => "full",
                }
                .to_owned(),
                conditional_writes: can.conditional_writes,
                bulk: u32::try_from(can.bulk).unwrap_or(u32::MAX),
            })
            .collect(),
        used_by,
        circuit: state(&circuit, now),
        open_until: circuit.open_until.map(time),
        failures: circuit.failures,
        last_error: circuit.last_error,
        circuit_changed_at: circuit.changed_at.map(time),
        created_at: time(record.created_at),
        updated_at: time(record.updated_at),
    }
}

fn state(circuit: &CircuitRecord, now: DateTime<Utc>) -> CircuitView {
    match circuit.open_until {
        _ if circuit.isolated => CircuitView::Isolated,
        Some(until) if now < until => CircuitView::Open,
        Some(_) => CircuitView::HalfOpen,
        None => CircuitView::Closed,
    }
}
