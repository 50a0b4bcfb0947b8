//! What was ever written to a record and its partner: by which run, by which rule or person.

use tandem_domain::ids::{FieldName, Side};
use tandem_engine::ports::history::RecordHistoryFilter;

use super::{page, page_limit, parse_id};
use crate::app::App;
use crate::error::{AppError, nearest};
use crate::lookup::{self, Syncs};
use crate::views;
use crate::wire::{RecordHistory, RecordHistoryView};

impl App {
    /// The history of a pair of records, newest first.
    ///
    /// # Errors
    /// Where there is no such sync, or nothing is known of such a record; [`AppError::Argument`] for a
    /// field that the sync does not map.
    pub async fn record_history(&self, args: RecordHistory) -> Result<RecordHistoryView, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let sync = lookup::sync(scope.store, &args.sync)?;
            let (side, record) = lookup::named_record(args.source, args.target)?;
            let pair = scope.store.pair_of(sync.id, side, &record)?;
            let schema = sync.config.mapping.schema();
            let fields: Vec<String> = schema.fields.keys().map(ToString::to_string).collect();
            let filter = RecordHistoryFilter {
                field: args
                    .field
                    .as_deref()
                    .map(|name| named(&fields, name))
                    .transpose()?,
                before: args
                    .before
                    .as_deref()
                    .map(|seq| parse_id("place in a journal", seq))
                    .transpose()?,
                limit: page_limit(args.limit)?,
            };
            let events = scope.store.record_history(pair.id, &filter)?;
            let mut syncs = Syncs::load(scope.store)?;
            Ok(RecordHistoryView {
                source_system: syncs.system(sync.id, Side::Source),
                target_system: syncs.system(sync.id, Side::Target),
                pair: views::pairs::pair(&pair, &mut syncs),
                fields,
                events: page(
                    events,
                    args.limit,
                    |it| it.change.seq.to_string(),
                    |it| views::runs::event(it, Some(&sync)),
                ),
                kept_days: scope.store.retention()?.history_days(),
            })
        })
        .await
    }
}

/// A field by name. One that is not mapped any more still has its history.
fn named(fields: &[String], name: &str) -> Result<FieldName, AppError> {
    FieldName::new(name).map_err(|error| AppError::Argument {
        what: format!("{name:?} is no field's name"),
        why: format!("{error}."),
        fix: nearest(name, fields.iter().map(String::as_str)).map_or_else(
            || format!("There are: {}.", fields.join(", ")),
            |near| format!("Did you mean {near:?}?"),
        ),
    })
}
