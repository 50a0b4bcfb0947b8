//! What the doubles hold: records whose fields are JSON texts, kept digit for digit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::value::RawValue;

pub(crate) type RawFields = BTreeMap<String, Box<RawValue>>;

#[derive(Default)]
pub(crate) struct Db {
    pub(crate) rows: BTreeMap<String, Row>,
    pub(crate) keys: BTreeMap<String, String>,
    pub(crate) seq: u64,
    pub(crate) requests: usize,
    made: u64,
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) fields: RawFields,
    pub(crate) version: u64,
    pub(crate) at_ms: i64,
    pub(crate) seq: u64,
    pub(crate) gone: bool,
}

pub(crate) type Shared = Arc<Mutex<Db>>;

pub(crate) fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

impl Db {
    pub(crate) fn next_id(&mut self) -> String {
        self.made += 1;
        format!("r{:05}", self.made)
    }

    /// Inserts or replaces; the version and the sequence number move on.
    pub(crate) fn put(&mut self, id: &str, fields: RawFields, at_ms: i64, gone: bool) {
        self.seq += 1;
        let version = self.rows.get(id).map_or(0, |row| row.version) + 1;
        let row = Row {
            fields,
            version,
            at_ms,
            seq: self.seq,
            gone,
        };
        self.rows.insert(id.to_owned(), row);
    }

    pub(crate) fn live(&self, id: &str) -> Option<&Row> {
        self.rows.get(id).filter(|row| !row.gone)
    }

    pub(crate) fn email_taken(&self, own: Option<&str>, fields: &RawFields) -> bool {
        let Some(email) = fields.get("email").filter(|email| email.get() != "null") else {
            return false;
        };
        self.rows.iter().any(|(id, row)| {
            !row.gone
                && Some(id.as_str()) != own
                && row
                    .fields
                    .get("email")
                    .is_some_and(|other| other.get() == email.get())
        })
    }

    /// The record as JSON: its fields, and what the system adds.
    pub(crate) fn json(id: &str, row: &Row, extra: &[(&str, String)]) -> String {
        let mut members = vec![format!("\"id\":{id:?}")];
        members.extend(extra.iter().map(|(name, json)| format!("{name:?}:{json}")));
        if !row.gone {
            members.extend(
                row.fields
                    .iter()
                    .map(|(name, json)| format!("{name:?}:{}", json.get())),
            );
        }
        format!("{{{}}}", members.join(","))
    }
}
