//! A run's progress on standard error.

use std::io::Write as _;

use tandem_app::App;
use tandem_app::wire::{RunProgress, WireEvent, WirePhase};
use tokio::task::JoinHandle;

use crate::session::Progress;

/// Follows one run until it is stopped.
pub(crate) struct Follower {
    task: Option<JoinHandle<()>>,
    live: bool,
}

impl Follower {
    /// Begins to listen; call it before the run starts, so that nothing is missed.
    pub(crate) fn start(app: &App, how: Progress, sync: &str) -> Self {
        if how == Progress::Silent {
            return Self {
                task: None,
                live: false,
            };
        }
        let (mut events, sync) = (app.subscribe(), sync.to_owned());
        let live = how == Progress::Live;
        let task = tokio::spawn(async move {
            let mut last = None;
            loop {
                match events.recv().await {
                    Ok(WireEvent::RunProgress {
                        sync: of, progress, ..
                    }) if of == sync => {
                        show(&sync, &progress, live, &mut last);
                    }
                    Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        Self {
            task: Some(task),
            live,
        }
    }

    /// Ends it and clears its line.
    pub(crate) fn stop(self) {
        if let Some(task) = self.task {
            task.abort();
            if self.live {
                // Where standard error is closed there is nothing to clear.
                let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
            }
        }
    }
}

fn show(sync: &str, progress: &RunProgress, live: bool, last: &mut Option<WirePhase>) {
    let line = line(sync, progress);
    let mut err = std::io::stderr().lock();
    // Where standard error is closed nobody can be told.
    let _ = if live {
        write!(err, "\r\x1b[K{line}").and_then(|()| err.flush())
    } else if *last == Some(progress.phase) && progress.total != Some(progress.done) {
        Ok(())
    } else {
        writeln!(err, "{line}")
    };
    *last = Some(progress.phase);
}

/// What is said of a run's progress.
fn line(sync: &str, progress: &RunProgress) -> String {
    let phase = match progress.phase {
        WirePhase::Prepare => "preparing",
        WirePhase::Read => "reading",
        WirePhase::Plan => "planning",
        WirePhase::Apply => "writing",
        WirePhase::Finalize => "finishing",
    };
    let mut line = format!("{sync}: {phase}");
    match progress.total {
        Some(total) => line.push_str(&format!(" {} of {total}", progress.done)),
        None if progress.done > 0 => line.push_str(&format!(" {}", progress.done)),
        None => {}
    }
    if let Some(rate) = progress.rate_per_second {
        line.push_str(&format!(", {rate:.0}/s"));
    }
    if let (Some(low), Some(high)) = (progress.remaining_low_s, progress.remaining_high_s)
        && high >= 1.0
    {
        line.push_str(&format!(", {low:.0} to {high:.0} s left"));
    }
    if progress.failed > 0 {
        line.push_str(&format!(", {} failed", progress.failed));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_what_is_known() {
        let known = RunProgress {
            phase: WirePhase::Apply,
            done: 300,
            total: Some(1_000),
            rate_per_second: Some(150.0),
            remaining_low_s: Some(3.7),
            remaining_high_s: Some(7.5),
            processed: 300,
            succeeded: 298,
            failed: 2,
            skipped: 0,
            conflicts: 0,
        };
        assert_eq!(
            line("orders", &known),
            "orders: writing 300 of 1000, 150/s, 4 to 8 s left, 2 failed"
        );
        let unknown = RunProgress {
            phase: WirePhase::Read,
            done: 0,
            total: None,
            rate_per_second: None,
            remaining_low_s: None,
            remaining_high_s: None,
            failed: 0,
            ..known
        };
        assert_eq!(line("orders", &unknown), "orders: reading");
    }
}
