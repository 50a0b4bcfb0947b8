//! What is refused when a configuration is saved: everything that could not work, each with the
//! place, the reason and the fix.

use std::collections::BTreeSet;

use chrono::DateTime;

use crate::collection::CollectionSchema;
use crate::config::{
    ConfigProblem, ConflictResolutionStrategyKind, SyncConfiguration, SyncDirection,
};
use crate::field_type::FieldType;
use crate::ids::{FieldName, Side};
use crate::mapping::compiled::{CompiledSide, SideProblem};
use crate::mapping::{FieldMapping, FieldPath, SideMapping, Transform};
use crate::record::{CanonicalRecord, NativeFields};
use crate::schedule::{Schedule, ScheduleError};
use crate::validation::DataValidationService;
use crate::value::Value;

mod fit;
mod samples;

use fit::{find, fits};
use samples::samples_for;

pub(super) fn check(
    config: &SyncConfiguration,
    source: Option<&CollectionSchema>,
    target: Option<&CollectionSchema>,
) -> Vec<ConfigProblem> {
    let mut check = Check {
        config,
        problems: Vec::new(),
    };
    check.mapping(source, target);
    check.references();
    check.policy();
    check.numbers();
    check.schedule();
    if let Err(problems) = DataValidationService::new(&config.validation) {
        for problem in problems {
            check.problems.push(ConfigProblem {
                path: format!("syncs.{}.{}", config.name, problem.path),
                ..problem
            });
        }
    }
    for (side, schema) in [(Side::Source, source), (Side::Target, target)] {
        check.validated_fields(side, schema);
    }
    check.problems
}

struct Check<'a> {
    config: &'a SyncConfiguration,
    problems: Vec<ConfigProblem>,
}

impl Check<'_> {
    fn add(
        &mut self,
        path: &str,
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problems.push(ConfigProblem {
            path: format!("syncs.{}.{path}", self.config.name),
            what: what.into(),
            why: why.into(),
            fix: fix.into(),
        });
    }

    fn schedule(&mut self) {
        let Some(text) = &self.config.schedule else {
            return;
        };
        // Whether it ever comes does not depend on when one looks.
        let Err(error) = Schedule::parse(text, DateTime::UNIX_EPOCH) else {
            return;
        };
        let fix = match &error {
            ScheduleError::Pattern { .. } => {
                "Write minute, hour, day of the month, month, day of the week, like \"*/15 * * * *\" or \"CRON_TZ=Europe/Berlin 0 3 * * MON-FRI\"."
            }
            ScheduleError::Zone(_) => {
                "Use a name of the IANA time zone database, like Europe/Berlin."
            }
            ScheduleError::Never(_) => "Name a day that its month has.",
        };
        self.add(
            "schedule",
            error.to_string(),
            "It could not be followed.",
            fix,
        );
    }

    fn mapping(&mut self, source: Option<&CollectionSchema>, target: Option<&CollectionSchema>) {
        let config = self.config;
        let fields = config.mapping.fields();
        if fields.is_empty() {
            self.add(
                "mapping",
                "no field is mapped",
                "There would be nothing to keep in step.",
                "Map at least one field, like email = \"text\".",
            );
        }
        for (side, schema) in [(Side::Source, source), (Side::Target, target)] {
            let mut written: Vec<(FieldPath, &FieldName)> = Vec::new();
            for (name, mapping) in fields {
                if side == Side::Source {
                    self.field_type(name, &mapping.ty);
                }
                for path in self.side(name, mapping, side, schema) {
                    let clash = written.iter().find(|(other, _)| path.overlaps(other));
                    if let Some((_, other)) = clash {
                        let other = (*other).clone();
                        self.add(
                            &format!("mapping.{name}.{side}"),
                            format!("{path} is also written by the field {other}"),
                            "Two fields would overwrite each other on every run.",
                            "Map it once, or set read_only = true on one of them.",
                        );
                    }
                    written.push((path, name));
                }
            }
        }
    }

    fn field_type(&mut self, name: &FieldName, ty: &FieldType) {
        match ty {
            FieldType::Timestamp {
                zone: Some(zone), ..
            } if zone.parse::<chrono_tz::Tz>().is_err() => self.add(
                &format!("mapping.{name}.type"),
                format!("{zone:?} is no time zone"),
                "Times without an offset could not be told.",
                "Write an IANA zone, like Europe/Berlin or UTC.",
            ),
            FieldType::Decimal { scale: Some(scale) } if *scale > 28 => self.add(
                &format!("mapping.{name}.type"),
                format!("a scale of {scale}"),
                "A number has at most 28 digits after the point.",
                "Choose a scale of 28 or less.",
            ),
            _ => {}
        }
    }

    /// Checks one side of one field; gives the native paths that it writes.
    fn side(
        &mut self,
        name: &FieldName,
        mapping: &FieldMapping,
        side: Side,
        schema: Option<&CollectionSchema>,
    ) -> Vec<FieldPath> {
        let at = format!("mapping.{name}.{side}");
        let config = mapping.side(side);
        let wanted =
            self.config.direction.receives(side) && !config.read_only && config.constant.is_none();
        if wanted && !config.writable() {
            let (what, how) = one_way(config);
            self.add(
                &at,
                format!("{what} cannot be inverted"),
                format!(
                    "The {side} is written, and nothing says how to get {how} back from {name}."
                ),
                "Give it an inverse (`split` for a join, `write` for an expression), or declare it \
                 one-way with read_only = true.",
            );
            return Vec::new();
        }
        let compiled = match CompiledSide::new(name, &mapping.ty, config, wanted) {
            Ok(compiled) => compiled,
            Err(SideProblem { what, why, fix }) => {
                self.add(&at, what, why, fix);
                return Vec::new();
            }
        };
        if wanted && !compiled.plain() {
            self.round_trips(name, mapping, side, &compiled);
        }
        let writes = if wanted {
            compiled.writes()
        } else {
            Vec::new()
        };
        if let Some(schema) = schema {
            let paths: BTreeSet<FieldPath> =
                compiled.reads().into_iter().chain(writes.clone()).collect();
            for path in paths {
                let writes = writes.contains(&path);
                self.native(&at, mapping, side, schema, &path, writes, compiled.plain());
            }
        }
        writes
    }

    /// Writes samples and reads them back.
    fn round_trips(
        &mut self,
        name: &FieldName,
        mapping: &FieldMapping,
        side: Side,
        compiled: &CompiledSide,
    ) {
        let config = mapping.side(side);
        let at = format!("mapping.{name}.{side}");
        let samples: Result<Vec<Value>, _> = config
            .samples
            .iter()
            .map(|it| mapping.ty.from_wire(it))
            .collect();
        let samples = match samples {
            Ok(given) if !given.is_empty() => given,
            Ok(_) => samples_for(&mapping.ty, config),
            Err(error) => {
                self.add(
                    &format!("{at}.samples"),
                    "a sample is not of the field's type",
                    format!("{error}."),
                    "Correct it.",
                );
                return;
            }
        };
        for sample in samples {
            let patch = CanonicalRecord::from([(name.clone(), sample.clone())]);
            let written = compiled.write(&sample, &patch, None, &mut NativeFields::new());
            if let Err(error) = written {
                self.add(
                    &at,
                    "what is written does not read back the same",
                    format!("Tried with {}: {error}.", sample.to_json_text()),
                    "Correct the inverse, give `samples` that can occur, or declare it one-way with \
                     read_only = true.",
                );
                return;
            }
        }
    }

    /// Checks a native path against the collection's schema.
    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one path, used once"
    )]
    fn native(
        &mut self,
        at: &str,
        mapping: &FieldMapping,
        side: Side,
        schema: &CollectionSchema,
        path: &FieldPath,
        written: bool,
        plain: bool,
    ) {
        let Some(info) = find(schema, path) else {
            if schema.complete {
                self.unknown(at, side, schema, path);
            }
            return;
        };
        if written && !info.writable {
            self.add(
                at,
                format!("{path} cannot be written"),
                format!("The {side} says that it is read-only."),
                "Set read_only = true on that side.",
            );
        }
        let numeric = mapping.ty.is_numeric();
        if let (true, Some(digits @ 29..)) = (numeric, info.max_precision) {
            self.add(
                at,
                format!("{path} holds numbers of {digits} digits"),
                "Numbers are kept exactly up to 28 digits; longer ones would be refused one by one.",
                "Map it as text (numbers are then carried digit by digit).",
            );
        }
        if plain && let Err((why, fix)) = fits(&mapping.ty, &info, written) {
            self.add(
                at,
                format!("{path} does not fit the type {}", mapping.ty.word()),
                why,
                fix,
            );
        }
    }

    fn unknown(&mut self, at: &str, side: Side, schema: &CollectionSchema, path: &FieldPath) {
        let wrong = path.to_string();
        let nearest = schema
            .fields
            .keys()
            .map(|name| (strsim::jaro_winkler(&wrong, name), name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name.clone());
        let fix = match nearest {
            Some(name) => format!("Did you mean {name}?"),
            None => format!(
                "It has: {}.",
                schema
                    .fields
                    .keys()
                    .take(20)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        self.add(
            at,
            format!("the {side} has no field {path}"),
            format!(
                "The collection lists {} fields, and it is none of them.",
                schema.fields.len()
            ),
            fix,
        );
    }

    fn references(&mut self) {
        let config = self.config;
        let mapped = config.mapping.fields();
        for field in &config.match_key {
            if !mapped.contains_key(field) {
                self.add(
                    "match_key",
                    format!("{field} is not mapped"),
                    "Records are compared by their canonical fields.",
                    format!("Map {field}, or take it out of the match key."),
                );
            }
        }
        for (field, kind) in &config.conflict.fields {
            let path = format!("conflict.fields.{field}");
            match mapped.get(field) {
                None => self.add(
                    &path,
                    format!("{field} is not mapped"),
                    "There is nothing that could be contested.",
                    format!("Map {field}, or take the rule out."),
                ),
                Some(mapping) if *kind == ConflictResolutionStrategyKind::SumDeltas => {
                    self.sum_deltas(&path, field, mapping);
                }
                Some(_) => {}
            }
        }
    }

    fn sum_deltas(&mut self, path: &str, field: &FieldName, mapping: &FieldMapping) {
        if !mapping.ty.is_numeric() {
            self.add(
                path,
                format!("sum_deltas on {field}, which is a {}", mapping.ty.word()),
                "Only changes of numbers can be added up.",
                "Declare it an integer or a decimal, or choose another strategy.",
            );
        }
        let both = Side::BOTH
            .into_iter()
            .all(|side| self.config.direction.receives(side) && mapping.side(side).writable());
        if !both {
            self.add(
                path,
                format!("sum_deltas on {field}, which is not written on both sides"),
                "The sum of both changes has to reach both systems.",
                "Sync it both ways, or choose another strategy.",
            );
        }
    }

    fn policy(&mut self) {
        let config = self.config;
        if config.conflict.default == ConflictResolutionStrategyKind::SumDeltas {
            let fields = config.mapping.fields();
            let words: Vec<_> = fields
                .iter()
                .filter(|(name, mapping)| {
                    !mapping.ty.is_numeric() && !config.conflict.fields.contains_key(name)
                })
                .map(|(name, _)| name.as_str())
                .take(8)
                .collect();
            if !words.is_empty() {
                self.add(
                    "conflict.default",
                    "sum_deltas as the default",
                    format!("Not every field is a number: {}.", words.join(", ")),
                    "Set it for single fields under conflict.fields.",
                );
            }
        }
        if config.conflict.first_sync == ConflictResolutionStrategyKind::SumDeltas {
            self.add(
                "conflict.first_sync",
                "sum_deltas for a first sync",
                "Nothing was agreed yet to which changes could be added.",
                "Choose manual, source_wins, target_wins or last_write_wins.",
            );
        }
        if config.enforce && config.direction == SyncDirection::Bidirectional {
            self.add(
                "enforce",
                "enforce in a sync that goes both ways",
                "No side is the only one to be right.",
                "Set a one-way direction, or take enforce out.",
            );
        }
        if config.source == config.target {
            self.add(
                "target",
                "source and target are the same collection",
                "Every record would be its own partner.",
                "Name another connection or collection.",
            );
        }
    }

    fn numbers(&mut self) {
        let limits = &self.config.limits;
        if !(1..=10_000).contains(&limits.chunk_size) {
            let size = limits.chunk_size;
            self.add(
                "limits.chunk_size",
                format!("a chunk of {size}"),
                "A chunk is journalled and sent as one; it has 1 to 10,000 operations.",
                "Leave it out (100), or choose within that range.",
            );
        }
        if limits.page_size == Some(0) {
            self.add(
                "limits.page_size",
                "pages of 0 records",
                "No listing would ever end.",
                "Leave it out, or choose at least 1.",
            );
        }
        if limits.max_records == Some(0) {
            self.add(
                "limits.max_records",
                "a run of 0 records",
                "Nothing would ever be read.",
                "Leave it out (no limit), or choose at least 1.",
            );
        }
    }

    fn validated_fields(&mut self, side: Side, schema: Option<&CollectionSchema>) {
        let Some(schema) = schema.filter(|it| it.complete) else {
            return;
        };
        let rules = self.config.validation.side(side);
        let named = [
            ("required", rules.required.iter().collect::<Vec<_>>()),
            ("types", rules.types.keys().collect()),
            ("trim", rules.trim.iter().collect()),
        ];
        for (what, paths) in named {
            for path in paths {
                if find(schema, path).is_none() {
                    self.unknown(&format!("validation.{side}.{what}"), side, schema, path);
                }
            }
        }
    }
}

/// What of a side's mapping goes one way only, and what it is made from.
fn one_way(config: &SideMapping) -> (String, String) {
    if let Some(join) = &config.join {
        let paths: Vec<_> = join.paths.iter().map(ToString::to_string).collect();
        return (
            format!("the join of {}", paths.join(" and ")),
            paths.join(" and "),
        );
    }
    if let Some(computed) = &config.expression {
        return (
            format!("the expression `{}`", computed.read),
            "its fields".to_owned(),
        );
    }
    let expression = config.transforms.iter().find_map(|it| match it {
        Transform::Expression { read, write: None } => Some(read.as_str()),
        _ => None,
    });
    (
        format!("the transform `{}`", expression.unwrap_or("expression")),
        "the native value".to_owned(),
    )
}
