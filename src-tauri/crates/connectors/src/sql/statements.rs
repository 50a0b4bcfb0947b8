//! The statements of one table: names quoted, values bound, never spelled out.

use chrono_tz::Tz;
use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;

use super::bounds;
use super::dialect::{Dialect, RowWrite, Statement, Verb};
use super::settings::{SqlCollection, SqlVersion};
use super::table::{Column, Kind, Table};
use super::values::Cell;

/// Writes the statements of one table.
pub(crate) struct Statements<'a> {
    pub(crate) table: &'a Table,
    pub(crate) settings: &'a SqlCollection,
    pub(crate) dialect: &'a dyn Dialect,
    pub(crate) zone: Option<Tz>,
}

/// Parameters collected while a statement is written.
#[derive(Default)]
struct Params(Vec<Cell>);

impl Params {
    fn add(&mut self, cell: Cell) -> usize {
        self.0.push(cell);
        self.0.len()
    }
}

impl Statements<'_> {
    /// Everything that is selected of a row: its columns, then the system's version, if any.
    fn selected(&self) -> String {
        let mut list: Vec<String> = self
            .table
            .columns
            .iter()
            .map(|column| self.read(column))
            .collect();
        if let Some(version) = self.system_version() {
            list.push(version.to_owned());
        }
        list.join(", ")
    }

    /// A column as it is selected, unless it is too large.
    fn read(&self, column: &Column) -> String {
        let plain = self.dialect.read(column);
        if self.dialect.length(column).is_none() {
            return plain;
        }
        let length = |column: &Column| self.dialect.length(column).unwrap_or_default();
        let too_large = bounds::too_large(column, &self.table.columns, length);
        let instead = self.dialect.too_large();
        format!("CASE WHEN {too_large} THEN {instead} ELSE {plain} END")
    }

    fn system_version(&self) -> Option<&'static str> {
        match self.settings.version {
            None | Some(SqlVersion::Xmin) => self.dialect.system_version(),
            Some(SqlVersion::Content | SqlVersion::Column { .. }) => None,
        }
    }

    fn quoted(&self, columns: &[&Column]) -> String {
        columns
            .iter()
            .map(|column| self.dialect.quote(&column.name))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// One page by the key, or of what changed since by the changes' column and the key.
    pub(crate) fn page(&self, since: Option<&Cell>, after: &[Cell]) -> Result<Statement, String> {
        let mut order: Vec<&Column> = self.table.key_columns().collect();
        let mut params = Params::default();
        let mut wheres = Vec::new();
        if let Some(since) = since {
            let changes = self
                .table
                .changes
                .and_then(|place| self.table.columns.get(place))
                .ok_or("no `changes` are described")?;
            let n = params.add(since.clone());
            wheres.push(format!(
                "{} >= {}",
                self.dialect.quote(&changes.name),
                self.dialect.param(n, changes)
            ));
            order.insert(0, changes);
        }
        if !after.is_empty() {
            if after.len() != order.len() {
                return Err("this page token belongs to another listing".to_owned());
            }
            let places: Vec<String> = order
                .iter()
                .zip(after)
                .map(|(column, cell)| {
                    let n = params.add(cell.clone());
                    self.dialect.param(n, column)
                })
                .collect();
            wheres.push(format!(
                "({}) > ({})",
                self.quoted(&order),
                places.join(", ")
            ));
        }
        let filter = if wheres.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", wheres.join(" AND "))
        };
        Ok(Statement {
            sql: format!(
                "SELECT {} FROM {} AS t{filter} ORDER BY {} LIMIT {}",
                self.selected(),
                self.table.quoted,
                // Qualified: a bare name would mean what is selected, which is the value as text.
                order
                    .iter()
                    .map(|column| format!("t.{}", self.dialect.quote(&column.name)))
                    .collect::<Vec<_>>()
                    .join(", "),
                self.settings.page_size
            ),
            params: params.0,
        })
    }

    /// The latest value of the changes' column.
    pub(crate) fn latest(&self) -> Result<Option<Statement>, String> {
        let Some(column) = self
            .table
            .changes
            .and_then(|place| self.table.columns.get(place))
        else {
            return Ok(None);
        };
        let set = self
            .settings
            .changes
            .as_ref()
            .and_then(|changes| changes.overlap_ms);
        let timed = matches!(
            column.kind,
            Kind::Timestamp | Kind::NaiveTimestamp | Kind::Date
        );
        let overlap = match set {
            Some(overlap) => overlap,
            None if timed => self.dialect.overlap_ms(),
            None => 0,
        };
        Ok(Some(Statement {
            sql: format!(
                "SELECT {} FROM {}",
                self.dialect.latest(column, overlap)?,
                self.table.quoted
            ),
            params: Vec::new(),
        }))
    }

    /// Rows by id.
    pub(crate) fn by_ids(&self, ids: &[Vec<Cell>]) -> Statement {
        let mut params = Params::default();
        let any: Vec<String> = ids
            .iter()
            .map(|id| format!("({})", self.key_is(id, &mut params)))
            .collect();
        Statement {
            sql: format!(
                "SELECT {} FROM {} WHERE {}",
                self.selected(),
                self.table.quoted,
                any.join(" OR ")
            ),
            params: params.0,
        }
    }

    /// Live rows with this value.
    pub(crate) fn by_value(&self, column: &Column, value: &str) -> Result<Statement, String> {
        let mut params = Params::default();
        let cell = self
            .dialect
            .encode(column, &Value::Text(value.to_owned()), self.zone)?;
        let n = params.add(cell);
        let live = self.live(&mut params)?;
        Ok(Statement {
            sql: format!(
                "SELECT {} FROM {} WHERE {} = {}{live}",
                self.selected(),
                self.table.quoted,
                self.dialect.quote(&column.name),
                self.dialect.param(n, column)
            ),
            params: params.0,
        })
    }

    fn key_is(&self, id: &[Cell], params: &mut Params) -> String {
        self.table
            .key_columns()
            .zip(id)
            .map(|(column, cell)| {
                let n = params.add(cell.clone());
                format!(
                    "{} = {}",
                    self.dialect.quote(&column.name),
                    self.dialect.param(n, column)
                )
            })
            .collect::<Vec<_>>()
            .join(" AND ")
    }

    /// ` AND` it is not marked as deleted.
    fn live(&self, params: &mut Params) -> Result<String, String> {
        let Some(column) = self
            .table
            .deleted
            .and_then(|place| self.table.columns.get(place))
        else {
            return Ok(String::new());
        };
        let name = self.dialect.quote(&column.name);
        let cell = self.deleted_cell(column)?;
        Ok(match cell {
            Some(cell) => {
                let n = params.add(cell);
                let differs = self.dialect.differs(&name, &self.dialect.param(n, column));
                format!(" AND {differs}")
            }
            None => format!(" AND {name} IS NULL"),
        })
    }

    /// The value that marks a deleted row; `None` where any value does.
    fn deleted_cell(&self, column: &Column) -> Result<Option<Cell>, String> {
        let equals = self
            .settings
            .deleted
            .as_ref()
            .and_then(|deleted| deleted.equals.as_ref());
        let value = match (equals, column.kind) {
            (Some(json), _) => {
                Value::from_json_text(&json.to_string()).map_err(|error| error.to_string())?
            }
            (None, Kind::Boolean) => Value::Bool(true),
            (None, Kind::Integer) => Value::Number(1.into()),
            (None, Kind::Timestamp | Kind::NaiveTimestamp | Kind::Date) => return Ok(None),
            (None, _) => {
                return Err(format!(
                    "say with `equals` what marks deleted rows in {}",
                    column.name
                ));
            }
        };
        self.dialect.encode(column, &value, self.zone).map(Some)
    }

    /// Whether a row is marked as deleted, by its own value.
    pub(crate) fn is_deleted(&self, cells: &[Cell]) -> bool {
        let Some(place) = self.table.deleted else {
            return false;
        };
        let (Some(column), Some(cell)) = (self.table.columns.get(place), cells.get(place)) else {
            return false;
        };
        match self.deleted_cell(column) {
            Ok(None) => *cell != Cell::Null,
            Ok(Some(marker)) => {
                // PostgreSQL writes booleans as words.
                let plain = |cell: &Cell| match cell.plain().as_deref() {
                    Some("t") => Some("true".to_owned()),
                    other => other.map(str::to_owned),
                };
                *cell != Cell::Null && plain(cell) == plain(&marker)
            }
            Err(_) => false,
        }
    }

    /// A new row.
    pub(crate) fn insert(&self, fields: &NativeFields) -> Result<RowWrite, String> {
        let mut params = Params::default();
        let (mut names, mut places) = (Vec::new(), Vec::new());
        for (name, value) in fields {
            let column = self.written(name)?;
            let n = params.add(self.dialect.encode(column, value, self.zone)?);
            names.push(self.dialect.quote(name));
            places.push(self.dialect.param(n, column));
        }
        let values = if names.is_empty() {
            self.dialect.no_values().to_owned()
        } else {
            format!("({}) VALUES ({})", names.join(", "), places.join(", "))
        };
        let into = &self.table.quoted;
        if !self.dialect.inserts_answer() {
            return Ok(RowWrite {
                verb: Verb::Insert,
                statement: Statement {
                    sql: format!("INSERT INTO {into} {values}"),
                    params: params.0,
                },
                read: self.by_ids(&[self.own_key(fields)?]),
                revive: self.revive_apart(fields)?,
                expected_content: None,
            });
        }
        let key: Vec<String> = self
            .table
            .key_columns()
            .map(|column| self.read(column))
            .collect();
        let revive = self.revive(fields, &mut params)?;
        let unknown = vec![Cell::Null; self.table.key.len()];
        Ok(RowWrite {
            verb: Verb::Insert,
            statement: Statement {
                sql: format!(
                    "INSERT INTO {into} AS held {values}{revive} RETURNING {}",
                    key.join(", ")
                ),
                params: params.0,
            },
            read: self.by_ids(&[unknown]),
            revive: None,
            expected_content: None,
        })
    }

    /// A new row's key as it is sent, or null where the database counts it up.
    fn own_key(&self, fields: &NativeFields) -> Result<Vec<Cell>, String> {
        let counted = self.table.key.len() == 1;
        self.table
            .key_columns()
            .map(|column| match fields.get(&column.name) {
                Some(value) if *value != Value::Null => {
                    self.dialect.encode(column, value, self.zone)
                }
                _ if counted && column.counted => Ok(Cell::Null),
                _ => Err(format!(
                    "{} is part of the id, and neither sent nor counted up by the database: map it, or make it AUTO_INCREMENT",
                    column.name
                )),
            })
            .collect()
    }

    /// The mark of deleted rows, where a new row brings its whole key.
    fn marked(&self, fields: &NativeFields) -> Option<&Column> {
        let keyed = self
            .table
            .key_columns()
            .all(|column| fields.contains_key(&column.name));
        self.table
            .deleted
            .and_then(|place| self.table.columns.get(place))
            .filter(|_| keyed)
    }

    /// As [`Self::revive`], in a statement of its own.
    fn revive_apart(&self, fields: &NativeFields) -> Result<Option<Statement>, String> {
        let Some(marked) = self.marked(fields) else {
            return Ok(None);
        };
        let mut params = Params::default();
        let mark = self.dialect.quote(&marked.name);
        let mut sets = Vec::new();
        for (name, value) in fields {
            let column = self.written(name)?;
            if *name == marked.name || self.table.key_columns().any(|key| key.name == *name) {
                continue;
            }
            let n = params.add(self.dialect.encode(column, value, self.zone)?);
            let name = self.dialect.quote(name);
            sets.push(format!("{name} = {}", self.dialect.param(n, column)));
        }
        sets.push(format!("{mark} = DEFAULT({mark})"));
        let key = self.key_is(&self.own_key(fields)?, &mut params);
        let deleted = match self.deleted_cell(marked)? {
            Some(cell) => {
                let n = params.add(cell);
                format!("{mark} = {}", self.dialect.param(n, marked))
            }
            None => format!("{mark} IS NOT NULL"),
        };
        Ok(Some(Statement {
            sql: format!(
                "UPDATE {} SET {} WHERE {key} AND {deleted}",
                self.table.quoted,
                sets.join(", ")
            ),
            params: params.0,
        }))
    }

    /// Where deleting only marks a row, its key stays taken: making the record again clears the mark
    /// (to the column's default) and sets what was sent. A live row is left alone; then the insert
    /// returns nothing.
    fn revive(&self, fields: &NativeFields, params: &mut Params) -> Result<String, String> {
        let Some(marked) = self.marked(fields) else {
            return Ok(String::new());
        };
        let quote = |name: &str| self.dialect.quote(name);
        let keys: Vec<String> = self
            .table
            .key_columns()
            .map(|column| quote(&column.name))
            .collect();
        let mark = quote(&marked.name);
        let sets: Vec<String> = fields
            .keys()
            .map(|name| quote(name))
            .filter(|name| !keys.contains(name) && *name != mark)
            .chain([mark.clone()])
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let deleted = match self.deleted_cell(marked)? {
            Some(cell) => {
                let n = params.add(cell);
                format!("held.{mark} = {}", self.dialect.param(n, marked))
            }
            None => format!("held.{mark} IS NOT NULL"),
        };
        Ok(format!(
            " ON CONFLICT ({}) DO UPDATE SET {} WHERE {deleted}",
            keys.join(", "),
            sets.join(", ")
        ))
    }

    /// Some fields of a row.
    pub(crate) fn update(
        &self,
        id: &[Cell],
        patch: &NativeFields,
        version: Option<&Version>,
    ) -> Result<RowWrite, String> {
        let mut params = Params::default();
        let mut sets = Vec::new();
        for (name, value) in patch {
            let column = self.written(name)?;
            if self.table.key_columns().any(|key| key.name == *name) {
                return Err(format!("{name} is the id, which cannot be changed"));
            }
            let n = params.add(self.dialect.encode(column, value, self.zone)?);
            sets.push(format!(
                "{} = {}",
                self.dialect.quote(name),
                self.dialect.param(n, column)
            ));
        }
        if let Some(SqlVersion::Column { name, bump: true }) = &self.settings.version {
            let name = self.dialect.quote(name);
            sets.push(format!("{name} = {name} + 1"));
        }
        self.update_with(id, sets, params, Verb::Update, version)
    }

    fn update_with(
        &self,
        id: &[Cell],
        mut sets: Vec<String>,
        mut params: Params,
        verb: Verb,
        version: Option<&Version>,
    ) -> Result<RowWrite, String> {
        if sets.is_empty() {
            // Nothing to set still has to find out whether the row is there, in that version.
            sets.extend(self.table.key_columns().take(1).map(|column| {
                let name = self.dialect.quote(&column.name);
                format!("{name} = {name}")
            }));
        }
        let key = self.key_is(id, &mut params);
        let live = self.live(&mut params)?;
        let (same, expected_content) = self.version_is(version, &mut params);
        Ok(RowWrite {
            verb,
            statement: Statement {
                sql: format!(
                    "UPDATE {} SET {} WHERE {key}{live}{same}",
                    self.table.quoted,
                    sets.join(", ")
                ),
                params: params.0,
            },
            read: self.live_by_id(id)?,
            revive: None,
            expected_content,
        })
    }

    /// A row's end, or its mark as deleted; `now` for marks that are times.
    pub(crate) fn delete(
        &self,
        id: &[Cell],
        version: Option<&Version>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<RowWrite, String> {
        let mut params = Params::default();
        if let Some(column) = self
            .table
            .deleted
            .and_then(|place| self.table.columns.get(place))
        {
            let cell = match self.deleted_cell(column)? {
                Some(cell) => cell,
                None => self
                    .dialect
                    .encode(column, &Value::Timestamp(now), self.zone)?,
            };
            let n = params.add(cell);
            let set = format!(
                "{} = {}",
                self.dialect.quote(&column.name),
                self.dialect.param(n, column)
            );
            return self.update_with(id, vec![set], params, Verb::Delete, version);
        }
        let key = self.key_is(id, &mut params);
        let (same, expected_content) = self.version_is(version, &mut params);
        Ok(RowWrite {
            verb: Verb::Delete,
            statement: Statement {
                sql: format!("DELETE FROM {} WHERE {key}{same}", self.table.quoted),
                params: params.0,
            },
            read: self.live_by_id(id)?,
            revive: None,
            expected_content,
        })
    }

    fn live_by_id(&self, id: &[Cell]) -> Result<Statement, String> {
        let mut params = Params::default();
        let key = self.key_is(id, &mut params);
        let live = self.live(&mut params)?;
        Ok(Statement {
            sql: format!(
                "SELECT {} FROM {} WHERE {key}{live}",
                self.selected(),
                self.table.quoted
            ),
            params: params.0,
        })
    }

    /// ` AND` the row is in that version, or the digest its content has to have.
    fn version_is(
        &self,
        version: Option<&Version>,
        params: &mut Params,
    ) -> (String, Option<String>) {
        let Some(version) = version else {
            return (String::new(), None);
        };
        let text = version.as_str().to_owned();
        let column = self
            .table
            .version
            .and_then(|place| self.table.columns.get(place));
        let current = match (column, self.system_version()) {
            (Some(column), _) => self.dialect.text_of(column),
            (None, Some(system)) => system.to_owned(),
            (None, None) => return (String::new(), Some(text)),
        };
        let n = params.add(Cell::Text(text));
        (
            format!(" AND {current} = {}", self.dialect.text_param(n)),
            None,
        )
    }

    fn written(&self, name: &str) -> Result<&Column, String> {
        match self.table.column(name) {
            Some((place, column)) if self.table.writable(place) => Ok(column),
            Some(_) => Err(format!(
                "{name} cannot be written, the database sets it itself"
            )),
            None => Err(format!("{} has no column {name:?}", self.table.quoted)),
        }
    }

    /// An id as the key's cells; `None` for a text that is the id of no row.
    pub(crate) fn key_cells(&self, id: &RecordId) -> Option<Vec<Cell>> {
        let parts: Vec<String> = if self.table.key.len() == 1 {
            vec![id.as_str().to_owned()]
        } else {
            serde_json::from_str(id.as_str()).ok()?
        };
        let whole = parts.len() == self.table.key.len();
        let cells: Option<Vec<Cell>> = self
            .table
            .key_columns()
            .zip(parts)
            .map(|(column, part)| {
                if column.kind == Kind::Integer && !self.dialect.is_whole(column, &part) {
                    return None;
                }
                self.dialect
                    .encode(column, &Value::Text(part), self.zone)
                    .ok()
            })
            .collect();
        cells.filter(|_| whole)
    }

    /// A row's id from its key's cells.
    pub(crate) fn id_of<'c>(&self, key: impl Iterator<Item = &'c Cell>) -> Option<RecordId> {
        let parts: Option<Vec<String>> = key.map(Cell::plain).collect();
        let parts = parts?;
        let text = match parts.as_slice() {
            [one] => one.clone(),
            several => serde_json::to_string(several).ok()?,
        };
        RecordId::new(text).ok()
    }
}
