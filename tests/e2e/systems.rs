//! Tandem on systems nobody here wrote: Kinto and `PostgreSQL`, 1,000 contacts, the real `tandem`.
//! After every step both systems are read back in their own language and compared with what the
//! test itself worked out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and its times are part of the result"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "support is shared by several test programs, each using a part"
)]

mod hostile_postgres;
mod support;

use std::time::{Duration, Instant};

use support::contacts::{Contacts, contact, contacts, differences};
use support::stage::{SYNC, Stage};
use support::tandem::{count, written};

/// Prints what a step took, and hands on its result.
fn timed<T>(step: &str, work: impl FnOnce() -> T) -> (Duration, T) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the real time of a step is reported"
    )]
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    println!("{step}: {:.2} s", took.as_secs_f64());
    (took, result)
}

fn change(
    contacts: &mut Contacts,
    number: usize,
    change: impl FnOnce(&mut support::contacts::Contact),
) {
    let email = contact(number).email;
    change(contacts.get_mut(&email).expect("it is there"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinto_postgres_kept_in_step_from_first_pairing_to_a_run_that_writes_nothing() {
    let stage = Stage::start().await;
    let tandem = &stage.tandem;

    // Both hold the 600 from 200 to 799; five of them lie in another city according to Kinto.
    let mut kinto = contacts(0..800);
    let postgres = contacts(200..1000);
    for number in 300..305 {
        change(&mut kinto, number, |it| it.city = String::from("Reykjavík"));
    }
    stage.kinto.fill(&kinto).await;
    stage.postgres.fill(&postgres).await;
    stage.holds(&kinto, &postgres).await;

    tandem.must(&["apply", "-f", &stage.workspace()]);
    tandem.must(&["apply", "-f", &stage.workspace()]);
    for connection in ["kinto", "postgres"] {
        tandem.must(&["connections", "test", connection]);
    }

    // A simulation says the same as the run, and writes nothing.
    let (_, simulated) = timed("simulated first pairing", || {
        tandem.must(&["run", SYNC, "--simulate"])
    });
    assert_eq!(written(&simulated), [[200, 0, 0], [200, 5, 0]]);
    stage.holds(&kinto, &postgres).await;

    let (took, run) = timed("first pairing, 1,000 contacts", || {
        tandem.must(&["run", SYNC])
    });
    assert_eq!(written(&run), [[200, 0, 0], [200, 5, 0]], "{run}");
    assert_eq!(run["status"], "completed", "{run}");
    assert!(took < Duration::from_secs(30), "it took {took:?}");
    let mut both = contacts(0..1000);
    for number in 300..305 {
        change(&mut both, number, |it| it.city = String::from("Reykjavík"));
    }
    stage.holds(&both, &both).await;

    // 5 % edited on each side. 40 on Kinto alone, 40 on PostgreSQL alone; of the ten that both
    // edited, five in different fields, three in a field where the source wins, two in one that a
    // person has to decide.
    let (mut kinto, mut postgres) = (both.clone(), both);
    for number in 0..45 {
        let phone = format!("+47 {number}");
        stage
            .kinto
            .edit(&contact(number).email, "phone", phone.clone())
            .await;
        change(&mut kinto, number, |it| it.phone.clone_from(&phone));
        change(&mut postgres, number, |it| it.phone = phone);
    }
    for number in 40..45 {
        stage
            .postgres
            .edit(&contact(number).email, "name", "Merged")
            .await;
        change(&mut kinto, number, |it| it.name = String::from("Merged"));
        change(&mut postgres, number, |it| it.name = String::from("Merged"));
    }
    for number in 45..48 {
        let email = contact(number).email;
        let (here, there) = match contact(number).status.as_str() {
            "active" => ("blocked", "P"),
            "prospect" => ("active", "B"),
            _ => ("prospect", "A"),
        };
        stage.kinto.edit(&email, "status", here).await;
        stage.postgres.edit(&email, "state", there).await;
        for side in [&mut kinto, &mut postgres] {
            change(side, number, |it| it.status = here.to_owned());
        }
    }
    for number in 48..50 {
        let email = contact(number).email;
        stage.kinto.edit(&email, "phone", "+1 source").await;
        stage.postgres.edit(&email, "phone", "+1 target").await;
        change(&mut kinto, number, |it| {
            it.phone = String::from("+1 source");
        });
        change(&mut postgres, number, |it| {
            it.phone = String::from("+1 target");
        });
    }
    for number in 900..940 {
        let city = format!("Ōsaka {number}");
        stage
            .postgres
            .edit(&contact(number).email, "city", &city)
            .await;
        change(&mut kinto, number, |it| it.city.clone_from(&city));
        change(&mut postgres, number, |it| it.city = city);
    }
    // A delete on each side.
    stage.kinto.delete(&contact(500).email).await;
    stage.postgres.delete(&contact(501).email).await;
    for number in [500, 501] {
        kinto.remove(&contact(number).email);
        postgres.remove(&contact(number).email);
    }
    // A record that its schema calls invalid: it stays where it is, the others go on.
    let mut invalid = contact(2000);
    invalid.email = String::from("nobody at nowhere");
    stage
        .kinto
        .fill(&Contacts::from([(invalid.email.clone(), invalid.clone())]))
        .await;
    kinto.insert(invalid.email.clone(), invalid.clone());

    let (_, answer) = timed("5 % edited on each side", || tandem.ask(&["run", SYNC]));
    assert_eq!(answer.code, Some(3), "partial: {answer:#?}");
    let run = answer.json;
    assert_eq!(run["status"], "partial", "{run}");
    assert_eq!(count(&run, "/conflicts"), 2, "{run}");
    assert_eq!(count(&run, "/failed"), 1, "{run}");
    // To Kinto 40 cities and 5 names; to PostgreSQL 45 phones and 3 states.
    assert_eq!(written(&run), [[0, 45, 1], [0, 48, 1]], "{run}");
    stage.holds(&kinto, &postgres).await;
    let errors = tandem.must(&["errors", "list"]).to_string();
    assert!(errors.contains(&invalid.email), "{errors}");

    // Both conflicts are settled from the terminal: one takes a side, one a value of its own.
    let open = stage.open_conflicts();
    assert_eq!(open.len(), 2, "{open:?}");
    let take = |choice: &str, conflict: &serde_json::Value| {
        let id = conflict["id"].as_str().expect("an id");
        tandem.must(&["conflicts", "resolve", id, "--field", choice])
    };
    let first = (48..50)
        .find(|number| open[0]["label"] == contact(*number).name.as_str())
        .unwrap_or_else(|| panic!("neither contact's name in {}", open[0]));
    timed("settle two conflicts", || {
        take("phone=target", &open[0]);
        take("phone=json:\"+1 agreed\"", &open[1]);
    });
    for number in 48..50 {
        let phone = if number == first {
            "+1 target"
        } else {
            "+1 agreed"
        };
        for side in [&mut kinto, &mut postgres] {
            change(side, number, |it| it.phone = phone.to_owned());
        }
    }
    stage.holds(&kinto, &postgres).await;
    assert!(stage.open_conflicts().is_empty());

    // The invalid record is mended where it was made.
    let mended = "nobody@nowhere.example";
    stage.kinto.edit(&invalid.email, "email", mended).await;
    kinto.remove(&invalid.email);
    invalid.email = mended.to_owned();
    for side in [&mut kinto, &mut postgres] {
        side.insert(mended.to_owned(), invalid.clone());
    }
    let (_, run) = timed("the invalid record mended", || tandem.must(&["run", SYNC]));
    assert_eq!(written(&run), [[0, 0, 0], [1, 0, 0]], "{run}");
    stage.holds(&kinto, &postgres).await;
    assert_eq!(kinto, postgres);

    // And a run that writes nothing, by its own account and by both systems'.
    let before = (stage.kinto.stamps().await, stage.postgres.stamps().await);
    let (_, run) = timed("a run with nothing to do", || tandem.must(&["run", SYNC]));
    assert_eq!(written(&run), [[0, 0, 0], [0, 0, 0]], "{run}");
    assert_eq!(run["status"], "completed", "{run}");
    assert_eq!(count(&run, "/conflicts"), 0, "{run}");
    let after = (stage.kinto.stamps().await, stage.postgres.stamps().await);
    assert!(before == after, "something was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinto_postgres_starters_fill_edit_and_read_back() {
    let stage = Stage::start().await;
    let mut wanted = contacts(0..60);
    stage.kinto.fill(&wanted).await;
    stage.postgres.fill(&wanted).await;
    stage.holds(&wanted, &wanted).await;

    let email = contact(7).email;
    stage.kinto.edit(&email, "city", "Oulu").await;
    stage.postgres.edit(&email, "city", "Oulu").await;
    stage.kinto.delete(&contact(8).email).await;
    stage.postgres.delete(&contact(8).email).await;
    change(&mut wanted, 7, |it| it.city = String::from("Oulu"));
    wanted.remove(&contact(8).email);
    stage.holds(&wanted, &wanted).await;
}

#[test]
fn the_checker_sees_what_is_missing_unexpected_and_different() {
    let wanted = contacts(0..1000);
    assert_eq!(wanted.len(), 1000);
    assert!(differences(&wanted, &contacts(0..1000)).is_empty());
    let mut found = contacts(1..1001);
    change(&mut found, 5, |it| it.credit_cents += 1);
    let differences = differences(&wanted, &found);
    assert_eq!(differences.len(), 3, "{differences:?}");
}
