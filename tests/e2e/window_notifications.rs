//! A desktop's notification service that a test can read and click in: python3-dbusmock's.

use std::process::{Command, Stdio};

use crate::window_driver::{Process, eventually};

const NAME: &str = "org.freedesktop.Notifications";
const PLACE: &str = "/org/freedesktop/Notifications";

/// The running service. Ends with its value.
pub(crate) struct Desktop {
    _service: Process,
}

impl Desktop {
    /// Starts it and waits until it has its name on the bus.
    pub(crate) async fn start() -> Self {
        // Debian's own Python has the package, wherever another one comes first on the path.
        let mut service = Command::new("/usr/bin/python3");
        service
            .args(["-m", "dbusmock", "--template", "notification_daemon"])
            .args([
                "--parameters",
                r#"{"capabilities": "body body-markup actions"}"#,
            ])
            .stdout(Stdio::null());
        let desktop = Self {
            _service: Process::start(&mut service),
        };
        eventually("the notification service answers", || async {
            desktop.call(&format!("{NAME}.GetCapabilities"), &[]).ok()
        })
        .await;
        desktop
    }

    /// Waits for a notification that mentions `words`; its number and all that was said.
    pub(crate) async fn notified(&self, words: &str) -> (u32, String) {
        eventually(&format!("a notification about {words}"), || async {
            let calls = self
                .call("org.freedesktop.DBus.Mock.GetMethodCalls", &["Notify"])
                .unwrap();
            // One call after the other, each beginning with the name of the program.
            let mut each = (1..).zip(calls.split("<'Tandem'>").skip(1));
            let (number, said) = each.find(|(_, said)| said.contains(words))?;
            Some((number, said.to_owned()))
        })
        .await
    }

    /// Somebody clicks: `default` is the notification itself, anything else one of its buttons.
    pub(crate) fn click(&self, number: u32, action: &str) {
        let arguments = format!("[<uint32 {number}>, <'{action}'>]");
        let signal = [NAME, "ActionInvoked", "us", &arguments];
        self.call("org.freedesktop.DBus.Mock.EmitSignal", &signal)
            .unwrap();
    }

    fn call(&self, method: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("gdbus")
            .args(["call", "--session", "--dest", NAME, "--object-path", PLACE])
            .args(["--method", method])
            .args(arguments)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}
