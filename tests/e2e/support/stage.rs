//! Both systems running, `tandem` set up between them: where each story begins, and a beginning
//! other tests can share.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::contacts::{Contacts, assert_holds, contact, contacts};
use super::kinto::{self, Kinto};
use super::postgres::{self, Postgres};
use super::scratch;
use super::tandem::Tandem;

/// The sync's name.
pub const SYNC: &str = "contacts";

/// Two running systems and a `tandem` that knows them. Servers end and files go with the value.
pub struct Stage {
    pub kinto: Kinto,
    pub postgres: Postgres,
    pub tandem: Tandem,
    folder: TempDir,
}

impl Stage {
    /// Starts both systems, empty, and writes the workspace file; nothing is applied yet.
    pub async fn start() -> Self {
        let folder = TempDir::with_prefix_in("workspace-", scratch()).unwrap();
        let (kinto, postgres) = tokio::join!(Kinto::start(), Postgres::start());
        let text = include_str!("workspace.toml")
            .replace("@KINTO@", kinto.url())
            .replace("@KINTO_USER@", kinto::USER)
            .replace("@POSTGRES_PORT@", &postgres.port().to_string())
            .replace("@POSTGRES_DATABASE@", postgres::DATABASE)
            .replace("@POSTGRES_USER@", postgres::USER);
        fs::write(folder.path().join("workspace.toml"), text).unwrap();
        Self {
            kinto,
            postgres,
            tandem: Tandem::new(folder.path().join("tandem.db")),
            folder,
        }
    }

    /// The workspace file's path.
    pub fn workspace(&self) -> String {
        let file = self.folder.path().join("workspace.toml");
        file.display().to_string()
    }

    /// Reads both systems back and compares each with what it should hold.
    pub async fn holds(&self, kinto: &Contacts, postgres: &Contacts) {
        assert_holds("Kinto", kinto, &self.kinto.contacts().await);
        assert_holds("PostgreSQL", postgres, &self.postgres.contacts().await);
    }

    /// The open conflicts.
    pub fn open_conflicts(&self) -> Vec<Value> {
        let list = self.tandem.must(&["conflicts", "list", "--state", "open"]);
        list.as_array().expect("a list").clone()
    }

    /// Leaves everything running with `records` contacts in step and one open conflict: contact 1's
    /// phone is `+1 source` in Kinto and `+1 target` in `PostgreSQL`.
    pub async fn with_one_open_conflict(records: usize) -> Self {
        let stage = Self::start().await;
        stage.kinto.fill(&contacts(0..records)).await;
        stage.tandem.must(&["apply", "-f", &stage.workspace()]);
        stage.tandem.must(&["run", SYNC]);
        let email = contact(1).email;
        stage.kinto.edit(&email, "phone", "+1 source").await;
        stage.postgres.edit(&email, "phone", "+1 target").await;
        stage.tandem.ask(&["run", SYNC]);
        assert_eq!(stage.open_conflicts().len(), 1);
        stage
    }
}
