//! The real window on a real desktop session: what an admin does with it, from the first start to
//! a settled conflict, and what it does by itself when a sync fails for good. Both systems are
//! read back directly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "support is shared by several test programs, each using a part"
)]

mod support;
mod window_desktop;
mod window_driver;
mod window_keyring;
mod window_notifications;
mod window_package;
mod window_sample;

use serde_json::{Value, json};

use support::contacts::{contact, contacts};
use support::stage::Stage;
use window_driver::{CONTROL, ENTER, Window, eventually};
use window_notifications::Desktop;
use window_sample::{FIELDS, Fields, Systems};

/// A window on a fresh store, with the sample systems loaded and their customers synced once.
async fn first_run(store: &std::path::Path) -> (Window, Systems) {
    let window = Window::open(&["--demo", "--store", store.to_str().unwrap()]).await;
    window.sees("Load the sample systems").await;
    window.picture("01-first-run").await;
    window.click("Load the sample systems").await;
    window.click("Sync customers now").await;
    window.sees("Run of customers").await;
    window.sees("Completed").await;
    window.picture("02-run").await;
    let connections = window
        .command("list_connections", json!({"tenant": "main"}))
        .await;
    (window, Systems::at(&connections))
}

/// Starts a run with the button of the sync's own page and waits for how it ends.
async fn sync_now(window: &Window, sync: &str, end: &str) {
    let address = format!("location.hash = '#/t/main/syncs/{sync}'");
    window.script(&address, vec![]).await;
    window.sees("Mapping of").await;
    window.click("Sync now").await;
    window.sees(&format!("Run of {sync}")).await;
    window.sees(end).await;
}

/// Opens the first conflict of the inbox and presses one of `takes` for each of its fields: `1`
/// for the source's value, `2` for the target's, `3` for the last agreed one. All by keyboard. The
/// fields, in the order shown.
async fn settle_by_keyboard(window: &Window, takes: &[char]) -> Vec<String> {
    window.press(&['g']).await;
    window.press(&['c']).await;
    window.sees("to decide").await;
    window.picture("05-inbox").await;
    window.press(&[ENTER]).await;
    window.sees("undecided").await;
    let id = window.route().await;
    let id = id.rsplit('/').next().unwrap().split('?').next().unwrap();
    let conflict = window
        .command("get_conflict", json!({"tenant": "main", "id": id}))
        .await;
    window.picture("06-conflict").await;
    for take in takes {
        window.press(&[*take]).await;
    }
    window.sees("Every field is decided.").await;
    window.picture("07-conflict-decided").await;
    window.press(&[CONTROL, ENTER]).await;
    let fields = conflict["fields"].as_array().unwrap().iter();
    fields
        .filter(|field| field["contested"] == Value::Bool(true))
        .map(|field| field["field"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn from_the_first_start_to_a_conflict_settled_by_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let (window, systems) = first_run(&folder.path().join("tandem.db")).await;

    window.press(&['g']).await;
    window.press(&['h']).await;
    window.sees("History").await;
    window.sees("Completed").await;
    window.picture("03-history").await;

    let (id, customer_no) = systems.a_customer().await;
    let base = systems.at_storefront(&id).await;
    assert_eq!(
        systems.in_erp(&customer_no),
        base,
        "the first run made both alike"
    );
    let said = |who: &str| -> Fields {
        FIELDS
            .map(|field| (field, format!("{field} says {who}")))
            .into()
    };
    systems.edit_storefront(&id, &said("the shop")).await;
    systems.edit_erp(&customer_no, &said("the ERP"));
    sync_now(&window, "customers", "Partial").await;
    window.picture("04-run-with-conflict").await;

    let order = settle_by_keyboard(&window, &['1', '2', '3']).await;
    // Which side is the source is the workspace's choice, not ours.
    let sync = window
        .command("get_sync", json!({"tenant": "main", "name": "customers"}))
        .await;
    let (source, target) = match sync["source_system"].as_str().unwrap() {
        "erp" => ("the ERP", "the shop"),
        _ => ("the shop", "the ERP"),
    };
    let mut chosen = Fields::new();
    for (field, take) in order.iter().zip(["source", "target", "base"]) {
        let field = FIELDS.into_iter().find(|it| it == field).unwrap();
        let value = match take {
            "source" => said(source)[field].clone(),
            "target" => said(target)[field].clone(),
            _ => base[field].clone(),
        };
        chosen.insert(field, value);
    }
    assert_eq!(chosen.len(), FIELDS.len(), "{order:?}");
    eventually("both systems hold what was chosen", || async {
        let alike =
            systems.at_storefront(&id).await == chosen && systems.in_erp(&customer_no) == chosen;
        alike.then_some(())
    })
    .await;
    window.sees("No conflict needs a decision").await;
    window.picture("08-all-clear").await;
    window.close().await;
}

#[tokio::test]
async fn a_final_failure_is_notified_and_a_click_shows_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let (window, systems) = first_run(&folder.path().join("tandem.db")).await;

    // Nobody shows notifications here: the panel tells all the same.
    systems.break_storefront("products").await;
    sync_now(&window, "products", "Could not finish this run of products").await;
    window.picture("09-failed-run").await;

    // Those failures count for the connection, whichever sync met them: one more would open its
    // circuit, and there would be no retry to tell of.
    window
        .command(
            "reset_connection",
            json!({"tenant": "main", "name": "storefront"}),
        )
        .await;
    let desktop = Desktop::start().await;
    systems.break_storefront("customers").await;
    sync_now(
        &window,
        "customers",
        "Could not finish this run of customers",
    )
    .await;
    let failed = window.route().await;
    let (number, said) = desktop.notified("customers").await;
    for part in ["storefront", "retried 3 times", "Open run"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    window.press(&['g']).await;
    window.press(&['h']).await;
    eventually("the history is shown", || async {
        window.route().await.ends_with("/history").then_some(())
    })
    .await;
    desktop.click(number, "default");
    eventually("the failed run is shown", || async {
        (window.route().await == failed).then_some(())
    })
    .await;
    window.sees("Could not finish this run of customers").await;
    window.close().await;
}

#[tokio::test]
async fn a_failure_that_could_not_be_told_is_notified_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("tandem.db");
    let (window, systems) = first_run(&store).await;
    systems.break_storefront("products").await;
    sync_now(&window, "products", "Could not finish this run of products").await;
    let failed = window.route().await;
    window.close().await;

    let desktop = Desktop::start().await;
    let window = Window::open(&["--store", store.to_str().unwrap()]).await;
    let (number, _) = desktop.notified("products").await;
    desktop.click(number, "default");
    eventually("the failed run is shown", || async {
        (window.route().await == failed).then_some(())
    })
    .await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_between_kinto_and_postgresql_is_settled_from_the_window() {
    let stage = Stage::with_one_open_conflict(60).await;
    let window = Window::open_in(stage.tandem.environment(), &[]).await;
    let fields = settle_by_keyboard(&window, &['2']).await;
    assert_eq!(fields, ["phone"]);
    let mut wanted = contacts(0..60);
    wanted.get_mut(&contact(1).email).unwrap().phone = String::from("+1 target");
    eventually("both systems hold what was chosen", || async {
        let alike =
            stage.kinto.contacts().await == wanted && stage.postgres.contacts().await == wanted;
        alike.then_some(())
    })
    .await;
    stage.holds(&wanted, &wanted).await;
    window.sees("No conflict needs a decision").await;
    window.close().await;
}
