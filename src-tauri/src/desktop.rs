//! What the panel can ask of the desktop: to be started at login, to be drawn compatibly, to leave.

use std::env;
use std::path::{Path, PathBuf};

use auto_launch::{AutoLaunch, AutoLaunchBuilder};
use tandem_app::Desktop;
use tandem_app::wire::Leave;
use tauri::{AppHandle, Runtime};

use crate::leaving;
use crate::rendering;

/// The desktop around the window of `app`.
pub(crate) struct WindowDesktop<R: Runtime> {
    app: AppHandle<R>,
    login: Result<AutoLaunch, String>,
}

impl<R: Runtime> WindowDesktop<R> {
    /// For a window on `store`, if one was named.
    pub(crate) fn new(app: AppHandle<R>, store: Option<&Path>) -> Self {
        Self {
            app,
            login: login(store),
        }
    }

    fn login(&self) -> Result<&AutoLaunch, String> {
        self.login.as_ref().map_err(Clone::clone)
    }
}

impl<R: Runtime> Desktop for WindowDesktop<R> {
    fn starts_at_login(&self) -> Result<bool, String> {
        self.login()?.is_enabled().map_err(|it| it.to_string())
    }

    fn start_at_login(&self, on: bool) -> Result<(), String> {
        let login = self.login()?;
        // What is off already has nothing to take away.
        let done = match (on, self.starts_at_login()?) {
            (true, _) => login.enable(),
            (false, true) => login.disable(),
            (false, false) => Ok(()),
        };
        done.map_err(|it| it.to_string())
    }

    fn draws_compatibly(&self) -> bool {
        rendering::is_compatible()
    }

    fn draws_in_software(&self) -> bool {
        rendering::in_software()
    }

    fn unsaved(&self, conflicts: u32) {
        leaving::unsaved(&self.app, conflicts);
    }

    fn leave(&self, how: Leave) {
        leaving::answered(&self.app, how);
    }
}

/// Starts this program at login, on the same store, out of the way.
fn login(store: Option<&Path>) -> Result<AutoLaunch, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut arguments = vec![String::from("--background")];
    if let Some(store) = store {
        let place = std::path::absolute(store).unwrap_or_else(|_| PathBuf::from(store));
        arguments.extend([String::from("--store"), word(&place.to_string_lossy())]);
    }
    AutoLaunchBuilder::new()
        .set_app_name("Tandem")
        .set_app_path(&word(&program.to_string_lossy()))
        .set_args(&arguments)
        .build()
        .map_err(|error| error.to_string())
}

/// One word of a command as the desktop reads it. The library writes what it is given.
fn word(text: &str) -> String {
    if !cfg!(target_os = "linux") {
        return text.to_owned();
    }
    // The Desktop Entry Specification: quoted, with four signs escaped; then the escapes of any
    // string in such a file; and `%` begins a field code.
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '`' | '$' => quoted.extend(["\\\\", &sign.to_string()]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            '\n' => quoted.push_str("\\n"),
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn paths_are_one_word_of_a_desktop_file() {
        let table = [
            ("/usr/bin/tandem-window", r#""/usr/bin/tandem-window""#),
            ("/home/a b/x.db", r#""/home/a b/x.db""#),
            ("/odd/$x`\"", r#""/odd/\\$x\\`\\"""#),
            (r"/back\slash", r#""/back\\\\slash""#),
            ("/100%", r#""/100%%""#),
        ];
        for (text, want) in table {
            assert_eq!(word(text), want, "{text}");
        }
    }

    #[test]
    fn it_starts_out_of_the_way_and_on_the_same_store() {
        let plain = login(None).unwrap();
        assert_eq!(plain.get_args(), ["--background"]);
        let named = login(Some(Path::new("/data/a b.db"))).unwrap();
        assert_eq!(named.get_args()[1], "--store");
        assert!(named.get_args()[2].contains("/data/a b.db"));
        assert!(plain.get_app_path().contains("tandem"));
    }
}
