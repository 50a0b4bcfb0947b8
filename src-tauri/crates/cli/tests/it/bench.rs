//! A folder with two ERP databases, a workspace file that keeps them in step, and the binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value, json};
use tandem_sandbox::{Clock, Erp, Table};
use tempfile::TempDir;

/// Two databases of the same shape, `left` and `right`.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) left: Erp,
    pub(crate) right: Erp,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Its output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Bench {
    /// Both databases empty, no store yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| Erp::open(&folder.path().join(name), Clock::machine()).unwrap();
        let (left, right) = (open("left.db"), open("right.db"));
        Self {
            folder,
            left,
            right,
        }
    }

    /// The same with `count` customers on the left and the workspace applied.
    pub(crate) fn with_customers(count: u32) -> Self {
        let bench = Self::new();
        let rows: Vec<_> = (1..=count).map(customer).collect();
        bench.left.insert_all(Table::Customers, &rows).unwrap();
        let file = bench.write("workspace.toml", &bench.workspace());
        let said = bench.tandem(&["apply", "-f", &file]);
        assert_eq!(said.status, 0, "{said:?}");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store/tandem.db")
    }

    /// Where its audit log is anchored.
    pub(crate) fn anchor(&self) -> PathBuf {
        self.path("anchor/audit-anchor.db")
    }

    /// Writes a file; its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the binary on this bench's store.
    pub(crate) fn tandem(&self, args: &[&str]) -> Said {
        run(Command::new(env!("CARGO_BIN_EXE_tandem"))
            .env("TANDEM_STORE", self.store())
            .env("TANDEM_ANCHOR", self.anchor())
            .args(args))
    }

    /// The same in another current directory, with the store named by its absolute path.
    pub(crate) fn tandem_in(&self, folder: &Path, args: &[&str]) -> Said {
        run(Command::new(env!("CARGO_BIN_EXE_tandem"))
            .current_dir(folder)
            .env("TANDEM_STORE", self.store())
            .env("TANDEM_ANCHOR", self.anchor())
            .args(args))
    }

    /// The workspace file: customers of both, both ways.
    pub(crate) fn workspace(&self) -> String {
        let connection = |name: &str, path: &Path| {
            format!(
                r#"
[[connections]]
name = "{name}"
kind = "sqlite"
file = {path:?}

[connections.collections.customers]
key = ["customer_no"]
version = {{ column = {{ name = "row_version" }} }}
modified_at = {{ column = "modified_at" }}
deleted = {{ column = "deleted" }}
read_only = ["row_version", "modified_at"]
lookup = ["customer_no"]
"#,
                path = path.display().to_string()
            )
        };
        let sync = r#"
[[syncs]]
name = "customers"
match_key = ["customer_no"]
source = { connection = "left", collection = "customers" }
target = { connection = "right", collection = "customers" }

[syncs.mapping]
customer_no = "text"
last_name = "text"
city = "text"
credit_limit = { type = { decimal = { scale = 2 } } }
"#;
        connection("left", self.left.path()) + &connection("right", self.right.path()) + sync
    }
}

pub(crate) fn run(command: &mut Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .env_remove("TANDEM_TENANT")
        .env("TANDEM_ACTOR", "tester")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said {
        status: status.code().unwrap(),
        out: text(stdout),
        err: text(stderr),
    }
}

/// Customer number `n`.
pub(crate) fn customer(n: u32) -> Map<String, Value> {
    fields(json!({
        "customer_no": key(n), "last_name": format!("Name {n}"), "city": "Rome",
        "credit_limit": 100,
    }))
}

/// How many records a test of many takes: 1,000, or what `TANDEM_RECORDS` says.
pub(crate) fn many() -> u32 {
    std::env::var("TANDEM_RECORDS").map_or(1_000, |text| text.parse().unwrap())
}

pub(crate) fn key(n: u32) -> String {
    format!("C-{n:03}")
}

pub(crate) fn fields(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}
