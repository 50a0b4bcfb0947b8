//! The oracle is tested too: bugs planted in the engine, one in each test's thread, are each found.

use tandem_domain::planted::{Bug, plant};

use crate::explore::explore;

/// Histories after which a bug has to be found; most take some tens.
const HISTORIES: u32 = 3_000;
/// Operations of a history, at most.
const OPERATIONS: usize = 60;
const SEED: u64 = 20_260_901;

fn find(bug: Bug) {
    plant(Some(bug));
    let found = explore(SEED, HISTORIES, OPERATIONS, false);
    plant(None);
    match found {
        Ok(()) => panic!("not found in {HISTORIES} histories"),
        Err(found) => {
            let why = found.0.lines().next().unwrap_or_default().to_owned();
            println!("{bug:?}: {}", why.chars().take(150).collect::<String>());
        }
    }
}

macro_rules! found {
    ($($test:ident: $bug:ident,)*) => {
        $(
            #[test]
            fn $test() {
                find(Bug::$bug);
            }
        )*

        #[test]
        fn every_planted_bug_has_its_test() {
            assert_eq!(Bug::ALL, [$(Bug::$bug,)*]);
        }
    };
}

found! {
    finds_cursor_of_a_failed_listing: CursorOfAFailedListing,
    finds_no_re_read: NoReRead,
    finds_owed_without_receipt: OwedWithoutReceipt,
    finds_edit_swallowed: EditSwallowed,
    finds_tombstone_forgotten: TombstoneForgotten,
    finds_version_ignored: VersionIgnored,
    finds_listing_believed: ListingBelieved,
    finds_stale_decision: StaleDecision,
    finds_create_resent: CreateResent,
    finds_losers_forgotten: LosersForgotten,
    finds_both_changed_is_one_sided: BothChangedIsOneSided,
    finds_counts_off_by_one: CountsOffByOne,
    finds_lease_not_looked_at: LeaseNotLookedAt,
    finds_debt_not_written_down: DebtNotWrittenDown,
}
