//! Embeds the panel's files, the window's configuration, and what the webview may call.

fn main() {
    tauri_build::build();
}
