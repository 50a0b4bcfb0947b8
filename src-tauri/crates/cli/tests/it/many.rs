//! Deciding many conflicts at once: each answers for itself, and an interruption takes nothing back.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_app::ports::{Clock as _, SystemClock};
use tandem_app::wire::{
    ConflictsDecided, DecisionOutcome, ListConflicts, PickedConflict, ResolveConflicts, Take,
    UndoDecisions, WireConflictState,
};
use tandem_app::{App, AppOptions};
use tandem_sandbox::Table;

use crate::bench::{Bench, customer, fields, key};
use crate::conflicts::contested;

/// The ids of conflicts, by the record's key.
fn ids(bench: &Bench) -> impl Fn(u32) -> String + use<> {
    let list = bench.tandem(&["conflicts", "list", "--state", "all", "--json"]);
    let list = list.json();
    move |n| {
        let of = |it: &&Value| it["source_record_id"] == key(n) || it["target_record_id"] == key(n);
        let found = list.as_array().unwrap().iter().find(of).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }
}

fn city(bench: &Bench, n: u32) -> Value {
    let record = bench.right.record(Table::Customers, &key(n)).unwrap();
    record.unwrap()["city"].clone()
}

#[test]
fn each_of_many_answers_for_itself() {
    // 1 and 2 differ in city, 3 was deleted here and changed there, 4 is settled before.
    let bench = contested(&[1, 2, 4], false);
    bench.left.delete(Table::Customers, &key(3)).unwrap();
    bench
        .right
        .edit(Table::Customers, &key(3), &fields(json!({"city": "Bern"})))
        .unwrap();
    bench.tandem(&["run", "customers"]);
    let id = ids(&bench);
    let four = id(4);
    assert_eq!(
        bench
            .tandem(&["conflicts", "resolve", &four, "--take", "source"])
            .status,
        0
    );
    let unknown = "019a0000-0000-7000-8000-000000000001";
    let named = [id(1), id(2), id(3), id(4), unknown.to_owned(), id(1)];
    let resolve = |more: &[&str]| {
        let mut args = vec!["conflicts", "resolve", "--json"];
        args.extend(named.iter().map(String::as_str));
        args.extend(more);
        bench.tandem(&args)
    };
    let outcomes = |said: &crate::bench::Said| -> Vec<String> {
        let list = said.json()["conflicts"].as_array().unwrap().clone();
        let word = |it: &Value| it["outcome"].as_str().unwrap().to_owned();
        list.iter().map(word).collect()
    };
    let each = ["refused", "already_settled", "not_found", "refused"];

    let said = resolve(&["--take", "source", "--dry-run"]);
    assert_eq!(said.status, 3, "{said:?}");
    assert_eq!(outcomes(&said), [&["decided"; 2][..], &each].concat());
    let said = resolve(&["--take", "source", "--all-or-nothing"]);
    assert_eq!(said.status, 3, "{said:?}");
    assert_eq!(outcomes(&said), [&["held_back"; 2][..], &each].concat());
    for n in [1, 2] {
        assert_eq!(city(&bench, n), json!("Bern"), "nothing was written");
    }
    let open = bench.tandem(&["conflicts", "list", "--json"]).json();
    assert_eq!(open.as_array().unwrap().len(), 3, "{open}");

    let said = resolve(&["--take", "source"]);
    assert_eq!(said.status, 3, "{said:?}");
    assert_eq!(outcomes(&said), [&["decided"; 2][..], &each].concat());
    let told = said.json();
    assert_eq!(
        (&told["decided"], &told["written"], &told["left"]),
        (&json!(2), &json!(2), &json!(4))
    );
    for it in told["conflicts"].as_array().unwrap() {
        let decided = it["outcome"] == "decided";
        assert_eq!(decided, it["reason"].is_null(), "{it}");
    }
    for n in [1, 2] {
        assert_eq!(city(&bench, n), json!("Oslo"));
    }
    // Each decision has its row, with who decided.
    let log = bench.tandem(&["audit", "list", "--json"]).json();
    let rows = |id: &str| {
        let of = |it: &&Value| it["action"] == "conflict.resolve" && it["subject"] == *id;
        let found: Vec<_> = log.as_array().unwrap().iter().filter(of).collect();
        assert!(found.iter().all(|it| it["actor"] == "tester"), "{found:?}");
        found.len()
    };
    assert_eq!([1, 2, 3, 4].map(|n| rows(&id(n))), [1, 1, 0, 1]);

    // What is left of the open ones is about a delete.
    let said = bench.tandem(&["conflicts", "resolve", "--all", "--restore"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.starts_with("1 conflict settled"), "{}", said.out);
    assert_eq!(bench.left.count(Table::Customers).unwrap(), 5);
}

#[test]
fn one_decision_may_choose_field_by_field() {
    let bench = contested(&[1, 2], true);
    let left = bench.tandem(&["conflicts", "resolve", "--all", "--field", "city=source"]);
    assert_eq!(left.status, 3, "{left:?}");
    assert!(
        left.out.contains("nothing is chosen for credit_limit")
            || left.out.contains("Nothing is chosen for credit_limit"),
        "{}",
        left.out
    );
    let odd = bench.tandem(&[
        "conflicts",
        "resolve",
        "--all",
        "--take",
        "source",
        "--field",
        "citty=target",
    ]);
    assert!(odd.status == 3 && odd.out.contains("citty"), "{odd:?}");
    let said = bench.tandem(&[
        "conflicts",
        "resolve",
        "--all",
        "--take",
        "source",
        "--field",
        "city=json:\"Rome\"",
    ]);
    assert_eq!(said.status, 0, "{said:?}");
    for erp in [&bench.left, &bench.right] {
        for n in [1, 2] {
            let record = erp.record(Table::Customers, &key(n)).unwrap().unwrap();
            assert_eq!(record["city"], json!("Rome"));
            assert_eq!(record["credit_limit"].as_f64(), Some(200.0));
        }
    }
}

/// Thousands of pairs that differ.
const MANY: u32 = 4_000;

fn many() -> Bench {
    let bench = Bench::with_customers(0);
    for (erp, city) in [(&bench.left, "Oslo"), (&bench.right, "Bern")] {
        let rows: Vec<_> = (1..=MANY)
            .map(|n| {
                let mut row = customer(n);
                row.insert("city".into(), json!(city));
                row
            })
            .collect();
        erp.insert_all(Table::Customers, &rows).unwrap();
    }
    assert_eq!(bench.tandem(&["run", "customers"]).status, 3);
    bench
}

async fn count(app: &App, state: WireConflictState) -> usize {
    let mut found = 0;
    let mut args = ListConflicts {
        tenant: "main".into(),
        state: Some(state),
        limit: 1_000,
        ..ListConflicts::default()
    };
    loop {
        let page = app.list_conflicts(args.clone()).await.unwrap();
        found += page.items.len();
        args.before = page.next;
        if args.before.is_none() {
            return found;
        }
    }
}

fn all() -> ResolveConflicts {
    ResolveConflicts {
        tenant: "main".into(),
        take: Some(Take::Source),
        ..ResolveConflicts::default()
    }
}

#[tokio::test]
async fn thousands_are_decided_within_seconds_and_an_interruption_takes_none_back() {
    let bench = many();
    let mut options = AppOptions::on_this_machine(bench.store());
    options.carries_out = false;
    options.undo_window = Duration::ZERO;
    let app = App::open(options).unwrap();
    let whole = MANY as usize;
    assert_eq!(count(&app, WireConflictState::Open).await, whole);

    // What was looked at at another revision is not what is decided.
    let args = ListConflicts {
        tenant: "main".into(),
        limit: 1,
        ..ListConflicts::default()
    };
    let one = app.list_conflicts(args).await.unwrap().items.remove(0);
    let picked = PickedConflict {
        id: one.id,
        revision: Some(one.revision + 1),
    };
    let picked = ResolveConflicts {
        ids: Some(vec![picked]),
        ..all()
    };
    let said = app.resolve_conflicts(picked).await.unwrap();
    assert_eq!(said.conflicts[0].outcome, DecisionOutcome::Stale);
    assert_eq!(count(&app, WireConflictState::Open).await, whole);

    // Stopped in the middle: what was decided is decided, the rest is open.
    let deciding = tokio::spawn({
        let app = app.clone();
        async move { app.resolve_conflicts(all()).await }
    });
    while count(&app, WireConflictState::Decided).await == 0 {
        tokio::task::yield_now().await;
    }
    deciding.abort();
    let _ = deciding.await;
    let decided = count(&app, WireConflictState::Decided).await;
    assert!(decided > 0 && decided < whole, "{decided}");

    let clock = SystemClock::new();
    let begun = clock.monotonic();
    let said: ConflictsDecided = app.resolve_conflicts(all()).await.unwrap();
    let took = clock.monotonic() - begun;
    // The transaction that was under way ended by itself; what it decided may have been met.
    assert!(said.left <= 200, "{}", said.left);
    assert!(said.decided as usize <= whole - decided);
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert_eq!(count(&app, WireConflictState::Decided).await, whole);
    assert_eq!(count(&app, WireConflictState::Open).await, 0);
    drop(app);

    let run = bench.tandem(&["run", "customers", "--json"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(run.json()["updated"]["target"], json!(MANY));
    assert_eq!(city(&bench, MANY), json!("Oslo"));
}

#[tokio::test]
async fn what_many_would_become_is_shown_first_and_many_are_taken_back_at_once() {
    let bench = contested(&[1, 2, 3], false);
    let mut options = AppOptions::on_this_machine(bench.store());
    options.carries_out = false;
    let app = App::open(options).unwrap();
    let dry = ResolveConflicts {
        dry_run: true,
        ..all()
    };
    let said = app.resolve_conflicts(dry).await.unwrap();
    assert_eq!((said.decided, said.conflicts.len()), (3, 3));
    for conflict in &said.conflicts {
        let shown: Vec<_> = conflict
            .results
            .iter()
            .map(|it| (it.field.as_str(), &it.source, &it.result))
            .collect();
        assert_eq!(shown, [("city", &json!("Oslo"), &json!("Oslo"))]);
        assert_ne!(conflict.results[0].target, json!("Oslo"));
    }
    assert_eq!(count(&app, WireConflictState::Open).await, 3, "a dry run");

    let said = app.resolve_conflicts(all()).await.unwrap();
    assert!(said.conflicts.iter().all(|it| it.results.is_empty()));
    let mut ids: Vec<String> = said.conflicts.into_iter().map(|it| it.id).collect();
    ids.push("no such id".into());
    let undo = || UndoDecisions {
        tenant: "main".into(),
        ids: ids.clone(),
    };
    let undone = app.undo_decisions(undo()).await.unwrap();
    assert_eq!((undone.undone, undone.left.len()), (3, 1));
    assert_eq!(undone.left[0].id, "no such id");
    assert_eq!(count(&app, WireConflictState::Open).await, 3);
    let again = app.undo_decisions(undo()).await.unwrap();
    assert_eq!((again.undone, again.left.len()), (0, 4));
    assert!(
        again.left[0].reason.contains("nothing to take back"),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_window_carries_many_decisions_out_with_one_run() {
    let bench = contested(&[1, 2, 3], false);
    let mut options = AppOptions::on_this_machine(bench.store());
    options.undo_window = Duration::ZERO;
    let app = App::open(options).unwrap();
    let runs = || {
        let list = bench.tandem(&["runs", "list", "--json"]).json();
        list.as_array().unwrap().len()
    };
    let before = runs();
    let said = app.resolve_conflicts(all()).await.unwrap();
    assert_eq!(said.decided, 3);
    app.idle().await;
    assert_eq!(count(&app, WireConflictState::Resolved).await, 3);
    assert_eq!(runs(), before + 1);
    for n in [1, 2, 3] {
        assert_eq!(city(&bench, n), json!("Oslo"));
    }
}
