//! The sample systems, started once.

use std::path::PathBuf;

use async_trait::async_trait;
use tandem_app::{SampleAddresses, SampleSystems, WireError};
use tandem_sandbox::SampleOptions;
use tokio::sync::{Mutex, MutexGuard};

use crate::outcome::trouble;

/// A storefront and an ERP, once started.
pub(crate) struct Sample {
    folder: PathBuf,
    options: SampleOptions,
    running: Mutex<Option<tandem_sandbox::SampleSystems>>,
}

impl Sample {
    /// Systems whose files will lie in that folder.
    pub(crate) fn new(folder: PathBuf, options: SampleOptions) -> Self {
        Self {
            folder,
            options,
            running: Mutex::new(None),
        }
    }

    /// The running systems, for what a person does with them.
    pub(crate) async fn systems(&self) -> MutexGuard<'_, Option<tandem_sandbox::SampleSystems>> {
        self.running.lock().await
    }

    /// Where they are.
    pub(crate) async fn addresses(&self) -> Result<SampleAddresses, WireError> {
        self.start().await.map_err(|error| {
            trouble(
                "sample_unavailable",
                "The sample systems cannot be started",
                &error,
            )
        })
    }
}

#[async_trait]
impl SampleSystems for Sample {
    async fn start(&self) -> Result<SampleAddresses, String> {
        let mut running = self.running.lock().await;
        let systems = match running.take() {
            Some(systems) => systems,
            None => tandem_sandbox::SampleSystems::start(&self.folder, self.options.clone())
                .await
                .map_err(|error| error.to_string())?,
        };
        let addresses = running.insert(systems).addresses();
        Ok(SampleAddresses {
            storefront: addresses.storefront,
            erp: addresses.erp,
        })
    }
}
