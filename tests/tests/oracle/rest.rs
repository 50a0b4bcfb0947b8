//! Coming to rest: what has to become of any history once nothing goes wrong any more.

use chrono::TimeDelta;
use tandem_domain::conflict::ConflictState;
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus, SyncHistory};
use tandem_engine::ports::store::ErrorFilter;

use crate::machine::{Checked, Machine};

/// Runs after which everything has to be at rest.
const ROUNDS: u32 = 40;

impl Machine {
    /// Nothing goes wrong any more, every conflict is decided, refused deletes are confirmed.
    pub(crate) async fn come_to_rest(&mut self) -> Checked {
        self.ghost().note("coming to rest");
        self.map(true);
        // A side whose deletes only a full listing shows is listed in full again.
        self.world.clock.advance(TimeDelta::hours(25));
        let (mut quiet, mut allow_deletes) = (0, None);
        for _ in 0..ROUNDS {
            let (history, wrote) = self.peaceful(false, allow_deletes).await?;
            allow_deletes = (history.error_type == Some(ErrorType::Guard))
                .then(|| self.confirmed(&history))
                .flatten();
            let idle = !wrote
                && history.status == RunStatus::Completed
                && self.conflicts(ConflictState::Open).is_empty()
                && self.conflicts(ConflictState::Decided).is_empty();
            quiet = if idle { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        Err(format!(
            "convergence at rest: not at rest after {ROUNDS} runs without faults"
        ))
    }

    /// A run without faults, every conflict decided before it; whether it wrote anything.
    async fn peaceful(
        &mut self,
        full: bool,
        allow_deletes: Option<u64>,
    ) -> Result<(SyncHistory, bool), String> {
        self.world.clock.advance(TimeDelta::minutes(10));
        self.decide();
        let options = RunOptions {
            full,
            allow_deletes,
            ..RunOptions::default()
        };
        let before = self.world.effects();
        let history = self.run(options, &[], None).await?.ok_or("nobody died")?;
        Ok((history, self.world.effects() != before))
    }

    /// Everything listed again from the beginning tells nothing new either.
    pub(crate) async fn no_echo(&mut self) -> Checked {
        let (history, wrote) = self.peaceful(true, None).await?;
        if wrote || history.status != RunStatus::Completed {
            return Err(format!(
                "no echo: an idle full run did something: {history:?}"
            ));
        }
        Ok(())
    }

    /// The number of deletes that the refusal says may be confirmed.
    fn confirmed(&self, run: &SyncHistory) -> Option<u64> {
        let errors = self.world.store.errors(&ErrorFilter {
            run: Some(run.id),
            limit: 100,
            ..ErrorFilter::default()
        });
        errors.ok()?.iter().find_map(|row| {
            let remedy = row.error.details.get("remedy")?.as_str()?;
            let (_, number) = remedy.split_once("--allow-deletes ")?;
            number.trim_end_matches('.').parse().ok()
        })
    }
}
