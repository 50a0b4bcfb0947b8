//! One transform step, both ways.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use rust_decimal::Decimal;

use crate::expression::Program;
use crate::field_type::{FieldType, from_json, local_to_utc};
use crate::mapping::{Otherwise, Transform};
use crate::value::{Value, ValueError};

/// A step ready for use.
#[derive(Debug)]
pub(super) enum Step {
    Trim,
    Lower,
    Upper,
    Map {
        read: BTreeMap<String, Value>,
        write: Vec<(Value, String)>,
        otherwise: Otherwise,
    },
    Multiply(Decimal),
    Date {
        format: String,
    },
    Instant {
        format: String,
        /// `None`: the format says the offset.
        zone: Option<String>,
    },
    Split(String),
    Expression {
        read: Box<Program>,
        write: Option<Box<Program>>,
    },
}

/// Why a configured step cannot work.
pub(super) struct StepProblem {
    pub(super) what: String,
    pub(super) why: String,
    pub(super) fix: String,
}

fn problem<T>(
    what: impl Into<String>,
    why: impl Into<String>,
    fix: impl Into<String>,
) -> Result<T, StepProblem> {
    Err(StepProblem {
        what: what.into(),
        why: why.into(),
        fix: fix.into(),
    })
}

impl Step {
    pub(super) fn new(
        transform: &Transform,
        ty: &FieldType,
        written: bool,
    ) -> Result<Self, StepProblem> {
        Ok(match transform {
            Transform::Trim => {
                let counts = !matches!(ty, FieldType::Text(rules) if rules.trim);
                if written && counts {
                    return problem(
                        "a `trim` transform on a field that is also written",
                        "Outer blanks are lost when reading, so what is written would not read back the same.",
                        "Declare the type as { text = { trim = true } } instead, or set read_only = true.",
                    );
                }
                Self::Trim
            }
            Transform::Lower | Transform::Upper => {
                let counts = !matches!(ty, FieldType::Text(rules) if rules.case_insensitive);
                if written && counts {
                    return problem(
                        "a change of case on a field that is also written",
                        "The original case is lost when reading, so what is written would not read back the same.",
                        "Declare the type as { text = { case_insensitive = true } }, or set read_only = true.",
                    );
                }
                if *transform == Transform::Lower {
                    Self::Lower
                } else {
                    Self::Upper
                }
            }
            Transform::Map { values, otherwise } => enum_map(values, *otherwise, ty, written)?,
            Transform::Multiply(factor) => {
                match from_json(factor).map(|it| FieldType::Decimal { scale: None }.parse(&it)) {
                    Ok(Ok(Value::Number(factor))) if !factor.is_zero() => {
                        if written && !exact_inverse(factor) {
                            return problem(
                                format!("a `multiply` by {factor} on a field that is also written"),
                                format!(
                                    "1/{factor} has no exact decimal form, so what is written would not read back the same."
                                ),
                                "Use a factor of twos and fives (0.01, 2.5 …), or set read_only = true.",
                            );
                        }
                        Self::Multiply(factor)
                    }
                    _ => {
                        return problem(
                            "a `multiply` without a number",
                            "Its factor must be a number other than 0.",
                            "Write it like multiply = \"0.01\".",
                        );
                    }
                }
            }
            Transform::DateFormat { format, zone } => date_format(format, zone.as_deref(), ty)?,
            Transform::Split(separator) if separator.is_empty() => {
                return problem(
                    "a `split` at nothing",
                    "A text can only be cut at a separator.",
                    "Write it like split = \",\".",
                );
            }
            Transform::Split(separator) => Self::Split(separator.clone()),
            Transform::Expression { read, write } => Self::Expression {
                read: program(read)?,
                write: write.as_deref().map(program).transpose()?,
            },
        })
    }

    pub(super) fn read(&self, value: Value) -> Result<Value, ValueError> {
        if value == Value::Null {
            return Ok(value);
        }
        match self {
            Self::Trim => text(&value).map(|it| Value::Text(it.trim().to_owned())),
            Self::Lower => text(&value).map(|it| Value::Text(it.to_lowercase())),
            Self::Upper => text(&value).map(|it| Value::Text(it.to_uppercase())),
            Self::Map {
                read, otherwise, ..
            } => match (word(&value).and_then(|it| read.get(&it)), otherwise) {
                (Some(known), _) => Ok(known.clone()),
                (None, Otherwise::Keep) => Ok(value),
                (None, Otherwise::Error) => Err(unlisted(&value, read.keys().cloned())),
            },
            Self::Multiply(factor) => number(&value)?
                .checked_mul(*factor)
                .map(|it| Value::Number(it.normalize()))
                .ok_or_else(|| too_large(&value)),
            Self::Date { format } => NaiveDate::parse_from_str(text(&value)?.trim(), format)
                .map(Value::Date)
                .map_err(|_| unlike(&value, format)),
            Self::Instant { format, zone } => instant(&value, format, zone.as_deref()),
            Self::Split(separator) => {
                let whole = text(&value)?;
                Ok(Value::List(if whole.is_empty() {
                    Vec::new()
                } else {
                    whole
                        .split(separator.as_str())
                        .map(|part| Value::Text(part.to_owned()))
                        .collect()
                }))
            }
            Self::Expression { read, .. } => evaluate(read, &value),
        }
    }

    pub(super) fn write(&self, value: Value) -> Result<Value, ValueError> {
        if value == Value::Null {
            return Ok(value);
        }
        match self {
            Self::Trim => Ok(value),
            Self::Lower => text(&value).map(|it| Value::Text(it.to_lowercase())),
            Self::Upper => text(&value).map(|it| Value::Text(it.to_uppercase())),
            Self::Map {
                write, otherwise, ..
            } => match (write.iter().find(|(known, _)| *known == value), otherwise) {
                (Some((_, native)), _) => Ok(Value::Text(native.clone())),
                (None, Otherwise::Keep) => Ok(value),
                (None, Otherwise::Error) => Err(unlisted(
                    &value,
                    write.iter().map(|(known, _)| known.to_json_text()),
                )),
            },
            Self::Multiply(factor) => number(&value)?
                .checked_div(*factor)
                .map(|it| Value::Number(it.normalize()))
                .ok_or_else(|| too_large(&value)),
            Self::Date { format } => match &value {
                Value::Date(day) => formatted(day.format(format)).map(Value::Text),
                _ => None,
            }
            .ok_or_else(|| unlike(&value, format)),
            Self::Instant { format, zone } => match (&value, zone) {
                (Value::Timestamp(at), None) => formatted(at.format(format)),
                (Value::Timestamp(at), Some(zone)) => zone
                    .parse::<chrono_tz::Tz>()
                    .ok()
                    .and_then(|tz| formatted(tz.from_utc_datetime(&at.naive_utc()).format(format))),
                _ => None,
            }
            .map(Value::Text)
            .ok_or_else(|| unlike(&value, format)),
            Self::Split(separator) => match &value {
                Value::List(items) => items
                    .iter()
                    .map(|item| text(item).map(str::to_owned))
                    .collect::<Result<Vec<_>, _>>()
                    .map(|parts| Value::Text(parts.join(separator))),
                _ => Err(ValueError::new(
                    &value,
                    "is no list",
                    "declare the field a list, or drop the `split`",
                )),
            },
            Self::Expression { write, .. } => match write {
                Some(write) => evaluate(write, &value),
                None => Err(ValueError::new(
                    &value,
                    "cannot be written back through a one-way expression",
                    "give the expression a `write`, or set read_only = true",
                )),
            },
        }
    }
}

fn program(source: &str) -> Result<Box<Program>, StepProblem> {
    Program::compile(source).map(Box::new).or_else(|why| {
        problem(
            format!("the expression `{source}`"),
            format!("It cannot be compiled: {why}."),
            "Correct it; the value is called `value`.",
        )
    })
}

fn evaluate(program: &Program, value: &Value) -> Result<Value, ValueError> {
    let failed = |why: String| {
        ValueError::new(
            value,
            why,
            "correct the expression, or the value in its system",
        )
    };
    program
        .value(|name| (name == "value").then_some(value))
        .map_err(failed)?
        .ok_or_else(|| failed(format!("leaves `{}` undefined", program.source())))
}

fn enum_map(
    values: &BTreeMap<String, serde_json::Value>,
    otherwise: Otherwise,
    ty: &FieldType,
    written: bool,
) -> Result<Step, StepProblem> {
    let mut read = BTreeMap::new();
    let mut write: Vec<(Value, String)> = Vec::new();
    for (native, canonical) in values {
        // A list's elements and a later step's input are of another type; only a plain field's own
        // values can be checked here.
        let value = match ty.from_wire(canonical) {
            Ok(value) => value,
            Err(error) => {
                return problem(
                    format!("the map's value for {native:?}"),
                    format!("It does not fit the field's type: {error}."),
                    format!("Write a {} there, or change the field's type.", ty.word()),
                );
            }
        };
        let twin = write.iter().find(|(known, _)| ty.same(known, &value));
        match twin {
            Some((_, other)) if written => {
                return problem(
                    format!("a map in which {other:?} and {native:?} mean the same"),
                    "It cannot be inverted, so nobody could say which of the two to write.",
                    "Give each its own value, or set read_only = true on that side.",
                );
            }
            Some(_) => {}
            None => write.push((value.clone(), native.clone())),
        }
        read.insert(native.clone(), value);
    }
    Ok(Step::Map {
        read,
        write,
        otherwise,
    })
}

/// Whether dividing by `factor` is exact for every short decimal: its digits are twos and fives.
fn exact_inverse(factor: Decimal) -> bool {
    Decimal::ONE
        .checked_div(factor)
        .and_then(|inverse| inverse.checked_mul(factor))
        == Some(Decimal::ONE)
        && Decimal::ONE
            .checked_div(factor)
            .is_some_and(|inverse| inverse.normalize().scale() < 20)
}

fn date_format(format: &str, zone: Option<&str>, ty: &FieldType) -> Result<Step, StepProblem> {
    use chrono::format::{Item, StrftimeItems};
    if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
        return problem(
            format!("the date format {format:?}"),
            "It is no strftime format.",
            "Write it like %d.%m.%Y or %Y-%m-%d %H:%M:%S.",
        );
    }
    match ty {
        FieldType::Date => Ok(Step::Date {
            format: format.to_owned(),
        }),
        FieldType::Timestamp { zone: declared, .. } => {
            let offset = ["%z", "%:z", "%#z", "%::z", "%:::z", "%+", "%s"]
                .iter()
                .any(|it| format.contains(it));
            let zone = zone.or(declared.as_deref());
            match (offset, zone) {
                (true, _) => Ok(Step::Instant {
                    format: format.to_owned(),
                    zone: None,
                }),
                (false, Some(zone)) if zone.parse::<chrono_tz::Tz>().is_ok() => Ok(Step::Instant {
                    format: format.to_owned(),
                    zone: Some(zone.to_owned()),
                }),
                (false, Some(zone)) => problem(
                    format!("the zone {zone:?}"),
                    "It is no IANA time zone.",
                    "Write it like Europe/Berlin or UTC.",
                ),
                (false, None) => problem(
                    format!("the date format {format:?} for a timestamp"),
                    "It says neither offset nor zone, so the instant cannot be told.",
                    "Add zone = \"Europe/Berlin\" beside the format, or %:z to it.",
                ),
            }
        }
        _ => problem(
            format!("a date format on a {}", ty.word()),
            "Only dates and timestamps have one.",
            "Declare the field's type as date or timestamp.",
        ),
    }
}

fn instant(value: &Value, format: &str, zone: Option<&str>) -> Result<Value, ValueError> {
    let text = text(value)?.trim();
    let at: Option<DateTime<Utc>> = match zone {
        None => DateTime::parse_from_str(text, format)
            .ok()
            .map(|at| at.with_timezone(&Utc)),
        Some(zone) => match NaiveDateTime::parse_from_str(text, format) {
            Ok(local) => Some(local_to_utc(local, zone)?),
            Err(_) => None,
        },
    };
    at.map(Value::Timestamp)
        .ok_or_else(|| unlike(value, format))
}

/// A formatted time. `None`: the format asks for something the value does not have.
pub(super) fn formatted(display: impl std::fmt::Display) -> Option<String> {
    use std::fmt::Write as _;
    let mut out = String::new();
    write!(out, "{display}").ok().map(|()| out)
}

fn text(value: &Value) -> Result<&str, ValueError> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(ValueError::new(
            value,
            "is no text",
            "drop the text transform, or correct the record",
        )),
    }
}

pub(super) fn number(value: &Value) -> Result<Decimal, ValueError> {
    match (FieldType::Decimal { scale: None }).parse(value)? {
        Value::Number(number) => Ok(number),
        _ => Err(ValueError::new(value, "is no number", "correct the record")),
    }
}

/// A value as an enum map's key.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.normalize().to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn unlisted(value: &Value, known: impl Iterator<Item = String>) -> ValueError {
    ValueError::new(
        value,
        format!(
            "is not in the map ({})",
            known.take(12).collect::<Vec<_>>().join(", ")
        ),
        "add it to the map, or set otherwise = \"keep\"",
    )
}

fn too_large(value: &Value) -> ValueError {
    ValueError::new(
        value,
        "becomes a number of more than 28 digits",
        "correct the factor or the record",
    )
}

fn unlike(value: &Value, format: &str) -> ValueError {
    ValueError::new(
        value,
        format!("is not written like {format}"),
        "correct the format or the record",
    )
}
