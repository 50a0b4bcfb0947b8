//! Ends a program that hangs, with everything it started that kept to its group.

use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Watches one child; stops watching with its value.
pub(crate) struct Watchdog {
    /// How long the child may run.
    pub(crate) limit: Duration,
    bitten: Receiver<()>,
    _leash: Sender<()>,
}

/// Makes what `command` starts one group, apart from ours, so that it can be ended as a whole.
pub(crate) fn prepare(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

impl Watchdog {
    /// Starts watching a child whose command was [prepared](prepare).
    pub(crate) fn start(child: &Child, limit: Duration) -> Self {
        let (leash, watched) = channel::<()>();
        let (bite, bitten) = channel();
        let end = ending(child);
        std::thread::spawn(move || {
            if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                // Told first: who reads the child's output wakes up as soon as it has ended.
                let _ = bite.send(());
                end();
            }
        });
        Self {
            limit,
            bitten,
            _leash: leash,
        }
    }

    /// Whether the child had to be ended.
    pub(crate) fn bit(&self) -> bool {
        self.bitten.try_recv().is_ok()
    }
}

#[cfg(unix)]
fn ending(child: &Child) -> impl FnOnce() + Send + 'static {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = Pid::from_child(child);
    move || {
        // It may have ended this very moment.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn ending(child: &Child) -> impl FnOnce() + Send + 'static {
    let id = child.id().to_string();
    move || {
        let _ = Command::new("taskkill")
            .args(["/F", "/T", "/PID", &id])
            .status();
    }
}
