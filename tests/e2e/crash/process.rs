//! `tandem` as a process of its own: started, left alone, made to die, killed.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tandem_engine::failpoints::Point;

/// Signals by number; they are the same on every Unix we run on.
const ABORTED: i32 = 6;
const KILLED: i32 = 9;

/// A variable that `cargo xtask` sets.
pub(crate) fn provided(name: &str) -> PathBuf {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test --only crash`"))
        .into()
}

/// `tandem` on one store.
pub(crate) struct Tandem {
    store: PathBuf,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Its output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whether it died where it was told to.
    pub(crate) fn aborted(&self) -> bool {
        self.status.signal() == Some(ABORTED)
    }
}

impl Tandem {
    /// On the store at `store`, which need not exist yet.
    pub(crate) fn new(store: PathBuf) -> Self {
        Self { store }
    }

    /// The store's file.
    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// A command of the binary that `variable` names, ready to start.
    pub(crate) fn command(&self, variable: &str, args: &[&str]) -> Command {
        let mut command = Command::new(provided(variable));
        command
            .args(["--json"])
            .args(args)
            .env("TANDEM_STORE", &self.store)
            .env("TANDEM_ANCHOR", self.store.with_extension("anchor"))
            .env("TANDEM_ACTOR", "crash test")
            .env_remove("TANDEM_TENANT")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of the shipped binary to its end.
    pub(crate) fn ask(&self, args: &[&str]) -> Said {
        said(self.command("TANDEM_BIN", args).output().unwrap())
    }

    /// The same with the exit status it must have, one of these.
    pub(crate) fn must(&self, statuses: &[i32], args: &[&str]) -> Said {
        let said = self.ask(args);
        let good = said.status.code().is_some_and(|it| statuses.contains(&it));
        assert!(good, "tandem {args:?}: {said:#?}");
        said
    }

    /// Runs a command with `failpoints` armed.
    pub(crate) fn armed(&self, failpoints: &str, args: &[&str]) -> Said {
        let mut command = self.command("TANDEM_FAILPOINTS_BIN", args);
        said(command.env("FAILPOINTS", failpoints).output().unwrap())
    }

    /// Runs a command that is to die the `hit`th time (from 0) it comes by `point`.
    pub(crate) fn dies_at(&self, point: Point, hit: usize, args: &[&str]) -> Said {
        let said = self.armed(&armed(point, hit, "return"), args);
        assert!(
            said.aborted() || said.status.code().is_some(),
            "another end than asked for at {}: {said:#?}",
            point.name()
        );
        said
    }

    /// Starts a command and kills it after `delay`. Whether it was still there.
    pub(crate) fn killed_after(&self, delay: Duration, args: &[&str]) -> bool {
        let mut child = self
            .command("TANDEM_BIN", args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while started.elapsed() < delay {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            let left = delay.saturating_sub(started.elapsed());
            std::thread::sleep(left.min(Duration::from_millis(2)));
        }
        child.kill().unwrap();
        child.wait().unwrap().signal() == Some(KILLED)
    }
}

/// `point` does `action` from its `hit`th time (from 0) on.
pub(crate) fn armed(point: Point, hit: usize, action: &str) -> String {
    match hit {
        0 => format!("{}={action}", point.name()),
        hit => format!("{}={hit}*off->{action}", point.name()),
    }
}

/// What an ended process said.
pub(crate) fn said(output: Output) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said {
        status,
        out: text(stdout),
        err: text(stderr),
    }
}
