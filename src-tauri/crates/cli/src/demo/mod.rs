//! The whole story on sample systems, each step checked: start, set up, first sync, edits on both
//! sides, second sync, decisions, a last run that writes nothing.

mod compare;
mod expect;
mod story;
mod systems;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tandem_app::WireError;
use tandem_app::wire::ListConnections;
use tandem_sandbox::{SampleOptions, Start};

use crate::args::{Demo, Global};
use crate::outcome::{Outcome, trouble};
use crate::session::{Out, Session};
use crate::show::{Tone, duration};
pub(crate) use systems::Sample;

/// Customers at the storefront, and as many products.
const RECORDS: u64 = 1_000;

/// How many of each the ERP holds before the first sync.
const SHARED: u64 = 600;

/// One step of the story, told.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    name: String,
    held: bool,
    took_ms: u64,
    facts: Vec<String>,
    problems: Vec<String>,
}

/// The story, told.
#[derive(Debug, Serialize)]
struct Report {
    held: bool,
    steps: Vec<Step>,
}

/// A folder for the sample systems' files, and for a store that goes with them.
pub(crate) fn place() -> Result<tempfile::TempDir, WireError> {
    let made = tempfile::Builder::new().prefix("tandem-demo-").tempdir();
    made.map_err(|error| {
        trouble(
            "no_folder",
            "The sample systems have no place",
            &error.to_string(),
        )
    })
}

/// Tells the story; status 0 only if every step held.
pub(crate) async fn demo(global: &Global, args: &Demo) -> Result<Outcome, WireError> {
    let folder = place()?;
    let mut global = global.clone();
    global.store = Some(store(&global, folder.path().join("tandem.db")));
    let options = SampleOptions {
        records: RECORDS,
        start: Start::Overlap(SHARED),
        ..SampleOptions::default()
    };
    let sample = Arc::new(Sample::new(folder.path().to_owned(), options));
    let session = Session::open_with(&global, |options| {
        options.sample = Some(Arc::clone(&sample) as _);
    })?;
    fresh(&session).await?;
    let told = story::tell(&session, &sample).await;
    let report = told?;
    if session.out.json {
        session.out.print(&report, |_| String::new())?;
    } else {
        let (tone, words) = if report.held {
            (Tone::Good, "Every step held: both systems are in step.")
        } else {
            (Tone::Bad, "Not every step held; see above.")
        };
        session.out.text(&session.out.paint.text(tone, words))?;
    }
    if args.serve {
        leave_running(&session, &sample).await?;
    }
    Ok(if report.held {
        Outcome::Completed
    } else {
        Outcome::Other
    })
}

/// The store named on the command line. One that is only set in the environment is the user's own
/// and left alone.
fn store(global: &Global, temporary: PathBuf) -> PathBuf {
    let everyday = std::env::var_os("TANDEM_STORE").map(PathBuf::from);
    match &global.store {
        Some(named) if everyday.as_ref() != Some(named) => named.clone(),
        _ => temporary,
    }
}

/// The sample systems begin anew each time; a store that remembers others would be wrong about them.
async fn fresh(session: &Session) -> Result<(), WireError> {
    let connections = session
        .app
        .list_connections(ListConnections {
            tenant: session.tenant(),
        })
        .await?;
    if connections.is_empty() {
        return Ok(());
    }
    Err(WireError::new(
        "store_in_use",
        "The demo needs a store of its own.",
        format!(
            "{} has connections already, and the sample systems begin anew each time.",
            session.app.store_path().display()
        ),
        "Leave out --store, or name a file that does not exist yet.",
    ))
}

/// Tells where everything is and waits for an interrupt.
async fn leave_running(session: &Session, sample: &Sample) -> Result<(), WireError> {
    let addresses = sample.addresses().await?;
    let text = format!(
        "The sample systems go on until you interrupt (Ctrl-C):\n  storefront  {}\n  erp         {}\n  store       {}",
        addresses.storefront,
        addresses.erp.display(),
        session.app.store_path().display(),
    );
    session.out.note(&text);
    tokio::signal::ctrl_c().await.map_err(|error| {
        trouble(
            "no_signals",
            "Interrupts cannot be followed",
            &error.to_string(),
        )
    })
}

impl Step {
    /// Prints the step as it ends.
    fn tell(&self, number: usize, out: Out) -> Result<(), WireError> {
        if out.json {
            return Ok(());
        }
        let (tone, mark) = if self.held {
            (Tone::Good, "ok")
        } else {
            (Tone::Bad, "FAILED")
        };
        let paint = out.paint;
        let mut text = format!(
            "{number}. {}  {} {}",
            paint.text(Tone::Head, &self.name),
            paint.text(tone, mark),
            paint.text(Tone::Quiet, &format!("({})", duration(self.took_ms)))
        );
        for fact in &self.facts {
            text.push_str(&format!("\n   {fact}"));
        }
        for problem in &self.problems {
            text.push_str(&format!("\n   {}", paint.text(Tone::Bad, problem)));
        }
        out.text(&text)
    }
}

/// Whole milliseconds.
fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
