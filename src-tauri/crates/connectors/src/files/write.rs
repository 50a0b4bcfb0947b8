//! Writing: the whole file anew beside the old one, then in its place, so that whoever reads it sees
//! the one or the other; rows that are not written keep their bytes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tandem_domain::ids::RecordId;
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    ConnectorError, ErrorClass, NativeChange, Receipt, WriteOperation, WriteOutcome,
};

use super::records::record_of;
use super::settings::{FileCollection, NewId};
use super::snapshot::{Mark, Snapshot, id_of, version_of};

/// What is to be written: rows replaced or left out, and new ones.
pub(crate) struct Draft<'a> {
    snapshot: &'a Snapshot,
    settings: &'a FileCollection,
    /// By row; `None` leaves it out.
    changed: BTreeMap<u32, Option<Vec<u8>>>,
    added: Vec<Vec<u8>>,
    /// Ids of the new ones.
    brought: HashSet<RecordId>,
    greatest: i64,
    /// Of unique values that this draft brought or took: how many rows more or less have them.
    taken: HashMap<(String, String), i64>,
}

impl<'a> Draft<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, settings: &'a FileCollection) -> Self {
        Self {
            snapshot,
            settings,
            changed: BTreeMap::new(),
            added: Vec::new(),
            brought: HashSet::new(),
            greatest: snapshot.greatest,
            taken: HashMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.added.is_empty()
    }

    /// Takes one operation in; what will have become of it once the file is replaced.
    pub(crate) fn take(&mut self, operation: &WriteOperation) -> io::Result<WriteOutcome> {
        match &operation.change {
            NativeChange::Create { fields } => self.create(operation, fields),
            NativeChange::Update {
                id,
                patch,
                if_version,
            } => match self.current(id, if_version.as_ref())? {
                Err(outcome) => Ok(outcome),
                Ok((index, row)) => self.update(index, &row, id, patch),
            },
            NativeChange::Delete { id, if_version } => {
                match self.current(id, if_version.as_ref())? {
                    Err(outcome) => Ok(outcome),
                    Ok((index, row)) => {
                        let before = self.snapshot.shape.fields(&row, self.settings);
                        self.release(&before.unwrap_or_default());
                        self.changed.insert(index, None);
                        Ok(WriteOutcome::Done(Receipt {
                            id: id.clone(),
                            version: None,
                            updated_at: None,
                            record: None,
                        }))
                    }
                }
            }
        }
    }

    /// The row of that id in that version, or why there is none to write to.
    fn current(
        &self,
        id: &RecordId,
        version: Option<&tandem_domain::ids::Version>,
    ) -> io::Result<Result<(u32, Vec<u8>), WriteOutcome>> {
        let index = match self.snapshot.ids.get(id).map(Vec::as_slice) {
            None | Some([]) => return Ok(Err(WriteOutcome::Gone)),
            Some([index]) => *index,
            Some(several) => {
                return Ok(Err(refused(format!(
                    "{} rows have the id {id}: make them differ, or name more columns in `key`",
                    several.len()
                ))));
            }
        };
        let row = match self.changed.get(&index) {
            Some(None) => return Ok(Err(WriteOutcome::Gone)),
            Some(Some(row)) => row.clone(),
            None => self.snapshot.row(index)?,
        };
        if version.is_some_and(|version| version_of(&row).as_ref() != Some(version)) {
            return Ok(Err(WriteOutcome::VersionConflict));
        }
        Ok(Ok((index, row)))
    }

    fn update(
        &mut self,
        index: u32,
        row: &[u8],
        id: &RecordId,
        patch: &NativeFields,
    ) -> io::Result<WriteOutcome> {
        let shape = &self.snapshot.shape;
        if let Some(why) = self.unwritable(patch.keys()) {
            return Ok(refused(why));
        }
        if let Some(name) = patch.keys().find(|name| self.settings.key.contains(name)) {
            return Ok(refused(format!(
                "{name} is the id, which cannot be changed"
            )));
        }
        let before = match shape.fields(row, self.settings) {
            Ok(fields) => fields,
            Err(why) => return Ok(refused(format!("the row {why}"))),
        };
        if let Some(why) = self.duplicate(patch, Some(&before)) {
            return Ok(refused(why));
        }
        match shape.patched(row, patch, self.settings) {
            Err(why) => Ok(refused(why)),
            Ok(bytes) => {
                let receipt = self.receipt(id, &bytes);
                self.release(&before);
                self.claim(&bytes);
                self.changed.insert(index, Some(bytes));
                Ok(receipt)
            }
        }
    }

    fn create(
        &mut self,
        operation: &WriteOperation,
        fields: &NativeFields,
    ) -> io::Result<WriteOutcome> {
        if let Some(why) = self.unwritable(fields.keys()) {
            return Ok(refused(why));
        }
        let mut fields = fields.clone();
        let minted = self.mint(operation, &mut fields);
        let Some(id) = id_of(&fields, self.settings) else {
            return Ok(refused(format!(
                "{} is the id: map it, for only one column can be given a new one",
                self.settings.key.join(", ")
            )));
        };
        let there = self.brought.contains(&id) || self.snapshot.ids.contains_key(&id);
        if there && minted == Some(NewId::Key) {
            // The same write, sent again because its answer was lost.
            return match self.current(&id, None)? {
                Ok((_, row)) => Ok(self.receipt(&id, &row)),
                Err(outcome) => Ok(outcome),
            };
        }
        if there {
            return Ok(refused(format!(
                "a row with the {} {id} exists already",
                self.settings.key.join(", ")
            )));
        }
        if let Some(why) = self.duplicate(&fields, None) {
            return Ok(refused(why));
        }
        match self.snapshot.shape.made(&fields, self.settings) {
            Err(why) => Ok(refused(why)),
            Ok(bytes) => {
                let receipt = self.receipt(&id, &bytes);
                self.claim(&bytes);
                self.brought.insert(id);
                self.added.push(bytes);
                Ok(receipt)
            }
        }
    }

    /// Gives a new row its id, where it brings none.
    fn mint(&mut self, operation: &WriteOperation, fields: &mut NativeFields) -> Option<NewId> {
        let [column] = self.settings.key.as_slice() else {
            return None;
        };
        if fields
            .get(column)
            .is_some_and(|value| *value != Value::Null)
        {
            return None;
        }
        let id = match self.settings.new_id {
            NewId::Key => operation.key.to_string(),
            NewId::Count => {
                self.greatest = self.greatest.saturating_add(1);
                self.greatest.to_string()
            }
        };
        fields.insert(column.clone(), Value::Text(id));
        Some(self.settings.new_id)
    }

    fn unwritable<'n>(&self, mut names: impl Iterator<Item = &'n String>) -> Option<String> {
        names
            .find(|name| self.settings.read_only.contains(name))
            .map(|name| format!("{name} is read-only"))
    }

    /// Which unique value another row has already.
    fn duplicate(&self, fields: &NativeFields, own: Option<&NativeFields>) -> Option<String> {
        for name in &self.settings.unique {
            let Some(value) = fields.get(name).and_then(Value::plain) else {
                continue;
            };
            if value.is_empty()
                || own.and_then(|own| own.get(name)?.plain()).as_ref() == Some(&value)
            {
                continue;
            }
            let held = self
                .snapshot
                .values
                .get(name)
                .and_then(|rows| rows.get(&value));
            let held = i64::try_from(held.map_or(0, Vec::len)).unwrap_or(i64::MAX);
            let key = (name.clone(), value);
            if held + self.taken.get(&key).copied().unwrap_or_default() > 0 {
                return Some(format!("another row has this {name} already"));
            }
        }
        None
    }

    fn claim(&mut self, row: &[u8]) {
        if let Ok(fields) = self.snapshot.shape.fields(row, self.settings) {
            self.count(&fields, 1);
        }
    }

    fn release(&mut self, fields: &NativeFields) {
        self.count(fields, -1);
    }

    fn count(&mut self, fields: &NativeFields, by: i64) {
        for name in &self.settings.unique {
            if let Some(value) = fields.get(name).and_then(Value::plain) {
                *self.taken.entry((name.clone(), value)).or_default() += by;
            }
        }
    }

    /// What the row will be, read from its own bytes.
    fn receipt(&self, id: &RecordId, row: &[u8]) -> WriteOutcome {
        match record_of(row, &self.snapshot.shape, self.settings) {
            Ok((record, fields)) => WriteOutcome::Done(Receipt {
                id: record.id,
                version: record.version,
                updated_at: record.updated_at,
                record: Some(fields),
            }),
            Err(_) => WriteOutcome::Done(Receipt {
                id: id.clone(),
                version: version_of(row),
                updated_at: None,
                record: None,
            }),
        }
    }

    /// Writes the file anew beside `path` and puts it in its place, unless the old one was changed.
    pub(crate) fn replace(self, path: &Path) -> io::Result<Option<Mark>> {
        let beside = path.with_file_name(format!(
            ".{}.{}.tandem",
            path.file_name().unwrap_or_default().to_string_lossy(),
            std::process::id()
        ));
        let written = self.write(&beside, path);
        if !matches!(written, Ok(Some(_))) {
            // Best effort: what was begun beside it is of no use.
            let _ = fs::remove_file(&beside);
        }
        written
    }

    fn write(&self, beside: &Path, path: &Path) -> io::Result<Option<Mark>> {
        // What an earlier process of this number may have left is not ours to go on with.
        let _ = fs::remove_file(beside);
        let mut out = BufWriter::with_capacity(
            256 << 10,
            File::options().write(true).create_new(true).open(beside)?,
        );
        let mut content = Content(self.snapshot.outer.map(|_| Vec::new()));
        let head = self.snapshot.head()?;
        content.put(&mut out, &head)?;
        // A file may hold just a mark of its encoding, or a line of names without an end.
        let mark = self.snapshot.shape.text.mark;
        let mut ended = head.len() <= mark || head.ends_with(b"\n");
        for index in 0..self.snapshot.rows.len() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let row = match self.changed.get(&index) {
                Some(None) => continue,
                Some(Some(row)) => row.clone(),
                None => self.snapshot.row(index)?,
            };
            ended = row.ends_with(b"\n");
            content.put(&mut out, &row)?;
        }
        let newline = self.snapshot.shape.newline;
        if !self.added.is_empty() {
            if !ended {
                content.put(&mut out, newline)?;
            }
            for row in &self.added {
                content.put(&mut out, row)?;
            }
        }
        content.finish(&mut out, self.snapshot)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::set_permissions(beside, fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        if Mark::of(&fs::metadata(path)?) != self.snapshot.mark {
            return Ok(None);
        }
        fs::rename(beside, path)?;
        if let Some(folder) = path.parent() {
            // The new name is on the disk once the folder is.
            File::open(folder)?.sync_all()?;
        }
        Ok(Some(Mark::of(&file.metadata()?)))
    }
}

/// What goes into the new file: straight, or gathered to be encoded as a whole.
struct Content(Option<Vec<u8>>);

impl Content {
    fn put(&mut self, out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Some(gathered) => {
                gathered.extend_from_slice(bytes);
                Ok(())
            }
            None => out.write_all(bytes),
        }
    }

    fn finish(self, out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
        let (Some(gathered), Some(outer)) = (self.0, snapshot.outer) else {
            return Ok(());
        };
        let text = String::from_utf8(gathered).map_err(io::Error::other)?;
        if outer.mark > 0 {
            out.write_all(&outer.write("\u{feff}").map_err(io::Error::other)?)?;
        }
        out.write_all(&outer.write(&text).map_err(io::Error::other)?)
    }
}

fn refused(why: String) -> WriteOutcome {
    WriteOutcome::Rejected(ConnectorError::new(ErrorClass::Rejected, why))
}
