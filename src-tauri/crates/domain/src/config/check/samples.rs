//! Values to try a mapping with when it is saved.

use crate::field_type::FieldType;
use crate::mapping::{SideMapping, Transform};
use crate::value::Value;

/// Values that a mapping of this type must carry there and back.
pub(super) fn samples_for(ty: &FieldType, config: &SideMapping) -> Vec<Value> {
    let mapped: Vec<Value> = config
        .transforms
        .iter()
        .filter_map(|it| match it {
            Transform::Map { values, .. } => Some(values.values()),
            _ => None,
        })
        .flatten()
        .filter_map(|it| ty.from_wire(it).ok())
        .collect();
    if !mapped.is_empty() {
        return mapped;
    }
    let texts: &[&str] = match ty {
        FieldType::Text(_) => &["Plato", "Ada Lovelace", "Jean Paul Sartre", "Ärger & Söhne"],
        FieldType::Reference { .. } => &["17", "a1b2"],
        FieldType::Integer => &["0", "1", "-1", "42", "9007199254740993"],
        FieldType::Decimal { scale: Some(0) } => &["0", "1", "-1", "42"],
        FieldType::Decimal { .. } => &["0", "1", "-5", "12.5", "0.1", "1999.99"],
        FieldType::Boolean => &["true", "false"],
        FieldType::Timestamp { .. } => &["2025-01-31T08:00:00Z", "2025-07-01T22:15:00Z"],
        FieldType::Date => &["2025-01-31", "2024-02-29"],
        FieldType::Json => &["x"],
        FieldType::List(_) => {
            return vec![
                Value::List(Vec::new()),
                Value::List(vec![Value::Text("a".into()), Value::Text("b".into())]),
            ];
        }
    };
    texts
        .iter()
        .filter_map(|it| ty.parse(&Value::Text((*it).to_owned())).ok())
        .collect()
}
