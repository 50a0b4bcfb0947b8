//! Following the schedules: what lasts longer than one command does it, a window and `serve`.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use tandem_engine::ports::Store;
use tandem_engine::ports::history::{RunOptions, RunTrigger};
use tandem_engine::schedule::{Due, NotStarted, Scheduler, Starts};

use super::start::Asked;
use crate::app::{App, Inner};
use crate::error::AppError;

/// In whose name scheduled runs are recorded.
const ACTOR: &str = "schedule";

impl App {
    /// Starts every sync of every tenant at its time, as long as this app lives.
    pub(crate) fn follow_schedules(&self) {
        let inner = Arc::downgrade(&self.inner);
        let clock = Arc::clone(&self.inner.clock);
        tokio::spawn(async move {
            let scheduler = Scheduler::new(Arc::clone(&clock));
            let starts: Arc<dyn Starts> = Arc::new(ByApp(Weak::clone(&inner)));
            while let Some(store) = store(&inner) {
                let wait = scheduler.step(store, &starts).await;
                clock.sleep(wait).await;
            }
        });
    }
}

fn store(inner: &Weak<Inner>) -> Option<Arc<dyn Store>> {
    Some(Arc::clone(&inner.upgrade()?.store))
}

struct ByApp(Weak<Inner>);

#[async_trait]
impl Starts for ByApp {
    async fn start(&self, due: Due) -> Result<(), NotStarted> {
        let Some(inner) = self.0.upgrade() else {
            return Err(NotStarted::Failed("the app is closing".to_owned()));
        };
        let asked = Asked {
            options: RunOptions::default(),
            trigger: RunTrigger::Schedule,
            actor: ACTOR.to_owned(),
            unless_since: due.unless_since,
        };
        let (app, tenant) = (App { inner }, due.tenant.name);
        match app.start_as(tenant.as_str(), due.sync, asked).await {
            Ok(_) => Ok(()),
            Err(AppError::Busy { .. }) => Err(NotStarted::Busy),
            Err(error) => Err(NotStarted::Failed(error.to_string())),
        }
    }
}
