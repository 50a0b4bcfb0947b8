//! A configuration made ready for one run: mapping, schema, validation and policy compiled once,
//! shared by every phase.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::{Both, RecordId, Side};
use tandem_domain::link::Link;
use tandem_domain::mapping::{Mapping, MappingError};
use tandem_domain::plan::{Clocks, Decision, Observation, Observed, Pair};
use tandem_domain::policy::Policy;
use tandem_domain::record::{CanonicalRecord, NativeBody, NativeFields, NativeRecord};
use tandem_domain::schema::CanonicalSchema;
use tandem_domain::validation::{DataValidationService, ValidationProblem};

use super::halt::Halt;
use crate::ports::Redaction;
use crate::ports::history::ErrorType;
use crate::ports::session::{LinkRow, StagedBody, StagedRecord};

/// A compiled configuration.
pub(super) struct Rules {
    /// The configuration.
    pub config: SyncConfiguration,
    /// Its field types.
    pub schema: Arc<CanonicalSchema>,
    /// Removes secrets from what is logged.
    redactor: Redaction,
    validation: DataValidationService,
}

/// Why a record read cannot take part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RecordProblem {
    /// `Validation` or `Mapping`.
    pub error_type: ErrorType,
    /// All that is wrong, in a sentence.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl Rules {
    /// Compiles a configuration.
    pub(super) fn new(config: SyncConfiguration, redactor: Redaction) -> Result<Self, Halt> {
        let validation = DataValidationService::new(&config.validation).map_err(Halt::Config)?;
        Ok(Self {
            schema: Arc::new(config.mapping.schema()),
            config,
            redactor,
            validation,
        })
    }

    /// The mapping.
    #[must_use]
    pub(super) const fn mapping(&self) -> &Mapping {
        &self.config.mapping
    }

    /// The policy under measured clocks.
    #[must_use]
    pub(super) fn policy(&self, offsets: Both<Option<i64>>) -> Policy {
        let millis = |ms: Option<i64>| TimeDelta::milliseconds(ms.unwrap_or(0));
        // The `Date` header tells whole seconds: an offset measured by it is known to ± 1 s.
        let tolerance = self
            .config
            .clock_tolerance_ms
            .map_or(TimeDelta::seconds(2), |ms| {
                TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX))
            });
        Policy::new(
            &self.config,
            Clocks {
                offset: Both::new(millis(offsets.source), millis(offsets.target)),
                tolerance,
            },
        )
    }

    /// Validates a record (TASK-017) and carries it into canonical form.
    pub(super) fn canonical(
        &self,
        side: Side,
        fields: &NativeFields,
        complete: bool,
    ) -> Result<CanonicalRecord, RecordProblem> {
        let problems = self.validation.check(side, fields);
        if !problems.is_empty() {
            return Err(validation_problem(&problems));
        }
        self.mapping()
            .to_canonical(side, fields, complete)
            .map_err(|error| mapping_problem(&error))
    }

    /// Prepares a record for staging.
    pub(super) fn stage(
        &self,
        side: Side,
        record: NativeRecord,
    ) -> (StagedRecord, Option<(RecordProblem, NativeFields)>) {
        let NativeRecord {
            id,
            version,
            updated_at,
            body,
        } = record;
        let (body, problem) = match body {
            NativeBody::Deleted => (StagedBody::Deleted, None),
            NativeBody::Live { fields, complete } => {
                match self.canonical(side, &fields, complete) {
                    Ok(record) => (
                        StagedBody::Live {
                            hash: self.schema.known_hash(&record),
                            key: self.schema.key_hash(&self.config.match_key, &record),
                            record,
                        },
                        None,
                    ),
                    Err(problem) => (
                        StagedBody::SetAside {
                            reason: problem.message.clone(),
                        },
                        Some((problem, fields)),
                    ),
                }
            }
        };
        (
            StagedRecord {
                id,
                version,
                updated_at,
                body,
            },
            problem,
        )
    }

    /// What a record read again says now.
    pub(super) fn observe(
        &self,
        side: Side,
        record: NativeRecord,
    ) -> Result<Observation, RecordProblem> {
        let NativeRecord {
            id,
            version,
            updated_at,
            body,
        } = record;
        match body {
            NativeBody::Deleted => Ok(Observation::Deleted),
            NativeBody::Live { fields, complete } => {
                let record = self.canonical(side, &fields, complete)?;
                Ok(Observation::Live(Observed {
                    id,
                    record,
                    version,
                    updated_at,
                }))
            }
        }
    }

    /// Carries a canonical patch into a side's own fields.
    pub(super) fn native(
        &self,
        side: Side,
        patch: &CanonicalRecord,
        current: Option<&CanonicalRecord>,
    ) -> Result<NativeFields, RecordProblem> {
        self.mapping()
            .to_native(side, patch, current)
            .map_err(|error| mapping_problem(&error))
    }

    /// Checks a record as written (TASK-018).
    #[must_use]
    pub(super) fn validate_written(
        &self,
        side: Side,
        fields: &NativeFields,
    ) -> Vec<ValidationProblem> {
        self.validation.check(side, fields)
    }

    /// Decides one pair.
    #[must_use]
    pub(super) fn plan(&self, pair: &Pair, policy: &Policy, now: DateTime<Utc>) -> Decision {
        tandem_domain::plan(pair, policy, now)
    }

    /// A link with what the store indexes of it.
    #[must_use]
    pub(super) fn row(&self, link: Link, todo: bool) -> LinkRow {
        let shadow = |side: Side| link.sides.get(side).as_ref().map(|half| &half.shadow);
        let source = shadow(Side::Source).map(|shadow| self.schema.known_hash(shadow));
        let target = match (shadow(Side::Source), shadow(Side::Target)) {
            (Some(one), Some(other)) if one.shares(other) => source,
            (_, other) => other.map(|shadow| self.schema.known_hash(shadow)),
        };
        let key = [link.base.as_ref()]
            .into_iter()
            .flatten()
            .chain(
                Side::BOTH
                    .iter()
                    .filter_map(|side| link.sides.get(*side).as_ref())
                    .flat_map(|half| [&half.shadow, half.known()]),
            )
            .find_map(|record| self.schema.key_hash(&self.config.match_key, record));
        LinkRow {
            hashes: Both::new(source, target),
            key,
            todo,
            link,
        }
    }

    /// A text for people and logs: secrets removed.
    #[must_use]
    pub(super) fn redact_text(&self, text: &str) -> String {
        self.redactor.with(|it| it.text(text).to_string())
    }

    /// A document for people and logs: secrets removed.
    #[must_use]
    pub(super) fn redact_json(&self, json: &serde_json::Value) -> serde_json::Value {
        self.redactor.with(|it| it.json(json))
    }

    /// A record for people and logs: secrets removed.
    #[must_use]
    pub(super) fn redacted(&self, fields: &NativeFields) -> serde_json::Value {
        let hidden = self.redactor.with(|it| it.redact(fields));
        serde_json::to_value(hidden).unwrap_or_default()
    }

    /// A canonical record for people and logs: secrets removed.
    #[must_use]
    pub(super) fn redacted_canonical(&self, record: &CanonicalRecord) -> serde_json::Value {
        let fields: NativeFields = record
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
            .collect();
        self.redacted(&fields)
    }
}

fn validation_problem(problems: &[ValidationProblem]) -> RecordProblem {
    let sentence = |pick: fn(&ValidationProblem) -> &str| {
        let mut parts: Vec<&str> = problems
            .iter()
            .map(pick)
            .filter(|part| !part.is_empty())
            .collect();
        parts.dedup();
        parts.join("; ")
    };
    RecordProblem {
        error_type: ErrorType::Validation,
        message: sentence(|p| &p.message),
        fix: sentence(|p| &p.fix),
    }
}

fn mapping_problem(error: &MappingError) -> RecordProblem {
    RecordProblem {
        error_type: ErrorType::Mapping,
        message: error.to_string(),
        fix: error.fix.clone(),
    }
}

/// A record's id on one side of a link.
#[must_use]
pub(super) fn id_of(link: &Link, side: Side) -> Option<RecordId> {
    link.sides.get(side).as_ref().map(|half| half.id.clone())
}

/// The record that a pair is about on one side: the one read now, else the link's.
#[must_use]
pub(super) fn record_of(pair: &Pair, side: Side) -> Option<RecordId> {
    match pair.sides.get(side) {
        Observation::Live(seen) => Some(seen.id.clone()),
        Observation::Unchanged | Observation::Deleted => {
            pair.link.as_ref().and_then(|link| id_of(link, side))
        }
    }
}
