//! Before a record is made at a side whose listing shows only some (semantics 4): its partner may be
//! there without being shown, and is looked up by the match key. Where it is, or where that cannot be
//! told, nothing is made.

use futures::{StreamExt as _, stream};
use tandem_domain::ids::{Both, RecordId, Side};
use tandem_domain::plan::{Intent, Observation};
use tandem_domain::record::{CanonicalRecord, NativeRecord};

use super::apply::Item;
use super::context::RunContext;
use super::halt::{Halt, class_error_type};
use super::rules::RecordProblem;
use crate::calls::CallError;
use crate::ports::connector::{Capabilities, ErrorClass, NativeChange};
use crate::ports::history::ErrorType;

/// Looks up the partners of all records about to be made where a listing may have left them out, and
/// takes back the writes of those that are there, or that cannot be looked for.
pub(super) async fn look_up(run: &RunContext, items: &mut [Item]) -> Result<(), Halt> {
    for side in Side::BOTH {
        let can = run.gateways.get(side).capabilities();
        if !can.filtered || run.sync.config.match_key.is_empty() {
            continue;
        }
        let wanted = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| Some((at, Wanted::of(run, side, &can, item)?)))
            .collect::<Vec<_>>();
        let looked = stream::iter(wanted.into_iter().map(|(at, wanted)| async move {
            let found = match wanted {
                Wanted::Unknown(problem) => Some(problem),
                Wanted::Key(wanted) => wanted.find(run, side).await?,
            };
            Ok::<_, Halt>((at, found))
        }));
        let mut looked = looked.buffer_unordered(can.in_flight.max(1));
        while let Some(looked) = looked.next().await {
            let (at, problem) = looked?;
            if let (Some(problem), Some(item)) = (problem, items.get_mut(at)) {
                item.writes = Both::new(None, None);
                item.problem = Some((side, problem));
            }
        }
    }
    Ok(())
}

/// What is looked for before one record is made.
enum Wanted {
    Key(Look),
    /// It cannot be looked for.
    Unknown(RecordProblem),
}

struct Look {
    field: String,
    value: String,
    record: CanonicalRecord,
}

impl Wanted {
    /// None where nothing is made at `side`, or where the record has no whole match key: then it has
    /// no partner.
    fn of(run: &RunContext, side: Side, can: &Capabilities, item: &Item) -> Option<Self> {
        let write = item.writes.get(side).as_ref()?;
        let (Intent::Create { fields }, NativeChange::Create { fields: native }) =
            (&write.intent, &write.operation.change)
        else {
            return None;
        };
        let config = &run.sync.config;
        run.rules.schema.key_hash(&config.match_key, fields)?;
        let looked_up = config
            .looked_up_by(side, &can.lookup)
            .and_then(|(name, path)| Some((name.to_owned(), path.value(native)?.plain()?)));
        Some(match looked_up {
            Some((field, value)) => Self::Key(Look {
                field,
                value,
                record: fields.clone(),
            }),
            None => Self::Unknown(RecordProblem {
                error_type: ErrorType::Mapping,
                message: format!(
                    "whether the {side} has this record already cannot be told: its listing shows only some records, and none of the match key ({}) can be looked up there",
                    config.match_key.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                ),
                fix: "Describe how to look one of these fields up (`find`), or declare that the list's query leaves no record out (`complete = true`).".into(),
            }),
        })
    }
}

impl Look {
    async fn find(self, run: &RunContext, side: Side) -> Result<Option<RecordProblem>, Halt> {
        match run.gateways.get(side).find(&self.field, &self.value).await {
            Ok(found) => Ok(self.partner(run, side, found).map(|id| there(side, &id))),
            Err(CallError::Failed { error, .. })
                if matches!(
                    error.class,
                    ErrorClass::Rejected | ErrorClass::Forbidden | ErrorClass::Protocol
                ) =>
            {
                Ok(Some(RecordProblem {
                    error_type: class_error_type(error.class),
                    message: run.rules.redact_text(&format!(
                        "whether the {side} has this record already could not be looked up by {}: {}",
                        self.field, error.message
                    )),
                    fix: "Compare the collection's `find` with what the system answers; nothing is made before it is certain.".into(),
                }))
            }
            Err(error) => Err(run.side_failed(side, error)),
        }
    }

    /// Of those found, one with the same key. One that cannot be read might be it.
    fn partner(&self, run: &RunContext, side: Side, found: Vec<NativeRecord>) -> Option<RecordId> {
        let key = |record: &CanonicalRecord| {
            let schema = &run.rules.schema;
            schema.key_hash(&run.sync.config.match_key, record)
        };
        let wanted = key(&self.record);
        found.into_iter().find_map(|record| {
            let id = record.id.clone();
            match run.rules.observe(side, record) {
                Ok(Observation::Live(seen)) => (key(&seen.record) == wanted).then_some(id),
                Ok(Observation::Deleted | Observation::Unchanged) => None,
                Err(_) => Some(id),
            }
        })
    }
}

fn there(side: Side, id: &RecordId) -> RecordProblem {
    RecordProblem {
        error_type: ErrorType::Conflict,
        message: format!(
            "the {side} has a record with the same match key already ({id}), which its listing does not show"
        ),
        fix: "No second one is made. If it lies outside what the listing is asked for, widen the list's query or change one of the two; if it has only just come up, the next run pairs them.".into(),
    }
}
