//! The sample systems, started when the panel asks for them. They last as long as the window; so
//! does the store, unless one was named.

use std::path::Path;

use async_trait::async_trait;
use tandem_app::{SampleAddresses, SampleSystems};
use tandem_sandbox::SampleOptions;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// A storefront and an ERP, once started.
pub(crate) struct Sample {
    folder: TempDir,
    running: Mutex<Option<tandem_sandbox::SampleSystems>>,
}

impl Sample {
    /// Systems whose files lie in a folder that goes with this value.
    ///
    /// # Errors
    /// When the machine gives no temporary folder.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            folder: tempfile::Builder::new().prefix("tandem-demo-").tempdir()?,
            running: Mutex::new(None),
        })
    }

    /// Stops the systems and removes what they left; the process may end right after.
    pub(crate) async fn close(&self) {
        self.running.lock().await.take();
        if let Err(error) = std::fs::remove_dir_all(self.folder()) {
            tracing::warn!(%error, folder = %self.folder().display(), "the sample systems' files stay");
        }
    }

    /// The folder, for a store that goes with it too.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

#[async_trait]
impl SampleSystems for Sample {
    async fn start(&self) -> Result<SampleAddresses, String> {
        let mut running = self.running.lock().await;
        let systems = match running.take() {
            Some(systems) => systems,
            None => tandem_sandbox::SampleSystems::start(self.folder(), SampleOptions::default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn asking_twice_starts_one_pair_of_systems() {
        let sample = Sample::new().unwrap();
        let first = sample.start().await.unwrap();
        assert!(first.erp.starts_with(sample.folder()), "{first:?}");
        assert_eq!(sample.start().await.unwrap(), first);
    }
}
