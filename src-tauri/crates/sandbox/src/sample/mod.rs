//! Both sample systems, filled with matching data, and the edits that people make on both sides between two syncs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::data::{customer, decomposed, product};
use crate::erp::{Erp, Table};
use crate::error::SandboxError;
use crate::storefront::{Control, Storefront, StorefrontConfig};

mod plan;

use plan::{CUSTOMERS, PRODUCTS, Plan};

/// What the ERP holds before the first sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Empty tables.
    EmptyErp,
    /// The first so many customers and as many products of the storefront, equal in all that both know; some names are
    /// spelled with separate accents (NFD).
    Overlap(u64),
}

/// How the sample systems are set up.
#[derive(Debug, Clone)]
pub struct SampleOptions {
    /// Customers at the storefront, and as many products.
    pub records: u64,
    /// Other seeds give other data.
    pub seed: u64,
    /// What the ERP holds.
    pub start: Start,
    /// The storefront; its clock is the ERP's too.
    pub storefront: StorefrontConfig,
    /// The storefront's port; 0 for a free one.
    pub port: u16,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            records: 1_000,
            seed: 1,
            start: Start::EmptyErp,
            storefront: StorefrontConfig::sample(),
            port: 0,
        }
    }
}

/// Where the sample systems are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// `http://127.0.0.1:PORT`.
    pub storefront: String,
    /// The ERP's database file.
    pub erp: PathBuf,
}

/// How many edits of each kind were made in one collection; no record is counted twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EditCounts {
    /// Changed at the storefront alone.
    pub storefront_only: usize,
    /// Changed in the ERP alone.
    pub erp_only: usize,
    /// Changed on both sides, in different fields.
    pub disjoint: usize,
    /// Changed on both sides to the same value.
    pub same: usize,
    /// The same field changed on both sides to different values.
    pub contested: usize,
    /// Deleted at the storefront alone.
    pub deleted_storefront: usize,
    /// Deleted in the ERP alone.
    pub deleted_erp: usize,
    /// New at the storefront.
    pub new_storefront: usize,
    /// New in the ERP.
    pub new_erp: usize,
}

/// What [`SampleSystems::edit_scenario`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// In customers.
    pub customers: EditCounts,
    /// In products.
    pub products: EditCounts,
    /// The customer numbers and SKUs of the contested records.
    pub contested_keys: Vec<String>,
}

/// A running storefront and an ERP database with sample data. Dropping it closes the storefront.
#[derive(Debug)]
pub struct SampleSystems {
    storefront: Storefront,
    erp: Erp,
    options: SampleOptions,
}

impl SampleSystems {
    /// Starts both, the ERP as `erp.db` in `folder` (created where missing). Data already in that file is kept and the
    /// start's rows are then not added.
    ///
    /// # Errors
    /// [`SandboxError`] where the folder, the file or the port cannot be had.
    pub async fn start(folder: &Path, options: SampleOptions) -> Result<Self, SandboxError> {
        std::fs::create_dir_all(folder).map_err(|source| SandboxError::Folder {
            folder: folder.display().to_string(),
            source,
        })?;
        let erp = Erp::open(&folder.join("erp.db"), options.storefront.clock.clone())?;
        let storefront = Storefront::start_on(options.storefront.clone(), options.port).await?;
        let control = storefront.control();
        for index in 1..=options.records {
            control.insert("customers", &customer(options.seed, index).to_storefront())?;
            control.insert("products", &product(options.seed, index).to_storefront())?;
        }
        if let Start::Overlap(shared) = options.start
            && erp.count(Table::Customers)? == 0
            && erp.count(Table::Products)? == 0
        {
            let shared = shared.min(options.records);
            let customers: Vec<_> = (1..=shared)
                .map(|i| spelled(customer(options.seed, i).to_erp(), i))
                .collect();
            let products: Vec<_> = (1..=shared)
                .map(|i| product(options.seed, i).to_erp())
                .collect();
            erp.insert_all(Table::Customers, &customers)?;
            erp.insert_all(Table::Products, &products)?;
        }
        Ok(Self {
            storefront,
            erp,
            options,
        })
    }

    /// Where they are.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        Addresses {
            storefront: self.storefront.url(),
            erp: self.erp.path().to_owned(),
        }
    }

    /// The storefront, to stop and restart it.
    pub fn storefront(&mut self) -> &mut Storefront {
        &mut self.storefront
    }

    /// The storefront's control handle.
    #[must_use]
    pub fn control(&self) -> Control {
        self.storefront.control()
    }

    /// The ERP.
    #[must_use]
    pub fn erp(&self) -> &Erp {
        &self.erp
    }

    /// Makes people's edits on both sides. Deterministic: the records are picked by their key among those that both sides
    /// hold, and `round` (1, 2, …) picks other values and other new keys. About 10 % of the records are touched; at least
    /// 100 customers and 100 products must be on both sides.
    ///
    /// # Errors
    /// [`SandboxError::TooFewShared`] before a first sync; else what an edit met.
    pub fn edit_scenario(&self, round: u32) -> Result<Edits, SandboxError> {
        let mut contested_keys = Vec::new();
        let customers = self.edit_collection(&CUSTOMERS, round, &mut contested_keys)?;
        let products = self.edit_collection(&PRODUCTS, round, &mut contested_keys)?;
        Ok(Edits {
            customers,
            products,
            contested_keys,
        })
    }

    fn edit_collection(
        &self,
        plan: &Plan,
        round: u32,
        contested: &mut Vec<String>,
    ) -> Result<EditCounts, SandboxError> {
        let shared = self.shared(plan)?;
        if shared.len() < 100 {
            return Err(SandboxError::TooFewShared {
                collection: plan.table.name(),
                needed: 100,
                found: shared.len(),
            });
        }
        let control = self.control();
        let erp = &self.erp;
        let mut counts = EditCounts::default();
        for (at, (key, id)) in shared.iter().enumerate() {
            let edit = |fields: fn(u32, usize) -> Map<String, Value>| {
                control.edit(plan.table.name(), id, &fields(round, at))
            };
            let edit_erp = |fields: fn(u32, usize) -> Map<String, Value>| {
                erp.edit(plan.table, key, &fields(round, at))
            };
            // One record in a hundred for each kind that comes in a share, single ones for the rest.
            match (at % 100, at / 100) {
                (3 | 43 | 83, _) => {
                    edit(plan.storefront_edit)?;
                    counts.storefront_only += 1;
                }
                (13 | 53 | 93, _) => {
                    edit_erp(plan.erp_edit)?;
                    counts.erp_only += 1;
                }
                (23 | 63, _) => {
                    edit(plan.storefront_edit)?;
                    edit_erp(plan.erp_edit)?;
                    counts.disjoint += 1;
                }
                (33, _) => {
                    edit(plan.same_storefront)?;
                    edit_erp(plan.same_erp)?;
                    counts.same += 1;
                }
                (73, _) => {
                    edit(plan.contested_storefront)?;
                    edit_erp(plan.contested_erp)?;
                    counts.contested += 1;
                    contested.push(key.clone());
                }
                (98, 0) => {
                    control.delete(plan.table.name(), id)?;
                    counts.deleted_storefront += 1;
                }
                (99, 0) => {
                    erp.delete(plan.table, key)?;
                    counts.deleted_erp += 1;
                }
                _ => {}
            }
        }
        for n in 0..3 {
            let number = u64::from(round) * 10_000 + n;
            control.insert(
                plan.table.name(),
                &(plan.new_storefront)(self.options.seed, number),
            )?;
            erp.insert(plan.table, &(plan.new_erp)(self.options.seed, number + 5))?;
            counts.new_storefront += 1;
            counts.new_erp += 1;
        }
        Ok(counts)
    }

    /// Key and storefront id of the records live on both sides, by key.
    fn shared(&self, plan: &Plan) -> Result<Vec<(String, String)>, SandboxError> {
        let text = |record: &Map<String, Value>, name: &str| {
            record.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let here: HashMap<String, String> = self
            .control()
            .records(plan.table.name())?
            .iter()
            .filter(|record| record.get("deleted") != Some(&Value::Bool(true)))
            .filter_map(|record| Some((text(record, plan.table.key())?, text(record, "id")?)))
            .collect();
        let rows = self.erp.records(plan.table)?;
        let live = rows
            .iter()
            .filter(|row| row.get("deleted") == Some(&json!(0)));
        let keys = live.filter_map(|row| text(row, plan.table.key()));
        Ok(keys
            .filter_map(|key| here.get(&key).map(|id| (key.clone(), id.clone())))
            .collect())
    }
}

/// Every fifth name with its accents apart.
fn spelled(mut row: Map<String, Value>, index: u64) -> Map<String, Value> {
    if index.is_multiple_of(5) {
        for name in ["first_name", "last_name", "city"] {
            if let Some(Value::String(text)) = row.get_mut(name) {
                *text = decomposed(text);
            }
        }
    }
    row
}
