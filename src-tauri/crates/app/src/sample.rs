//! The sample workspace: a storefront and an ERP, kept in step. The systems themselves are started
//! by the face.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::app::App;
use crate::error::AppError;
use crate::wire::{ApplyWorkspace, LoadSample, SampleLoaded, SampleSystem};

/// The workspace file, with two places left open.
const TEMPLATE: &str = include_str!("sample/workspace.toml");

/// Where running sample systems are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleAddresses {
    /// The storefront: `http://127.0.0.1:PORT`.
    pub storefront: String,
    /// The ERP's database file.
    pub erp: PathBuf,
}

/// Starts the sample systems.
#[async_trait]
pub trait SampleSystems: Send + Sync {
    /// Starts them, or says where they are if they run already.
    ///
    /// # Errors
    /// Why they could not be started.
    async fn start(&self) -> Result<SampleAddresses, String>;
}

/// The workspace file for sample systems at these addresses.
#[must_use]
pub fn sample_workspace(addresses: &SampleAddresses) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    TEMPLATE
        .replace("\"@STOREFRONT@\"", &quoted(&addresses.storefront))
        .replace("\"@ERP@\"", &quoted(&addresses.erp.to_string_lossy()))
}

impl App {
    /// Starts the sample systems and sets up their workspace.
    ///
    /// # Errors
    /// [`AppError::Sample`] where this face has none or they cannot be started.
    pub async fn load_sample(&self, args: LoadSample) -> Result<SampleLoaded, AppError> {
        let Some(sample) = self.inner.sample.clone() else {
            return Err(AppError::Sample(
                "they are not part of this program".to_owned(),
            ));
        };
        let addresses = sample.start().await.map_err(AppError::Sample)?;
        let applied = self
            .apply_workspace(ApplyWorkspace {
                tenant: args.tenant,
                text: sample_workspace(&addresses),
                file: Some("sample workspace".to_owned()),
                folder: None,
                dry_run: false,
            })
            .await?;
        Ok(SampleLoaded {
            syncs: applied
                .items
                .into_iter()
                .filter(|item| item.kind == crate::wire::ApplyKind::Sync)
                .map(|item| item.name)
                .collect(),
            systems: vec![
                SampleSystem {
                    name: "storefront".to_owned(),
                    address: addresses.storefront,
                },
                SampleSystem {
                    name: "erp".to_owned(),
                    address: addresses.erp.display().to_string(),
                },
            ],
        })
    }
}
