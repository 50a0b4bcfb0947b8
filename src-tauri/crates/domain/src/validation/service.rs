//! The validation service: rules compiled once, records checked against them.

use std::collections::BTreeMap;

use jsonschema::{PatternOptions, Validator};

use crate::config::ConfigProblem;
use crate::expression::{Digits, Program};
use crate::field_type::FieldType;
use crate::ids::Side;
use crate::mapping::FieldPath;
use crate::mapping::path::Found;
use crate::record::NativeFields;
use crate::validation::sanitize::sanitize;
use crate::validation::{Sanitized, SideRules, ValidationKind, ValidationProblem, ValidationRules};
use crate::value::{Value, cut};

/// Checks native records against a configuration's rules. Made once a run.
#[derive(Debug)]
pub struct DataValidationService {
    source: Compiled,
    target: Compiled,
}

#[derive(Debug, Default)]
struct Compiled {
    schema: Option<Validator>,
    required: Vec<FieldPath>,
    types: BTreeMap<FieldPath, FieldType>,
    rules: Vec<CompiledRule>,
    trim: Vec<FieldPath>,
}

#[derive(Debug)]
struct CompiledRule {
    when: Option<Program>,
    check: Program,
    message: String,
    field: Option<String>,
}

impl DataValidationService {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Every schema or expression that cannot be compiled; paths start at `validation`.
    pub fn new(rules: &ValidationRules) -> Result<Self, Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let mut side = |side: Side| compile(side, rules.side(side), &mut problems);
        let (source, target) = (side(Side::Source), side(Side::Target));
        if problems.is_empty() {
            Ok(Self { source, target })
        } else {
            Err(problems)
        }
    }

    const fn side(&self, side: Side) -> &Compiled {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Everything that is wrong with a record of `side`. Empty: it is valid.
    #[must_use]
    pub fn check(&self, side: Side, fields: &NativeFields) -> Vec<ValidationProblem> {
        let mut problems = self.validate_schema(side, fields);
        problems.extend(self.validate_required_fields(side, fields));
        problems.extend(self.validate_data_types(side, fields));
        problems.extend(self.validate_business_rules(side, fields));
        problems
    }

    /// What the JSON Schema of `side` says against a record.
    #[must_use]
    pub fn validate_schema(&self, side: Side, fields: &NativeFields) -> Vec<ValidationProblem> {
        let Some(schema) = &self.side(side).schema else {
            return Vec::new();
        };
        let json = serde_json::Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), plain_json(value)))
                .collect(),
        );
        schema
            .iter_errors(&json)
            .map(|error| {
                let pointer = error.instance_path().to_string();
                let field = pointer.trim_start_matches('/').replace('/', ".");
                ValidationProblem {
                    kind: ValidationKind::Schema,
                    field: (!field.is_empty()).then_some(field),
                    message: cut(&error.to_string()),
                    fix: "Correct the record in its system, or relax `validation.schema`."
                        .to_owned(),
                }
            })
            .collect()
    }

    /// Required fields of `side` that hold no value.
    #[must_use]
    pub fn validate_required_fields(
        &self,
        side: Side,
        fields: &NativeFields,
    ) -> Vec<ValidationProblem> {
        self.side(side)
            .required
            .iter()
            .filter(|path| match path.find(fields) {
                Found::Value(value) => value.is_blank(),
                Found::Missing | Found::Blocked(_) => true,
            })
            .map(|path| ValidationProblem {
                kind: ValidationKind::Required,
                field: Some(path.to_string()),
                message: format!("{path} is required and holds no value."),
                fix: "Fill it in, or take it out of `validation.required`.".to_owned(),
            })
            .collect()
    }

    /// Fields of `side` that are not of their declared type.
    #[must_use]
    pub fn validate_data_types(&self, side: Side, fields: &NativeFields) -> Vec<ValidationProblem> {
        self.side(side)
            .types
            .iter()
            .filter_map(|(path, ty)| {
                let value = match path.find(fields) {
                    Found::Value(value) | Found::Blocked(value) => value,
                    Found::Missing => return None,
                };
                let error = ty.parse(value).err()?;
                Some(ValidationProblem {
                    kind: ValidationKind::Type,
                    field: Some(path.to_string()),
                    message: format!("{path}: {} {}.", error.what, error.why),
                    fix: format!("{}.", error.fix),
                })
            })
            .collect()
    }

    /// Business rules of `side` that do not hold, or that cannot be told: a rule that fails to
    /// evaluate does not hold.
    #[must_use]
    pub fn validate_business_rules(
        &self,
        side: Side,
        fields: &NativeFields,
    ) -> Vec<ValidationProblem> {
        let null = Value::Null;
        let lookup = |name: &str| Some(fields.get(name).unwrap_or(&null));
        let holds = |program: &Program| {
            program
                .eval(Digits::Nearest, lookup)
                .map(|result| result.is_true())
        };
        self.side(side)
            .rules
            .iter()
            .filter_map(|rule| {
                let outcome = match rule.when.as_ref().map(holds) {
                    Some(Ok(false)) => return None,
                    Some(Err(why)) => Err(why),
                    Some(Ok(true)) | None => holds(&rule.check),
                };
                let (message, fix) = match outcome {
                    Ok(true) => return None,
                    Ok(false) => (
                        rule.message.clone(),
                        format!(
                            "The rule is `{}`; correct the record or the rule.",
                            rule.check.source()
                        ),
                    ),
                    Err(why) => (
                        format!(
                            "{} (the rule could not be evaluated: {})",
                            rule.message,
                            cut(&why)
                        ),
                        "Give the rule a `when` for records it does not apply to.".to_owned(),
                    ),
                };
                Some(ValidationProblem {
                    kind: ValidationKind::Rule,
                    field: rule.field.clone(),
                    message,
                    fix,
                })
            })
            .collect()
    }

    /// A record of `side` cleaned of NUL and control characters and of the blanks declared in
    /// `trim`, with everything that was changed.
    #[must_use]
    pub fn sanitize_data(&self, side: Side, fields: NativeFields) -> Sanitized {
        sanitize(fields, &self.side(side).trim)
    }
}

/// What one compiled pattern may take, bytes.
const PATTERN: usize = 1 << 20;

fn compile(side: Side, rules: &SideRules, problems: &mut Vec<ConfigProblem>) -> Compiled {
    let schema = rules.schema.as_ref().and_then(|schema| {
        jsonschema::options()
            .should_validate_formats(true)
            // Patterns are matched in time that grows with the text alone; what cannot be (looking
            // ahead, back references) is refused.
            .with_pattern_options(
                PatternOptions::regex()
                    .size_limit(PATTERN)
                    .dfa_size_limit(PATTERN),
            )
            .build(schema)
            .map_err(|error| {
                problems.push(ConfigProblem {
                    path: format!("validation.{side}.schema"),
                    what: "the JSON Schema cannot be compiled".to_owned(),
                    why: format!("{}.", cut(&error.to_string())),
                    fix: "Correct the schema; references to other files or addresses are not followed."
                        .to_owned(),
                });
            })
            .ok()
    });
    let mut program = |path: String, source: &str| {
        Program::compile(source)
            .map_err(|why| {
                problems.push(ConfigProblem {
                    path,
                    what: format!("the expression `{source}` cannot be compiled"),
                    why: format!("{}.", cut(&why)),
                    fix: "Correct it; fields are named as in their system.".to_owned(),
                });
            })
            .ok()
    };
    let mut compiled = Vec::new();
    for (index, rule) in rules.rules.iter().enumerate() {
        let at = format!("validation.{side}.rules.{index}");
        let when = rule
            .when
            .as_deref()
            .map(|source| program(format!("{at}.when"), source));
        let check = program(format!("{at}.check"), &rule.check);
        if let (Some(check), false) = (check, matches!(when, Some(None))) {
            compiled.push(CompiledRule {
                when: when.flatten(),
                check,
                message: rule.message.clone(),
                field: rule.field.as_ref().map(ToString::to_string),
            });
        }
    }
    Compiled {
        schema,
        required: rules.required.clone(),
        types: rules.types.clone(),
        rules: compiled,
        trim: rules.trim.clone(),
    }
}

/// A value as a JSON Schema sees it: numbers as numbers, the nearest where digits do not fit.
fn plain_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Number(number) => {
            let text = number.normalize().to_string();
            text.parse::<i64>()
                .map(Json::from)
                .or_else(|_| text.parse::<u64>().map(Json::from))
                .or_else(|_| text.parse::<f64>().map(Json::from))
                .unwrap_or(Json::Null)
        }
        Value::List(items) => Json::Array(items.iter().map(plain_json).collect()),
        Value::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), plain_json(value)))
                .collect(),
        ),
        other => other.to_wire(),
    }
}
