//! Expressions of mappings and business rules: compiled once, evaluated with bounded effort, and
//! never at the price of a digit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use minijinja::value::ValueKind;
use minijinja::{Environment, Expression, Value as Dynamic};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::value::{Value, timestamp_text};

/// Steps that one evaluation may take.
const FUEL: u64 = 20_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.add_test("date", |value: Dynamic| {
        value
            .as_str()
            .is_some_and(|text| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok())
    });
    environment.add_test("timestamp", |value: Dynamic| {
        value
            .as_str()
            .is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())
    });
    environment
});

/// A compiled expression.
pub(crate) struct Program {
    source: String,
    names: Vec<String>,
    expression: Expression<'static, 'static>,
}

/// What to do with a number that the expression language cannot hold exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digits {
    /// Refuse: the result is written to a system.
    Exact,
    /// Take the nearest: it is only compared.
    Nearest,
}

impl Program {
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let expression = ENVIRONMENT
            .compile_expression_owned(source.to_owned())
            .map_err(|error| error.to_string())?;
        let mut names: Vec<String> = expression.undeclared_variables(false).into_iter().collect();
        // Built-in functions are no fields.
        names.retain(|name| !ENVIRONMENT.globals().any(|(global, _)| global == name));
        names.sort();
        Ok(Self {
            source: source.to_owned(),
            names,
            expression,
        })
    }

    /// The names it looks up, sorted.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates it; names that `lookup` does not know are undefined.
    pub(crate) fn eval<'a>(
        &self,
        digits: Digits,
        lookup: impl Fn(&str) -> Option<&'a Value>,
    ) -> Result<Dynamic, String> {
        let mut context = Vec::with_capacity(self.names.len());
        for name in &self.names {
            if let Some(value) = lookup(name) {
                context.push((name.clone(), dynamic(value, digits)?));
            }
        }
        self.expression
            .eval(Dynamic::from_pairs(context))
            .map_err(|error| format!("`{}` failed: {error}", self.source))
    }

    /// Evaluates it to a value; `None`: undefined.
    pub(crate) fn value<'a>(
        &self,
        lookup: impl Fn(&str) -> Option<&'a Value>,
    ) -> Result<Option<Value>, String> {
        let result = self.eval(Digits::Exact, lookup)?;
        if result.is_undefined() {
            return Ok(None);
        }
        fixed(&result)
            .map(Some)
            .ok_or_else(|| format!("`{}` gave {result:?}, which no field can hold", self.source))
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({:?})", self.source)
    }
}

fn dynamic(value: &Value, digits: Digits) -> Result<Dynamic, String> {
    Ok(match value {
        Value::Null => Dynamic::from(()),
        Value::Bool(flag) => Dynamic::from(*flag),
        Value::Number(number) => numeric(*number, digits)?,
        Value::Text(text) => Dynamic::from(text.as_str()),
        Value::Timestamp(at) => Dynamic::from(timestamp_text(at)),
        Value::Date(day) => Dynamic::from(day.to_string()),
        Value::List(items) => {
            let items: Vec<Dynamic> = items
                .iter()
                .map(|item| dynamic(item, digits))
                .collect::<Result<_, _>>()?;
            Dynamic::from(items.as_slice())
        }
        Value::Object(members) => Dynamic::from_pairs(
            members
                .iter()
                .map(|(key, item)| Ok((key.clone(), dynamic(item, digits)?)))
                .collect::<Result<Vec<_>, String>>()?,
        ),
    })
}

fn numeric(number: Decimal, digits: Digits) -> Result<Dynamic, String> {
    if number.fract().is_zero() {
        if let Some(small) = number.to_i64() {
            return Ok(Dynamic::from(small));
        }
        if let Some(large) = number.to_i128() {
            return Ok(Dynamic::from(large));
        }
    }
    let nearest: f64 = number.to_string().parse().unwrap_or(f64::NAN);
    let back = Value::number(&nearest.to_string());
    if digits == Digits::Exact && back != Some(Value::Number(number)) {
        return Err(format!(
            "{number} has more digits than an expression can hold exactly; use a `multiply` or \
             `map` transform instead"
        ));
    }
    Ok(Dynamic::from(nearest))
}

/// The value of a result; `None`: nothing a field can hold.
fn fixed(result: &Dynamic) -> Option<Value> {
    match result.kind() {
        ValueKind::None | ValueKind::Undefined => Some(Value::Null),
        ValueKind::Bool => Some(Value::Bool(result.is_true())),
        ValueKind::Number if result.is_integer() => Value::number(&result.to_string()),
        ValueKind::Number => {
            let float = f64::try_from(result.clone()).ok()?;
            // 0.1 + 0.2 is 0.3 again: a float means 15 digits, not 17.
            Value::number(&format!("{float:.14e}")).map(|value| match value {
                Value::Number(number) => Value::Number(number.normalize()),
                other => other,
            })
        }
        ValueKind::String => result.as_str().map(|text| Value::Text(text.to_owned())),
        ValueKind::Seq | ValueKind::Iterable => result
            .try_iter()
            .ok()?
            .map(|item| fixed(&item))
            .collect::<Option<Vec<_>>>()
            .map(Value::List),
        ValueKind::Map => result
            .try_iter()
            .ok()?
            .map(|key| {
                let item = result.get_item(&key).ok()?;
                Some((key.as_str()?.to_owned(), fixed(&item)?))
            })
            .collect::<Option<BTreeMap<_, _>>>()
            .map(Value::Object),
        _ => None,
    }
}
