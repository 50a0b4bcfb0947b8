//! Checks.
use crate::collection::CollectionSchema;
use crate::config::{ConfigProblem, SyncConfiguration};
pub(super) fn check(
    _: &SyncConfiguration,
    _: Option<&CollectionSchema>,
    _: Option<&CollectionSchema>,
) -> Vec<ConfigProblem> {
    todo!()
}
