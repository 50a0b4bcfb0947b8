//! Leaving: closing the window, quitting from the tray. Where decisions are kept and not written yet,
//! or the panel holds choices that are not kept, the panel asks first.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tandem_app::App;
use tandem_app::wire::{Leave, LeaveQuestion};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, EventTarget, Manager, Runtime};

use crate::main_window;
use crate::notice::{self, Notice};

/// What the panel listens to.
const EVENT: &str = "leave";

/// The longest the store may take to say what is staged; whoever wants to leave does not wait longer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far leaving has come.
#[derive(Default)]
pub(crate) struct Leaving {
    unsaved: AtomicU32,
    question: Mutex<Question>,
    told: AtomicU32,
}

#[derive(Default)]
enum Question {
    #[default]
    None,
    /// The panel was told to ask and has not answered.
    Put,
    /// It is on the screen.
    Shown,
    /// The answer was to wait; ends with this.
    Waiting(JoinHandle<()>),
}

impl Leaving {
    fn question(&self) -> MutexGuard<'_, Question> {
        self.question.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody who wants to leave did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Closed the window.
    Closed,
    /// Chose to quit.
    Quit,
}

/// Leaves, or asks, or only hides the window where schedules are to go on without it.
pub(crate) fn leave<R: Runtime>(app: &AppHandle<R>, way: Way) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let tandem = app.state::<App>().inner().clone();
        if way == Way::Closed && tandem.keeps_running().await {
            hide(&app);
            return;
        }
        let staged = tokio::time::timeout(PATIENCE, tandem.staged()).await;
        // What cannot be counted is kept all the same, and written by the next start.
        let staged = staged.ok().and_then(Result::ok).unwrap_or_default();
        let leaving = app.state::<Leaving>();
        let question = LeaveQuestion {
            staged: staged.decisions,
            wait_ms: staged.wait_ms,
            unsaved: leaving.unsaved.load(Ordering::Relaxed),
        };
        if question.staged == 0 && question.unsaved == 0 {
            app.exit(0);
            return;
        }
        if !put(&leaving) {
            // A panel that never showed the first question will not show a second one.
            app.exit(0);
            return;
        }
        let shown = main_window::show(&app, None);
        let target = EventTarget::webview_window(main_window::LABEL);
        let asked = shown.and_then(|()| app.emit_to(target, EVENT, question));
        if let Err(error) = asked {
            tracing::warn!(%error, "nobody could be asked whether to leave");
            app.exit(0);
        }
    });
}

/// Notes that the question is put; `false` if it is already and the panel never showed it.
fn put(leaving: &Leaving) -> bool {
    let mut question = leaving.question();
    match &*question {
        Question::Put => return false,
        Question::None => *question = Question::Put,
        Question::Shown | Question::Waiting(_) => {}
    }
    true
}

/// The panel holds choices for so many conflicts.
pub(crate) fn unsaved<R: Runtime>(app: &AppHandle<R>, conflicts: u32) {
    let leaving = app.state::<Leaving>();
    leaving.unsaved.store(conflicts, Ordering::Relaxed);
}

/// What the person answered.
pub(crate) fn answered<R: Runtime>(app: &AppHandle<R>, how: Leave) {
    let leaving = app.state::<Leaving>();
    let mut question = leaving.question();
    if let Question::Waiting(waiting) = &*question {
        waiting.abort();
    }
    *question = match how {
        Leave::Asked => Question::Shown,
        Leave::Stay => Question::None,
        Leave::Now => {
            app.exit(0);
            Question::None
        }
        Leave::WhenWritten => {
            let app = app.clone();
            Question::Waiting(tauri::async_runtime::spawn(async move {
                app.state::<App>().idle().await;
                app.exit(0);
            }))
        }
    };
}

/// Puts the window away. The first time a notification says so: a desktop need not show tray icons.
fn hide<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(main_window::LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window could not be hidden");
        return;
    }
    if app.state::<Leaving>().told.swap(1, Ordering::Relaxed) == 1 {
        return;
    }
    let notice = Notice {
        summary: String::from("Tandem goes on without its window"),
        body: String::from(
            "Schedules run as before. Its icon in the tray, or starting Tandem again, opens the window.",
        ),
        open: String::from("Open Tandem"),
    };
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let open = move || {
            if let Err(error) = main_window::show(&app, None) {
                tracing::warn!(%error, "the window could not be shown");
            }
        };
        if let Err(error) = notice::show(&notice, open) {
            tracing::warn!(%error, "the desktop shows no notifications");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_that_never_shows_the_question_does_not_keep_anybody() {
        let leaving = Leaving::default();
        assert!(put(&leaving), "asked for the first time");
        assert!(!put(&leaving), "and not heard");
        *leaving.question() = Question::Shown;
        assert!(put(&leaving), "it is on the screen");
        *leaving.question() = Question::None;
        assert!(put(&leaving), "a new question after an answer");
    }
}
