//! One row of a file: its bytes as fields and back, without touching what was not changed.

use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;

use super::settings::{Empty, FileCollection, FileFormat, FileType, Formulas};
use super::text::Text;
use crate::json::{guard, parse_iso, write_fields};
use crate::sql::values::exact;

/// What a row's JSON may take once it is parsed, bytes.
const PARSED: usize = 32 << 20;

/// How the rows of a file are written.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) format: FileFormat,
    pub(crate) text: Text,
    /// CSV: what stands between two values.
    pub(crate) delimiter: u8,
    /// CSV: the columns by the names Tandem knows them by, in the file's order.
    pub(crate) columns: Vec<String>,
    /// What a line ends with.
    pub(crate) newline: &'static [u8],
}

impl Shape {
    /// A row's fields; the error says why it is no record.
    pub(crate) fn fields(
        &self,
        row: &[u8],
        settings: &FileCollection,
    ) -> Result<NativeFields, String> {
        match self.format {
            FileFormat::Csv => {
                let values = self.values(row)?;
                if values.len() != self.columns.len() {
                    return Err(format!(
                        "has {} values where there are {} columns",
                        values.len(),
                        self.columns.len()
                    ));
                }
                self.columns
                    .iter()
                    .zip(values)
                    .map(|(name, text)| Ok((name.clone(), self.value(name, text, settings)?)))
                    .collect()
            }
            FileFormat::JsonLines => {
                let text = self.text.read(row)?;
                guard(text.as_bytes(), PARSED)?;
                match Value::from_json_text(&text)
                    .map_err(|error| format!("is no JSON: {error}"))?
                {
                    Value::Object(members) => Ok(members
                        .into_iter()
                        .map(|(name, value)| (known(&name, settings).to_owned(), value))
                        .collect()),
                    _ => Err("is no JSON object".to_owned()),
                }
            }
        }
    }

    fn value(&self, name: &str, text: String, settings: &FileCollection) -> Result<Value, String> {
        if text.is_empty() && settings.empty == Empty::Null {
            return Ok(Value::Null);
        }
        Ok(match settings.types.get(name) {
            None | Some(FileType::Text) => Value::Text(match text.strip_prefix('\'') {
                Some(rest) if settings.formulas == Formulas::Guarded && is_formula(rest) => {
                    rest.to_owned()
                }
                _ => text,
            }),
            // What is none stays a text: validation says so, with the record.
            Some(FileType::Integer | FileType::Decimal) => match exact(text.trim()) {
                Some(number) => Value::Number(number),
                None => Value::Text(text),
            },
            Some(FileType::Boolean) => match text.trim().to_lowercase().as_str() {
                "true" | "1" => Value::Bool(true),
                "false" | "0" => Value::Bool(false),
                _ => Value::Text(text),
            },
            Some(FileType::Timestamp) => {
                parse_iso(text.trim()).map_or(Value::Text(text), Value::Timestamp)
            }
            Some(FileType::Date) => match text.trim().parse() {
                Ok(date) => Value::Date(date),
                Err(_) => Value::Text(text),
            },
            Some(FileType::Json) => {
                guard(text.as_bytes(), PARSED)?;
                Value::from_json_text(&text).map_err(|error| format!("{name} holds {error}"))?
            }
        })
    }

    /// A new row's bytes, its end of line included.
    pub(crate) fn made(
        &self,
        fields: &NativeFields,
        settings: &FileCollection,
    ) -> Result<Vec<u8>, String> {
        let mut bytes = match self.format {
            FileFormat::Csv => {
                if let Some(name) = fields.keys().find(|name| !self.columns.contains(name)) {
                    return Err(self.no_column(name));
                }
                let values: Vec<String> = self
                    .columns
                    .iter()
                    .map(|name| written(fields.get(name).unwrap_or(&Value::Null), settings))
                    .collect();
                self.joined(&values)?
            }
            FileFormat::JsonLines => self.object(fields, settings)?,
        };
        bytes.extend(
            self.text
                .write(std::str::from_utf8(self.newline).unwrap_or("\n"))?,
        );
        Ok(bytes)
    }

    /// A row with some of its fields changed.
    pub(crate) fn patched(
        &self,
        row: &[u8],
        patch: &NativeFields,
        settings: &FileCollection,
    ) -> Result<Vec<u8>, String> {
        let mut bytes = match self.format {
            FileFormat::Csv => {
                let mut values = self.values(row)?;
                for (name, value) in patch {
                    let place = self.columns.iter().position(|column| column == name);
                    let held = place.and_then(|place| values.get_mut(place));
                    *held.ok_or_else(|| self.no_column(name))? = written(value, settings);
                }
                self.joined(&values)?
            }
            FileFormat::JsonLines => {
                let mut fields = self.fields(row, settings)?;
                fields.extend(
                    patch
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
                self.object(&fields, settings)?
            }
        };
        bytes.extend(
            self.text
                .write(std::str::from_utf8(self.newline).unwrap_or("\n"))?,
        );
        Ok(bytes)
    }

    fn no_column(&self, name: &str) -> String {
        let known = self.columns.join(", ");
        format!("the file has no column {name:?}; there are: {known}")
    }

    fn object(&self, fields: &NativeFields, settings: &FileCollection) -> Result<Vec<u8>, String> {
        let named: NativeFields = fields
            .iter()
            .map(|(name, value)| (in_file(name, settings).to_owned(), value.clone()))
            .collect();
        let mut text = String::new();
        write_fields(&named, &mut text);
        self.text.write(&text)
    }

    /// The texts between a row's delimiters.
    pub(crate) fn values(&self, row: &[u8]) -> Result<Vec<String>, String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(row);
        let mut record = csv::ByteRecord::new();
        reader
            .read_byte_record(&mut record)
            .map_err(|error| error.to_string())?;
        record
            .iter()
            .map(|value| Ok(self.text.read(value)?.into_owned()))
            .collect()
    }

    fn joined(&self, values: &[String]) -> Result<Vec<u8>, String> {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        for value in values {
            let bytes = self.text.write(value)?;
            writer
                .write_field(bytes)
                .map_err(|error| error.to_string())?;
        }
        let ended = writer.write_record(None::<&[u8]>);
        ended.map_err(|error| error.to_string())?;
        let mut bytes = writer.into_inner().map_err(|error| error.to_string())?;
        while bytes
            .last()
            .is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
        {
            bytes.pop();
        }
        Ok(bytes)
    }
}

/// Whether a spreadsheet would take a text for a formula that can do anything: one of digits and signs
/// alone, such as a telephone number, cannot.
fn is_formula(text: &str) -> bool {
    let harmless = |character: char| {
        character.is_ascii_digit() || matches!(character, ' ' | '.' | ',' | '-' | '/' | '(' | ')')
    };
    match text.strip_prefix(['+', '-']) {
        Some(rest) => !rest.chars().all(harmless),
        None => text.starts_with(['=', '@', '\t', '\r']),
    }
}

/// A value as a text between delimiters.
fn written(value: &Value, settings: &FileCollection) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) if settings.formulas == Formulas::Guarded && is_formula(text) => {
            format!("'{text}")
        }
        other => other.plain().unwrap_or_else(|| other.to_json_text()),
    }
}

/// The name Tandem knows a column of the file by.
pub(crate) fn known<'a>(name: &'a str, settings: &'a FileCollection) -> &'a str {
    let renamed = settings.headers.iter().find(|(_, header)| *header == name);
    renamed.map_or(name, |(known, _)| known)
}

/// The name the file has for a column.
fn in_file<'a>(name: &'a str, settings: &'a FileCollection) -> &'a str {
    settings.headers.get(name).map_or(name, String::as_str)
}
