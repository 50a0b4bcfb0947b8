//! Pairs and unsettled records as the faces see them.

use tandem_domain::ids::Side;
use tandem_domain::link::LinkSide;
use tandem_engine::ports::pairs::{PairRecord, SetAsideRecord};

use super::label::label;
use crate::lookup::Syncs;
use crate::wire::{PairView, SetAsideView};

/// A pair.
pub(crate) fn pair(pair: &PairRecord, syncs: &mut Syncs<'_>) -> PairView {
    let sync = syncs.get(pair.sync);
    let key = sync.map_or(&[][..], |sync| &sync.config.match_key);
    let sides = &pair.link.sides;
    let half = sides.source.as_ref().or(sides.target.as_ref());
    let known = pair.link.base.as_ref().or(half.map(LinkSide::known));
    let label = known
        .and_then(|record| label(&record.iter(), key))
        .or_else(|| half.map(|half| half.id.to_string()))
        .unwrap_or_default();
    let id = |side: Side| sides.get(side).as_ref().map(|half| half.id.to_string());
    PairView {
        id: pair.id.0.to_string(),
        sync: sync.map_or_else(String::new, |sync| sync.config.name.to_string()),
        state: pair.link.state.into(),
        label,
        source_record_id: id(Side::Source),
        target_record_id: id(Side::Target),
        waiting: pair.todo,
        uncertain: pair.uncertain,
        conflict: pair.conflict.map(|id| id.to_string()),
    }
}

/// A record that is not settled.
pub(crate) fn set_aside(record: &SetAsideRecord, syncs: &mut Syncs<'_>) -> SetAsideView {
    let system = syncs.system(record.sync, record.side);
    let name = syncs
        .get(record.sync)
        .map_or_else(String::new, |sync| sync.config.name.to_string());
    SetAsideView {
        id: format!("{name}:{}:{}", record.side, record.record),
        sync: name,
        side: record.side.into(),
        system,
        record_id: record.record.to_string(),
        why: record.why.into(),
        reason: record.reason.clone(),
    }
}
