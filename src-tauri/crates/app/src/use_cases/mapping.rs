//! What helps to make a sync: proposals for its mapping, a sample of real records carried through
//! it, the next times of its schedule. Nothing here writes anything.

use std::sync::Arc;

use serde_json::Value;
use tandem_domain::collection::{CollectionSchema, NativeType};
use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::Side;
use tandem_domain::mapping::{Carried, Outcome};
use tandem_domain::matching::{self, MatchReason};
use tandem_domain::record::{NativeBody, NativeRecord};
use tandem_domain::redaction::Redactor;
use tandem_domain::schedule::Schedule;
use tandem_domain::validation::DataValidationService;
use tandem_engine::ports::WritableConnector;
use tandem_engine::ports::connector::ListRequest;

use crate::app::App;
use crate::error::AppError;
use crate::lookup;
use crate::systems::{self, KnownSecrets};
use crate::views;
use crate::wire::{
    FieldMatch, MappingProposals, MappingSample, MatchWhy, NativeFieldView, NativeFieldsView,
    NextTimes, ProposeMapping, SampleMapping, SampleOutcome, SampleProblem, SampledField,
    SampledRecord, ScheduleTimes, WireFieldType,
};

/// The most records a sample holds.
const MOST: u32 = 5;
/// How many times of a schedule are told.
const TIMES: usize = 5;

impl App {
    /// The fields of both collections as their systems describe them, and which probably mean the
    /// same. Proposals only.
    ///
    /// # Errors
    /// Where there is no such connection, or a system cannot be asked.
    pub async fn propose_mapping(
        &self,
        args: ProposeMapping,
    ) -> Result<MappingProposals, AppError> {
        let tenant = &args.tenant;
        let one = |connection: String, collection: String| async move {
            let (connector, _) = self.reading(tenant, &connection, &collection).await?;
            connector
                .describe()
                .await
                .map_err(|error| AppError::System { connection, error })
        };
        let source = one(args.source_connection, args.source_collection).await?;
        let target = one(args.target_connection, args.target_collection).await?;
        let mapped = (
            &args.mapped_source.into_iter().collect(),
            &args.mapped_target.into_iter().collect(),
        );
        let matches = matching::matches(&source, &target, mapped);
        Ok(MappingProposals {
            matches: matches.into_iter().map(shown_match).collect(),
            source: shown_fields(source),
            target: shown_fields(target),
        })
    }

    /// Reads up to five real records of one side and carries each through the mapping of a text, to
    /// the other side and back. Secrets are hidden as everywhere.
    ///
    /// # Errors
    /// Where the text is no sync that could be applied, or the side cannot be read.
    pub async fn sample_mapping(&self, args: SampleMapping) -> Result<MappingSample, AppError> {
        if !(1..=MOST).contains(&args.limit) {
            return Err(AppError::Argument {
                what: format!("a sample cannot have {} records", args.limit),
                why: format!("It is a look at 1 to {MOST} of them."),
                fix: "Ask for fewer.".to_owned(),
            });
        }
        let config = match (args.text, args.name) {
            (Some(text), None) => crate::workspace::sync_of_text(&text)?,
            (None, Some(name)) => {
                self.with_tenant(&args.tenant, move |scope| {
                    Ok(lookup::sync(scope.store, &name)?.config)
                })
                .await?
            }
            _ => {
                return Err(AppError::Argument {
                    what: "one mapping is to be sampled".to_owned(),
                    why: "It is that of a sync, or of a text.".to_owned(),
                    fix: "Give either name or text.".to_owned(),
                });
            }
        };
        let side = Side::from(args.side);
        let end = config.end(side);
        let (connector, redaction) = self
            .reading(
                &args.tenant,
                end.connection.as_str(),
                end.collection.as_str(),
            )
            .await?;
        let page = connector
            .list(&ListRequest {
                since: None,
                page: None,
            })
            .await
            .map_err(|error| AppError::System {
                connection: end.connection.to_string(),
                error,
            })?;
        let rules = DataValidationService::new(&config.validation).map_err(|problems| {
            let first = problems.into_iter().next();
            AppError::Argument {
                what: first
                    .as_ref()
                    .map_or_else(String::new, |it| it.what.clone()),
                why: first.as_ref().map_or_else(String::new, |it| it.why.clone()),
                fix: first.map_or_else(String::new, |it| it.fix),
            }
        })?;
        let records = page.records.iter().filter_map(|record| {
            redaction.with(|redactor| sampled(&config, side, &rules, record, redactor))
        });
        Ok(MappingSample {
            from: end.connection.to_string(),
            to: config.end(side.other()).connection.to_string(),
            records: records.take(args.limit as usize).collect(),
        })
    }

    /// The next five times of a schedule.
    ///
    /// # Errors
    /// Where the text is no schedule.
    pub async fn next_times(&self, args: NextTimes) -> Result<ScheduleTimes, AppError> {
        let now = self.inner.now();
        let schedule =
            Schedule::parse(&args.schedule, now).map_err(|error| AppError::Argument {
                what: error.to_string(),
                why: "A schedule is five cron fields: minute, hour, day, month, weekday."
                    .to_owned(),
                fix: "Write for instance 0 3 * * * or CRON_TZ=Europe/Berlin 0 3 * * *.".to_owned(),
            })?;
        let times = schedule.following(now, TIMES);
        Ok(ScheduleTimes {
            times: times.into_iter().map(views::time).collect(),
            zone: schedule.zone().to_owned(),
        })
    }

    /// A connector that is only read from, and what hides its secrets.
    async fn reading(
        &self,
        tenant: &str,
        connection: &str,
        collection: &str,
    ) -> Result<(Arc<dyn WritableConnector>, tandem_engine::ports::Redaction), AppError> {
        let (connection, collection) = (connection.to_owned(), collection.to_owned());
        self.with_tenant(tenant, move |scope| {
            let record = lookup::connection(scope.store, &connection)?;
            let secrets = Arc::new(KnownSecrets::new(scope.secrets()));
            let redaction = secrets.redaction();
            let clock = Arc::clone(&scope.inner.clock);
            Ok((
                systems::connect(&record, &collection, secrets, clock)?,
                redaction,
            ))
        })
        .await
    }
}

fn sampled(
    config: &SyncConfiguration,
    side: Side,
    rules: &DataValidationService,
    record: &NativeRecord,
    redactor: &Redactor,
) -> Option<SampledRecord> {
    let NativeBody::Live { fields, complete } = &record.body else {
        return None;
    };
    let fields = rules.sanitize_data(side, fields.clone()).fields;
    let problems = rules.check(side, &fields);
    let carried = config.mapping.carry(side, &fields, *complete);
    Some(SampledRecord {
        id: redactor.text(&record.id.to_string()).to_string(),
        problems: problems
            .into_iter()
            .map(|problem| SampleProblem {
                field: problem.field,
                message: redactor.text(&problem.message).to_string(),
                fix: problem.fix,
            })
            .collect(),
        fields: carried
            .into_iter()
            .map(|field| shown_field(config, side, field, redactor))
            .collect(),
    })
}

fn shown_field(
    config: &SyncConfiguration,
    side: Side,
    carried: Carried,
    redactor: &Redactor,
) -> SampledField {
    let name = carried.field.as_str();
    let mapping = config.mapping.fields().get(&carried.field);
    let named = |side: Side| {
        let path = mapping.and_then(|it| it.side(side).path.as_ref());
        path.map_or_else(|| name.to_owned(), ToString::to_string)
    };
    // A telling name on either side hides the value on both, and what is made of it.
    let telling = [named(Side::Source), named(Side::Target), name.to_owned()]
        .into_iter()
        .find(|it| redactor.names_secret(it));
    let by = telling.as_deref().unwrap_or(name);
    let (why, fix) = match &carried.outcome {
        Outcome::Refused(error) if telling.is_none() => (
            Some(
                redactor
                    .text(&format!("{} ({})", error.why, error.value))
                    .to_string(),
            ),
            Some(error.fix.clone()),
        ),
        Outcome::Refused(error) => (Some(error.why.clone()), Some(error.fix.clone())),
        _ => (None, None),
    };
    let written = carried.written.map(|fields| {
        let whole = redactor.redact(&fields);
        let to = mapping.map(|it| it.side(side.other()));
        if telling.is_some() {
            return Value::String(tandem_domain::redaction::HIDDEN.to_owned());
        }
        let single = to.filter(|it| it.join.is_none() && it.expression.is_none());
        let path = single.and_then(|it| it.path.clone());
        let alone = path
            .map_or_else(|| single.and(fields.get(name)), |path| path.value(&fields))
            .map(|value| redactor.value(by, value));
        alone.unwrap_or_else(|| Value::Object(whole.as_json().clone()))
    });
    SampledField {
        field: name.to_owned(),
        native: carried.native.map(|value| redactor.value(by, &value)),
        canonical: carried.canonical.map(|value| redactor.value(by, &value)),
        written,
        outcome: match carried.outcome {
            Outcome::Same => SampleOutcome::Same,
            Outcome::Missing => SampleOutcome::Missing,
            Outcome::NotWritten => SampleOutcome::NotWritten,
            Outcome::Refused(_) => SampleOutcome::Refused,
        },
        why,
        fix,
    }
}

fn shown_fields(schema: CollectionSchema) -> NativeFieldsView {
    let complete = schema.complete;
    let fields = schema
        .fields
        .into_iter()
        .map(|(path, info)| NativeFieldView {
            path,
            ty: views::words::word(&info.ty),
            nullable: info.nullable,
            writable: info.writable,
            primary_key: info.primary_key,
        });
    NativeFieldsView {
        fields: fields.collect(),
        complete,
    }
}

fn shown_match(found: matching::Match) -> FieldMatch {
    FieldMatch {
        field: found.name,
        source: found.source,
        target: found.target,
        ty: match found.ty {
            NativeType::Text | NativeType::Unknown => WireFieldType::Text,
            NativeType::Integer => WireFieldType::Integer,
            NativeType::Decimal | NativeType::Float => WireFieldType::Decimal,
            NativeType::Boolean => WireFieldType::Boolean,
            NativeType::Timestamp | NativeType::NaiveTimestamp => WireFieldType::Timestamp,
            NativeType::Date => WireFieldType::Date,
            NativeType::Json => WireFieldType::Json,
            NativeType::List => WireFieldType::List,
        },
        confidence: found.confidence,
        why: match found.why {
            MatchReason::SameName => MatchWhy::SameName,
            MatchReason::SameWords => MatchWhy::SameWords,
            MatchReason::Synonyms => MatchWhy::Synonyms,
            MatchReason::Similar => MatchWhy::Similar,
        },
    }
}
