//! What a `SQLite` file says of a table.

use rusqlite::Connection;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};

use super::encode::quote;
use super::errors::Place;
use crate::sql::table::{Column, Described, Kind};

pub(crate) fn describe(
    connection: &Connection,
    place: &Place,
    table: &str,
) -> Result<Described, ConnectorError> {
    let failed = |error: rusqlite::Error| place.failed(&error);
    let mut statement = connection
        .prepare(
            "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
        )
        .map_err(failed)?;
    let mut rows = statement.query([table]).map_err(failed)?;
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().map_err(failed)? {
        let name: String = row.get(0).map_err(failed)?;
        let declared: String = row.get(1).map_err(failed)?;
        let not_null: bool = row.get(2).map_err(failed)?;
        let part: i64 = row.get(3).map_err(failed)?;
        let hidden: i64 = row.get(4).map_err(failed)?;
        if part > 0 {
            key.push((part, name.clone()));
        }
        let upper = declared.to_uppercase();
        // 1 is a virtual table's hidden column; 2 and 3 are computed ones.
        if hidden == 1 || upper.contains("BLOB") {
            continue;
        }
        let kind = kind(&upper);
        let (first, second) = sizes(&upper);
        let numeric = matches!(kind, Kind::Decimal | Kind::Float);
        columns.push(Column {
            nullable: !not_null && part == 0,
            generated: hidden != 0,
            precision: if numeric {
                Some(first.unwrap_or(15).min(15))
            } else {
                None
            },
            scale: if numeric { second } else { None },
            ..Column::plain(&name, kind)
        });
    }
    if columns.is_empty() {
        let what = format!("it has no table {table:?}");
        return Err(place.error(ErrorClass::Configuration, &what));
    }
    key.sort();
    Ok(Described {
        quoted: quote(table),
        columns,
        primary_key: key.into_iter().map(|(_, name)| name).collect(),
    })
}

/// By the declared type, first as to what it means, then by the affinity rules of `SQLite`.
fn kind(declared: &str) -> Kind {
    let word = declared.split('(').next().unwrap_or_default().trim();
    match word {
        "" => Kind::Unknown,
        "BOOLEAN" | "BOOL" => Kind::Boolean,
        "DATE" => Kind::Date,
        "JSON" | "JSONB" => Kind::Json,
        _ if word.starts_with("DATETIME") || word.starts_with("TIMESTAMP") => Kind::Timestamp,
        _ if word.contains("INT") => Kind::Integer,
        _ if word.contains("CHAR") || word.contains("CLOB") || word.contains("TEXT") => Kind::Text,
        _ if word.contains("REAL") || word.contains("FLOA") || word.contains("DOUB") => Kind::Float,
        _ => Kind::Decimal,
    }
}

/// The numbers in `DECIMAL(10, 2)`.
fn sizes(declared: &str) -> (Option<u32>, Option<u32>) {
    let inner = declared
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let Some((inner, _)) = inner else {
        return (None, None);
    };
    let mut numbers = inner.split(',').map(|number| number.trim().parse().ok());
    (numbers.next().flatten(), numbers.next().flatten())
}
