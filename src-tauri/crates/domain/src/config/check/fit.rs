//! Whether a native field can hold a canonical type.

use crate::collection::{CollectionSchema, NativeFieldInfo, NativeType};
use crate::field_type::FieldType;
use crate::mapping::FieldPath;

/// The native field a path leads to, if the schema knows it.
pub(super) fn find(schema: &CollectionSchema, path: &FieldPath) -> Option<NativeFieldInfo> {
    if let Some(info) = schema.fields.get(&path.to_string()) {
        return Some(info.clone());
    }
    let (root, rest) = path.parts().split_first()?;
    if rest.is_empty() {
        return schema.fields.get(root).cloned();
    }
    // Inside a JSON column anything may be.
    schema
        .fields
        .get(root)
        .filter(|info| matches!(info.ty, NativeType::Json | NativeType::Unknown))
        .map(|info| NativeFieldInfo {
            writable: info.writable,
            ..NativeFieldInfo::of(NativeType::Unknown)
        })
}

/// Why it does not fit, and the fix.
type Misfit = (String, String);

/// Whether a native field can hold a type as it is, without transforms.
pub(super) fn fits(ty: &FieldType, info: &NativeFieldInfo, written: bool) -> Result<(), Misfit> {
    use NativeType as N;
    let reads = match ty {
        FieldType::Json => true,
        FieldType::Text(_) | FieldType::Reference { .. } => {
            matches!(info.ty, N::Text | N::Integer | N::Decimal)
        }
        FieldType::Integer => matches!(info.ty, N::Integer | N::Decimal | N::Float | N::Text),
        FieldType::Decimal { .. } => {
            matches!(info.ty, N::Integer | N::Decimal | N::Float | N::Text)
        }
        FieldType::Boolean => matches!(info.ty, N::Boolean | N::Integer),
        FieldType::Timestamp { .. } => {
            matches!(info.ty, N::Timestamp | N::NaiveTimestamp | N::Text)
        }
        FieldType::Date => matches!(info.ty, N::Date | N::Text),
        FieldType::List(_) => matches!(info.ty, N::List | N::Json),
    };
    if !reads && info.ty != N::Unknown {
        return Err((
            format!("It is {} there.", native_word(info.ty)),
            "Change the type, or add a transform (`map`, `date_format`, `split`, `as`).".to_owned(),
        ));
    }
    if let (FieldType::Timestamp { zone: None, .. }, N::NaiveTimestamp) = (ty, info.ty) {
        return Err((
            "Times there have no offset, so the instant cannot be told.".to_owned(),
            "Declare the zone they are meant in: type = { timestamp = { zone = \"Europe/Berlin\" } }."
                .to_owned(),
        ));
    }
    if !written {
        return Ok(());
    }
    match (ty, info.ty) {
        (FieldType::Text(_) | FieldType::Reference { .. }, N::Integer | N::Decimal) => Err((
            "Numbers are read from there as text, but a text cannot be written there.".to_owned(),
            "Add as = \"number\" on that side.".to_owned(),
        )),
        (FieldType::Integer | FieldType::Decimal { .. }, N::Text) => Err((
            "Texts are read from there as numbers, but a number cannot be written there."
                .to_owned(),
            "Add as = \"text\" on that side.".to_owned(),
        )),
        (FieldType::Decimal { scale }, N::Integer) if *scale != Some(0) => Err((
            "It holds whole numbers only, so fractions could not be written.".to_owned(),
            "Declare it an integer, or add multiply = \"0.01\" if it counts cents.".to_owned(),
        )),
        (FieldType::Timestamp { .. }, N::NaiveTimestamp) => Err((
            "Times there have no offset; an instant has to be turned into local time.".to_owned(),
            "Add as = \"local\" on that side.".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn native_word(ty: NativeType) -> &'static str {
    match ty {
        NativeType::Text => "a text",
        NativeType::Integer => "a whole number",
        NativeType::Decimal => "a decimal number",
        NativeType::Float => "a floating-point number",
        NativeType::Boolean => "a boolean",
        NativeType::Timestamp => "a timestamp",
        NativeType::NaiveTimestamp => "a time without an offset",
        NativeType::Date => "a date",
        NativeType::Json => "a JSON document",
        NativeType::List => "a list",
        NativeType::Unknown => "of an unknown type",
    }
}
