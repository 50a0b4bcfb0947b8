//! What the window does with the desktop around it: the tray, closing and quitting, where it opens,
//! starting at login.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::provided;
use crate::window_driver::{CONTROL, ENTER, ESCAPE, Process, Window, eventually};
use crate::window_sample::{Fields, Systems};
use crate::{first_run, sync_now};

/// A window manager and a tray: what a desktop has and a bare display has not.
pub(crate) struct Surroundings {
    _manager: Process,
    _tray: Process,
}

/// An item of the tray's menu.
#[derive(Debug, Clone, Deserialize)]
struct Item {
    id: i32,
    label: String,
    enabled: bool,
    /// The menu it is in.
    under: String,
}

impl Surroundings {
    pub(crate) async fn start() -> Self {
        let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/tray_host.py");
        let surroundings = Self {
            _manager: Process::start(&mut Command::new("openbox")),
            // Debian's own Python has the packages, wherever another one comes first on the path.
            _tray: Process::start(Command::new("/usr/bin/python3").arg(host)),
        };
        eventually("a tray is there", || async {
            bus(
                "org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.ListNames",
                &[],
            )
            .filter(|names| names.contains("org.kde.StatusNotifierWatcher"))
        })
        .await;
        eventually("windows are managed", || async {
            let managed = run("wmctrl", &["-m"]);
            managed.contains("Openbox").then_some(())
        })
        .await;
        surroundings
    }

    fn tray(method: &str, arguments: &[&str]) -> Option<String> {
        bus(
            "org.kde.StatusNotifierWatcher",
            "/StatusNotifierWatcher",
            &format!("app.tandem.Test.{method}"),
            arguments,
        )
    }

    /// The tray's menu, once there is one.
    fn menu() -> Option<Vec<Item>> {
        let said = Self::tray("Menu", &[])?;
        // What comes back is a tuple of one string, written as Python writes it.
        let said = said.trim().trim_start_matches("('").trim_end_matches("',)");
        serde_json::from_str(said).ok()
    }

    /// Waits for an item that reads so.
    async fn item(label: &str) -> Item {
        eventually(&format!("the tray's menu has {label:?}"), || async {
            Self::menu()?.into_iter().find(|item| item.label == label)
        })
        .await
    }

    async fn click(label: &str) {
        let item = Self::item(label).await;
        assert!(item.enabled, "{item:?}");
        Self::tray("Click", &[&item.id.to_string()]).unwrap();
    }

    /// The picture in the tray.
    fn icon() -> Vec<u8> {
        let said = Self::tray("Icon", &[]).unwrap();
        let file = said.trim().trim_start_matches("('").trim_end_matches("',)");
        std::fs::read(file).unwrap()
    }
}

/// Calls a method on the session bus; `None` where nobody answers.
fn bus(dest: &str, path: &str, method: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new("gdbus")
        .args(["call", "--session", "--dest", dest, "--object-path", path])
        .args(["--method", method])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(said)
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether the window can be seen.
fn is_shown() -> bool {
    run("wmctrl", &["-l"]).contains("Tandem")
}

/// Whether any window's process is there.
fn is_running() -> bool {
    bus(
        "org.freedesktop.DBus",
        "/",
        "org.freedesktop.DBus.ListNames",
        &[],
    )
    .unwrap()
    .contains("app.tandem.desktop")
}

/// Clicks the cross in the window's corner.
pub(crate) fn click_close() {
    run("wmctrl", &["-c", "Tandem"]);
}

async fn shown(is: bool) {
    eventually(&format!("the window is shown: {is}"), || async {
        (is_shown() == is).then_some(())
    })
    .await;
}

pub(crate) async fn gone() {
    eventually("the window's process ended", || async {
        (!is_running()).then_some(())
    })
    .await;
}

/// Both sides say something else about one field of one customer.
async fn contest(systems: &Systems) {
    let (id, customer_no) = systems.a_customer().await;
    let said = |text: &str| Fields::from([("phone", text.to_owned())]);
    systems.edit_storefront(&id, &said("+49 30 1")).await;
    systems.edit_erp(&customer_no, &said("+49 30 2"));
}

async fn runs(window: &Window) -> usize {
    let list = json!({"tenant": "main", "limit": 100, "sync": "customers"});
    let runs = window.command("list_runs", list).await;
    runs["items"].as_array().unwrap().len()
}

async fn change(window: &Window, what: Value) -> Value {
    window.command("change_settings", what).await
}

#[tokio::test]
async fn the_tray_tells_how_things_are_and_outlives_the_window_where_that_was_chosen() {
    let _surroundings = Surroundings::start().await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("tandem.db");
    let (window, systems) = first_run(&store).await;
    Surroundings::item("Everything is in step").await;
    Surroundings::item("Nothing is scheduled").await;
    let fine = Surroundings::icon();

    let sync = Surroundings::item("customers").await;
    assert_eq!(sync.under, "Sync now");
    let before = runs(&window).await;
    contest(&systems).await;
    Surroundings::click("customers").await;
    Surroundings::item("1 conflict waits").await;
    assert_eq!(runs(&window).await, before + 1);
    eventually("the icon is another one", || async {
        (Surroundings::icon() != fine).then_some(())
    })
    .await;
    Surroundings::click("1 conflict waits").await;
    eventually("the inbox is shown", || async {
        (window.route().await == "/t/main/conflicts").then_some(())
    })
    .await;

    // Closing it ends it, unless somebody chose otherwise.
    let settings = change(&window, json!({"keep_running": true})).await;
    assert_eq!(settings["desktop"]["keep_running"], true);
    click_close();
    shown(false).await;
    assert!(is_running());
    Surroundings::click("Open Tandem").await;
    shown(true).await;
    click_close();
    shown(false).await;
    // A tray icon is never the only way back.
    let _second = Process::start(
        Command::new(provided("TANDEM_WINDOW_BIN"))
            .arg("--store")
            .arg(&store),
    );
    shown(true).await;
    change(&window, json!({"keep_running": false})).await;
    Surroundings::click("Quit").await;
    gone().await;
}

#[tokio::test]
async fn leaving_asks_while_something_is_not_kept_or_not_written() {
    let _surroundings = Surroundings::start().await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("tandem.db");
    let (window, systems) = first_run(&store).await;
    run("wmctrl", &["-r", "Tandem", "-e", "0,120,60,1000,640"]);
    contest(&systems).await;
    sync_now(&window, "customers", "Partial").await;

    // Chosen, and not resolved.
    window.press(&['g']).await;
    window.press(&['c']).await;
    window.sees("to decide").await;
    window.press(&[ENTER]).await;
    window.sees("undecided").await;
    let route = window.route().await;
    let conflict = route.rsplit('/').next().unwrap().split('?').next().unwrap();
    window.press(&['1']).await;
    window.sees("Every field is decided.").await;
    click_close();
    window.sees("Quit Tandem?").await;
    window
        .sees("Your choices for 1 conflict are not resolved")
        .await;
    window.picture("20-quit-with-choices").await;
    window.press(&[ESCAPE]).await;
    window.gone("Quit Tandem?").await;
    window.sees("Every field is decided.").await;

    // Resolved, and not written.
    change(&window, json!({"undo_seconds": 20})).await;
    window.press(&[CONTROL, ENTER]).await;
    window.sees("No conflict needs a decision").await;
    click_close();
    window.sees("1 decision is kept and not written").await;
    window.picture("21-quit-with-decision").await;
    window.click("Keep working").await;
    window.gone("Quit Tandem?").await;
    click_close();
    window.click("Write, then quit").await;
    window.picture("22-writing").await;
    gone().await;
    drop(window);

    // The next window finds it written, and itself where the last one was.
    let window = Window::open(&["--store", store.to_str().unwrap()]).await;
    let said = window
        .command("get_conflict", json!({"tenant": "main", "id": conflict}))
        .await;
    assert_eq!(said["state"], "resolved", "{said}");
    eventually("the window is as large as it was", || async {
        let size = window
            .script("return [innerWidth, innerHeight]", vec![])
            .await;
        (size == json!([1000, 640])).then_some(())
    })
    .await;
    starts_at_login(&window, &store).await;
    window.close().await;
}

/// Off until somebody chooses it; then on the same store, out of the way.
async fn starts_at_login(window: &Window, store: &Path) {
    let settings = window.command("get_settings", json!({})).await;
    assert_eq!(settings["desktop"]["autostart"], false);
    let home = PathBuf::from(std::env::var_os("HOME").unwrap());
    let file = home.join(".config/autostart/Tandem.desktop");
    assert!(!file.exists());
    let settings = change(window, json!({"autostart": true})).await;
    assert_eq!(settings["desktop"]["autostart"], true);
    let entry = std::fs::read_to_string(&file).unwrap();
    let command = format!("--background --store \"{}\"", store.display());
    assert!(entry.contains(&command), "{entry}");
    let settings = change(window, json!({"autostart": false})).await;
    assert_eq!(settings["desktop"]["autostart"], false);
    assert!(!file.exists());
}
