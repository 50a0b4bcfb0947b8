//! Reading by id, looking up by a field's value, saying who is there and what was declared.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, TryStreamExt, stream};
use minijinja::context;
use tandem_domain::collection::{CollectionSchema, NativeFieldInfo, NativeType};
use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::{NativeBody, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    Applied, ConnectorError, ErrorClass, Fetched, Health, ListRequest,
};

use super::compiled::FindTemplates;
use super::http::{Answer, Call, configuration};
use super::paging::Progress;
use super::settings::{BatchGet, DeclaredType, VersionSource};
use super::{RestConnector, records};
use crate::json::field;

/// What the answers of one call by id come to, bytes: all of it is in memory at once.
#[derive(Default)]
struct Together(AtomicUsize);

impl RestConnector {
    pub(super) async fn get_all(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        let batch = self
            .collection
            .get
            .as_ref()
            .and_then(|get| get.batch.as_ref());
        let together = Together::default();
        let mut found = match batch {
            Some(batch) if ids.len() > 1 => self.get_batches(batch, ids, &together).await?,
            _ => vec![None; ids.len()],
        };
        // What a batch leaves out may be gone or just not shown: only its own address tells.
        let missing: Vec<usize> = (0..ids.len())
            .filter(|index| found.get(*index).is_some_and(Option::is_none))
            .collect();
        let mut calls = Vec::with_capacity(missing.len());
        for index in missing {
            if let Some(id) = ids.get(index) {
                let together = &together;
                calls.push(async move {
                    Ok::<_, ConnectorError>((index, self.get_counted(id, together).await?))
                });
            }
        }
        let single = stream::iter(calls)
            .buffer_unordered(self.in_flight.max(1))
            .try_collect::<Vec<_>>()
            .await?;
        for (index, fetched) in single {
            if let Some(slot) = found.get_mut(index) {
                *slot = Some(fetched);
            }
        }
        Ok(found
            .into_iter()
            .map(|fetched| {
                fetched.unwrap_or_else(|| Fetched::Unknown("it was not read".to_owned()))
            })
            .collect())
    }

    async fn get_batches(
        &self,
        batch: &BatchGet,
        ids: &[RecordId],
        together: &Together,
    ) -> Result<Vec<Option<Fetched>>, ConnectorError> {
        let calls: Vec<_> = ids
            .chunks(batch.max.max(1))
            .map(|chunk| self.get_batch(batch, chunk, together))
            .collect();
        let chunks = stream::iter(calls)
            .buffered(self.in_flight.max(1))
            .try_collect::<Vec<_>>()
            .await?;
        let mut by_id = std::collections::HashMap::new();
        for record in chunks.into_iter().flatten() {
            by_id.insert(record.id.clone(), record);
        }
        Ok(ids
            .iter()
            .map(|id| by_id.get(id).cloned().map(fetched))
            .collect())
    }

    async fn get_batch(
        &self,
        batch: &BatchGet,
        ids: &[RecordId],
        together: &Together,
    ) -> Result<Vec<NativeRecord>, ConnectorError> {
        let Some(path) = &self.compiled.batch_path else {
            return Ok(Vec::new());
        };
        let mut url = self.http.url(&self.render(path, &context! {})?)?;
        {
            let mut query = url.query_pairs_mut();
            let mut texts = ids.iter().map(RecordId::as_str);
            match &batch.separator {
                Some(separator) => {
                    let ids: Vec<&str> = texts
                        .filter(|id| !id.contains(separator.as_str()))
                        .collect();
                    query.append_pair(&batch.param, &ids.join(separator));
                }
                None => texts.by_ref().for_each(|id| {
                    query.append_pair(&batch.param, id);
                }),
            }
        }
        let answer = self.expect_success(self.http.send(Call::get(url)).await?)?;
        self.count(&answer, together)?;
        let doc = self.doc(&answer)?;
        Ok(self.entries(&doc, &answer, &batch.records, "")?.records)
    }

    /// Counts one answer of several; refuses it where all of them are more than one may be.
    fn count(&self, answer: &Answer, together: &Together) -> Result<(), ConnectorError> {
        let size = answer.body.len();
        let all = together.0.fetch_add(size, Ordering::Relaxed) + size;
        let cap = self.http.answer_cap();
        if all <= cap {
            return Ok(());
        }
        let what = format!(
            "the records that were asked for by id are larger than {} MiB together; leave fields \
             out, or raise limits.answer_mib",
            cap >> 20
        );
        Err(self.http.not_as_described(answer, &what, Applied::No))
    }

    pub(super) async fn get_one(&self, id: &RecordId) -> Result<Fetched, ConnectorError> {
        self.get_counted(id, &Together::default()).await
    }

    async fn get_counted(
        &self,
        id: &RecordId,
        together: &Together,
    ) -> Result<Fetched, ConnectorError> {
        let (Some(get), Some(path)) = (&self.collection.get, &self.compiled.get_path) else {
            return Err(configuration(format!(
                "{} cannot be read by id; describe `get`",
                self.name
            )));
        };
        let path = self.render(path, &context! { id => id.as_str() })?;
        let answer = self.http.send(Call::get(self.http.url(&path)?)).await?;
        if !answer.is_success() {
            return self.not_fetched(&answer);
        }
        self.count(&answer, together)?;
        let doc = self.doc(&answer)?;
        let raw = doc.at(&get.record).ok_or_else(|| {
            let what = format!("nothing is at {:?}, where the record should be", get.record);
            self.http.not_as_described(&answer, &what, Applied::No)
        })?;
        let clean = |text: &str| self.http.clean(text);
        match records::read_cleaned(&self.collection, raw, true, clean) {
            Ok(mut record) if record.id == *id => {
                if let Some(version) = self.etag(&answer) {
                    record.version = Some(version);
                }
                Ok(fetched(record))
            }
            Ok(other) => Err(self.http.not_as_described(
                &answer,
                &format!("asked for {id}, it answered with {}", other.id),
                Applied::No,
            )),
            Err(unreadable) => Ok(Fetched::Unknown(unreadable.reason)),
        }
    }

    fn not_fetched(&self, answer: &Answer) -> Result<Fetched, ConnectorError> {
        let error = self.refusal(answer);
        if self.is_gone(answer) {
            return Ok(Fetched::Gone);
        }
        match error.class {
            ErrorClass::Forbidden | ErrorClass::Rejected => Ok(Fetched::Unknown(error.message)),
            _ => Err(error),
        }
    }

    /// Whether an answer says for certain that there is no such record.
    pub(super) fn is_gone(&self, answer: &Answer) -> bool {
        matches!(answer.status, 404 | 410)
            || self.has_code(answer, &self.collection.errors.gone_codes)
    }

    /// Whether an answer holds one of these codes.
    pub(super) fn has_code(&self, answer: &Answer, codes: &[String]) -> bool {
        let Some(pointer) = &self.collection.errors.code else {
            return false;
        };
        !codes.is_empty()
            && answer
                .doc()
                .ok()
                .and_then(|doc| doc.text_at(pointer))
                .is_some_and(|code| codes.contains(&code))
    }

    /// The version an answer's `ETag` tells, where that is what counts.
    pub(super) fn etag(&self, answer: &Answer) -> Option<Version> {
        match self.collection.version {
            Some(VersionSource::Etag) => Version::new(answer.header("etag")?).ok(),
            _ => None,
        }
    }

    pub(super) async fn look_up(
        &self,
        name: &str,
        value: &str,
    ) -> Result<Vec<NativeRecord>, ConnectorError> {
        let described = self.compiled.find.iter().find(|find| find.field == name);
        let Some(FindTemplates { path, query, .. }) = described else {
            return Err(configuration(format!(
                "{} cannot be looked up by {name}; describe `find.{name}`",
                self.name
            )));
        };
        let known = context! { value };
        let mut url = self.http.url(&self.render(path, &known)?)?;
        for (param, template) in query {
            url.query_pairs_mut()
                .append_pair(param, &self.render(template, &known)?);
        }
        let (size_param, size) = self.collection.list.pagination.size();
        if let Some(param) = size_param {
            url.query_pairs_mut().append_pair(param, &size.to_string());
        }
        let answer = self.expect_success(self.http.send(Call::get(url)).await?)?;
        let doc = self.doc(&answer)?;
        let entries = self.entries(&doc, &answer, &self.collection.list.records, "")?;
        let wanted = value.trim().to_lowercase();
        let matches = |record: &NativeRecord| match &record.body {
            NativeBody::Live { fields, .. } => field(fields, name)
                .and_then(Value::plain)
                .is_some_and(|text| text.trim().to_lowercase() == wanted),
            NativeBody::Deleted => false,
        };
        // Some systems ignore a filter they do not know. Then the first page proves nothing about
        // the others, and "not found" would be a guess that makes duplicates.
        if !entries.records.iter().all(matches) {
            let mut from_the_start = Progress::default();
            let size = size as u64;
            let next = self.next_place(&mut from_the_start, &answer, &doc, &entries, 0, size)?;
            if next.is_some() {
                let what = format!("asked for one {name}, it answers with pages of others");
                return Err(self.http.not_as_described(&answer, &what, Applied::No));
            }
        }
        Ok(entries
            .records
            .into_iter()
            .filter(|record| matches(record))
            .collect())
    }

    pub(super) async fn health(&self) -> Result<Health, ConnectorError> {
        let started = self.http.clock().monotonic();
        let latency = || {
            let passed = self.http.clock().monotonic().saturating_sub(started);
            u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
        };
        let Some(check) = &self.settings_check else {
            let page = self
                .list_page(&ListRequest {
                    since: None,
                    page: None,
                })
                .await?;
            return Ok(Health {
                system: "HTTP".to_owned(),
                identity: None,
                clock_offset_ms: page.clock_offset_ms,
                latency_ms: latency(),
            });
        };
        let url = self.http.url(&check.path)?;
        let answer = self.expect_success(self.http.send(Call::get(url)).await?)?;
        let latency_ms = latency();
        let mut system: Vec<String> = Vec::new();
        let mut identity = None;
        if !check.system.is_empty() || check.identity.is_some() {
            let doc = self.doc(&answer)?;
            system = check
                .system
                .iter()
                .filter_map(|pointer| doc.text_at(pointer))
                .collect();
            if let Some(pointer) = &check.identity {
                // Reading nothing where an account was told before would pass for "same as ever".
                identity = Some(doc.text_at(pointer).ok_or_else(|| {
                    let what = format!("nothing is at {pointer}, where its identity should be");
                    self.http.not_as_described(&answer, &what, Applied::No)
                })?);
            }
        }
        if system.is_empty() {
            system.push(answer.header("server").unwrap_or("HTTP").to_owned());
        }
        Ok(Health {
            system: system.join(" "),
            identity,
            clock_offset_ms: answer.clock_offset_ms,
            latency_ms,
        })
    }

    pub(super) fn declared(&self) -> CollectionSchema {
        let collection = &self.collection;
        let mut schema = CollectionSchema {
            complete: collection.fields_complete,
            ..CollectionSchema::default()
        };
        for (name, declared) in &collection.fields {
            let mut info = NativeFieldInfo::of(native(declared.ty));
            info.nullable = declared.nullable;
            info.max_length = declared.max_length;
            info.scale = declared.scale;
            schema.fields.insert(dotted(name), info);
        }
        let implied = collection.read_only.iter().map(|name| (name, false));
        for (name, writable) in implied.chain([(&collection.id, self.id_is_ours())]) {
            let info = schema
                .fields
                .entry(dotted(name))
                .or_insert_with(|| NativeFieldInfo::of(NativeType::Unknown));
            info.writable &= writable;
            info.primary_key |= name == &collection.id;
        }
        schema
    }

    fn id_is_ours(&self) -> bool {
        let create = self.collection.create.as_ref();
        create.is_some_and(|create| create.id == super::settings::CreateId::Field)
    }
}

/// A field's name as the schema writes it: nested ones by a dotted path.
fn dotted(name: &str) -> String {
    name.strip_prefix('/')
        .map_or_else(|| name.to_owned(), |path| path.replace('/', "."))
}

const fn native(ty: DeclaredType) -> NativeType {
    match ty {
        DeclaredType::Text => NativeType::Text,
        DeclaredType::Integer => NativeType::Integer,
        DeclaredType::Decimal => NativeType::Decimal,
        DeclaredType::Float => NativeType::Float,
        DeclaredType::Boolean => NativeType::Boolean,
        DeclaredType::Timestamp => NativeType::Timestamp,
        DeclaredType::Date => NativeType::Date,
        DeclaredType::Json => NativeType::Json,
        DeclaredType::List => NativeType::List,
    }
}

/// A record that was answered: a tombstone is as good as a 404.
pub(crate) fn fetched(record: NativeRecord) -> Fetched {
    match record.body {
        NativeBody::Live { .. } => Fetched::Found(record),
        NativeBody::Deleted => Fetched::Gone,
    }
}
