//! Fresh identifiers.

use tandem_engine::ports::Ids;
use uuid::Uuid;

/// UUIDs of version 7: they begin with the time, and those of one process ascend strictly.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidIds;

impl Ids for UuidIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module that provides ids"
    )]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend() {
        let ids: Vec<Uuid> = std::iter::repeat_with(|| UuidIds.next())
            .take(10_000)
            .collect();
        assert!(
            ids.is_sorted_by(|a, b| a < b),
            "each id is greater than the one before"
        );
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
}
