//! Bugs planted on purpose, one at a time, in one thread, and only in builds that ask for them (the feature
//! `planted-bugs`): the oracle of the tests has to find each.

use std::cell::Cell;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The cursor of a listing that failed on a later page is kept as if it had ended.
    CursorOfAFailedListing,
    /// No re-read before a write to a system without conditional writes.
    NoReRead,
    /// What is owed counts as received although the write failed.
    OwedWithoutReceipt,
    /// An edit that shows in a write's answer is taken for our own.
    EditSwallowed,
    /// A deleted record is taken for one that never was.
    TombstoneForgotten,
    /// Writes are not conditional on the version.
    VersionIgnored,
    /// What a listing does not show is deleted, unasked.
    ListingBelieved,
    /// A decision is carried out whatever became of the record since.
    StaleDecision,
    /// A create that may have landed is sent again.
    CreateResent,
    /// Values decided against are not written down.
    LosersForgotten,
    /// A field that both sides changed is taken for changed by the source.
    BothChangedIsOneSided,
    /// A create counts twice.
    CountsOffByOne,
    /// A worker does not look at its lease before it sends.
    LeaseNotLookedAt,
    /// A merge is journalled without what one of its sides is owed.
    DebtNotWrittenDown,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::CursorOfAFailedListing,
        Self::NoReRead,
        Self::OwedWithoutReceipt,
        Self::EditSwallowed,
        Self::TombstoneForgotten,
        Self::VersionIgnored,
        Self::ListingBelieved,
        Self::StaleDecision,
        Self::CreateResent,
        Self::LosersForgotten,
        Self::BothChangedIsOneSided,
        Self::CountsOffByOne,
        Self::LeaseNotLookedAt,
        Self::DebtNotWrittenDown,
    ];
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a bug in this thread, in place of the one before; `None`: none.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// What is planted in this thread.
#[must_use]
pub fn planted() -> Option<Bug> {
    PLANTED.get()
}

/// Whether this one is planted.
#[must_use]
pub fn is(bug: Bug) -> bool {
    planted() == Some(bug)
}
