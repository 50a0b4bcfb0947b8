//! What a file holds at one instant: where each row begins, by which id, and what its columns are
//! called. The rows themselves stay in the file; the open file is read even after another took its
//! place, so that a listing sees one state throughout.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::rows::{Shape, known};
use super::settings::{FileCollection, FileFormat};
use super::text::Text;

/// Largest row, bytes: a larger one is no record.
const ROW: u64 = 8 << 20;
/// Largest file of an encoding that cannot be read piece by piece, bytes.
const IN_MEMORY: u64 = 32 << 20;
/// What may stand between two values where nothing is said.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The operating system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It seems that somebody is still writing it.
    #[error("{0}")]
    Unfinished(String),
    /// It is not what the settings say.
    #[error("{0}")]
    Misfit(String),
}

/// What tells one state of a file from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    length: u64,
    pub(crate) modified: Option<SystemTime>,
    place: u64,
}

impl Mark {
    pub(crate) fn of(data: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let place = std::os::unix::fs::MetadataExt::ino(data);
        #[cfg(not(unix))]
        let place = 0;
        Self {
            length: data.len(),
            modified: data.modified().ok(),
            place,
        }
    }

    /// As a text, for page tokens.
    pub(crate) fn name(&self) -> String {
        format!("{:032x}", xxh3_128(format!("{self:?}").as_bytes()))
    }
}

/// Where a row stands, its end of line included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) length: u32,
}

/// A file's rows.
pub(crate) struct Snapshot {
    pub(crate) mark: Mark,
    pub(crate) shape: Shape,
    /// The encoding of the file itself, where `shape` is that of a copy in memory.
    pub(crate) outer: Option<Text>,
    source: Source,
    /// Where the first row begins.
    pub(crate) body: u64,
    pub(crate) rows: Vec<Span>,
    /// Rows by id; several where an id is there more than once.
    pub(crate) ids: HashMap<RecordId, Vec<u32>>,
    /// By column that is unique or looked up by: rows by value.
    pub(crate) values: HashMap<String, HashMap<String, Vec<u32>>>,
    /// The greatest whole number among the ids.
    pub(crate) greatest: i64,
}

enum Source {
    File(Mutex<File>),
    Memory(Vec<u8>),
}

impl Snapshot {
    /// Reads a file once, from its beginning to its end.
    pub(crate) fn take(path: &Path, settings: &FileCollection) -> Result<Self, Unreadable> {
        let mut file = File::open(path)?;
        let mark = Mark::of(&file.metadata()?);
        let mut beginning = Vec::new();
        file.by_ref().take(64 << 10).read_to_end(&mut beginning)?;
        file.seek(SeekFrom::Start(0))?;
        let text = Text::of(settings.encoding.as_deref(), &beginning);
        let (source, outer, text) = if text.is_bytewise() {
            (Source::File(Mutex::new(file)), None, text)
        } else {
            if mark.length > IN_MEMORY {
                return Err(Unreadable::Misfit(format!(
                    "it is UTF-16 and larger than {} MiB; save it as UTF-8",
                    IN_MEMORY >> 20
                )));
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let decoded = text
                .read(bytes.get(text.mark..).unwrap_or_default())
                .map_err(Unreadable::Misfit)?
                .into_owned();
            beginning = decoded.bytes().take(64 << 10).collect();
            let plain = Text::of(Some("utf-8"), b"");
            (Source::Memory(decoded.into_bytes()), Some(text), plain)
        };
        let format = settings
            .format()
            .ok_or_else(|| Unreadable::Misfit("its ending does not say its format".to_owned()))?;
        let newline: &[u8] = match beginning.iter().position(|byte| *byte == b'\n') {
            Some(end) if end > 0 && beginning.get(end - 1) == Some(&b'\r') => b"\r\n",
            _ => b"\n",
        };
        let first = beginning.get(text.mark..).unwrap_or_default();
        let shape = Shape {
            format,
            text,
            delimiter: delimiter(settings, first),
            columns: settings.columns.clone(),
            newline,
        };
        let mut snapshot = Self {
            mark,
            shape,
            outer,
            source,
            body: text.mark as u64,
            rows: Vec::new(),
            ids: HashMap::new(),
            values: HashMap::new(),
            greatest: 0,
        };
        match format {
            FileFormat::Csv => snapshot.index_csv(settings)?,
            FileFormat::JsonLines => snapshot.index_lines(settings)?,
        }
        snapshot.still_the_same()?;
        Ok(snapshot)
    }

    /// Whether what is open has not been written to since it was read.
    pub(crate) fn still_the_same(&self) -> Result<(), Unreadable> {
        let Source::File(file) = &self.source else {
            return Ok(());
        };
        let file = file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // Rewriting in place keeps the file's number.
        if Mark::of(&file.metadata()?) == self.mark {
            return Ok(());
        }
        Err(Unreadable::Unfinished(
            "it was written to while it was read".to_owned(),
        ))
    }

    fn read_at(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        match &self.source {
            Source::Memory(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                let piece = bytes.get(start..start.saturating_add(length).min(bytes.len()));
                Ok(piece.unwrap_or_default().to_vec())
            }
            Source::File(file) => {
                let mut file = file
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = Vec::with_capacity(length);
                file.by_ref().take(length as u64).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Everything before the first row.
    pub(crate) fn head(&self) -> io::Result<Vec<u8>> {
        self.read_at(0, usize::try_from(self.body).unwrap_or(usize::MAX))
    }

    /// A row's bytes, its end of line included.
    pub(crate) fn row(&self, index: u32) -> io::Result<Vec<u8>> {
        match self.rows.get(index as usize) {
            Some(span) => self.read_at(span.start, span.length as usize),
            None => Ok(Vec::new()),
        }
    }

    fn reader(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(match &self.source {
            Source::Memory(bytes) => Box::new(bytes.as_slice()),
            Source::File(file) => {
                let file = file
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let mut own = file.try_clone()?;
                own.seek(SeekFrom::Start(0))?;
                Box::new(BufReader::with_capacity(256 << 10, own))
            }
        })
    }

    fn length(&self) -> u64 {
        match &self.source {
            Source::Memory(bytes) => bytes.len() as u64,
            Source::File(_) => self.mark.length,
        }
    }

    fn index_csv(&mut self, settings: &FileCollection) -> Result<(), Unreadable> {
        let start = self.body;
        let mut source = self.reader()?;
        io::copy(&mut source.by_ref().take(start), &mut io::sink())?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.shape.delimiter)
            .from_reader(source);
        let misread = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Unreadable::Io(error),
            other => Unreadable::Misfit(format!("it cannot be read: {other:?}")),
        };
        let mut record = csv::ByteRecord::new();
        let mut columns = settings.columns.clone();
        if columns.is_empty() {
            if !reader.read_byte_record(&mut record).map_err(misread)? {
                return Err(Unreadable::Unfinished(
                    "it is empty, and has not even a line that names its columns".to_owned(),
                ));
            }
            for name in &record {
                let name = self.shape.text.read(name).map_err(Unreadable::Misfit)?;
                columns.push(known(name.trim(), settings).to_owned());
            }
        }
        if let Some(missing) = settings.key.iter().find(|key| !columns.contains(key)) {
            return Err(Unreadable::Misfit(format!(
                "it has no column {missing:?}; there are: {}",
                columns.join(", ")
            )));
        }
        let (mut starts, mut found) = (Vec::new(), Vec::new());
        let mut fields = NativeFields::new();
        let mut width = columns.len();
        loop {
            let at = start + reader.position().byte();
            if !reader.read_byte_record(&mut record).map_err(misread)? {
                break;
            }
            starts.push(at);
            width = record.len();
            fields.clear();
            if width == columns.len() {
                for (name, value) in columns.iter().zip(&record) {
                    if is_indexed(name, settings)
                        && let Ok(text) = self.shape.text.read(value)
                    {
                        fields.insert(name.clone(), Value::Text(text.into_owned()));
                    }
                }
            }
            found.push(Indexed::of(&fields, settings));
        }
        drop(reader);
        self.past_newlines(&mut starts)?;
        self.shape.columns = columns;
        self.body = starts.first().copied().unwrap_or_else(|| self.length());
        self.rows = spans(&starts, self.length());
        // Whoever writes a file writes its last row last.
        let ended = match self.rows.last() {
            Some(_) => self.read_at(self.length().saturating_sub(1), 1)? == b"\n",
            None => true,
        };
        if !ended && width != self.shape.columns.len() {
            return Err(Unreadable::Unfinished(format!(
                "its last row has {width} of {} values and no end",
                self.shape.columns.len()
            )));
        }
        self.enter(found);
        Ok(())
    }

    /// The reader of values leaves the second half of `\r\n`, and empty lines, to the row that follows;
    /// they belong to the one before.
    fn past_newlines(&self, starts: &mut [u64]) -> io::Result<()> {
        let mut source = self.reader()?;
        let mut at = 0;
        for start in starts {
            io::copy(&mut source.by_ref().take(*start - at), &mut io::sink())?;
            while matches!(source.fill_buf()?.first(), Some(b'\r' | b'\n')) {
                source.consume(1);
                *start += 1;
            }
            at = *start;
        }
        Ok(())
    }

    fn index_lines(&mut self, settings: &FileCollection) -> Result<(), Unreadable> {
        let mut source = self.reader()?;
        io::copy(&mut source.by_ref().take(self.body), &mut io::sink())?;
        let (mut at, mut line) = (self.body, Vec::new());
        let (mut starts, mut found) = (Vec::new(), Vec::new());
        let mut readable = true;
        loop {
            line.clear();
            let read = source.by_ref().take(ROW).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            if !line.trim_ascii().is_empty() {
                let fields = self.shape.fields(&line, settings);
                readable = fields.is_ok();
                starts.push(at);
                found.push(Indexed::of(&fields.unwrap_or_default(), settings));
            }
            at += read as u64;
        }
        drop(source);
        if !readable && line.is_empty() && self.read_at(at.saturating_sub(1), 1)? != b"\n" {
            return Err(Unreadable::Unfinished(
                "its last line is no whole JSON object and has no end".to_owned(),
            ));
        }
        self.body = starts.first().copied().unwrap_or(at);
        self.rows = spans(&starts, at);
        self.enter(found);
        Ok(())
    }

    fn enter(&mut self, found: Vec<Indexed>) {
        for (index, indexed) in found.into_iter().enumerate() {
            self.enter_one(u32::try_from(index).unwrap_or(u32::MAX), indexed);
        }
    }

    /// Makes one row findable.
    pub(crate) fn enter_one(&mut self, index: u32, indexed: Indexed) {
        if let Some(id) = indexed.id {
            if let Ok(number) = id.as_str().parse() {
                self.greatest = self.greatest.max(number);
            }
            self.ids.entry(id).or_default().push(index);
        }
        for (column, value) in indexed.values {
            let rows = self.values.entry(column).or_default();
            rows.entry(value).or_default().push(index);
        }
    }
}

/// What of a row it is found by.
#[derive(Debug, Default)]
pub(crate) struct Indexed {
    pub(crate) id: Option<RecordId>,
    pub(crate) values: Vec<(String, String)>,
}

impl Indexed {
    pub(crate) fn of(fields: &NativeFields, settings: &FileCollection) -> Self {
        let values = settings
            .unique
            .iter()
            .chain(
                settings
                    .lookup
                    .iter()
                    .filter(|it| !settings.unique.contains(it)),
            )
            .filter_map(|name| Some((name.clone(), fields.get(name)?.plain()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Self {
            id: id_of(fields, settings),
            values,
        }
    }
}

/// A row's id from its key's values; `None` where one is missing.
pub(crate) fn id_of(fields: &NativeFields, settings: &FileCollection) -> Option<RecordId> {
    let parts: Option<Vec<String>> = settings
        .key
        .iter()
        .map(|name| fields.get(name)?.plain().filter(|part| !part.is_empty()))
        .collect();
    let text = match parts?.as_slice() {
        [one] => one.clone(),
        several => serde_json::to_string(several).ok()?,
    };
    RecordId::new(text).ok()
}

/// A digest of a row's bytes: what tells one state of it from the next.
pub(crate) fn version_of(row: &[u8]) -> Option<Version> {
    Version::new(format!("{:032x}", xxh3_128(row.trim_ascii_end()))).ok()
}

fn is_indexed(name: &String, settings: &FileCollection) -> bool {
    settings.key.contains(name) || settings.unique.contains(name) || settings.lookup.contains(name)
}

fn spans(starts: &[u64], end: u64) -> Vec<Span> {
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| Span {
            start: *start,
            length: u32::try_from(end - start).unwrap_or(u32::MAX),
        })
        .collect()
}

fn delimiter(settings: &FileCollection, beginning: &[u8]) -> u8 {
    if let Some(delimiter) = settings.delimiter {
        return u8::try_from(delimiter).unwrap_or(b',');
    }
    let line: Vec<u8> = beginning
        .iter()
        .copied()
        .take_while(|byte| *byte != b'\n')
        .collect();
    let count = |of: &u8| line.iter().filter(|byte| *byte == of).count();
    // Of as many the first named: `max_by_key` would give the last.
    let most = DELIMITERS.iter().rev().max_by_key(|of| count(of));
    most.copied().unwrap_or(b',')
}
