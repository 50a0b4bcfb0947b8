//! The validation service: rules compiled once, records checked against them.

use crate::config::ConfigProblem;
use crate::ids::Side;
use crate::record::NativeFields;
use crate::validation::{Sanitized, ValidationProblem, ValidationRules};

/// Checks native records against a configuration's rules. Made once a run.
#[derive(Debug)]
pub struct DataValidationService {}

impl DataValidationService {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Every schema or expression that cannot be compiled; paths start at `validation`.
    pub fn new(rules: &ValidationRules) -> Result<Self, Vec<ConfigProblem>> {
        todo!("{rules:?}")
    }

    /// Everything that is wrong with a record of `side`. Empty: it is valid.
    #[must_use]
    pub fn check(&self, side: Side, fields: &NativeFields) -> Vec<ValidationProblem> {
        todo!("{side} {fields:?}")
    }

    /// A record of `side` cleaned of NUL and control characters and of the blanks declared in
    /// `trim`, with everything that was changed.
    #[must_use]
    pub fn sanitize_data(&self, side: Side, fields: NativeFields) -> Sanitized {
        todo!("{side} {fields:?}")
    }
}
