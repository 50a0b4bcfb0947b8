//! The real window, driven through WebDriver as a person drives it: what is on the screen, keys,
//! clicks, pictures. Needs a display and a session bus, which `cargo xtask test --only window`
//! makes.

use std::env;
use std::fs;
use std::future::Future;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde_json::{Map, Value, json};

use crate::support::{free_port, provided};

/// The longest anything on the screen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Looks every tenth of a second until `look` finds something.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    look: impl FnMut() -> F,
) -> T {
    patiently(look)
        .await
        .unwrap_or_else(|| panic!("not within {PATIENCE:?}: {what}"))
}

/// Waits for one answer of the driver, which may never give it.
async fn answer<T>(what: &str, asked: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| panic!("the driver does not answer within {PATIENCE:?}: {what}"))
}

async fn patiently<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> Option<T> {
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    found.await.ok()
}

/// A child process that ends with its value, and whatever it started with it.
pub(crate) struct Process(Child);

impl Process {
    /// Starts it, with what it complains of beside the test's output.
    pub(crate) fn start(command: &mut Command) -> Self {
        let program = command.get_program().to_owned();
        Self(
            command
                .stdin(Stdio::null())
                // A process that outlived a killed test must not keep its reader waiting.
                .stdout(Stdio::null())
                .process_group(0)
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", program.display())),
        )
    }
}

impl Process {
    /// Ends the whole group and returns when none of it is left. A window that is still about to
    /// close answers for its store: the next one on it would hand its arguments over and end, and
    /// the driver wait for it for ever.
    #[expect(clippy::disallowed_methods, reason = "real processes end in real time")]
    fn end(&mut self) {
        let group = Pid::from_child(&self.0);
        // They may have ended by themselves.
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.0.wait();
        let patience = Instant::now() + PATIENCE;
        while test_kill_process_group(group).is_ok() && Instant::now() < patience {
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The open window.
pub(crate) struct Window {
    client: Client,
    driver: Process,
}

impl Window {
    /// Opens it with these arguments and waits for the panel's first screen.
    pub(crate) async fn open(arguments: &[&str]) -> Self {
        Self::open_in(Vec::new(), arguments).await
    }

    /// The same, with these variables in its environment.
    pub(crate) async fn open_in(
        environment: Vec<(&'static str, String)>,
        arguments: &[&str],
    ) -> Self {
        let port = free_port();
        let driver = Process::start(
            Command::new(provided("TANDEM_WEBKIT_DRIVER"))
                .arg(format!("--port={port}"))
                .arg("--host=127.0.0.1")
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .env("TAURI_AUTOMATION", "true")
                .envs(environment),
        );
        eventually("the driver listens", || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
        })
        .await;
        let mut capabilities = Map::new();
        capabilities.insert(
            String::from("webkitgtk:browserOptions"),
            json!({
                "binary": Path::new(&provided("TANDEM_WINDOW_BIN")),
                "args": arguments,
            }),
        );
        let address = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let opened = builder.capabilities(capabilities).connect(&address);
        let client = answer("open the window", opened).await.unwrap();
        let window = Self { client, driver };
        window.sees("Overview").await;
        window
    }

    /// Everything that can be read on the screen.
    pub(crate) async fn text(&self) -> String {
        let text = self.script("return document.body.innerText", vec![]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page.
    pub(crate) async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        let run = self.client.execute(script, arguments);
        answer(script, run).await.unwrap()
    }

    /// Waits until `text` can be read.
    pub(crate) async fn sees(&self, text: &str) {
        let seen = patiently(|| async {
            let now = self.text().await;
            now.contains(text).then_some(())
        });
        if seen.await.is_none() {
            self.picture("trouble").await;
            panic!(
                "{text:?} does not appear; the screen says:\n{}",
                self.text().await
            );
        }
    }

    /// Waits until `text` cannot be read any more.
    pub(crate) async fn gone(&self, text: &str) {
        eventually(&format!("{text:?} is gone"), || async {
            (!self.text().await.contains(text)).then_some(())
        })
        .await;
    }

    /// Where the panel is: the part of the address after `#`.
    pub(crate) async fn route(&self) -> String {
        let route = self.script("return location.hash", vec![]).await;
        route
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('#')
            .to_owned()
    }

    /// Clicks the button or link that reads exactly, or begins with, `words`.
    pub(crate) async fn click(&self, words: &str) {
        let path = format!(
            "//*[self::button or self::a or @role='button'][starts-with(normalize-space(.), '{words}')]"
        );
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(&path));
        match found.await {
            Ok(element) => answer(words, element.click()).await.unwrap(),
            Err(error) => {
                self.picture("trouble").await;
                panic!("no {words:?} to click: {error}\n{}", self.text().await);
            }
        }
    }

    /// Presses one key, or a chord: `press(&[CONTROL, ENTER])`.
    pub(crate) async fn press(&self, keys: &[char]) {
        let mut actions = KeyActions::new(String::from("keyboard"));
        for value in keys.iter().copied() {
            actions = actions.then(KeyAction::Down { value });
        }
        for value in keys.iter().rev().copied() {
            actions = actions.then(KeyAction::Up { value });
        }
        let pressed = self.client.perform_actions(actions);
        answer("press keys", pressed).await.unwrap();
    }

    /// Calls a command as the panel does.
    pub(crate) async fn command(&self, command: &str, arguments: Value) -> Value {
        let script = "const [name, args, done] = arguments; \
             window.__TAURI_INTERNALS__.invoke(name, { args }).then(\
             (ok) => done({ ok }), (error) => done({ error }))";
        let run = self
            .client
            .execute_async(script, vec![json!(command), arguments]);
        let said = answer(command, run).await.unwrap();
        said.get("ok")
            .unwrap_or_else(|| panic!("{command}: {said}"))
            .clone()
    }

    /// Saves what the screen shows as `NAME.png` in `TANDEM_SHOTS_DIR`, if that is set. The
    /// picture is the X server's: with its plain renderer, `WebKitGTK` never answers the driver's
    /// own request for one.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(folder) = env::var_os("TANDEM_SHOTS_DIR") else {
            return;
        };
        fs::create_dir_all(&folder).unwrap();
        let painted = "const done = arguments[0]; requestAnimationFrame(() => \
             requestAnimationFrame(() => setTimeout(() => done(null), 250)))";
        let painted = self.client.execute_async(painted, vec![]);
        answer("paint", painted).await.unwrap();
        // Another program of that name may come first on the path.
        let import = [Path::new("/usr/bin/import"), Path::new("import")]
            .into_iter()
            .find(|it| it.exists())
            .unwrap_or(Path::new("import"));
        let saved = Command::new(import)
            .args(["-window", "root"])
            .arg(Path::new(&folder).join(format!("{name}.png")))
            .status();
        assert!(saved.unwrap().success(), "no picture of {name}");
    }

    /// Closes it, and returns when it is gone.
    pub(crate) async fn close(mut self) {
        answer("close the window", self.client.close())
            .await
            .unwrap();
        self.driver.end();
    }
}

/// The Control key.
pub(crate) const CONTROL: char = '\u{e009}';
/// The Escape key.
pub(crate) const ESCAPE: char = '\u{e00c}';
/// The Enter key.
pub(crate) const ENTER: char = '\u{e007}';
