//! Pairs, and records that are not settled.

use tandem_app::wire::{PairView, SetAsideView, WirePairState};

use super::{Paint, Table, Tone, line, word};

/// Pairs in a table.
pub(crate) fn pairs(pairs: &[PairView], paint: Paint) -> String {
    let mut table = Table::new(&[
        "pair",
        "sync",
        "record",
        "source",
        "target",
        "state",
        "waits for",
    ]);
    for pair in pairs {
        let plain = |text: String| (Tone::Plain, text);
        let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "–".to_owned());
        table.toned([
            plain(pair.id.clone()),
            plain(pair.sync.clone()),
            plain(pair.label.clone()),
            plain(id(&pair.source_record_id)),
            plain(id(&pair.target_record_id)),
            (tone(pair.state), word(&pair.state)),
            plain(waits_for(pair)),
        ]);
    }
    if table.is_empty() {
        "No pairs.".to_owned()
    } else {
        table.text(paint)
    }
}

fn waits_for(pair: &PairView) -> String {
    match &pair.conflict {
        Some(conflict) => format!("conflict {conflict}"),
        None if pair.uncertain => "a look whether it was created".to_owned(),
        None if pair.waiting => "the next run".to_owned(),
        None => String::new(),
    }
}

const fn tone(state: WirePairState) -> Tone {
    match state {
        WirePairState::Active => Tone::Good,
        WirePairState::Unpaired | WirePairState::Quarantined => Tone::Warn,
        WirePairState::Closed | WirePairState::Excluded => Tone::Quiet,
    }
}

/// One pair, in a sentence.
pub(crate) fn pair(pair: &PairView, paint: Paint) -> String {
    let id = |id: &Option<String>| line(id.as_deref().unwrap_or("no record"));
    let mut text = format!(
        "Pair {} of {}: {} and {} are {}.",
        pair.id,
        pair.sync,
        id(&pair.source_record_id),
        id(&pair.target_record_id),
        paint.text(
            tone(pair.state),
            match pair.state {
                WirePairState::Active => "linked",
                WirePairState::Unpaired => "not linked",
                WirePairState::Closed => "deleted",
                WirePairState::Excluded => "left alone",
                WirePairState::Quarantined => "quarantined",
            }
        )
    );
    if pair.waiting {
        text.push_str(" The next run compares them.");
    }
    text
}

/// Records that are not settled, in a table.
pub(crate) fn set_aside(records: &[SetAsideView], paint: Paint) -> String {
    let mut table = Table::new(&["id", "system", "why", "reason"]);
    for record in records {
        table.toned([
            (Tone::Plain, record.id.clone()),
            (Tone::Plain, record.system.clone()),
            (Tone::Warn, word(&record.why)),
            (Tone::Plain, record.reason.clone()),
        ]);
    }
    if table.is_empty() {
        "No record is set aside.".to_owned()
    } else {
        table.text(paint)
    }
}
