//! A mapping ready for use.

use std::collections::BTreeMap;

use crate::ids::{FieldName, Side};
use crate::mapping::{FieldMapping, MappingError};
use crate::record::{CanonicalRecord, NativeFields};

#[derive(Debug, Clone)]
pub(crate) struct Compiled {}

impl Compiled {
    pub(crate) fn new(_: &BTreeMap<FieldName, FieldMapping>) -> Result<Self, MappingError> {
        todo!()
    }
    pub(crate) fn to_canonical(
        &self,
        _: Side,
        _: &NativeFields,
        _: bool,
    ) -> Result<CanonicalRecord, MappingError> {
        todo!()
    }
    pub(crate) fn to_native(
        &self,
        _: Side,
        _: &CanonicalRecord,
        _: Option<&CanonicalRecord>,
    ) -> Result<NativeFields, MappingError> {
        todo!()
    }
}
