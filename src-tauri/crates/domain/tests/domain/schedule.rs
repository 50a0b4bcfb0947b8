//! When a sync runs by itself: time zones, clock changes, patterns that are none.

use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::ids::SyncId;
use tandem_domain::schedule::{Schedule, ScheduleError};
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn next_times(text: &str, after: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(text, at(after)).unwrap();
    let mut times = Vec::new();
    let mut last = at(after);
    while times.len() < count {
        last = schedule.next_after(last).unwrap();
        times.push(last.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    }
    times
}

#[test]
fn patterns_come_when_the_clock_on_the_wall_says_so() {
    // Pattern, after, the next times in UTC.
    let table: [(&str, &str, &[&str]); 14] = [
        (
            "*/15 * * * *",
            "2026-11-23T10:14:59Z",
            &["2026-11-23T10:15:00Z", "2026-11-23T10:30:00Z"],
        ),
        // The moment itself has been.
        (
            "0 3 * * *",
            "2026-11-23T03:00:00Z",
            &["2026-11-24T03:00:00Z"],
        ),
        (
            "0 9 * * MON-FRI",
            "2026-11-20T12:00:00Z",
            &["2026-11-23T09:00:00Z"],
        ),
        (
            "0 0 29 2 *",
            "2026-11-23T00:00:00Z",
            &["2028-02-29T00:00:00Z"],
        ),
        (
            "0 0 31 * *",
            "2026-11-23T00:00:00Z",
            &[
                "2026-12-31T00:00:00Z",
                "2027-01-31T00:00:00Z",
                "2027-03-31T00:00:00Z",
            ],
        ),
        (
            "0 3 * * *",
            "2026-12-31T12:00:00Z",
            &["2027-01-01T03:00:00Z"],
        ),
        (
            "CRON_TZ=Europe/Berlin 0 3 * * *",
            "2026-11-23T12:00:00Z",
            &["2026-11-24T02:00:00Z"],
        ),
        (
            "CRON_TZ=Europe/Berlin 0 3 * * *",
            "2026-07-01T12:00:00Z",
            &["2026-07-02T01:00:00Z"],
        ),
        // 02:30 does not exist on 28 March 2027: once, right after the gap.
        (
            "CRON_TZ=Europe/Berlin 30 2 * * *",
            "2027-03-27T12:00:00Z",
            &["2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"],
        ),
        // 02:30 comes twice on 25 October 2026: the first time only.
        (
            "CRON_TZ=Europe/Berlin 30 2 * * *",
            "2026-10-24T12:00:00Z",
            &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "CRON_TZ=America/New_York 30 2 * * *",
            "2026-03-08T00:00:00Z",
            &["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
        ),
        (
            "CRON_TZ=America/New_York 30 1 * * *",
            "2026-11-01T00:00:00Z",
            &["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        // Clocks move by half an hour here.
        (
            "CRON_TZ=Australia/Lord_Howe 15 2 * * *",
            "2026-10-03T00:00:00Z",
            &["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
        ),
        // Every half hour goes on through the hour that comes twice.
        (
            "CRON_TZ=Europe/Berlin */30 * * * *",
            "2026-10-24T23:59:00Z",
            &[
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
            ],
        ),
    ];
    for (text, after, want) in table {
        assert_eq!(
            next_times(text, after, want.len()),
            want,
            "{text} after {after}"
        );
    }
}

#[test]
fn what_is_no_schedule_says_why() {
    let now = at("2026-11-23T00:00:00Z");
    for text in [
        "",
        "every day",
        "* * * *",
        "0 0 0 * * *",
        "60 * * * *",
        "* 24 * * *",
        "*/0 * * * *",
        "CRON_TZ=Europe/Berlin",
        "0 3 * * * Europe/Berlin",
    ] {
        let error = Schedule::parse(text, now).unwrap_err();
        assert!(
            matches!(error, ScheduleError::Pattern { .. }),
            "{text}: {error}"
        );
    }
    assert_eq!(
        Schedule::parse("CRON_TZ=Europe/Bärlin 0 3 * * *", now).unwrap_err(),
        ScheduleError::Zone("Europe/Bärlin".into())
    );
    assert_eq!(
        Schedule::parse("0 0 30 2 *", now).unwrap_err(),
        ScheduleError::Never("0 0 30 2 *".into())
    );
}

#[test]
fn a_start_is_moved_by_a_tenth_at_most_and_always_alike() {
    let now = at("2026-11-23T00:00:00Z");
    for (text, most) in [
        ("*/5 * * * *", TimeDelta::seconds(30)),
        ("* * * * *", TimeDelta::seconds(6)),
        ("0 3 * * *", TimeDelta::minutes(1)),
    ] {
        let schedule = Schedule::parse(text, now).unwrap();
        let time = schedule.next_after(now).unwrap();
        assert_eq!(schedule.jitter(time), most, "{text}");
        let mut starts = Vec::new();
        for n in 0..200 {
            let sync = SyncId(Uuid::from_u128(n));
            let start = schedule.start_of(sync, time);
            assert_eq!(start, schedule.start_of(sync, time));
            assert!((start - time).abs() <= most, "{text}: {start}");
            // However early it was, the next one is another.
            let next = schedule.due_after(start).unwrap();
            assert_eq!(
                next,
                schedule.next_after(time).unwrap(),
                "{text} from {start}"
            );
            starts.push(start);
        }
        starts.sort_unstable();
        starts.dedup();
        assert!(starts.len() > 100, "{text}: spread out");
        assert!(starts[0] < time && starts[starts.len() - 1] > time);
    }
}

#[test]
fn what_was_missed_is_due_once() {
    let schedule = Schedule::parse("0 * * * *", at("2026-11-23T00:00:00Z")).unwrap();
    // Off for three days: the first missed time is due, and after a start now it is the next one.
    let due = schedule.due_after(at("2026-11-20T10:00:04Z")).unwrap();
    assert_eq!(due, at("2026-11-20T11:00:00Z"));
    let after_catching_up = schedule.due_after(at("2026-11-23T08:20:00Z")).unwrap();
    assert_eq!(after_catching_up, at("2026-11-23T09:00:00Z"));
}
