//! The steps, in order.

use std::time::Duration;

use tandem_app::WireError;
use tandem_app::ports::{Clock as _, SystemClock};
use tandem_app::wire::{
    ConflictSummary, ConflictView, FieldChoice, GetConflict, ListConflicts, LoadSample,
    ResolveConflict, RunSync, RunView, Take, WireConflictState,
};
use tandem_sandbox::{Edits, Table};

use super::compare::compare;
use super::expect::{Expected, fact};
use super::systems::Sample;
use super::{RECORDS, Report, SHARED, Step, millis};
use crate::outcome::trouble;
use crate::progress::Follower;
use crate::session::Session;

/// The syncs of the sample workspace and the tables they keep in step.
const SYNCS: [(&str, Table); 2] = [
    ("customers", Table::Customers),
    ("products", Table::Products),
];

/// At most so many differences are told.
const TOLD: usize = 5;

/// Tells the whole story. An error means that it could not even go on.
pub(super) async fn tell(session: &Session, sample: &Sample) -> Result<Report, WireError> {
    let mut story = Story {
        session,
        sample,
        clock: SystemClock::new(),
        steps: Vec::new(),
    };
    story.set_up().await?;
    story.first_sync().await?;
    let edits = story.edits().await?;
    story.second_sync(&edits).await?;
    story.one_conflict().await?;
    story.other_conflicts().await?;
    story.last_run().await?;
    let held = story.steps.iter().all(|step| step.held);
    Ok(Report {
        held,
        steps: story.steps,
    })
}

struct Story<'a> {
    session: &'a Session,
    sample: &'a Sample,
    clock: SystemClock,
    steps: Vec<Step>,
}

impl Story<'_> {
    /// Ends a step that began at `since`.
    fn step(
        &mut self,
        name: &str,
        since: Duration,
        facts: Vec<String>,
        problems: Vec<String>,
    ) -> Result<(), WireError> {
        let step = Step {
            name: name.to_owned(),
            held: problems.is_empty(),
            took_ms: millis(self.clock.monotonic().saturating_sub(since)),
            facts,
            problems,
        };
        step.tell(self.steps.len() + 1, self.session.out)?;
        self.steps.push(step);
        Ok(())
    }

    async fn set_up(&mut self) -> Result<(), WireError> {
        let since = self.clock.monotonic();
        let loaded = self
            .session
            .app
            .load_sample(LoadSample {
                tenant: self.session.tenant(),
            })
            .await?;
        let mut facts: Vec<String> = loaded
            .systems
            .iter()
            .map(|it| format!("{}: {}", it.name, it.address))
            .collect();
        facts.push(format!(
            "{RECORDS} customers and {RECORDS} products at the storefront; {SHARED} of each in the ERP already"
        ));
        let wanted = ["customers", "products"];
        let problems = (loaded.syncs != wanted)
            .then(|| format!("the syncs should be {wanted:?}, are {:?}", loaded.syncs));
        self.step(
            "Start two systems and set up their workspace",
            since,
            facts,
            problems.into_iter().collect(),
        )
    }

    async fn first_sync(&mut self) -> Result<(), WireError> {
        let since = self.clock.monotonic();
        let (mut facts, mut problems) = (Vec::new(), Vec::new());
        for (sync, table) in SYNCS {
            let run = self.run(sync).await?;
            facts.push(fact(&run));
            problems.extend(Expected::first(RECORDS - SHARED).problems(&run));
            self.must_agree(table, &[], &mut problems).await?;
        }
        facts.push(format!(
            "the {SHARED} that both had were paired by their key; none was doubled"
        ));
        self.step("First sync", since, facts, problems)
    }

    async fn edits(&mut self) -> Result<Edits, WireError> {
        let since = self.clock.monotonic();
        let edits = {
            let systems = self.sample.systems().await;
            let systems = systems.as_ref().ok_or_else(not_running)?;
            systems.edit_scenario(1).map_err(|error| {
                trouble(
                    "sample",
                    "The sample systems refused an edit",
                    &error.to_string(),
                )
            })?
        };
        let facts = [("customers", edits.customers), ("products", edits.products)]
            .map(|(name, it)| {
                format!(
                    "{name}: {} edited at the storefront, {} in the ERP, {} in both (different fields), {} in both (alike), {} in both (contested); {} deleted; {} new",
                    it.storefront_only,
                    it.erp_only,
                    it.disjoint,
                    it.same,
                    it.contested,
                    it.deleted_storefront + it.deleted_erp,
                    it.new_storefront + it.new_erp
                )
            })
            .to_vec();
        self.step("People edit on both sides", since, facts, Vec::new())?;
        Ok(edits)
    }

    async fn second_sync(&mut self, edits: &Edits) -> Result<(), WireError> {
        let since = self.clock.monotonic();
        let (mut facts, mut problems) = (Vec::new(), Vec::new());
        for (sync, table) in SYNCS {
            let counts = match table {
                Table::Customers => &edits.customers,
                Table::Products => &edits.products,
            };
            let run = self.run(sync).await?;
            facts.push(fact(&run));
            problems.extend(Expected::after(counts).problems(&run));
            self.must_agree(table, &edits.contested_keys, &mut problems)
                .await?;
        }
        facts.push(
            "edits of different fields were merged; contested ones wait for a person".to_owned(),
        );
        self.step("Second sync", since, facts, problems)
    }

    /// One conflict, chosen field by field.
    async fn one_conflict(&mut self) -> Result<(), WireError> {
        let since = self.clock.monotonic();
        let Some(first) = self.open("customers").await?.into_iter().next() else {
            return self.step(
                "Settle one conflict field by field",
                since,
                Vec::new(),
                vec!["there is no conflict".to_owned()],
            );
        };
        let before = self.conflict(&first.id).await?;
        let contested: Vec<String> = before
            .fields
            .iter()
            .filter(|field| field.contested)
            .map(|field| field.field.clone())
            .collect();
        let choices = contested
            .iter()
            .map(|field| FieldChoice {
                field: field.clone(),
                take: Take::Target,
                value: None,
            })
            .collect();
        self.decide(&before, choices, "The ERP spoke to the customer last.")
            .await?;
        self.session
            .app
            .carry_out_decisions(&self.session.tenant)
            .await?;
        self.session.app.idle().await;
        let after = self.conflict(&first.id).await?;
        let mut problems = Vec::new();
        if after.state != WireConflictState::Resolved {
            problems.push(format!(
                "the conflict should be resolved, is {:?}",
                after.state
            ));
        }
        let key = key_of(&before);
        let still = self.difference(Table::Customers).await?;
        if let Some(how) = key.as_ref().and_then(|key| still.different.get(key)) {
            problems.push(format!("{} differs still: {how}", first.label));
        }
        let facts = vec![format!(
            "{}: {} contested; taken from the ERP, written to both",
            before.label,
            contested.join(", ")
        )];
        self.step("Settle one conflict field by field", since, facts, problems)
    }

    /// All others at once.
    async fn other_conflicts(&mut self) -> Result<(), WireError> {
        let since = self.clock.monotonic();
        let mut settled = 0;
        for (sync, _) in SYNCS {
            for summary in self.open(sync).await? {
                let conflict = self.conflict(&summary.id).await?;
                let choices = conflict
                    .fields
                    .iter()
                    .filter(|field| field.contested)
                    .map(|field| FieldChoice {
                        field: field.field.clone(),
                        take: Take::Source,
                        value: None,
                    })
                    .collect();
                self.decide(&conflict, choices, "The storefront is right.")
                    .await?;
                settled += 1;
            }
        }
        self.session
            .app
            .carry_out_decisions(&self.session.tenant)
            .await?;
        self.session.app.idle().await;
        let mut problems = Vec::new();
        for (sync, table) in SYNCS {
            let left = self.open(sync).await?.len();
            if left > 0 {
                problems.push(format!("{left} conflicts of {sync} are open still"));
            }
            self.must_agree(table, &[], &mut problems).await?;
        }
        let facts = vec![format!("{settled} more, all with the storefront's values")];
        self.step("Settle the others", since, facts, problems)
    }

    async fn last_run(&mut self) -> Result<(), WireError> {
        let since = self.clock.monotonic();
        let (mut facts, mut problems) = (Vec::new(), Vec::new());
        for (sync, table) in SYNCS {
            // What we wrote ourselves comes back as a change once; it must be recognised.
            for _ in 0..2 {
                let run = self.run(sync).await?;
                facts.push(fact(&run));
                problems.extend(Expected::nothing().problems(&run));
            }
            self.must_agree(table, &[], &mut problems).await?;
        }
        self.step("Last runs: nothing left to write", since, facts, problems)
    }

    async fn run(&self, sync: &str) -> Result<RunView, WireError> {
        let app = &self.session.app;
        let follower = Follower::start(app, self.session.out.progress, sync);
        let args = RunSync {
            tenant: self.session.tenant(),
            name: sync.to_owned(),
            ..RunSync::default()
        };
        let ended = async {
            let started = app.run_sync(args).await?;
            app.finished(&self.session.tenant, &started.run_id).await
        }
        .await;
        follower.stop();
        Ok(ended?.run)
    }

    async fn open(&self, sync: &str) -> Result<Vec<ConflictSummary>, WireError> {
        let args = ListConflicts {
            tenant: self.session.tenant(),
            state: Some(WireConflictState::Open),
            sync: Some(sync.to_owned()),
            before: None,
            limit: 1_000,
        };
        Ok(self.session.app.list_conflicts(args).await?.items)
    }

    async fn conflict(&self, id: &str) -> Result<ConflictView, WireError> {
        let args = GetConflict {
            tenant: self.session.tenant(),
            id: id.to_owned(),
        };
        Ok(self.session.app.get_conflict(args).await?)
    }

    async fn decide(
        &self,
        conflict: &ConflictView,
        choices: Vec<FieldChoice>,
        note: &str,
    ) -> Result<ConflictView, WireError> {
        let args = ResolveConflict {
            tenant: self.session.tenant(),
            id: conflict.id.clone(),
            revision: conflict.revision,
            choices,
            note: Some(note.to_owned()),
        };
        Ok(self.session.app.resolve_conflict(args).await?)
    }

    /// Notes a problem for each record that differs and is not excused.
    async fn must_agree(
        &self,
        table: Table,
        excused: &[String],
        problems: &mut Vec<String>,
    ) -> Result<(), WireError> {
        let found = self.difference(table).await?;
        let unexcused: Vec<_> = found
            .different
            .iter()
            .filter(|(key, _)| !excused.contains(key))
            .collect();
        for (key, how) in unexcused.iter().take(TOLD) {
            problems.push(format!("{} {key} differs: {how}", table.name()));
        }
        if unexcused.len() > TOLD {
            problems.push(format!(
                "… and {} more of {}",
                unexcused.len() - TOLD,
                table.name()
            ));
        }
        if found.equal == 0 {
            problems.push(format!("no {} are equal on both sides", table.name()));
        }
        Ok(())
    }

    async fn difference(&self, table: Table) -> Result<super::compare::Difference, WireError> {
        let systems = self.sample.systems().await;
        let systems = systems.as_ref().ok_or_else(not_running)?;
        compare(systems, table).map_err(|error| {
            trouble(
                "sample",
                "The sample systems cannot be read",
                &error.to_string(),
            )
        })
    }
}

fn not_running() -> WireError {
    trouble(
        "sample",
        "The sample systems are not running",
        "They were not started.",
    )
}

/// The customer number of a conflict's record.
fn key_of(conflict: &ConflictView) -> Option<String> {
    let field = conflict
        .fields
        .iter()
        .find(|field| field.field == "customer_no")?;
    field
        .base
        .as_ref()
        .or(field.source.as_ref())?
        .as_str()
        .map(str::to_owned)
}
