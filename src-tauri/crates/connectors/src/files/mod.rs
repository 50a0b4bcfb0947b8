//! Files in a folder as collections: CSV and JSON Lines, read row by row, replaced as a whole.
//!
//! A file has neither versions nor a way to write on a condition: a row's version is a digest of its
//! bytes, compared right before the file is replaced; what remains is the moment between that look
//! and the exchange. Two processes of ours take turns by a lock on the file; nobody else minds it.

mod check;
mod records;
mod rows;
/// What the workspace file says of files in a folder.
pub mod settings;
mod snapshot;
mod text;
mod write;

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::collection::{CollectionSchema, NativeFieldInfo, NativeType};
use tandem_domain::ids::RecordId;
use tandem_domain::record::NativeRecord;
use tandem_engine::ports::Clock;
use tandem_engine::ports::connector::{
    Capabilities, ChangeDetection, Connector, ConnectorError, ErrorClass, Fetched, Health,
    ListRequest, Page, PageToken, Unreadable, WritableConnector, WriteOperation, WriteOutcome,
};

pub(crate) use check::check_settings;

use crate::json::cut;
use crate::paths::{self, NotPlain};
use records::record_of;
use settings::{FileCollection, FileFormat, FileType, FilesSettings, NewId};
use snapshot::{Mark, Snapshot};
use write::Draft;

/// States of a file that are kept: the one there is, and one that a listing began with.
const KEPT: usize = 2;
/// Bytes kept of a row that is no record.
const SHOWN: usize = 4 * 1024;
/// Bytes of rows of one page, past which the rest is left to the next.
const PAGE: usize = 8 << 20;

/// One file of a folder.
pub(crate) struct FilesConnector {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    folder: PathBuf,
    settings: FileCollection,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

/// What is known of the file.
#[derive(Default)]
struct Kept {
    snapshots: VecDeque<Arc<Snapshot>>,
    /// The state that we wrote ourselves, whole.
    ours: Option<Mark>,
}

/// Where a listing stands; what a page token holds.
#[derive(Serialize, Deserialize)]
struct Progress {
    /// The state of the file that it began with.
    state: String,
    /// The row to go on with.
    row: u32,
}

impl FilesConnector {
    pub(crate) fn new(
        settings: &FilesSettings,
        collection: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let described = settings.collections.get(collection).ok_or_else(|| {
            let known: Vec<&str> = settings.collections.keys().map(String::as_str).collect();
            ConnectorError::new(
                ErrorClass::Configuration,
                format!(
                    "no collection {collection:?} is described; there are: {}",
                    known.join(", ")
                ),
            )
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                name: Path::new(&settings.folder)
                    .join(&described.file)
                    .to_string_lossy()
                    .into_owned(),
                folder: PathBuf::from(&settings.folder),
                settings: described.clone(),
                clock,
                kept: Mutex::default(),
            }),
        })
    }

    /// Does something on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, ConnectorError> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner))
            .await
            .map_err(|error| ConnectorError::new(ErrorClass::Transient, error.to_string()))?
    }
}

impl Inner {
    fn error(&self, class: ErrorClass, what: &str) -> ConnectorError {
        ConnectorError::new(class, format!("{}: {what}", self.name))
    }

    fn io(&self, error: &io::Error) -> ConnectorError {
        let class = match error.kind() {
            io::ErrorKind::PermissionDenied => ErrorClass::Forbidden,
            io::ErrorKind::NotFound => ErrorClass::Connect,
            _ => ErrorClass::Transient,
        };
        self.error(class, &error.to_string())
    }

    fn unreadable(&self, error: &snapshot::Unreadable) -> ConnectorError {
        match error {
            snapshot::Unreadable::Io(error) => self.io(error),
            snapshot::Unreadable::Unfinished(what) => self.error(
                ErrorClass::Transient,
                &format!("{what}; somebody seems to be writing it"),
            ),
            snapshot::Unreadable::Misfit(what) => self.error(ErrorClass::Configuration, what),
        }
    }

    /// The file by its real place.
    fn path(&self) -> Result<PathBuf, ConnectorError> {
        let refused = |why: NotPlain| {
            let class = match why {
                NotPlain::Missing(_) => ErrorClass::Connect,
                _ => ErrorClass::Configuration,
            };
            self.error(class, &why.to_string())
        };
        let folder = paths::plain_folder(&self.folder).map_err(refused)?;
        paths::plain_file(&folder.join(&self.settings.file)).map_err(refused)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Nothing in there is half done when a thread panics.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file as it is now.
    fn snapshot(&self) -> Result<Arc<Snapshot>, ConnectorError> {
        let path = self.path()?;
        let now = Mark::of(&fs::metadata(&path).map_err(|error| self.io(&error))?);
        {
            let kept = self.kept();
            if let Some(known) = kept.snapshots.iter().find(|it| it.mark == now) {
                return Ok(Arc::clone(known));
            }
            if kept.ours.as_ref() != Some(&now) {
                self.settled(&now)?;
            }
        }
        let taken =
            Snapshot::take(&path, &self.settings).map_err(|error| self.unreadable(&error))?;
        let taken = Arc::new(taken);
        let mut kept = self.kept();
        kept.snapshots.push_front(Arc::clone(&taken));
        kept.snapshots.truncate(KEPT);
        Ok(taken)
    }

    /// Whether the file was left alone for a while.
    fn settled(&self, mark: &Mark) -> Result<(), ConnectorError> {
        let Some(modified) = mark.modified else {
            return Ok(());
        };
        let since = self.clock.now() - DateTime::<Utc>::from(modified);
        let wait = Duration::from_millis(self.settings.settle_ms.into());
        match since.to_std() {
            // A time ahead of ours says nothing.
            Ok(since) if since < wait => Err(ConnectorError {
                retry_after: Some(wait - since),
                ..self.error(
                    ErrorClass::Transient,
                    &format!(
                        "it was changed {} ms ago, and is left alone for {} ms (settle_ms)",
                        since.as_millis(),
                        wait.as_millis()
                    ),
                )
            }),
            _ => Ok(()),
        }
    }

    fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        let (snapshot, first) = match &request.page {
            None => (self.snapshot()?, 0),
            Some(token) => {
                let progress: Progress = serde_json::from_str(&token.0).map_err(|error| {
                    let what = format!("this page token was not made here: {error}");
                    self.error(ErrorClass::Configuration, &what)
                })?;
                let began = self.kept();
                let began = began
                    .snapshots
                    .iter()
                    .find(|it| it.mark.name() == progress.state);
                let began = began.map(Arc::clone).ok_or_else(|| {
                    let what = "it was replaced more than once while it was listed";
                    self.error(ErrorClass::Transient, what)
                })?;
                (began, progress.row)
            }
        };
        let mut page = Page::default();
        let (mut at, mut taken) = (first, 0);
        let mut ids: Option<HashMap<u32, &RecordId>> = None;
        while let Some(span) = snapshot.rows.get(at as usize) {
            let full = (at - first) as usize >= self.settings.page_size || taken > PAGE;
            if full {
                let state = snapshot.mark.name();
                let next = Progress { state, row: at };
                // A struct of a text and a number always serialises.
                page.next = serde_json::to_string(&next).ok().map(PageToken);
                break;
            }
            taken += span.length as usize;
            let row = snapshot.row(at).map_err(|error| self.io(&error))?;
            match record_of(&row, &snapshot.shape, &self.settings) {
                Ok((record, _)) => page.records.push(record),
                Err(reason) => {
                    let ids = ids.get_or_insert_with(|| by_row(&snapshot));
                    page.unreadable.push(Unreadable {
                        id: ids.get(&at).map(|id| (*id).clone()),
                        reason: format!("row {} {reason}", at + 1),
                        text: cut(&String::from_utf8_lossy(&row), SHOWN)
                            .trim_end()
                            .to_owned(),
                    });
                }
            }
            at += 1;
        }
        snapshot
            .still_the_same()
            .map_err(|error| self.unreadable(&error))?;
        Ok(page)
    }

    fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        let snapshot = self.snapshot()?;
        ids.iter()
            .map(|id| {
                Ok(match snapshot.ids.get(id).map(Vec::as_slice) {
                    None | Some([]) => Fetched::Gone,
                    Some([index]) => match self.record(&snapshot, *index)? {
                        Ok(record) => Fetched::Found(record),
                        Err(why) => Fetched::Unknown(why),
                    },
                    Some(several) => {
                        Fetched::Unknown(format!("{} rows have this id", several.len()))
                    }
                })
            })
            .collect()
    }

    fn record(
        &self,
        snapshot: &Snapshot,
        index: u32,
    ) -> Result<Result<NativeRecord, String>, ConnectorError> {
        let row = snapshot.row(index).map_err(|error| self.io(&error))?;
        Ok(record_of(&row, &snapshot.shape, &self.settings).map(|(record, _)| record))
    }

    fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        if !self.settings.lookup.iter().any(|name| name == field) {
            let what = format!("it cannot be looked up by {field}; add it to `lookup`");
            return Err(self.error(ErrorClass::Configuration, &what));
        }
        let snapshot = self.snapshot()?;
        let rows = snapshot.values.get(field).and_then(|rows| rows.get(value));
        let mut found = Vec::new();
        for index in rows.into_iter().flatten() {
            if let Ok(record) = self.record(&snapshot, *index)? {
                found.push(record);
            }
        }
        Ok(found)
    }

    fn write(&self, operations: &[WriteOperation]) -> Result<Vec<WriteOutcome>, ConnectorError> {
        let path = self.path()?;
        let _turn = self.lock(&path)?;
        let snapshot = self.snapshot()?;
        let mut draft = Draft::of(&snapshot, &self.settings);
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            outcomes.push(draft.take(operation).map_err(|error| self.io(&error))?);
        }
        if draft.is_empty() {
            return Ok(outcomes);
        }
        match draft.replace(&path).map_err(|error| self.io(&error))? {
            Some(mark) => {
                self.kept().ours = Some(mark);
                Ok(outcomes)
            }
            None => Err(self.error(
                ErrorClass::Transient,
                "somebody else changed it just now; nothing was written",
            )),
        }
    }

    /// Waits for whoever else of us writes this file. A lock is one file's: where that was replaced
    /// meanwhile, the new one's is taken.
    fn lock(&self, path: &Path) -> Result<File, ConnectorError> {
        loop {
            let locked = File::open(path).and_then(|file| file.lock().map(|()| file));
            let file = locked.map_err(|error| self.io(&error))?;
            let (held, there) = (file.metadata(), fs::metadata(path));
            match (held, there) {
                (Ok(held), Ok(there)) if Mark::of(&held) == Mark::of(&there) => return Ok(file),
                (Ok(_), Ok(_)) => {}
                (Err(error), _) | (_, Err(error)) => return Err(self.io(&error)),
            }
        }
    }

    fn schema(&self) -> Result<CollectionSchema, ConnectorError> {
        let snapshot = self.snapshot()?;
        let lines = snapshot.shape.format == FileFormat::JsonLines;
        let mut schema = CollectionSchema {
            complete: !lines,
            ..CollectionSchema::default()
        };
        let declared = self.settings.types.keys().chain(&self.settings.key);
        let names = snapshot
            .shape
            .columns
            .iter()
            .chain(declared.filter(|_| lines));
        for name in names {
            let ty = match self.settings.types.get(name) {
                None => NativeType::Unknown,
                Some(FileType::Text) => NativeType::Text,
                Some(FileType::Integer) => NativeType::Integer,
                Some(FileType::Decimal) => NativeType::Decimal,
                Some(FileType::Boolean) => NativeType::Boolean,
                Some(FileType::Timestamp) => NativeType::Timestamp,
                Some(FileType::Date) => NativeType::Date,
                Some(FileType::Json) => NativeType::Json,
            };
            let mut info = NativeFieldInfo::of(ty);
            info.writable = !self.settings.read_only.contains(name);
            info.primary_key = self.settings.key.contains(name);
            schema.fields.insert(name.clone(), info);
        }
        Ok(schema)
    }
}

/// The ids of the rows that have one.
fn by_row(snapshot: &Snapshot) -> HashMap<u32, &RecordId> {
    let rows = snapshot.ids.iter();
    rows.flat_map(|(id, rows)| rows.iter().map(move |row| (*row, id)))
        .collect()
}

#[async_trait]
impl Connector for FilesConnector {
    fn capabilities(&self) -> Capabilities {
        let settings = &self.inner.settings;
        Capabilities {
            changes: ChangeDetection::Full,
            conditional_writes: false,
            idempotent_creates: settings.new_id == NewId::Key && settings.key.len() == 1,
            writes_echo: true,
            bulk: settings.bulk,
            // Each write replaces the file: more at once would only wait for each other.
            in_flight: 1,
            lookup: settings.lookup.clone(),
            filtered: false,
        }
    }

    async fn check(&self) -> Result<Health, ConnectorError> {
        let started = self.inner.clock.monotonic();
        let (system, identity) = self
            .with(|inner| {
                let snapshot = inner.snapshot()?;
                let format = match snapshot.shape.format {
                    FileFormat::Csv => "CSV",
                    FileFormat::JsonLines => "JSON Lines",
                };
                let rows = snapshot.rows.len();
                Ok((format!("{format} file, {rows} rows"), inner.path()?))
            })
            .await?;
        let passed = self.inner.clock.monotonic().saturating_sub(started);
        Ok(Health {
            system,
            identity: Some(identity.to_string_lossy().into_owned()),
            // A file has no clock but this machine's.
            clock_offset_ms: Some(0),
            latency_ms: u64::try_from(passed.as_millis()).unwrap_or(u64::MAX),
        })
    }

    async fn identity(&self) -> Result<Option<String>, ConnectorError> {
        let path = self.with(Inner::path).await?;
        Ok(Some(path.to_string_lossy().into_owned()))
    }

    async fn describe(&self) -> Result<CollectionSchema, ConnectorError> {
        self.with(Inner::schema).await
    }

    async fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        let request = request.clone();
        self.with(move |inner| inner.list(&request)).await
    }

    async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        let ids = ids.to_vec();
        self.with(move |inner| inner.get(&ids)).await
    }

    async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        let (field, value) = (field.to_owned(), value.to_owned());
        self.with(move |inner| inner.find(&field, &value)).await
    }
}

#[async_trait]
impl WritableConnector for FilesConnector {
    async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        let operations = operations.to_vec();
        self.with(move |inner| inner.write(&operations)).await
    }

    fn as_read_only(&self) -> &dyn Connector {
        self
    }
}
