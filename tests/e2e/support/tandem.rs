//! The real `tandem`, started as a person at a terminal would, answering in JSON.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{kinto, postgres, provided};

/// `tandem` on one store.
pub struct Tandem {
    store: PathBuf,
}

/// What one command came to.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub json: Value,
    pub stderr: String,
}

impl Tandem {
    /// On the store at `store`, which need not exist yet.
    pub fn new(store: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
        }
    }

    /// The store's file.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// What the secrets in the workspace file refer to, and which store; a window needs the same.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TANDEM_STORE", self.store.display().to_string()),
            (
                "TANDEM_ANCHOR",
                self.store.with_extension("anchor").display().to_string(),
            ),
            ("E2E_KINTO_PASSWORD", kinto::PASSWORD.to_owned()),
            ("E2E_POSTGRES_PASSWORD", postgres::PASSWORD.to_owned()),
        ]
    }

    /// Runs one command with `--json`, whatever its exit status.
    pub fn ask(&self, args: &[&str]) -> Answer {
        let output = Command::new(provided("TANDEM_BIN"))
            .arg("--json")
            .args(args)
            .envs(self.environment())
            .env("TANDEM_ACTOR", "end-to-end test")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains(kinto::PASSWORD), "a secret on stderr");
        assert!(!stderr.contains(postgres::PASSWORD), "a secret on stderr");
        Answer {
            code: output.status.code(),
            json: json(&output.stdout),
            stderr,
        }
    }

    /// Runs one command that has to end well.
    pub fn must(&self, args: &[&str]) -> Value {
        let answer = self.ask(args);
        assert_eq!(answer.code, Some(0), "tandem {args:?}: {answer:#?}");
        answer.json
    }
}

/// One document, or one a line, as a list.
fn json(stdout: &[u8]) -> Value {
    if stdout.trim_ascii().is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(stdout).unwrap_or_else(|_| {
        serde_json::Deserializer::from_slice(stdout)
            .into_iter::<Value>()
            .collect::<Result<Vec<Value>, _>>()
            .unwrap_or_else(|error| {
                panic!("{error} in {}", String::from_utf8_lossy(stdout));
            })
            .into()
    })
}

/// A count in a run's document; 64-bit numbers may cross as text.
pub fn count(run: &Value, pointer: &str) -> u64 {
    let value = run.pointer(pointer);
    value
        .and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
        .unwrap_or_else(|| panic!("no count at {pointer} in {run}"))
}

/// What a run wrote, as `[created, updated, deleted]` at the source and at the target.
pub fn written(run: &Value) -> [[u64; 3]; 2] {
    ["source", "target"].map(|side| {
        ["created", "updated", "deleted"].map(|what| count(run, &format!("/{what}/{side}")))
    })
}
