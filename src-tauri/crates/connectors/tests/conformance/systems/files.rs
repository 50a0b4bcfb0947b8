//! Files in a folder, changed behind the connector's back as another program would: replaced whole.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tandem_connectors::check_settings;
use tandem_engine::ports::WritableConnector;
use tempfile::TempDir;

use crate::clock::{ListedSecrets, build, clock};
use crate::system::{Fields, System};

const COLUMNS: [&str; 5] = ["id", "name", "email", "price", "big"];

pub(crate) struct Files {
    folder: TempDir,
    file: &'static str,
    connector: Arc<dyn WritableConnector>,
}

impl Files {
    fn new(file: &'static str, beginning: &[u8], mut collection: Json) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), beginning).unwrap();
        collection["file"] = file.into();
        collection["key"] = json!(["id"]);
        collection["unique"] = json!(["email"]);
        collection["lookup"] = json!(["email"]);
        collection["page_size"] = 10.into();
        let settings = json!({ "folder": folder.path(), "collections": { "items": collection } });
        assert_eq!(check_settings("files", &settings), []);
        let connector = build("files", &settings, "items", &ListedSecrets(&[]), clock()).unwrap();
        Self {
            folder,
            file,
            connector,
        }
    }

    /// Semicolons, Windows' ends of lines, a header.
    pub(crate) async fn csv() -> Option<Self> {
        let types = json!({ "types": { "price": "decimal", "big": "integer" } });
        let beginning = b"id;name;email;price;big\r\n";
        Some(Self::new("items.csv", beginning, types))
    }

    /// As spreadsheets save "Unicode text": tabs, two bytes a character.
    pub(crate) async fn utf16() -> Option<Self> {
        let collection = json!({
            "types": { "price": "decimal", "big": "integer" }, "new_id": "count",
        });
        let header = "\u{feff}id\tname\temail\tprice\tbig\n";
        let beginning: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Some(Self::new("items.txt", &beginning, collection))
    }

    pub(crate) async fn json_lines() -> Option<Self> {
        Some(Self::new("items.jsonl", b"", json!({})))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.file)
    }

    /// What an independent reader finds.
    fn rows(&self) -> Vec<Fields> {
        let bytes = std::fs::read(self.path()).unwrap();
        let text = match bytes.strip_prefix(b"\xff\xfe") {
            Some(wide) => {
                let units = wide
                    .chunks(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
            }
            None => String::from_utf8(bytes).unwrap(),
        };
        if self.file == "items.jsonl" {
            let of = |line: &str| -> Fields {
                let members: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
                    serde_json::from_str(line).unwrap();
                members
                    .into_iter()
                    .map(|(name, raw)| (name, raw.get().to_owned()))
                    .collect()
            };
            return text.lines().map(of).collect();
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(if self.file == "items.txt" {
                b'\t'
            } else {
                b';'
            })
            .from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), &COLUMNS.to_vec());
        reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                let cell = |(name, text): (&str, &str)| {
                    let json = match name {
                        _ if text.is_empty() => "null".to_owned(),
                        "price" | "big" => text.to_owned(),
                        _ => serde_json::to_string(text).unwrap(),
                    };
                    (name.to_owned(), json)
                };
                COLUMNS.into_iter().zip(&record).map(cell).collect()
            })
            .collect()
    }

    /// Replaces the file as a whole, as its owner would.
    fn save(&self, rows: &[Fields]) {
        let beside = self.folder.path().join("beside");
        let bytes = if self.file == "items.jsonl" {
            let line = |fields: &Fields| {
                let members: Vec<String> = fields
                    .iter()
                    .map(|(name, json)| format!("{name:?}: {json}"))
                    .collect();
                format!("{{{}}}\n", members.join(", "))
            };
            rows.iter().map(line).collect::<String>().into_bytes()
        } else {
            let wide = self.file == "items.txt";
            let mut writer = csv::WriterBuilder::new()
                .delimiter(if wide { b'\t' } else { b';' })
                .terminator(if wide {
                    csv::Terminator::Any(b'\n')
                } else {
                    csv::Terminator::CRLF
                })
                .from_writer(Vec::new());
            writer.write_record(COLUMNS).unwrap();
            for fields in rows {
                let plain = |name: &&str| match fields.get(*name).map(String::as_str) {
                    None | Some("null") => String::new(),
                    Some(json) => {
                        serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
                    }
                };
                writer.write_record(COLUMNS.iter().map(plain)).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            if wide {
                let text = format!("\u{feff}{}", String::from_utf8(bytes).unwrap());
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            } else {
                bytes
            }
        };
        std::fs::write(&beside, bytes).unwrap();
        std::fs::rename(&beside, self.path()).unwrap();
    }
}

/// An id as the file's JSON.
fn quoted(id: &str) -> String {
    format!("{id:?}")
}

#[async_trait]
impl System for Files {
    fn connector(&self) -> Arc<dyn WritableConnector> {
        Arc::clone(&self.connector)
    }

    async fn insert(&self, fields: &Fields, at_ms: i64) -> String {
        let mut rows = self.rows();
        let id = format!("{}{at_ms}", rows.len() + 1);
        let mut row = fields.clone();
        row.insert("id".into(), quoted(&id));
        rows.push(row);
        self.save(&rows);
        id
    }

    async fn edit(&self, id: &str, field: &str, json: &str, _: i64) {
        let mut rows = self.rows();
        let row = rows.iter_mut().find(|row| row["id"] == quoted(id)).unwrap();
        row.insert(field.to_owned(), json.to_owned());
        self.save(&rows);
    }

    async fn remove(&self, id: &str, _: i64) {
        let mut rows = self.rows();
        rows.retain(|row| row["id"] != quoted(id));
        self.save(&rows);
    }

    async fn read(&self, id: &str) -> Option<Fields> {
        self.rows().into_iter().find(|row| row["id"] == quoted(id))
    }

    async fn count(&self) -> usize {
        self.rows().len()
    }

    fn tells_empty(&self) -> bool {
        self.file == "items.jsonl"
    }
}
