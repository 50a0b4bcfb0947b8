//! A table as its database describes it, with every configured name resolved against it.

use tandem_domain::collection::{CollectionSchema, NativeFieldInfo, NativeType};

use super::settings::{SqlCollection, SqlVersion};

/// What kind of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Decimal,
    Float,
    Boolean,
    Timestamp,
    NaiveTimestamp,
    Date,
    Json,
    List,
    Unknown,
}

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The type a text is cast to (PostgreSQL), or what it is called (MySQL).
    pub(crate) cast: String,
    pub(crate) nullable: bool,
    /// Whether the database computes it.
    pub(crate) generated: bool,
    /// Whether the database counts it up where nothing is given (MySQL).
    pub(crate) counted: bool,
    pub(crate) precision: Option<u32>,
    pub(crate) scale: Option<u32>,
    pub(crate) max_length: Option<u32>,
}

impl Column {
    pub(crate) fn plain(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            cast: "text".to_owned(),
            nullable: true,
            generated: false,
            counted: false,
            precision: None,
            scale: None,
            max_length: None,
        }
    }
}

/// What a database says of a table.
pub(crate) struct Described {
    /// Its name, quoted, with its schema.
    pub(crate) quoted: String,
    pub(crate) columns: Vec<Column>,
    /// The columns of its primary key, in order.
    pub(crate) primary_key: Vec<String>,
}

/// A table with all configured names resolved; columns by their place in `columns`.
pub(crate) struct Table {
    pub(crate) quoted: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) key: Vec<usize>,
    pub(crate) version: Option<usize>,
    pub(crate) deleted: Option<usize>,
    pub(crate) changes: Option<usize>,
    read_only: Vec<usize>,
}

impl Table {
    /// Resolves the settings' names; the error names the one that is not there.
    pub(crate) fn resolve(described: Described, settings: &SqlCollection) -> Result<Self, String> {
        let Described {
            quoted,
            columns: all,
            primary_key,
        } = described;
        let key_names = if settings.key.is_empty() {
            primary_key
        } else {
            settings.key.clone()
        };
        if key_names.is_empty() {
            return Err(format!(
                "{quoted} has no primary key; name the columns that are the id in `key`"
            ));
        }
        let version = match &settings.version {
            Some(SqlVersion::Column { name, .. }) => Some(name),
            _ => None,
        };
        let modified = settings
            .modified_at
            .as_ref()
            .map(|modified| &modified.column);
        let deleted = settings.deleted.as_ref().map(|deleted| &deleted.column);
        let changes = settings.changes.as_ref().map(|changes| &changes.column);
        let needed: Vec<&String> = key_names
            .iter()
            .chain(version)
            .chain(modified)
            .chain(deleted)
            .chain(changes)
            .collect();
        let named = needed
            .iter()
            .copied()
            .chain(&settings.columns)
            .chain(&settings.read_only)
            .chain(&settings.lookup);
        for name in named {
            if !all.iter().any(|column| column.name == *name) {
                let known: Vec<&str> = all.iter().map(|column| column.name.as_str()).collect();
                return Err(format!(
                    "{quoted} has no column {name:?}; there are: {}",
                    known.join(", ")
                ));
            }
        }
        let columns: Vec<Column> = all
            .into_iter()
            .filter(|column| {
                settings.columns.is_empty()
                    || settings.columns.contains(&column.name)
                    || needed.contains(&&column.name)
            })
            .collect();
        let place = |name: &String| columns.iter().position(|column| column.name == *name);
        Ok(Self {
            key: key_names.iter().filter_map(place).collect(),
            version: version.and_then(place),
            deleted: deleted.and_then(place),
            changes: changes.and_then(place),
            read_only: settings.read_only.iter().filter_map(place).collect(),
            quoted,
            columns,
        })
    }

    /// A column by name, with its place.
    pub(crate) fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns
            .iter()
            .enumerate()
            .find(|(_, column)| column.name == name)
    }

    /// Whether a column may be written.
    pub(crate) fn writable(&self, place: usize) -> bool {
        self.columns
            .get(place)
            .is_some_and(|column| !column.generated)
            && !self.read_only.contains(&place)
            && self.version != Some(place)
    }

    /// The columns of the id, in order.
    pub(crate) fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().filter_map(|place| self.columns.get(*place))
    }

    pub(crate) fn schema(&self) -> CollectionSchema {
        let mut schema = CollectionSchema {
            complete: true,
            ..CollectionSchema::default()
        };
        for (place, column) in self.columns.iter().enumerate() {
            let mut info = NativeFieldInfo::of(native(column.kind));
            info.nullable = column.nullable;
            info.writable = self.writable(place);
            info.primary_key = self.key.contains(&place);
            info.max_precision = column.precision;
            info.scale = column.scale;
            info.max_length = column.max_length;
            schema.fields.insert(column.name.clone(), info);
        }
        schema
    }
}

const fn native(kind: Kind) -> NativeType {
    match kind {
        Kind::Text => NativeType::Text,
        Kind::Integer => NativeType::Integer,
        Kind::Decimal => NativeType::Decimal,
        Kind::Float => NativeType::Float,
        Kind::Boolean => NativeType::Boolean,
        Kind::Timestamp => NativeType::Timestamp,
        Kind::NaiveTimestamp => NativeType::NaiveTimestamp,
        Kind::Date => NativeType::Date,
        Kind::Json => NativeType::Json,
        Kind::List => NativeType::List,
        Kind::Unknown => NativeType::Unknown,
    }
}
