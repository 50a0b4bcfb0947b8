//! Many writes in one call, each with an outcome of its own.

use std::collections::VecDeque;

use minijinja::context;
use reqwest::header::HeaderMap;
use serde_json::value::RawValue;
use tandem_domain::ids::RecordId;
use tandem_domain::record::{NativeBody, NativeFields};
use tandem_engine::ports::connector::{
    Applied, ConnectorError, ErrorClass, NativeChange, Receipt, WriteOperation, WriteOutcome,
};

use super::compiled::BulkTemplates;
use super::http::{Answer, Call, KEPT, SAID, SHOWN, configuration, header_name, header_value};
use super::settings::Bulk;
use super::write::{known, method};
use super::{RestConnector, classify, records, wrapped};
use crate::json::{Doc, cut, elements, scalar, write_text};

impl RestConnector {
    pub(super) async fn write_bulk(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        let (Some(bulk), Some(compiled)) = (&self.collection.bulk, &self.compiled.bulk) else {
            return Err(configuration(format!("{} has no bulk write", self.name)));
        };
        if operations.len() > bulk.max {
            let most = bulk.max;
            return Err(configuration(format!(
                "{} takes at most {most} writes at a time",
                self.name
            )));
        }
        let mut outcomes = Vec::with_capacity(operations.len());
        // A call refused as a whole is sent again in halves, until the one that it is about is alone.
        let mut queue = VecDeque::from([operations]);
        while let Some(part) = queue.pop_front() {
            if part.is_empty() {
                continue;
            }
            let answer = match self.send_bulk(bulk, compiled, part).await {
                Ok(answer) => answer,
                Err(error) => return Err(after(error, &outcomes)),
            };
            if answer.is_success() {
                outcomes.extend(self.outcomes(bulk, &answer, part)?);
                continue;
            }
            let error = self.refusal(&answer);
            match (error.class, part) {
                (ErrorClass::Rejected, [_]) => outcomes.push(WriteOutcome::Rejected(error)),
                (ErrorClass::Rejected, part) if error.applied == Applied::No => {
                    let (first, second) = part.split_at(part.len() / 2);
                    queue.push_front(second);
                    queue.push_front(first);
                }
                _ => return Err(after(error, &outcomes)),
            }
        }
        Ok(outcomes)
    }

    async fn send_bulk(
        &self,
        bulk: &Bulk,
        compiled: &BulkTemplates,
        operations: &[WriteOperation],
    ) -> Result<Answer, ConnectorError> {
        let path = self.render(&compiled.path, &context! {})?;
        let mut headers = HeaderMap::new();
        for (name, value) in &bulk.headers {
            headers.insert(header_name(name)?, header_value(value)?);
        }
        let mut body = String::with_capacity(operations.len() * 512);
        if let Some(envelope) = &bulk.envelope {
            body.push('{');
            write_text(envelope, &mut body);
            body.push(':');
        }
        body.push('[');
        let none = NativeFields::new();
        let wire = |fields| wrapped::wrap(&self.collection, fields);
        for (index, operation) in operations.iter().enumerate() {
            if index > 0 {
                body.push(',');
            }
            let (template, known) = match &operation.change {
                NativeChange::Create { fields } => (
                    &compiled.create,
                    known(None, None, operation.key, fields, &wire(fields)),
                ),
                NativeChange::Update {
                    id,
                    patch,
                    if_version,
                } => {
                    let known = known(
                        Some(id),
                        if_version.as_ref(),
                        operation.key,
                        patch,
                        &wire(patch),
                    );
                    (&compiled.update, known)
                }
                NativeChange::Delete { id, if_version } => {
                    let known = known(
                        Some(id),
                        if_version.as_ref(),
                        operation.key,
                        &none,
                        &wire(&none),
                    );
                    (&compiled.delete, known)
                }
            };
            body.push_str(&self.render(template, &known)?);
        }
        body.push(']');
        if bulk.envelope.is_some() {
            body.push('}');
        }
        let call = Call {
            method: method(bulk.method),
            url: self.http.url(&path)?,
            headers,
            body: Some(body),
        };
        self.http.send(call).await
    }

    fn outcomes(
        &self,
        bulk: &Bulk,
        answer: &Answer,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        let unlike = |what: String| self.http.not_as_described(answer, &what, Applied::Maybe);
        let doc = self.doc(answer)?;
        let results = doc.at(&bulk.results).ok_or_else(|| {
            unlike(format!(
                "nothing is at {:?}, where the results should be",
                bulk.results
            ))
        })?;
        let mut found: Vec<&RawValue> = Vec::with_capacity(operations.len());
        elements(results, |result| found.push(result)).map_err(|error| {
            unlike(format!("{:?} is no list of results: {error}", bulk.results))
        })?;
        if found.len() != operations.len() {
            return Err(unlike(format!(
                "{} operations were sent, {} results came back",
                operations.len(),
                found.len()
            )));
        }
        operations
            .iter()
            .zip(found)
            .map(|(operation, result)| self.outcome(bulk, answer, operation, result))
            .collect()
    }

    fn outcome(
        &self,
        bulk: &Bulk,
        answer: &Answer,
        operation: &WriteOperation,
        result: &RawValue,
    ) -> Result<WriteOutcome, ConnectorError> {
        let unlike = |what: String| self.http.not_as_described(answer, &what, Applied::Maybe);
        let raw = result;
        let result = Doc::of(raw);
        let status: u16 = result
            .at(&bulk.status)
            .and_then(scalar)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| unlike(format!("a result has no status at {}", bulk.status)))?;
        let (own_id, version) = match &operation.change {
            NativeChange::Create { .. } => (None, None),
            NativeChange::Update { id, if_version, .. }
            | NativeChange::Delete { id, if_version } => (Some(id), if_version.as_ref()),
        };
        if (200..300).contains(&status) {
            let told = bulk
                .id
                .as_ref()
                .and_then(|pointer| result.at(pointer))
                .and_then(scalar)
                .and_then(|id| RecordId::new(id).ok());
            let id = own_id.cloned().or(told);
            return self
                .bulk_receipt(bulk, &result, id)
                .map(WriteOutcome::Done)
                .ok_or_else(|| unlike("a record was created, but its id is not told".to_owned()));
        }
        let errors = &self.collection.errors;
        let code = errors
            .code
            .as_ref()
            .and_then(|pointer| result.at(pointer))
            .and_then(scalar);
        let among = |codes: &[String]| code.as_ref().is_some_and(|code| codes.contains(code));
        let conflict = among(&errors.version_conflict_codes)
            || (version.is_some()
                && (status == 412 || (status == 409 && errors.version_conflict_codes.is_empty())));
        if conflict {
            return Ok(WriteOutcome::VersionConflict);
        }
        if own_id.is_some() && (matches!(status, 404 | 410) || among(&errors.gone_codes)) {
            return Ok(WriteOutcome::Gone);
        }
        let own = errors.message.as_deref();
        let (message, most) = own
            .into_iter()
            .chain(["/error/message", "/message", "/error", "/detail"])
            .find_map(|pointer| result.at(pointer).and_then(scalar))
            .map_or_else(
                || (cut(raw.get(), KEPT).to_owned(), SHOWN),
                |message| (message, SAID),
            );
        // Cleaned before it is cut: half a secret at the edge would no longer be recognised.
        let message = self.http.clean(&message);
        let message = cut(&message, most);
        let (class, applied) = classify::status(status);
        Ok(WriteOutcome::Rejected(ConnectorError {
            class,
            message: self
                .http
                .clean(&format!("{}: {status}: {message}", answer.sent.line)),
            applied,
            retry_after: None,
            diagnostics: None,
        }))
    }

    fn bulk_receipt(&self, bulk: &Bulk, result: &Doc<'_>, id: Option<RecordId>) -> Option<Receipt> {
        let carried = bulk
            .record
            .as_ref()
            .and_then(|pointer| result.at(pointer))
            .filter(|raw| raw.get().starts_with('{'))
            .and_then(|raw| records::read(&self.collection, raw, true).ok());
        let Some(record) = carried else {
            return Some(Receipt {
                id: id?,
                version: None,
                updated_at: None,
                record: None,
            });
        };
        Some(Receipt {
            id: record.id,
            version: record.version,
            updated_at: record.updated_at,
            record: match record.body {
                NativeBody::Live { fields, .. } => Some(fields),
                NativeBody::Deleted => None,
            },
        })
    }
}

/// A call that failed after others of the same chunk had landed: the chunk as a whole may have had
/// its effect.
fn after(mut error: ConnectorError, landed: &[WriteOutcome]) -> ConnectorError {
    if !landed.is_empty() {
        error.applied = Applied::Maybe;
    }
    error
}
