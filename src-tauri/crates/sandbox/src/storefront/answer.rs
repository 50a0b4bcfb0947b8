//! The answer to one write, as single calls and bulk results show it, and the memory of answers by idempotency key.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;

use crate::fields::push_text;

use super::collection::{Id, Record, Shape};

/// How many answers a collection remembers by key; the oldest are forgotten first.
const REMEMBERED_KEYS: usize = 10_000;

/// Why a request was refused; serialised as the `error` member of the answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
}

/// The answer to one write. `record` is the record's JSON: as written, or as it stands where the write was refused for its version.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) id: Option<Id>,
    pub(crate) record: Option<Arc<str>>,
    pub(crate) error: Option<Problem>,
    pub(crate) version: Option<u64>,
}

impl Outcome {
    pub(crate) fn refused(status: u16, code: &'static str, message: String) -> Self {
        let error = Problem {
            code,
            message,
            field: None,
        };
        Self {
            status,
            id: None,
            record: None,
            error: Some(error),
            version: None,
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn with_record(status: u16, id: &Id, record: &Record, shape: Shape) -> Self {
        let mut json = String::with_capacity(record.body.len() + 96);
        record.write_json(id, shape, &mut json);
        Self {
            status,
            id: Some(Arc::clone(id)),
            record: Some(json.into()),
            error: None,
            version: Some(record.version),
        }
    }

    /// As one call about one record shows it: the record itself, `{"error":…,"record":…}`, or nothing.
    pub(crate) fn to_single(&self) -> String {
        match &self.error {
            None => self.record.as_deref().unwrap_or_default().to_owned(),
            Some(_) => {
                let mut out = String::from("{");
                self.push_members(&mut out);
                out.push('}');
                out
            }
        }
    }

    /// Appends the result of one operation in a bulk: `{"status":…,"id":…,"error":…,"record":…}`.
    pub(crate) fn push_result(&self, out: &mut String) {
        out.push_str("{\"status\":");
        out.push_str(&self.status.to_string());
        out.push(',');
        if let Some(id) = &self.id {
            out.push_str("\"id\":");
            push_text(out, id);
            out.push(',');
        }
        self.push_members(out);
        if out.ends_with(',') {
            out.pop();
        }
        out.push('}');
    }

    fn push_members(&self, out: &mut String) {
        if let Some(problem) = &self.error {
            out.push_str("\"error\":");
            // Three texts always serialise.
            out.push_str(&serde_json::to_string(problem).unwrap_or_else(|_| "null".to_owned()));
        }
        if let Some(record) = &self.record {
            if self.error.is_some() {
                out.push(',');
            }
            out.push_str("\"record\":");
            out.push_str(record);
        }
    }
}

/// Answers by key, so that a repeated request gets its first answer and changes nothing.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    answers: HashMap<Arc<str>, (u64, Outcome)>,
    order: VecDeque<Arc<str>>,
}

impl Receipts {
    /// The first answer under this key; a refusal where that was to another request (`print` differs).
    pub(crate) fn find(&self, key: &str, print: u64) -> Option<Outcome> {
        let (first, outcome) = self.answers.get(key)?;
        if *first == print {
            return Some(outcome.clone());
        }
        let message = format!("the key {key:?} was used before for another request");
        Some(Outcome::refused(422, "key_reused", message))
    }

    pub(crate) fn remember(&mut self, key: &str, print: u64, outcome: &Outcome) {
        let key: Arc<str> = key.into();
        self.order.push_back(Arc::clone(&key));
        self.answers.insert(key, (print, outcome.clone()));
        if self.order.len() > REMEMBERED_KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }
}
