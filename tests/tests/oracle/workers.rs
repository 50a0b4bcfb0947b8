//! A second worker: a run that stands still while another process takes its place.

use std::sync::Arc;

use chrono::TimeDelta;
use tandem_domain::ids::{Both, Side};
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::history::RunOptions;
use tandem_tests::fake::{Reaction, fault};
use tokio::sync::Notify;

use crate::invariants;
use crate::machine::{Checked, Machine, settle};

impl Machine {
    /// A run stands still at one of its calls until its lease is over and another process has run;
    /// then it goes on.
    pub(crate) async fn overtaken(
        &mut self,
        side: Side,
        call: u8,
        applied: bool,
        answered: bool,
    ) -> Checked {
        let (standing, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (stands, told) = (Arc::clone(&standing), Arc::clone(&go_on));
        let mut calls = 0_u8;
        self.world.side(side).script(move |_, _| {
            let at = calls;
            calls = calls.saturating_add(1);
            if at != call {
                return Reaction::Answer;
            }
            stands.notify_one();
            Reaction::Hold {
                told: Arc::clone(&told),
                applied,
                failure: (!answered).then(|| fault(ErrorClass::Timeout)),
            }
        });
        let first = self.open(&self.world.store, RunOptions::default()).await?;
        let mut task = tokio::spawn(first.execute());
        let ended = tokio::select! {
            biased;
            ended = &mut task => Some(ended),
            () = standing.notified() => None,
        };
        self.world.side(side).unscript();
        if ended.is_none() {
            // Whatever else it had under way ends.
            settle().await;
            self.landed();
            self.ghost()
                .note("  it stands still, another process takes over");
            let second = self.world.another_store();
            self.world.clock.advance(TimeDelta::seconds(95));
            let handle = self.open(&second, RunOptions::default()).await?;
            let history = handle
                .execute()
                .await
                .map_err(|error| format!("the second worker: {error}"))?;
            let landed = self.landed();
            self.ghost().note(format!("  second worker: {history:?}"));
            invariants::counts_add_up(&history, Some(landed))?;
            self.ghost().note("  the first goes on");
            go_on.notify_one();
            let _ = task.await;
            let landed = self.landed();
            if landed != Both::default() {
                return Err(format!(
                    "results of a superseded lease are ignored: it wrote {landed:?} more"
                ));
            }
        } else {
            self.landed();
        }
        self.look_at_conflicts()
    }
}
