//! One write to one record: create, update, delete, conditional on the version it was planned from.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::Value as Template;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use rust_decimal::prelude::ToPrimitive;
use tandem_domain::ids::{OperationKey, RecordId, Version};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    Applied, ConnectorError, ErrorClass, Fetched, NativeChange, Receipt, WriteOperation,
    WriteOutcome,
};

use super::compiled::WriteTemplates;
use super::http::{Answer, Call, configuration, header_name, header_value};
use super::settings::{self, Create, CreateId, Delete, Precondition, Update};
use super::{RestConnector, records, wrapped};
use crate::json::{field, write_fields, write_text};

/// A single write, ready to be sent.
struct Prepared<'a> {
    method: settings::Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    /// Where the answer holds the record.
    record: Option<&'a str>,
    /// The record's id, where it is known beforehand.
    id: Option<RecordId>,
    /// Whether a 409 means that somebody was faster.
    conflict_is_409: bool,
}

impl RestConnector {
    pub(super) async fn write_one(
        &self,
        operation: &WriteOperation,
    ) -> Result<WriteOutcome, ConnectorError> {
        match &operation.change {
            NativeChange::Create { fields } => self.create(operation.key, fields).await,
            NativeChange::Update {
                id,
                patch,
                if_version,
            } => {
                self.update(operation.key, id, patch, if_version.as_ref())
                    .await
            }
            NativeChange::Delete { id, if_version } => {
                self.delete(operation.key, id, if_version.as_ref()).await
            }
        }
    }

    async fn create(
        &self,
        key: OperationKey,
        fields: &NativeFields,
    ) -> Result<WriteOutcome, ConnectorError> {
        let (Some(create), Some(compiled)) = (&self.collection.create, &self.compiled.create)
        else {
            return Err(self.not_described("create"));
        };
        let id = match create.id {
            CreateId::System => None,
            CreateId::Key => Some(key.to_string()),
            CreateId::Field => match field(fields, &self.collection.id).and_then(Value::plain) {
                Some(id) => Some(id),
                None => {
                    let what = format!("a new record needs {}, its id", self.collection.id);
                    return Ok(WriteOutcome::Rejected(ConnectorError::new(
                        ErrorClass::Rejected,
                        what,
                    )));
                }
            },
        };
        let id = match id.map(RecordId::new).transpose() {
            Ok(id) => id,
            Err(error) => {
                let error = ConnectorError::new(ErrorClass::Rejected, error.to_string());
                return Ok(WriteOutcome::Rejected(error));
            }
        };
        let prepared = self.prepare_create(create, compiled, key, id, fields)?;
        let call = Call {
            method: method(prepared.method),
            url: prepared.url.clone(),
            headers: prepared.headers.clone(),
            body: prepared.body.clone(),
        };
        let answer = self.http.send(call).await?;
        if answer.status == 412 && create.if_none_match {
            return self
                .already_there(create, &answer, prepared.id.as_ref())
                .await;
        }
        if answer.is_success() {
            return self
                .created(create, &answer, prepared.id.as_ref())
                .map(WriteOutcome::Done);
        }
        self.refused(&answer, &prepared, true)
    }

    fn prepare_create<'a>(
        &self,
        create: &'a Create,
        compiled: &WriteTemplates,
        key: OperationKey,
        id: Option<RecordId>,
        fields: &NativeFields,
    ) -> Result<Prepared<'a>, ConnectorError> {
        let fields = &self.new_record(create, fields)?;
        let known = known(
            id.as_ref(),
            None,
            key,
            fields,
            &wrapped::wrap(&self.collection, fields),
        );
        let path = self.render(&compiled.path, &known)?;
        let mut headers = HeaderMap::new();
        if create.if_none_match {
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        put_key(&mut headers, create.idempotency_header.as_deref(), key)?;
        let body = match &compiled.body {
            Some(template) => self.render(template, &known)?.into_owned(),
            None => envelope(
                create.envelope.as_deref(),
                &wrapped::wrap(&self.collection, fields),
                None,
            ),
        };
        Ok(Prepared {
            method: create.method,
            url: self.http.url(&path)?,
            headers,
            body: Some(body),
            record: create.record.as_deref(),
            id,
            conflict_is_409: false,
        })
    }

    /// `If-None-Match: *` kept an existing record: our own earlier create, where the id is this
    /// operation's key; else somebody else's.
    async fn already_there(
        &self,
        create: &Create,
        answer: &Answer,
        id: Option<&RecordId>,
    ) -> Result<WriteOutcome, ConnectorError> {
        if let (CreateId::Key, Some(id)) = (create.id, id)
            && self.collection.get.is_some()
            && let Fetched::Found(record) = self.get_one(id).await?
        {
            let fields = match record.body {
                NativeBody::Live { fields, .. } => Some(fields),
                NativeBody::Deleted => None,
            };
            return Ok(WriteOutcome::Done(Receipt {
                id: record.id,
                version: record.version,
                updated_at: record.updated_at,
                record: fields,
            }));
        }
        let mut error = self.refusal(answer);
        error.message = format!("a record of this id exists already. {}", error.message);
        Ok(WriteOutcome::Rejected(error))
    }

    fn created(
        &self,
        create: &Create,
        answer: &Answer,
        chosen: Option<&RecordId>,
    ) -> Result<Receipt, ConnectorError> {
        let from_pointer = || -> Option<RecordId> {
            let doc = answer.doc().ok()?;
            RecordId::new(doc.text_at(create.new_id.as_deref()?)?).ok()
        };
        let from_location = || -> Option<RecordId> {
            let place = answer.header("location")?;
            let last = place.trim_end_matches('/').rsplit('/').next()?;
            RecordId::new(last.split(['?', '#']).next()?).ok()
        };
        self.receipt(answer, create.record.as_deref(), || {
            chosen.cloned().or_else(from_pointer).or_else(from_location)
        })
    }

    async fn update(
        &self,
        key: OperationKey,
        id: &RecordId,
        patch: &NativeFields,
        version: Option<&Version>,
    ) -> Result<WriteOutcome, ConnectorError> {
        let (Some(update), Some(compiled)) = (&self.collection.update, &self.compiled.update)
        else {
            return Err(self.not_described("update"));
        };
        let mut current = None;
        if update.whole || update.read_first {
            match self.get_one(id).await? {
                Fetched::Found(record) => {
                    if let Some(lost) = overtaken(&record, version) {
                        return Ok(lost);
                    }
                    current = match record.body {
                        NativeBody::Live { fields, .. } => Some(fields),
                        NativeBody::Deleted => return Ok(WriteOutcome::Gone),
                    };
                }
                Fetched::Gone => return Ok(WriteOutcome::Gone),
                Fetched::Unknown(why) => return Ok(unread(&why)),
            }
        } else if update.precondition.is_none()
            && let Some(lost) = self.compare_first(id, version).await?
        {
            return Ok(lost);
        }
        let whole = match &current {
            Some(current) if update.whole => Some(self.whole(current, patch)),
            _ => None,
        };
        let patch = whole.as_ref().unwrap_or(patch);
        let current = current.as_ref();
        let prepared = self.prepare_update((update, compiled), key, id, patch, version, current)?;
        self.send_write(prepared, version.is_some()).await
    }

    fn prepare_update<'a>(
        &self,
        (update, compiled): (&'a Update, &WriteTemplates),
        key: OperationKey,
        id: &RecordId,
        patch: &NativeFields,
        version: Option<&Version>,
        current: Option<&NativeFields>,
    ) -> Result<Prepared<'a>, ConnectorError> {
        let wire = wrapped::wrap(&self.collection, patch);
        let known = known(Some(id), version, key, patch, &wire);
        let known = match current {
            Some(current) => context! { current => template_object(current), ..known },
            None => known,
        };
        let mut url = self.http.url(&self.render(&compiled.path, &known)?)?;
        let mut headers = HeaderMap::new();
        put_key(&mut headers, update.idempotency_header.as_deref(), key)?;
        let mut member = None;
        if let (Some(precondition), Some(version)) = (&update.precondition, version) {
            match precondition {
                Precondition::IfMatch { quoted } => if_match(&mut headers, *quoted, version)?,
                Precondition::Field { name } => member = Some((name.as_str(), version)),
                Precondition::Query { name } => {
                    url.query_pairs_mut().append_pair(name, version.as_str());
                }
            }
        }
        let body = match &compiled.body {
            Some(template) => self.render(template, &known)?.into_owned(),
            None => envelope(update.envelope.as_deref(), &wire, member),
        };
        Ok(Prepared {
            method: update.method,
            url,
            headers,
            body: Some(body),
            record: update.record.as_deref(),
            id: Some(id.clone()),
            conflict_is_409: self.conflict_is_409(update.precondition.as_ref(), version),
        })
    }

    async fn delete(
        &self,
        key: OperationKey,
        id: &RecordId,
        version: Option<&Version>,
    ) -> Result<WriteOutcome, ConnectorError> {
        let (Some(delete), Some(compiled)) = (&self.collection.delete, &self.compiled.delete)
        else {
            return Err(self.not_described("delete"));
        };
        if let Some(soft) = &delete.soft {
            let value = Value::from_json_text(&soft.value.to_string())
                .map_err(|error| configuration(format!("delete.soft.value: {error}")))?;
            let flag = NativeFields::from([(soft.field.clone(), value)]);
            return self.update(key, id, &flag, version).await;
        }
        if delete.precondition.is_none()
            && let Some(lost) = self.compare_first(id, version).await?
        {
            return Ok(lost);
        }
        let prepared = self.prepare_delete(delete, compiled, key, id, version)?;
        self.send_write(prepared, version.is_some()).await
    }

    fn prepare_delete<'a>(
        &self,
        delete: &Delete,
        compiled: &WriteTemplates,
        key: OperationKey,
        id: &RecordId,
        version: Option<&Version>,
    ) -> Result<Prepared<'a>, ConnectorError> {
        let none = NativeFields::new();
        let known = known(Some(id), version, key, &none, &none);
        let mut url = self.http.url(&self.render(&compiled.path, &known)?)?;
        let mut headers = HeaderMap::new();
        put_key(&mut headers, delete.idempotency_header.as_deref(), key)?;
        if let (Some(precondition), Some(version)) = (&delete.precondition, version) {
            match precondition {
                Precondition::IfMatch { quoted } => if_match(&mut headers, *quoted, version)?,
                Precondition::Field { name } | Precondition::Query { name } => {
                    url.query_pairs_mut().append_pair(name, version.as_str());
                }
            }
        }
        Ok(Prepared {
            method: delete.method,
            url,
            headers,
            body: None,
            record: None,
            id: Some(id.clone()),
            conflict_is_409: self.conflict_is_409(delete.precondition.as_ref(), version),
        })
    }

    fn conflict_is_409(
        &self,
        precondition: Option<&Precondition>,
        version: Option<&Version>,
    ) -> bool {
        version.is_some()
            && self.collection.errors.version_conflict_codes.is_empty()
            && matches!(
                precondition,
                Some(Precondition::Field { .. } | Precondition::Query { .. })
            )
    }

    /// Where no write can be conditional: reads the record just before and compares.
    async fn compare_first(
        &self,
        id: &RecordId,
        version: Option<&Version>,
    ) -> Result<Option<WriteOutcome>, ConnectorError> {
        let (Some(version), true) = (version, self.collection.get.is_some()) else {
            return Ok(None);
        };
        Ok(match self.get_one(id).await? {
            Fetched::Found(record) => overtaken(&record, Some(version)),
            Fetched::Gone => Some(WriteOutcome::Gone),
            Fetched::Unknown(why) => Some(unread(&why)),
        })
    }

    async fn send_write(
        &self,
        mut prepared: Prepared<'_>,
        conditional: bool,
    ) -> Result<WriteOutcome, ConnectorError> {
        let call = Call {
            method: method(prepared.method),
            url: prepared.url.clone(),
            headers: std::mem::take(&mut prepared.headers),
            body: prepared.body.take(),
        };
        let answer = self.http.send(call).await?;
        if answer.is_success() {
            let id = prepared.id.clone();
            return self
                .receipt(&answer, prepared.record, || id)
                .map(WriteOutcome::Done);
        }
        self.refused(&answer, &prepared, conditional)
    }

    /// What a refusal of one write means.
    fn refused(
        &self,
        answer: &Answer,
        prepared: &Prepared<'_>,
        conditional: bool,
    ) -> Result<WriteOutcome, ConnectorError> {
        let codes = &self.collection.errors.version_conflict_codes;
        let conflict = (answer.status == 412 && conditional)
            || (answer.status == 409 && prepared.conflict_is_409)
            || self.has_code(answer, codes);
        if conflict {
            return Ok(WriteOutcome::VersionConflict);
        }
        if prepared.id.is_some() && self.is_gone(answer) {
            return Ok(WriteOutcome::Gone);
        }
        let error = self.refusal(answer);
        match error.class {
            ErrorClass::Rejected | ErrorClass::Forbidden => Ok(WriteOutcome::Rejected(error)),
            _ => Err(error),
        }
    }

    /// The receipt of a write that succeeded.
    fn receipt(
        &self,
        answer: &Answer,
        pointer: Option<&str>,
        id: impl FnOnce() -> Option<RecordId>,
    ) -> Result<Receipt, ConnectorError> {
        let carried = pointer
            .filter(|_| !answer.body.is_empty())
            .and_then(|pointer| {
                let doc = answer.doc().ok()?;
                let raw = doc.at(pointer).filter(|raw| raw.get().starts_with('{'))?;
                records::read(&self.collection, raw, true).ok()
            });
        let known = match &carried {
            Some(record) => Some(record.id.clone()),
            None => id(),
        };
        let id = known.ok_or_else(|| {
            let what = match answer.doc() {
                Err(why) if !answer.body.is_empty() => {
                    format!("it was accepted, but its answer cannot be read: {why}")
                }
                _ => "it was accepted, but its answer does not tell the new id".to_owned(),
            };
            self.http.not_as_described(answer, &what, Applied::Maybe)
        })?;
        let version = self
            .etag(answer)
            .or_else(|| carried.as_ref().and_then(|record| record.version.clone()));
        let updated_at = carried.as_ref().and_then(|record| record.updated_at);
        let record = carried.and_then(|record| match record.body {
            NativeBody::Live { fields, .. } => Some(fields),
            NativeBody::Deleted => None,
        });
        Ok(Receipt {
            id,
            version,
            updated_at,
            record,
        })
    }

    /// A new record's fields, with what it gets where nothing else is said.
    fn new_record(
        &self,
        create: &Create,
        fields: &NativeFields,
    ) -> Result<NativeFields, ConnectorError> {
        let mut all = NativeFields::new();
        for (name, value) in &create.defaults {
            let value = Value::from_json_text(&value.to_string())
                .map_err(|error| configuration(format!("create.defaults.{name}: {error}")))?;
            all.insert(name.clone(), value);
        }
        all.extend(fields.clone());
        Ok(all)
    }

    /// A record as it stands with changed fields in it, without what the system sets itself.
    fn whole(&self, current: &NativeFields, patch: &NativeFields) -> NativeFields {
        let collection = &self.collection;
        let own = |name: &String| {
            *name == collection.id
                || collection.read_only.contains(name)
                || collection.nested.contains_key(name)
        };
        let mut all: NativeFields = current
            .iter()
            .filter(|(name, _)| !own(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        all.extend(patch.clone());
        all
    }

    fn not_described(&self, what: &str) -> ConnectorError {
        configuration(format!("{} cannot {what}; describe `{what}`", self.name))
    }
}

/// Whether a record is no longer of the version a write was planned from.
fn overtaken(record: &NativeRecord, version: Option<&Version>) -> Option<WriteOutcome> {
    let now = record.version.as_ref()?;
    (version.is_some_and(|version| version != now)).then_some(WriteOutcome::VersionConflict)
}

fn unread(why: &str) -> WriteOutcome {
    WriteOutcome::Rejected(ConnectorError::new(
        ErrorClass::Rejected,
        format!("it could not be read before the write: {why}"),
    ))
}

/// Fields as a template knows them: numbers are written as exactly as they are.
pub(super) fn template_object(fields: &NativeFields) -> Template {
    let members = fields.iter();
    let members: BTreeMap<&str, Template> = members
        .map(|(name, value)| (name.as_str(), template_value(value)))
        .collect();
    Template::from(members)
}

fn template_value(value: &Value) -> Template {
    match value {
        Value::Null => Template::from(()),
        Value::Bool(truth) => Template::from(*truth),
        Value::Text(text) => Template::from(text.as_str()),
        Value::List(items) => items.iter().map(template_value).collect(),
        Value::Object(members) => template_object(members),
        Value::Number(number) => number.to_i64().filter(|_| number.scale() == 0).map_or_else(
            || Template::from_safe_string(number.to_string()),
            Template::from,
        ),
        Value::Timestamp(_) | Value::Date(_) => Template::from(value.plain().unwrap_or_default()),
    }
}

/// What templates of one write know: `fields` as the system takes them, `values` one by one.
pub(super) fn known(
    id: Option<&RecordId>,
    version: Option<&Version>,
    key: OperationKey,
    fields: &NativeFields,
    wire: &NativeFields,
) -> Template {
    let mut text = String::with_capacity(64 * wire.len() + 2);
    write_fields(wire, &mut text);
    context! {
        id => id.map(RecordId::as_str),
        version => version.map(Version::as_str),
        key => key.to_string(),
        fields => Template::from_safe_string(text),
        values => template_object(fields),
    }
}

/// The fields as a body, wrapped and with the version as a member where that is described.
fn envelope(
    name: Option<&str>,
    fields: &NativeFields,
    version: Option<(&str, &Version)>,
) -> String {
    let mut out = String::with_capacity(64 * fields.len() + 32);
    if let Some(name) = name {
        out.push('{');
        write_text(name, &mut out);
        out.push(':');
    }
    write_fields(fields, &mut out);
    if let Some((member, version)) = version {
        out.pop();
        if !fields.is_empty() {
            out.push(',');
        }
        write_text(member, &mut out);
        out.push(':');
        write_version(version, &mut out);
        out.push('}');
    }
    if name.is_some() {
        out.push('}');
    }
    out
}

/// A version that is a whole number goes back as one; any other as text.
fn write_version(version: &Version, out: &mut String) {
    let text = version.as_str();
    let number = text.len() <= 19
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if number {
        out.push_str(text);
    } else {
        write_text(text, out);
    }
}

fn if_match(
    headers: &mut HeaderMap,
    quoted: bool,
    version: &Version,
) -> Result<(), ConnectorError> {
    let value = if quoted {
        header_value(&format!("\"{version}\""))?
    } else {
        header_value(version.as_str())?
    };
    headers.insert(header::IF_MATCH, value);
    Ok(())
}

fn put_key(
    headers: &mut HeaderMap,
    name: Option<&str>,
    key: OperationKey,
) -> Result<(), ConnectorError> {
    if let Some(name) = name {
        headers.insert(header_name(name)?, header_value(&key.to_string())?);
    }
    Ok(())
}

pub(super) fn method(method: settings::Method) -> Method {
    match method {
        settings::Method::Post => Method::POST,
        settings::Method::Put => Method::PUT,
        settings::Method::Patch => Method::PATCH,
        settings::Method::Delete => Method::DELETE,
    }
}
