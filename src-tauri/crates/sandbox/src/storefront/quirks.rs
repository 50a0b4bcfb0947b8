//! What the storefront does to values it is sent, and what it refuses.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::fields::{Fields, text_json, text_of};

use super::answer::Problem;
use super::config::{Check, CollectionConfig, Computed};

/// Trims and rounds what was sent; drops writes to the computed field.
pub(crate) fn normalise(config: &CollectionConfig, fields: &mut Fields<'_>) {
    if let Some(computed) = &config.computed {
        fields.remove(&computed.field);
    }
    if !config.trim && config.round2.is_empty() {
        return;
    }
    for (name, json) in fields.iter_mut() {
        if config.trim {
            trim(json);
        }
        if config.round2.iter().any(|f| f == name) {
            round2(json);
        }
    }
}

fn trim(json: &mut Cow<'_, str>) {
    let Some(text) = text_of(json) else { return };
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *json = Cow::Owned(text_json(trimmed));
    }
}

/// Numbers, and numbers written as strings, keep at most two decimals; anything else is left for the checks.
fn round2(json: &mut Cow<'_, str>) {
    let quoted = text_of(json);
    let Some(number) = decimal(quoted.as_deref().unwrap_or(json)) else {
        return;
    };
    if number.scale() <= 2 {
        return;
    }
    let rounded = number
        .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
        .to_string();
    *json = Cow::Owned(if quoted.is_some() {
        text_json(&rounded)
    } else {
        rounded
    });
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// Sets the computed field from the others.
pub(crate) fn compute(computed: Option<&Computed>, fields: &mut Fields<'_>) {
    let Some(computed) = computed else { return };
    let parts: Vec<String> = computed
        .from
        .iter()
        .filter_map(|f| fields.get(f).and_then(text_of).map(Cow::into_owned))
        .filter(|part| !part.is_empty())
        .collect();
    fields.set(
        Cow::Owned(computed.field.clone()),
        Cow::Owned(text_json(&parts.join(" "))),
    );
}

/// The first rule that a whole record breaks.
pub(crate) fn broken_rule(config: &CollectionConfig, fields: &Fields<'_>) -> Option<Problem> {
    config.rules.iter().find_map(|rule| {
        let json = fields.get(&rule.field).unwrap_or("null");
        let message = complaint(&rule.check, json)?;
        Some(Problem {
            code: "invalid",
            message: format!("{} {message}", rule.field),
            field: Some(rule.field.clone()),
        })
    })
}

fn complaint(check: &Check, json: &str) -> Option<String> {
    let text = text_of(json);
    if json == "null" {
        return (*check == Check::Required).then(|| "is required".to_owned());
    }
    let (holds, message) = match check {
        Check::Required => (text.as_deref() != Some(""), "is required".to_owned()),
        Check::Email => (
            text.as_deref().is_some_and(is_email),
            "is not an e-mail address".to_owned(),
        ),
        Check::NotNegative => {
            let number = decimal(text.as_deref().unwrap_or(json));
            (
                number.is_some_and(|n| !n.is_sign_negative() || n.is_zero()),
                "must be a number of at least 0".to_owned(),
            )
        }
        Check::OneOf(allowed) => {
            let holds = text
                .as_deref()
                .is_some_and(|t| allowed.iter().any(|a| a == t));
            (holds, format!("must be one of {}", allowed.join(", ")))
        }
        Check::MaxLength(most) => (
            text.as_deref().is_some_and(|t| t.chars().count() <= *most),
            format!("must be a text of at most {most} characters"),
        ),
        Check::Date => (
            text.as_deref()
                .is_some_and(|t| NaiveDate::parse_from_str(t, "%Y-%m-%d").is_ok()),
            "must be a date like 2026-03-01".to_owned(),
        ),
    };
    (!holds).then_some(message)
}

fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((name, host)) => {
            !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(' ')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_trimmed_and_rounded() {
        let config = CollectionConfig {
            trim: true,
            round2: vec!["p".into()],
            ..CollectionConfig::plain("x")
        };
        let cases = [
            (r#"{"a":" x "}"#, r#"{"a":"x"}"#),
            (r#"{"a":"\tx"}"#, r#"{"a":"x"}"#),
            (r#"{"p":1.005}"#, r#"{"p":1.01}"#),
            (r#"{"p":-1.005}"#, r#"{"p":-1.01}"#),
            (r#"{"p":1.50}"#, r#"{"p":1.50}"#),
            (r#"{"p":"19.999"}"#, r#"{"p":"20.00"}"#),
            (r#"{"p":1.2345e1}"#, r#"{"p":12.35}"#),
            (r#"{"p":null,"q":1.005}"#, r#"{"p":null,"q":1.005}"#),
        ];
        for (sent, stored) in cases {
            let mut fields = Fields::parse(sent).unwrap();
            normalise(&config, &mut fields);
            assert_eq!(fields.to_json(), stored, "{sent}");
        }
    }

    #[test]
    fn broken_rules_name_their_field() {
        let config = CollectionConfig::sample_customers();
        let good = r#"{"customer_no":"K-1","last_name":"Ö","email":"o@x.org"}"#;
        assert!(broken_rule(&config, &Fields::parse(good).unwrap()).is_none());
        let cases = [
            (r#"{"email":"nobody"}"#, "email"),
            (r#"{"email":null}"#, "email"),
            (r#"{"last_name":""}"#, "last_name"),
            (r#"{"credit_limit":-1}"#, "credit_limit"),
            (r#"{"credit_limit":"much"}"#, "credit_limit"),
            (r#"{"status":"gone"}"#, "status"),
            (r#"{"birthday":"01.02.1980"}"#, "birthday"),
            (r#"{"birthday":"1980-02-30"}"#, "birthday"),
        ];
        for (patch, field) in cases {
            let fields = Fields::parse(patch)
                .unwrap()
                .over(Fields::parse(good).unwrap());
            assert_eq!(
                broken_rule(&config, &fields).unwrap().field.as_deref(),
                Some(field),
                "{patch}"
            );
        }
    }
}
