//! Native values to typed ones.
use crate::field_type::FieldType;
use crate::value::{Value, ValueError};
use chrono::{DateTime, NaiveDateTime, Utc};
pub(super) fn parse(_: &FieldType, _: &Value) -> Result<Value, ValueError> {
    todo!()
}
pub(super) fn from_wire(_: &FieldType, _: &serde_json::Value) -> Result<Value, ValueError> {
    todo!()
}
pub(crate) fn local_to_utc(_: NaiveDateTime, _: &str) -> Result<DateTime<Utc>, ValueError> {
    todo!()
}
