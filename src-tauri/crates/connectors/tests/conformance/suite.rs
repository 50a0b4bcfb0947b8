//! The checks, each run against every system, each on a fresh one.

use std::collections::BTreeSet;

use tandem_domain::ids::Version;
use tandem_domain::record::NativeBody;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    ChangeDetection, ErrorClass, Fetched, Receipt, WriteOutcome,
};

use crate::system::*;

const T0: i64 = 1_772_000_000_000;

fn done(outcome: WriteOutcome) -> Receipt {
    match outcome {
        WriteOutcome::Done(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

async fn seeded(system: &dyn System, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(system.insert(&numbered(n), T0 + n as i64).await);
    }
    ids
}

/// Every record is listed once the listing has ended.
pub(crate) async fn lists_everything(system: &dyn System) {
    let connector = system.connector();
    assert!(list(&*connector, None).await.records.is_empty());
    for more in [1, 9, 1, 25] {
        let before = system.count().await;
        for n in 0..more {
            system.insert(&numbered(before + n), T0 + n as i64).await;
        }
        let page = list(&*connector, None).await;
        assert_eq!(ids(&page).len(), before + more);
        assert!(page.unreadable.is_empty());
    }
}

/// Case 25: rows come, change and go between the pages; whatever was there throughout is listed.
pub(crate) async fn case_25_complete_under_change(system: &dyn System) {
    let connector = system.connector();
    let all = seeded(system, 60).await;
    let mut gone = BTreeSet::new();
    walk(&*connector, None, async |pages| {
        let at = T0 + 100_000 + (pages * 10) as i64;
        // Rows already read disappear, so that unread ones move onto pages already read.
        for victim in all.iter().skip(pages.saturating_sub(1) * 7).take(3) {
            if pages <= 3 && gone.insert(victim.clone()) {
                system.remove(victim, at).await;
            }
        }
        if let Some(touched) = all.iter().filter(|id| !gone.contains(*id)).nth(pages % 5) {
            system
                .edit(touched, "name", &format!("\"touched {pages}\""), at + 1)
                .await;
        }
        if pages <= 2 {
            system.insert(&numbered(1_000 + pages), at + 2).await;
        }
    })
    .await
    .pipe(|page| {
        let listed = ids(&page);
        let missed: Vec<_> = all
            .iter()
            .filter(|id| !gone.contains(*id) && !listed.contains(*id))
            .collect();
        assert!(missed.is_empty(), "{missed:?} were missed");
    });
}

/// Case 26: rows with the cursor's own timestamp, one arriving late, all come.
pub(crate) async fn case_26_cursor_includes_its_own_instant(system: &dyn System) {
    let connector = system.connector();
    if connector.capabilities().changes == ChangeDetection::Full {
        assert!(list(&*connector, None).await.cursor.is_none());
        return;
    }
    let mut expected: BTreeSet<String> = seeded(system, 12).await.into_iter().skip(11).collect();
    let cursor = list(&*connector, None).await.cursor.unwrap();
    for n in 0..3 {
        expected.insert(system.insert(&numbered(100 + n), T0 + 11).await);
    }
    if !system.inclusive() {
        expected.pop_first();
    }
    let changed = list(&*connector, Some(cursor.clone())).await;
    assert!(
        ids(&changed).is_superset(&expected),
        "{:?} lacks some of {expected:?}",
        ids(&changed)
    );
    assert!(
        ids(&changed).len() < 12,
        "old rows come again: {:?}",
        ids(&changed)
    );
    let next = changed.cursor.unwrap();
    let late = system.insert(&numbered(200), T0 + 11).await;
    let edited = system.insert(&numbered(201), T0 + 12).await;
    let again = ids(&list(&*connector, Some(next)).await);
    assert!(
        again.contains(&late) && again.contains(&edited),
        "{again:?}"
    );
}

/// Without news a cursor stays usable, however often it is asked.
pub(crate) async fn cursor_survives_quiet_times(system: &dyn System) {
    let connector = system.connector();
    if connector.capabilities().changes == ChangeDetection::Full {
        return;
    }
    let all = seeded(system, 30).await;
    let mut cursor = list(&*connector, None).await.cursor;
    for _ in 0..3 {
        cursor = list(&*connector, cursor).await.cursor;
    }
    system.edit(&all[3], "name", "\"late\"", T0 + 5_000).await;
    let changed = list(&*connector, cursor).await;
    assert!(ids(&changed).contains(&all[3]));
}

/// Deletes show as tombstones in a list of changes, where the system tells.
pub(crate) async fn tombstones_are_told(system: &dyn System) {
    let connector = system.connector();
    let all = seeded(system, 5).await;
    let page = list(&*connector, None).await;
    system.remove(&all[2], T0 + 1_000).await;
    let feeds = connector.capabilities().changes == ChangeDetection::Feed;
    assert_eq!(feeds, system.tombstones());
    if feeds {
        let changed = list(&*connector, page.cursor).await;
        let stone = changed
            .records
            .iter()
            .find(|record| record.id.as_str() == all[2])
            .unwrap();
        assert_eq!(stone.body, NativeBody::Deleted);
    }
    let listed = list(&*connector, None).await;
    assert!(
        !listed
            .records
            .iter()
            .any(|record| record.id.as_str() == all[2] && record.body != NativeBody::Deleted)
    );
    assert_eq!(
        connector.get(&[id(&all[2])]).await.unwrap(),
        [Fetched::Gone]
    );
}

/// Reading by id answers in the order asked, and tells gone from there.
pub(crate) async fn reads_by_id(system: &dyn System) {
    let connector = system.connector();
    let all = seeded(system, 12).await;
    system.remove(&all[5], T0 + 100).await;
    let asked: Vec<_> = [7, 5, 0, 11, 7]
        .iter()
        .map(|n: &usize| id(&all[*n]))
        .collect();
    let fetched = connector.get(&asked).await.unwrap();
    assert_eq!(fetched.len(), asked.len());
    for (fetched, asked) in fetched.iter().zip(&asked) {
        match fetched {
            Fetched::Found(record) => {
                assert_eq!(record.id, *asked);
                assert_eq!(live(record)["price"], Value::from_json_text("1.5").unwrap());
            }
            Fetched::Gone => assert_eq!(asked.as_str(), all[5]),
            Fetched::Unknown(why) => panic!("{asked}: {why}"),
        }
    }
    assert_eq!(fetched[1], Fetched::Gone);
}

/// A create, an update and a delete land, and their receipts tell what the system now holds.
pub(crate) async fn writes_land_with_receipts(system: &dyn System) {
    let connector = system.connector();
    let capabilities = connector.capabilities();
    let made = done(
        write_one(
            &*connector,
            create(1, &fields("Ada", "ada@example.com", "0.10", "1")),
        )
        .await,
    );
    let held = system.read(made.id.as_str()).await.unwrap();
    assert_eq!(held["name"], "\"Ada\"");
    if capabilities.writes_echo {
        let echo = made.record.as_ref().unwrap();
        assert_eq!(echo["name"], Value::Text("Ada".into()));
        assert_eq!(made.version, version(&*connector, made.id.as_str()).await);
    }
    let before = version(&*connector, made.id.as_str()).await;
    let changed = done(
        write_one(
            &*connector,
            update(2, made.id.as_str(), &[("name", "\"Åda\"")], before.clone()),
        )
        .await,
    );
    assert_eq!(changed.id, made.id);
    let held = system.read(made.id.as_str()).await.unwrap();
    assert_eq!(held["name"], "\"Åda\"");
    assert_eq!(
        held["email"], "\"ada@example.com\"",
        "a field that was not written changed"
    );
    let after = version(&*connector, made.id.as_str()).await;
    if capabilities.conditional_writes {
        assert_ne!(after, before);
    }
    if capabilities.writes_echo {
        assert_eq!(changed.version, after);
        assert_eq!(changed.record.unwrap()["name"], Value::Text("Åda".into()));
    }
    done(write_one(&*connector, delete(3, made.id.as_str(), after)).await);
    assert_eq!(system.read(made.id.as_str()).await, None);
    assert_eq!(connector.get(&[made.id]).await.unwrap(), [Fetched::Gone]);
}

/// Clearing a field is an edit like any other (case 42).
pub(crate) async fn case_42_null_is_written(system: &dyn System) {
    let connector = system.connector();
    let all = seeded(system, 1).await;
    let version = version(&*connector, &all[0]).await;
    done(
        write_one(
            &*connector,
            update(1, &all[0], &[("email", "null")], version),
        )
        .await,
    );
    assert_eq!(system.read(&all[0]).await.unwrap()["email"], "null");
    let fetched = connector.get(&[id(&all[0])]).await.unwrap().remove(0);
    let Fetched::Found(record) = fetched else {
        panic!("{fetched:?}")
    };
    assert_eq!(live(&record)["email"], Value::Null);
}

/// Somebody was faster: nothing is written, and it is said so.
pub(crate) async fn version_conflicts_are_told(system: &dyn System) {
    let connector = system.connector();
    if !connector.capabilities().conditional_writes {
        return;
    }
    let all = seeded(system, 2).await;
    for (n, record) in all.iter().enumerate() {
        let planned = version(&*connector, record).await;
        system.edit(record, "name", "\"theirs\"", T0 + 1_000).await;
        let operation = if n == 0 {
            update(10, record, &[("name", "\"ours\"")], planned)
        } else {
            delete(11, record, planned)
        };
        assert_eq!(
            write_one(&*connector, operation).await,
            WriteOutcome::VersionConflict
        );
        assert_eq!(system.read(record).await.unwrap()["name"], "\"theirs\"");
    }
    let wrong = Version::new("999999").unwrap();
    let outcome = write_one(
        &*connector,
        update(12, &all[0], &[("name", "\"x\"")], Some(wrong)),
    )
    .await;
    assert_eq!(outcome, WriteOutcome::VersionConflict);
}

/// What is gone is told apart from what somebody changed.
pub(crate) async fn gone_is_told(system: &dyn System) {
    let connector = system.connector();
    let all = seeded(system, 2).await;
    for (n, record) in all.iter().enumerate() {
        let planned = version(&*connector, record).await;
        system.remove(record, T0 + 1_000).await;
        let operation = if n == 0 {
            update(10, record, &[("name", "\"ours\"")], planned)
        } else {
            delete(11, record, planned)
        };
        assert_eq!(write_one(&*connector, operation).await, WriteOutcome::Gone);
    }
}

/// Case 9: numbers survive, digit for digit.
pub(crate) async fn case_09_numbers_are_exact(system: &dyn System) {
    let connector = system.connector();
    let mut table = vec![
        ("0.10", "9007199254740993"),
        ("0.1", "-9007199254740993"),
        ("1234567.89", "9223372036854775807"),
        ("-0.01", "0"),
    ];
    if system.exact() {
        table.push(("12345678901234567890.12345678", "1"));
        table.push(("0.1000000000000000055511151231", "1"));
    }
    for (n, (price, big)) in table.into_iter().enumerate() {
        let sent = fields("N", &format!("exact{n}@example.com"), price, big);
        let receipt = done(write_one(&*connector, create(n as u128, &sent)).await);
        let fetched = connector
            .get(std::slice::from_ref(&receipt.id))
            .await
            .unwrap()
            .remove(0);
        let Fetched::Found(record) = fetched else {
            panic!("{fetched:?}")
        };
        for (name, json) in [("price", price), ("big", big)] {
            let expected = Value::from_json_text(json).unwrap();
            assert_eq!(live(&record)[name], expected, "{name} {json}");
            if let Some(echo) = &receipt.record {
                assert_eq!(echo[name], expected, "{name} {json}");
            }
            let held = system.read(receipt.id.as_str()).await.unwrap();
            assert_eq!(
                Value::from_json_text(&held[name]).unwrap(),
                expected,
                "{name} {json}"
            );
        }
    }
}

/// Cases 29 and 40: of many, the bad ones alone are refused, with a reason; the rest land.
pub(crate) async fn case_29_three_of_many_are_refused(system: &dyn System) {
    let connector = system.connector();
    system
        .insert(&fields("Taken", "taken@example.com", "1", "1"), T0)
        .await;
    let bad = [17, 55, 99];
    let operations: Vec<_> = (0..100)
        .map(|n| {
            let email = if bad.contains(&n) {
                "taken@example.com".to_owned()
            } else {
                format!("b{n}@example.com")
            };
            create(n as u128, &fields(&format!("B{n}"), &email, "1.25", "3"))
        })
        .collect();
    let outcomes = write(&*connector, &operations).await;
    assert_eq!(outcomes.len(), 100);
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            WriteOutcome::Done(receipt) => {
                assert!(!bad.contains(&n));
                let held = system.read(receipt.id.as_str()).await.unwrap();
                assert_eq!(held["name"], format!("\"B{n}\""));
            }
            WriteOutcome::Rejected(error) => {
                assert!(bad.contains(&n), "{n}: {error:?}");
                assert_eq!(error.class, ErrorClass::Rejected);
                assert!(error.message.contains("email"), "{}", error.message);
            }
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(system.count().await, 98);
}

/// A mixed chunk: each operation has its own outcome, in the order given.
pub(crate) async fn case_40_a_mixed_chunk(system: &dyn System) {
    let connector = system.connector();
    let all = seeded(system, 4).await;
    let mut versions = Vec::new();
    for record in &all {
        versions.push(version(&*connector, record).await);
    }
    system.edit(&all[0], "name", "\"theirs\"", T0 + 900).await;
    system.remove(&all[1], T0 + 900).await;
    let operations = [
        update(1, &all[0], &[("name", "\"ours\"")], versions[0].clone()),
        update(2, &all[1], &[("name", "\"ours\"")], versions[1].clone()),
        update(
            3,
            &all[2],
            &[("email", "\"n3@example.com\"")],
            versions[2].clone(),
        ),
        delete(4, &all[3], versions[3].clone()),
        create(5, &fields("New", "new@example.com", "2", "2")),
    ];
    let outcomes = write(&*connector, &operations).await;
    if connector.capabilities().conditional_writes {
        assert_eq!(outcomes[0], WriteOutcome::VersionConflict);
    }
    assert_eq!(outcomes[1], WriteOutcome::Gone);
    assert!(
        matches!(&outcomes[2], WriteOutcome::Rejected(_)),
        "{:?}",
        outcomes[2]
    );
    assert!(
        matches!(&outcomes[3], WriteOutcome::Done(_)),
        "{:?}",
        outcomes[3]
    );
    assert!(
        matches!(&outcomes[4], WriteOutcome::Done(_)),
        "{:?}",
        outcomes[4]
    );
    assert_eq!(system.count().await, 3);
}

/// The same create, sent again after its answer was lost, makes no second record.
pub(crate) async fn creates_are_idempotent_where_said(system: &dyn System) {
    let connector = system.connector();
    if !connector.capabilities().idempotent_creates {
        return;
    }
    let operation = create(7, &fields("Once", "once@example.com", "1", "1"));
    let first = done(write_one(&*connector, operation.clone()).await);
    let second = done(write_one(&*connector, operation).await);
    assert_eq!(first.id, second.id);
    assert_eq!(system.count().await, 1);
}

/// A match key finds its record, and only that.
pub(crate) async fn finds_by_key(system: &dyn System) {
    let connector = system.connector();
    seeded(system, 30).await;
    assert!(
        connector
            .capabilities()
            .lookup
            .contains(&"email".to_owned())
    );
    for (email, count) in [
        ("n17@example.com", 1),
        ("nobody@example.com", 0),
        ("x' OR '1'='1", 0),
    ] {
        let found = connector.find("email", email).await.unwrap();
        assert_eq!(found.len(), count, "{email}");
        for record in &found {
            assert_eq!(live(record)["email"], Value::Text(email.into()));
        }
    }
}

/// Hostile texts are data.
pub(crate) async fn texts_are_kept_as_they_are(system: &dyn System) {
    let connector = system.connector();
    for (n, text) in [
        "'; DROP TABLE items; --",
        "{{ 7 * 7 }}",
        "\"quoted\" \\ back\u{8}slash",
        "e\u{301} é \u{1F600} \u{202E}",
        "",
        " outer blanks ",
    ]
    .into_iter()
    .filter(|text| system.tells_empty() || !text.is_empty())
    .enumerate()
    {
        let json = serde_json::to_string(text).unwrap();
        let mut sent = numbered(n);
        sent.insert("name".into(), json);
        let receipt = done(write_one(&*connector, create(n as u128, &sent)).await);
        let held = &system.read(receipt.id.as_str()).await.unwrap()["name"];
        assert_eq!(serde_json::from_str::<String>(held).unwrap(), text);
        let fetched = connector.get(&[receipt.id]).await.unwrap().remove(0);
        let Fetched::Found(record) = fetched else {
            panic!("{fetched:?}")
        };
        assert_eq!(live(&record)["name"], Value::Text(text.into()));
    }
}

/// A check reaches the system and says what it is.
pub(crate) async fn check_says_who_is_there(system: &dyn System) {
    let health = system.connector().check().await.unwrap();
    assert!(!health.system.is_empty());
    let again = system.connector().check().await.unwrap();
    assert_eq!(health.identity, again.identity);
}

trait Pipe: Sized {
    fn pipe<T>(self, f: impl FnOnce(Self) -> T) -> T {
        f(self)
    }
}

impl Pipe for tandem_engine::ports::connector::Page {}

/// All checks against one kind of system.
#[macro_export]
macro_rules! conforms {
    ($($kind:ident = $make:expr;)*) => {$(
        mod $kind {
            use super::*;

            $crate::conforms!(@ $make =>
                lists_everything case_25_complete_under_change
                case_26_cursor_includes_its_own_instant cursor_survives_quiet_times
                tombstones_are_told reads_by_id writes_land_with_receipts case_42_null_is_written
                version_conflicts_are_told gone_is_told case_09_numbers_are_exact
                case_29_three_of_many_are_refused case_40_a_mixed_chunk
                creates_are_idempotent_where_said finds_by_key texts_are_kept_as_they_are
                check_says_who_is_there
            );
        }
    )*};
    (@ $make:expr => $($check:ident)*) => {$(
        #[tokio::test]
        async fn $check() {
            if let Some(system) = $make.await {
                $crate::suite::$check(&system).await;
            }
        }
    )*};
}
