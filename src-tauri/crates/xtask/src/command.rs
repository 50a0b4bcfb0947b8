//! One way to start other programs: shown before it runs, streamed while it runs, an error with
//! the command's name when it does not end well.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::consent::unattended;
use crate::tally::Tally;
use crate::trouble::Trouble;
use crate::watchdog::{self, Watchdog};

/// The longest one command may take where nobody watches. The longest of ours, the lints of a cold
/// build, took 7 minutes on 2 cores.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Variables that `cargo run` sets for us and that would confuse the cargo we start.
const OURS_ALONE: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"];

fn limit() -> Option<Duration> {
    unattended().then_some(LIMIT)
}

/// A command being put together.
pub(crate) struct Cmd {
    inner: Command,
    shown: String,
}

impl Cmd {
    /// A command for `program`, with the environment a person at a shell would have.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut inner = Command::new(program);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if OURS_ALONE.iter().any(|prefix| text.starts_with(prefix)) {
                inner.env_remove(&name);
            }
        }
        Self {
            inner,
            shown: Path::new(program)
                .file_name()
                .unwrap_or(program)
                .to_string_lossy()
                .into_owned(),
        }
    }

    /// `cargo`, the one that started us, coloured as our own terminal is.
    pub(crate) fn cargo() -> Self {
        let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let cmd = Self::new(program);
        if io::stdout().is_terminal() {
            cmd.env("CARGO_TERM_COLOR", "always")
        } else {
            cmd
        }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        let arg = arg.as_ref();
        let _ = write!(self.shown, " {}", arg.to_string_lossy());
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Adds the words of `text`, which holds no quoting.
    pub(crate) fn words(self, text: &str) -> Self {
        self.args(text.split_whitespace())
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Removes an environment variable.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.inner.env_remove(name);
        self
    }

    /// Sets the folder to run in.
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.inner.current_dir(dir);
        self
    }

    /// Runs to the end, output straight to ours. Where nobody watches, a program that hangs is
    /// ended.
    pub(crate) fn run(mut self) -> Result<(), Trouble> {
        println!("$ {}", self.shown);
        self.finish(limit(), |_| Ok(()))
    }

    /// The same, handing over what it says on standard error, line by line.
    pub(crate) fn heard(mut self, mut each: impl FnMut(&str)) -> Result<(), Trouble> {
        println!("$ {}", self.shown);
        self.inner.stderr(Stdio::piped());
        self.finish(limit(), |child| {
            let Some(err) = child.stderr.take() else {
                return Ok(());
            };
            let mut err = BufReader::new(err);
            let mut line = Vec::new();
            while err.read_until(b'\n', &mut line)? > 0 {
                each(String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
            Ok(())
        })
    }

    /// The same, passing standard output on line by line and counting the tests it reports.
    pub(crate) fn tallied(mut self) -> (Tally, Result<(), Trouble>) {
        println!("$ {}", self.shown);
        let mut tally = Tally::default();
        let ended = self.stream(&mut tally, &mut io::stdout(), limit());
        (tally, ended)
    }

    fn stream(
        &mut self,
        tally: &mut Tally,
        ours: &mut impl Write,
        limit: Option<Duration>,
    ) -> Result<(), Trouble> {
        self.inner.stdout(Stdio::piped());
        self.finish(limit, |child| {
            let Some(out) = child.stdout.take() else {
                return Ok(());
            };
            let mut out = BufReader::new(out);
            let mut line = Vec::new();
            // Bytes, not `lines()`: a runner may print what is not UTF-8.
            while out.read_until(b'\n', &mut line)? > 0 {
                // Our own reader having gone away must not stop the tests.
                let _ = ours.write_all(&line);
                let _ = ours.flush();
                tally.read(&String::from_utf8_lossy(&line));
                line.clear();
            }
            Ok(())
        })
    }

    fn finish(
        &mut self,
        limit: Option<Duration>,
        read: impl FnOnce(&mut Child) -> io::Result<()>,
    ) -> Result<(), Trouble> {
        if limit.is_some() {
            watchdog::prepare(&mut self.inner);
        }
        let mut child = self.inner.spawn().map_err(|source| Trouble::Start {
            command: self.shown.clone(),
            source,
        })?;
        let watchdog = limit.map(|limit| Watchdog::start(&child, limit));
        let status = read(&mut child)
            .and_then(|()| child.wait())
            .map_err(|source| Trouble::Output {
                command: self.shown.clone(),
                source,
            })?;
        match watchdog.filter(Watchdog::bit) {
            Some(watchdog) => Err(Trouble::Late {
                command: self.shown.clone(),
                limit: watchdog.limit,
            }),
            None => self.judge(status),
        }
    }

    /// Runs quietly; its standard output as text, whether it ended well or not.
    pub(crate) fn output(mut self) -> Result<(ExitStatus, String), Trouble> {
        let output = self
            .inner
            .stderr(Stdio::null())
            .output()
            .map_err(|source| Trouble::Start {
                command: self.shown.clone(),
                source,
            })?;
        Ok((
            output.status,
            String::from_utf8_lossy(&output.stdout).into_owned(),
        ))
    }

    /// Whether it starts and ends well, quietly.
    pub(crate) fn succeeds(self) -> bool {
        self.output().is_ok_and(|(status, _)| status.success())
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Trouble> {
        if status.success() {
            Ok(())
        } else {
            Err(Trouble::Ended {
                command: self.shown.clone(),
                status,
            })
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_and_a_bad_end_is_told() {
        let script = "echo 'test result: FAILED. 2 passed; 1 failed; 0 ignored'; exit 3";
        let (mut tally, mut shown) = (Tally::default(), Vec::new());
        let ended = Cmd::new("sh")
            .args(["-c", script])
            .stream(&mut tally, &mut shown, None);
        assert!(String::from_utf8_lossy(&shown).starts_with("test result"));
        assert_eq!((tally.passed, tally.failed), (2, 1));
        assert!(matches!(ended, Err(Trouble::Ended { status, .. }) if status.code() == Some(3)));
    }

    #[test]
    fn what_is_said_on_standard_error_is_handed_over() {
        let mut heard = Vec::new();
        let script = "echo one >&2; echo two >&2; exit 3";
        let ended = Cmd::new("sh")
            .args(["-c", script])
            .heard(|line| heard.push(line.to_owned()));
        assert_eq!(heard, ["one", "two"]);
        assert!(ended.is_err());
    }

    #[test]
    fn a_run_that_hangs_is_ended_with_all_it_started() {
        let (mut tally, mut shown) = (Tally::default(), Vec::new());
        // The child of the shell holds the output open as well.
        let ended = Cmd::new("sh")
            .args(["-c", "echo begun; sleep 600 & sleep 600"])
            .stream(&mut tally, &mut shown, Some(Duration::from_millis(200)));
        assert!(matches!(ended, Err(Trouble::Late { .. })), "{ended:?}");
        assert_eq!(String::from_utf8_lossy(&shown), "begun\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let trouble = Cmd::new("/nowhere/at-all").run().expect_err("cannot start");
        assert!(trouble.to_string().contains("at-all"), "{trouble}");
    }
}
