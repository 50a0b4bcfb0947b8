//! The store port's contract as cases that know nothing of SQLite: any implementation that offers a
//! [`harness::Harness`] runs them. Time and ids are given, nothing sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it fails"
)]

mod alerts;
mod by_hand;
mod conflicts;
mod harness;
mod isolation;
mod journal;
mod pairing;
mod record_history;
mod recovery;
mod retention;
mod reviewed;
mod run_filters;
mod runs;
mod staging;
mod tallies;
mod tenants;

use std::sync::Arc;

use harness::{Harness, StillClock};
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::store::Store;
use tandem_store::SqliteStore;

/// A real file in a folder of its own.
struct Sqlite(tempfile::TempDir);

impl Harness for Sqlite {
    fn open(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = Arc::new(StillClock);
        let opened = SqliteStore::open(self.0.path().join("store.db"), &clock).unwrap();
        assert_eq!(opened.set_aside, None);
        Arc::new(opened.store)
    }
}

/// In memory where the machine offers that: these cases are about what is kept, not about disks.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

macro_rules! conformance {
    ($($module:ident: $($case:ident),* $(,)?;)*) => {$(
        mod $module {
            $(#[test]
            fn $case() {
                crate::$module::$case(&crate::Sqlite(crate::folder()));
            })*
        }
    )*};
}

mod sqlite {
    conformance! {
        tenants:
            names_are_unique_and_listed_in_order,
            removing_a_tenant_leaves_nothing_and_nobody_else_is_touched,
            connections_are_created_replaced_and_audited,
            syncs_are_created_archived_and_their_names_freed,
            a_workspace_is_put_whole_or_not_at_all,
            circuits_are_read_and_changed_at_once,
            audit_is_a_chain_read_in_pages,
            audit_is_found_by_every_part_of_its_rows;
        alerts:
            alerts_wait_until_delivered,
            one_an_hour_and_the_next_says_how_many_were_held_back,
            a_failed_delivery_does_not_use_up_the_slot,
            each_channel_has_its_own_delivery_and_its_own_hour,
            a_claim_keeps_others_away_until_it_runs_out,
            two_processes_at_once_deliver_each_alert_once,
            one_notice_tells_of_a_recovery,
            a_clock_that_was_set_back_blocks_nothing_for_long,
            a_virtual_week_of_failures_keeps_the_limits;
        isolation:
            no_method_answers_for_another_tenant,
            an_unknown_tenant_has_nothing;
        runs:
            a_run_goes_from_pending_to_running_to_its_end,
            one_time_of_a_schedule_is_one_run,
            case_38_same_configuration_triggered_twice_at_once,
            a_trigger_with_other_options_is_told_who_is_busy,
            a_second_process_sees_the_same_lease,
            cancelling_reaches_the_run,
            what_a_run_left_is_due_until_another_takes_it_over,
            runs_come_in_pages_newest_first,
            an_archived_sync_does_not_run,
            case_39_and_45_a_fingerprint_covers_content_for_an_hour,
            errors_are_logged_filtered_and_resolved,
            progress_is_kept_only_as_committed,
            a_simulation_changes_nothing_but_history;
        run_filters:
            runs_are_found_by_time,
            runs_are_found_by_text;
        staging:
            an_equal_digest_is_only_seen,
            case_25_same_id_on_two_pages_the_later_wins,
            a_version_that_moved_without_content_is_kept,
            unseen_links_are_told_in_pages,
            records_set_aside_come_again_until_usable,
            a_changed_mapping_compares_everything_again,
            an_open_conflict_already_seen_needs_no_planning,
            a_closed_link_whose_record_returns_is_planned;
        pairing:
            case_32_twenty_and_twenty_by_key,
            links_first_then_paired_then_the_rest_each_once,
            case_20_duplicate_keys_stop_everyone_who_bears_them,
            case_20_a_quarantined_record_takes_part_again_once_its_key_is_unique,
            case_17_a_new_record_with_a_deleted_ones_key_is_reviewed,
            case_18_a_linked_record_may_change_its_key,
            case_19_two_linked_records_may_swap_keys,
            case_47_an_excluded_link_is_not_paired_again,
            a_half_link_finds_its_other_half,
            two_half_links_become_one,
            a_plan_is_kept_in_order;
        journal:
            a_create_is_journalled_and_learns_its_id,
            what_a_run_wrote_is_read_newest_first_with_its_links_as_they_stand,
            a_link_reads_back_as_it_was_written,
            history_keeps_what_a_create_wrote_when_the_link_moves_on,
            what_is_owed_is_planned_again,
            a_half_link_whose_record_is_gone_is_removed,
            changes_come_in_pages,
            a_failed_transaction_leaves_nothing;
        record_history: a_pairs_writes_come_newest_first_page_by_page_without_simulations;
    recovery:
            case_30_a_crash_between_write_and_receipt_is_settled,
            an_interrupted_run_is_failed_and_continued_after_the_wait,
            an_interrupted_run_counts_what_its_journal_shows,
            a_lost_lease_stops_every_call,
            a_create_sent_again_under_its_key_settles_the_first;
        reviewed:
            what_was_reviewed_is_found_by_its_records_and_once_asked_for_is_met,
            only_a_simulation_has_a_plan_and_its_hash_names_the_newest;
        retention:
            old_details_go_and_links_stay,
            details_go_in_small_steps,
            what_is_not_settled_is_kept_however_old,
            deletes_of_a_day_are_counted_as_before,
            only_settled_conflicts_go,
            bodies_of_audit_rows_go_and_the_chain_holds;
        conflicts:
            one_conflict_a_link_refreshed_by_fresh_values,
            sides_that_agree_close_it,
            a_decision_needs_the_revision_it_saw,
            a_decision_waits_for_its_undo_window,
            a_decision_can_be_taken_back_until_it_is_being_written,
            case_28_a_reopened_conflict_keeps_unaffected_choices,
            a_decision_about_a_link_that_is_gone_closes,
            conflicts_come_in_pages_newest_first;
        tallies:
            decisions_are_counted_and_taken_back,
            a_field_is_counted_as_chosen_and_suggested_from;
        by_hand:
            many_decisions_answer_one_by_one_or_together,
            a_value_to_be_restored_waits_though_the_sides_agree,
            linking_by_hand_lets_go_and_has_both_read_anew,
            nothing_is_changed_by_hand_while_a_run_goes_on,
            what_is_left_alone_is_not_set_aside_again,
            records_set_aside_come_in_pages_and_one_by_one,
            pairs_come_in_pages;
    }
}
