//! What a person would call a record.

use tandem_domain::ids::FieldName;
use tandem_domain::value::Value;

/// Fields that name a record, the best first.
const NAMING: [&str; 12] = [
    "name",
    "full_name",
    "display_name",
    "title",
    "company",
    "company_name",
    "label",
    "subject",
    "email",
    "sku",
    "number",
    "code",
];

/// A label from what is known of a record's fields; `None` where nothing names it.
pub(crate) fn label<'a>(
    fields: &(impl Iterator<Item = (&'a FieldName, &'a Value)> + Clone),
    match_key: &[FieldName],
) -> Option<String> {
    let text = |wanted: &str| {
        fields
            .clone()
            .find(|(name, _)| name.as_str().eq_ignore_ascii_case(wanted))
            .and_then(|(_, value)| plain(value))
    };
    let first_last = || {
        let parts = [text("first_name")?, text("last_name")?];
        Some(parts.join(" "))
    };
    NAMING
        .iter()
        .take(3)
        .find_map(|name| text(name))
        .or_else(first_last)
        .or_else(|| NAMING.iter().skip(3).find_map(|name| text(name)))
        .or_else(|| {
            let key: Vec<String> = match_key
                .iter()
                .filter_map(|field| text(field.as_str()))
                .collect();
            (!key.is_empty()).then(|| key.join(" · "))
        })
        .or_else(|| text("last_name"))
}

fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if text.is_empty() {
        return None;
    }
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_called_by_its_best_name() {
        type Case = (
            &'static [(&'static str, &'static str)],
            &'static [&'static str],
            Option<&'static str>,
        );
        let table: [Case; 7] = [
            (&[("email", "a@x"), ("name", "Ada")], &[], Some("Ada")),
            (
                &[
                    ("first_name", "Ada"),
                    ("last_name", "Lovelace"),
                    ("email", "a@x"),
                ],
                &[],
                Some("Ada Lovelace"),
            ),
            (&[("name", "  "), ("sku", "S-1")], &[], Some("S-1")),
            (
                &[("customer_no", "C-1"), ("city", "Rome")],
                &["customer_no"],
                Some("C-1"),
            ),
            (&[("a", "1"), ("b", "2")], &["a", "b"], Some("1 · 2")),
            (&[("last_name", "Lovelace")], &[], Some("Lovelace")),
            (&[("city", "Rome")], &["customer_no"], None),
        ];
        for (fields, key, want) in table {
            let fields: Vec<(FieldName, Value)> = fields
                .iter()
                .map(|(name, value)| (FieldName::new(name).unwrap(), Value::Text((*value).into())))
                .collect();
            let key: Vec<FieldName> = key
                .iter()
                .map(|name| FieldName::new(name).unwrap())
                .collect();
            let found = label(&fields.iter().map(|(name, value)| (name, value)), &key);
            assert_eq!(found.as_deref(), want, "{fields:?}");
        }
    }
}
