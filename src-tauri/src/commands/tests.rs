//! Every listed command, called as the panel calls it, on a simulated webview with the real
//! configuration; and what is not listed, refused.

use serde_json::{Value, json};
use tandem_app::{App, AppOptions, COMMANDS};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{Manager, WebviewWindow};
use tempfile::TempDir;

use super::TABLE;
use crate::{compose, main_window};

/// A window on a fresh store.
struct Opened {
    window: WebviewWindow<MockRuntime>,
    _app: tauri::App<MockRuntime>,
    _folder: TempDir,
}

impl Opened {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let window = compose::build(mock_builder(), compose::context()).unwrap();
        let options = AppOptions::on_this_machine(folder.path().join("tandem.db"));
        let app = tauri::async_runtime::block_on(async { App::open(options) }).unwrap();
        window.manage(app);
        main_window::open(window.handle(), None).unwrap();
        Self {
            window: window.get_webview_window(main_window::LABEL).unwrap(),
            _app: window,
            _folder: folder,
        }
    }

    /// Calls from the page at `from`. The error is an object of ours, or Tauri's own text.
    fn call(&self, from: &str, command: &str, body: Value) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.to_owned(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: from.parse().unwrap(),
            body: InvokeBody::Json(body),
            headers: tauri::http::HeaderMap::new(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        get_ipc_response(&self.window, request).map(|body| body.deserialize().unwrap())
    }
}

/// The panel's own page.
const PANEL: &str = "tauri://localhost";

#[test]
fn every_command_is_answered_and_answers_in_one_shape() {
    let opened = Opened::new();
    assert_eq!(TABLE, COMMANDS, "the table this face was made from");
    for command in COMMANDS {
        // No arguments: fine for a few commands, refused by name of the missing member by others.
        match opened.call(PANEL, command, json!({"args": {}})) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(
                    error.get("code"),
                    Some(&json!("invalid_arguments")),
                    "{command}: {error}"
                );
            }
        }
    }
    let tenants = opened
        .call(PANEL, "list_tenants", json!({"args": {}}))
        .unwrap();
    assert_eq!(tenants[0]["name"], "main");
    let unknown = json!({"args": {"tenant": "main", "id": "0192"}});
    let refused = opened.call(PANEL, "get_run", unknown).unwrap_err();
    assert_eq!(refused["code"], "not_found", "{refused}");
}

#[test]
fn what_is_not_listed_is_refused() {
    let opened = Opened::new();
    let refused = [
        (PANEL, "drop_everything"),
        (PANEL, "plugin:window|create"),
        (PANEL, "plugin:event|emit"),
        (PANEL, "plugin:webview|create_webview_window"),
        (PANEL, "plugin:path|resolve_directory"),
        (PANEL, "plugin:deep-link|register"),
        ("https://example.org/", "list_tenants"),
        ("http://127.0.0.1:1420/", "list_tenants"),
    ];
    for (from, command) in refused {
        let answer = opened.call(from, command, json!({"args": {}}));
        let error = answer.expect_err(command);
        assert!(
            error
                .as_str()
                .is_some_and(|text| text.contains("not allowed")),
            "{from} {command}: {error}"
        );
    }
}

#[test]
fn the_permission_lists_exactly_the_table() {
    let file = include_str!("../../permissions/commands.toml");
    let listed: Vec<&str> = file
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .collect();
    assert_eq!(listed, COMMANDS);
}

#[test]
fn the_panel_may_run_nothing_inline_and_nothing_remote() {
    let context = compose::context::<MockRuntime>();
    let security = &context.config().app.security;
    let policy = security.csp.clone().unwrap().to_string();
    for word in ["unsafe", "http:", "https:", "*", "data:", "blob:"] {
        let remote = policy.replace("http://ipc.localhost", "");
        assert!(!remote.contains(word), "{word} in {policy}");
    }
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(security.freeze_prototype);
    assert!(!context.config().app.with_global_tauri);
}
