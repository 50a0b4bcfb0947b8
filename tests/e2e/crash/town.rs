//! A storefront over HTTP and an ERP database, `tandem` between them, and what both must hold once
//! it has had its way: kept by the edits people make here, never by asking Tandem.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use tandem_app::{SampleAddresses, sample_workspace};
use tandem_sandbox::{Control, SampleOptions, SampleSystems, Start, StorefrontConfig, Table};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Rng;
use super::books::Books;
use super::process::{Said, Tandem};

/// The sync everything is about, and the collection and table it connects.
pub(crate) const SYNC: &str = "customers";
/// Text fields that are named alike on both sides.
const FIELDS: [&str; 3] = ["phone", "street", "notes"];
/// Customers at the start.
const CUSTOMERS: u64 = 120;

/// What one customer holds, by field.
pub(crate) type Fields = BTreeMap<&'static str, String>;
/// What a system holds, by customer number.
pub(crate) type Customers = BTreeMap<String, Fields>;

/// Both systems, and what they must come to hold.
pub(crate) struct Town {
    systems: SampleSystems,
    pub(crate) tandem: Tandem,
    model: Customers,
    /// Customers whose notes differ until an admin decides.
    contested: BTreeSet<String>,
    rng: Rng,
    round: u32,
    folder: TempDir,
    _runtime: Runtime,
}

/// Which side a decision takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Take {
    Source,
    Target,
}

impl Town {
    /// Both systems filled alike, everything linked.
    pub(crate) fn linked(stream: u64) -> Self {
        let town = Self::unlinked(stream, Start::Overlap(CUSTOMERS));
        town.tandem.must(&[0], &["run", SYNC]);
        town
    }

    /// The storefront filled, the sync configured, no run yet.
    pub(crate) fn unlinked(stream: u64, start: Start) -> Self {
        let town = Self::unconfigured(stream, start);
        town.tandem.must(&[0], &["apply", "-f", &town.workspace()]);
        town
    }

    /// The storefront filled, no store yet.
    pub(crate) fn unconfigured(stream: u64, start: Start) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = SampleOptions {
            records: CUSTOMERS,
            start,
            storefront: StorefrontConfig::plain(),
            ..SampleOptions::default()
        };
        let systems = runtime
            .block_on(SampleSystems::start(folder.path(), options))
            .unwrap();
        let addresses = SampleAddresses {
            storefront: systems.addresses().storefront,
            erp: systems.addresses().erp,
        };
        // Small chunks: several windows and several calls in each run.
        let workspace = sample_workspace(&addresses).replace(
            "deletes = \"propagate\"\n",
            "deletes = \"propagate\"\nlimits = { chunk_size = 4 }\n",
        );
        std::fs::write(folder.path().join("workspace.toml"), workspace).unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        let mut town = Self {
            tandem: Tandem::new(folder.path().join("store/tandem.db")),
            systems,
            model: Customers::new(),
            contested: BTreeSet::new(),
            rng: Rng::of(stream),
            round: 0,
            folder,
            _runtime: runtime,
        };
        town.model = town.at_storefront();
        town
    }

    /// The workspace file.
    pub(crate) fn workspace(&self) -> String {
        let file = self.folder.path().join("workspace.toml");
        file.display().to_string()
    }

    /// The folder that holds nothing but the store.
    pub(crate) fn store_folder(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The storefront's handle.
    pub(crate) fn storefront(&self) -> Control {
        self.systems.control()
    }

    /// The store's books.
    pub(crate) fn books(&self) -> Books {
        Books::open(self.tandem.store())
    }

    /// One round of edits by people on both sides, each with a value never used before: one side alone,
    /// both in different fields, both in the same field, new customers, deletions.
    pub(crate) fn edit(&mut self) {
        self.round += 1;
        let mut touched = BTreeSet::new();
        for turn in 0..22 {
            let key = self.pick(&touched);
            touched.insert(key.clone());
            let (ours, theirs) = (self.token(turn, "s"), self.token(turn, "e"));
            match turn {
                0..=6 => self.at_shop(&key, "phone", &ours),
                7..=13 => self.at_the_erp(&key, "street", &theirs),
                14..=17 => {
                    self.at_shop(&key, "phone", &ours);
                    self.at_the_erp(&key, "street", &theirs);
                }
                _ => {
                    self.at_shop(&key, "notes", &ours);
                    self.at_the_erp(&key, "notes", &theirs);
                    self.model.get_mut(&key).unwrap().remove("notes");
                    self.contested.insert(key);
                }
            }
        }
        let here = self.pick(&touched);
        let id = self.id_at_storefront(&here);
        self.storefront().delete(SYNC, &id).unwrap();
        self.model.remove(&here);
        let there = self.pick(&touched);
        self.systems.erp().delete(Table::Customers, &there).unwrap();
        self.model.remove(&there);
        for turn in 0..3 {
            self.create_at_storefront(turn);
            self.create_at_erp(turn);
        }
    }

    /// People at the storefront give the first `customers` another phone, and add a customer.
    pub(crate) fn edit_at_storefront(&mut self, customers: usize) {
        self.round += 1;
        let keys: Vec<String> = self.model.keys().take(customers).cloned().collect();
        for (turn, key) in keys.iter().enumerate() {
            let phone = self.token(turn, "s");
            self.at_shop(key, "phone", &phone);
        }
        self.create_at_storefront(customers);
    }

    fn token(&self, turn: usize, side: &str) -> String {
        format!("{side}{}.{turn}", self.round)
    }

    /// Any customer not `touched` in this round, whose notes are not contested.
    fn pick(&mut self, touched: &BTreeSet<String>) -> String {
        let free: Vec<&String> = self
            .model
            .keys()
            .filter(|key| !self.contested.contains(*key) && !touched.contains(*key))
            .collect();
        let at = self.rng.below(free.len());
        free[at].clone()
    }

    fn at_shop(&mut self, key: &str, field: &'static str, value: &str) {
        let id = self.id_at_storefront(key);
        let patch = fields([(field, value)]);
        self.storefront().edit(SYNC, &id, &patch).unwrap();
        self.expect(key, field, value);
    }

    fn at_the_erp(&mut self, key: &str, field: &'static str, value: &str) {
        let patch = fields([(field, value)]);
        self.systems
            .erp()
            .edit(Table::Customers, key, &patch)
            .unwrap();
        self.expect(key, field, value);
    }

    fn expect(&mut self, key: &str, field: &'static str, value: &str) {
        let customer = self.model.get_mut(key).unwrap();
        customer.insert(field, value.to_owned());
    }

    fn id_at_storefront(&self, key: &str) -> String {
        let found = self.storefront().find(SYNC, "customer_no", key).unwrap();
        found.unwrap_or_else(|| panic!("{key} is not at the storefront"))
    }

    fn create_at_storefront(&mut self, turn: usize) {
        let (key, record) = self.new_customer("S", turn);
        self.storefront().insert(SYNC, &record).unwrap();
        self.model.insert(key, of_interest(&record));
    }

    fn create_at_erp(&mut self, turn: usize) {
        let (key, record) = self.new_customer("E", turn);
        self.systems
            .erp()
            .insert(Table::Customers, &record)
            .unwrap();
        self.model.insert(key, of_interest(&record));
    }

    fn new_customer(&self, side: &str, turn: usize) -> (String, Map<String, Value>) {
        let key = format!("{side}-{:04}-{turn}", self.round);
        let record = json!({
            "customer_no": key, "first_name": "New", "last_name": key,
            "email": format!("{key}@example.org"), "street": "1 New Street", "city": "Newtown",
            "country": "DE", "credit_limit": 100, "phone": self.token(turn, side), "notes": "n",
            "status": if side == "S" { "active" } else { "A" },
        });
        let Value::Object(mut record) = record else {
            unreachable!("an object was written");
        };
        let postcode = if side == "S" { "zip" } else { "postcode" };
        record.insert(postcode.to_owned(), json!("10115"));
        (key, record)
    }

    /// What an admin decides about everything contested.
    pub(crate) fn decide(&mut self, take: Take) -> Vec<&'static str> {
        let side = match take {
            Take::Source => self.at_storefront(),
            Take::Target => self.at_erp(),
        };
        for key in std::mem::take(&mut self.contested) {
            let notes = side[&key]["notes"].clone();
            self.model.get_mut(&key).unwrap().insert("notes", notes);
        }
        match take {
            Take::Source => vec!["conflicts", "resolve", "--all", "--take", "source"],
            Take::Target => vec!["conflicts", "resolve", "--all", "--take", "target"],
        }
    }

    /// One of both sides by chance.
    pub(crate) fn toss(&mut self) -> Take {
        if self.rng.below(2) == 0 {
            Take::Source
        } else {
            Take::Target
        }
    }

    /// Runs a command that may die; no more than the journal knows of reached either system, and the
    /// time a dead holder is waited for goes by.
    pub(crate) fn survive(&self, command: impl FnOnce(&Tandem) -> Said) -> Said {
        self.survive_any(command)
    }

    /// The same for a command of which only the traces count.
    pub(crate) fn survive_any<T>(&self, command: impl FnOnce(&Tandem) -> T) -> T {
        let before = self.rows();
        let said = command(&self.tandem);
        let after = self.rows();
        let books = self.books();
        for side in [0, 1] {
            let (before, after) = (&before[side], &after[side]);
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let written = keys
                .into_iter()
                .filter(|key| before.get(*key) != after.get(*key))
                .count();
            let journalled = books.journalled(i64::try_from(side).unwrap());
            assert!(
                i64::try_from(written).unwrap() <= journalled,
                "{written} records written at side {side}, {journalled} in the journal"
            );
        }
        books.let_the_lease_run_out();
        said
    }

    /// Puts each system's log into its file, so that a file's size says how much there is.
    pub(crate) fn check_in(&self) {
        for file in [self.tandem.store(), self.systems.erp().path()] {
            let db = rusqlite::Connection::open(file).unwrap();
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .unwrap();
        }
    }

    /// The next runs finish: both systems hold what they must, nothing twice, and the books add up.
    pub(crate) fn recovers(&mut self) {
        self.tandem.must(&[0, 3], &["run", SYNC]);
        self.holds();
        let open = self.tandem.must(&[0], &["conflicts", "list"]).json();
        assert_eq!(
            open.as_array().unwrap().len(),
            self.contested.len(),
            "conflicts: {open:#}"
        );
        if !self.contested.is_empty() {
            let take = self.toss();
            let args = self.decide(take);
            self.tandem.must(&[0], &args);
        }
        self.rests();
    }

    /// A run with nothing to do does nothing.
    pub(crate) fn rests(&self) {
        let idle = self.tandem.must(&[0], &["run", SYNC]).json();
        for what in ["created", "updated", "deleted"] {
            assert_eq!(idle[what], json!({"source": 0, "target": 0}), "{idle:#}");
        }
        self.holds();
        self.books().add_up(self.model.len());
    }

    /// Both systems hold what they must, contested fields aside.
    pub(crate) fn holds(&self) {
        for (system, found) in [("storefront", self.at_storefront()), ("ERP", self.at_erp())] {
            let keys: BTreeSet<&String> = self.model.keys().chain(found.keys()).collect();
            for key in keys {
                let (wanted, mut found) = (self.model.get(key), found.get(key).cloned());
                if let Some(found) = found.as_mut().filter(|_| self.contested.contains(key)) {
                    found.remove("notes");
                }
                assert_eq!(wanted, found.as_ref(), "{key} at the {system}");
            }
        }
    }

    /// The audit log was not touched and the store's pages agree.
    pub(crate) fn is_sound(&self) {
        self.tandem.must(&[0], &["audit", "verify"]);
        self.books().are_sound();
    }

    pub(crate) fn at_storefront(&self) -> Customers {
        customers(&self.storefront().records(SYNC).unwrap())
    }

    pub(crate) fn at_erp(&self) -> Customers {
        let mut rows = self.systems.erp().records(Table::Customers).unwrap();
        rows.retain(|row| row["deleted"] == json!(0));
        customers(&rows)
    }

    /// Everything of both systems, versions included, by customer number.
    pub(crate) fn rows(&self) -> [BTreeMap<String, Map<String, Value>>; 2] {
        let by_key = |rows: Vec<Map<String, Value>>| {
            rows.into_iter()
                .map(|row| (row["customer_no"].as_str().unwrap().to_owned(), row))
                .collect()
        };
        [
            by_key(self.storefront().records(SYNC).unwrap()),
            by_key(self.systems.erp().records(Table::Customers).unwrap()),
        ]
    }
}

/// Records by customer number; one that stands twice fails the test.
fn customers(rows: &[Map<String, Value>]) -> Customers {
    let mut found = Customers::new();
    for row in rows {
        let key = row["customer_no"].as_str().unwrap();
        let twice = found.insert(key.to_owned(), of_interest(row));
        assert_eq!(twice, None, "{key} stands twice");
    }
    found
}

fn of_interest(row: &Map<String, Value>) -> Fields {
    FIELDS
        .into_iter()
        .map(|field| (field, row[field].as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect()
}
