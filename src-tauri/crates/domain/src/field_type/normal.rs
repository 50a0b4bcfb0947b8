//! The normal form.
use crate::field_type::FieldType;
use crate::value::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
pub(super) fn normalise<'a>(_: &FieldType, _: &'a Value) -> Cow<'a, Value> {
    todo!()
}
pub(crate) fn compare(_: &Value, _: &Value) -> Ordering {
    todo!()
}
