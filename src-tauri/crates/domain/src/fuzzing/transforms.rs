//! What holds of any field that is mapped in any way: what was written for it reads back the same,
//! or it is not written.

use std::collections::BTreeMap;

use serde_json::json;

use super::chosen;
use crate::config::SyncConfiguration;
use crate::field_type::{FieldType, ListOrder, ListType, Precision, TextType};
use crate::ids::{FieldName, Side};
use crate::mapping::{
    Computed, FieldMapping, FieldPath, Join, Mapping, Missing, Otherwise, Representation,
    SideMapping, Split, Transform,
};
use crate::record::{CanonicalRecord, NativeFields};
use crate::value::Value;

pub(super) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut choices = Choices {
        bytes: lines.next().unwrap_or_default().as_bytes(),
        free: lines.next().unwrap_or_default(),
    };
    let Some(field) = choices.field() else {
        return;
    };
    let Ok(name) = FieldName::new("f") else {
        return;
    };
    let mapping = Mapping::new(BTreeMap::from([(name.clone(), field)]));
    saved(&mapping);
    let values: Vec<Value> = lines
        .take(4)
        .map(|line| Value::from_json_text(line).unwrap_or_else(|_| Value::Text(line.to_owned())))
        .collect();
    for (at, value) in values.iter().enumerate() {
        let other = values.get(at + 1).unwrap_or(value);
        for side in Side::BOTH {
            let fields = native(value, other);
            // A partial record says no more than a whole one, and neither may panic.
            let _ = mapping.to_canonical(side, &fields, false);
            if let Ok(record) = mapping.to_canonical(side, &fields, true) {
                for receiver in Side::BOTH {
                    arrives(&mapping, &name, receiver, &record);
                }
            }
        }
    }
}

/// As it stands in a workspace file, it is the same mapping; whether it could work is told.
fn saved(mapping: &Mapping) {
    let end = json!({ "connection": "c", "collection": "c" });
    let config = json!({ "name": "s", "source": end, "target": end, "mapping": mapping });
    let config = serde_json::from_value::<SyncConfiguration>(config);
    let same = config.as_ref().is_ok_and(|it| it.mapping == *mapping);
    assert!(same, "{mapping:?} is saved as another: {config:?}");
    if let Ok(config) = config {
        let _ = config.check(None, None);
    }
}

/// What is written for a record on `side` reads back the same, also once it was sent as JSON.
fn arrives(mapping: &Mapping, name: &FieldName, side: Side, record: &CanonicalRecord) {
    let (Some(field), Some(value)) = (mapping.fields().get(name), record.get(name)) else {
        return;
    };
    let Ok(written) = mapping.to_native(side, record, Some(record)) else {
        return;
    };
    if !mapping.writable(side, name) {
        assert!(written.is_empty(), "{mapping:?} wrote {written:?}");
        return;
    }
    let sent = Value::from_json_text(&Value::Object(written.clone()).to_json_text());
    let sent = match sent {
        Ok(Value::Object(sent)) => sent,
        other => NativeFields::from([("unsent".to_owned(), Value::Text(format!("{other:?}")))]),
    };
    for (how, fields) in [("", &written), (" and sent", &sent)] {
        let back = mapping.to_canonical(side, fields, true);
        let same = back.as_ref().is_ok_and(|back| {
            let back = back.get(name).unwrap_or(&Value::Null);
            field.ty.same(back, value)
        });
        assert!(
            same,
            "{value:?} was written{how} as {fields:?} and read back as {back:?}: {mapping:?}"
        );
    }
}

/// The fields that the paths below lead to.
fn native(value: &Value, other: &Value) -> NativeFields {
    let inner = BTreeMap::from([("b".to_owned(), value.clone())]);
    NativeFields::from([
        ("a".to_owned(), value.clone()),
        ("n".to_owned(), Value::Object(inner)),
        ("x".to_owned(), value.clone()),
        ("y".to_owned(), other.clone()),
    ])
}

const FORMATS: [&str; 14] = [
    "%d.%m.%Y",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%y",
    "%s",
    "%Y%m%dT%H%M%S%z",
    "%+",
    "%c",
    "%H:%M",
    "%j %Y",
    "%G-W%V-%u",
    "%Y-%m-%dT%H:%M:%S%.9f%:z",
    "%e %b %Y %I:%M %p",
    "%d.%m.%Y %Z",
    "%A",
];
const ZONES: [Option<&str>; 5] = [
    None,
    Some("UTC"),
    Some("Europe/Berlin"),
    Some("Pacific/Apia"),
    Some("America/New_York"),
];
const FACTORS: [&str; 9] = [
    "0.01",
    "100",
    "3",
    "0.5",
    "-1",
    "2.5",
    "1e27",
    "1e-28",
    "0.0000001",
];
const SEPARATORS: [&str; 4] = [",", " ", "; ", "aa"];
/// Read, and write where there is a way back.
const EXPRESSIONS: [(&str, Option<&str>); 6] = [
    ("value + 1", Some("value - 1")),
    ("value * 3", Some("value / 3")),
    ("value ~ 'x'", Some("value[:-1]")),
    ("value | upper", Some("value | lower")),
    ("value | list", Some("value | join('')")),
    ("value | length", None),
];

/// Choices, a byte each; where there are none left, the first is taken.
struct Choices<'a> {
    bytes: &'a [u8],
    /// What stands where none of the usual arguments is chosen.
    free: &'a str,
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else {
            return b'0';
        };
        self.bytes = rest;
        *first
    }

    fn one<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        chosen(self.byte(), among).cloned()
    }

    /// One of the usual texts, or the free one.
    fn text(&mut self, usual: &[&str]) -> Option<String> {
        let mut all = usual.to_vec();
        all.push(self.free);
        self.one(&all).map(str::to_owned)
    }

    fn zone(&mut self) -> Option<String> {
        self.one(&ZONES).flatten().map(str::to_owned)
    }

    fn field(&mut self) -> Option<FieldMapping> {
        Some(FieldMapping {
            ty: self.ty()?,
            source: self.side()?,
            target: self.side()?,
        })
    }

    fn ty(&mut self) -> Option<FieldType> {
        let loose = TextType {
            case_insensitive: true,
            trim: true,
            empty_is_null: true,
        };
        let types = [
            FieldType::text(),
            FieldType::Text(loose),
            FieldType::Integer,
            FieldType::Decimal { scale: None },
            FieldType::Decimal { scale: Some(2) },
            FieldType::Boolean,
            FieldType::Timestamp {
                precision: Precision::Micro,
                zone: None,
            },
            FieldType::Timestamp {
                precision: Precision::Second,
                zone: self.zone(),
            },
            FieldType::Date,
            FieldType::Json,
            FieldType::List(ListType::default()),
            FieldType::List(ListType {
                order: ListOrder::Set,
            }),
        ];
        self.one(&types)
    }

    fn side(&mut self) -> Option<SideMapping> {
        let path = |text: &str| FieldPath::new(text).ok();
        let mut side = SideMapping::default();
        match self.byte() % 6 {
            0 | 1 => side.path = path("a"),
            2 => side.path = path("n.b"),
            3 => {
                side.join = Some(Join {
                    paths: vec![path("x")?, path("y")?],
                    separator: self.text(&SEPARATORS)?,
                    split: self.one(&[Some(Split::First), Some(Split::Last), None])?,
                });
            }
            4 => {
                let (read, write) = self.one(&EXPRESSIONS)?;
                let write = write.and_then(|write| Some((path("x")?, write.to_owned())));
                side.expression = Some(Computed {
                    read: read.replace("value", "x"),
                    write: write.into_iter().collect(),
                });
            }
            _ => side.constant = Some(json!(self.free)),
        }
        for _ in 0..self.byte() % 3 {
            side.transforms.push(self.transform()?);
        }
        side.representation = self.one(&[
            None,
            Some(Representation::Text),
            Some(Representation::Number),
            Some(Representation::EpochSeconds),
            Some(Representation::EpochMillis),
            Some(Representation::Local),
        ])?;
        side.missing = self.one(&[Missing::Unchanged, Missing::Null])?;
        Some(side)
    }

    fn transform(&mut self) -> Option<Transform> {
        Some(match self.byte() % 8 {
            0 => Transform::Trim,
            1 => Transform::Lower,
            2 => Transform::Upper,
            3 => {
                let values = [("A", json!("active")), ("1", json!(true)), ("", json!(2))];
                let (known, meant) = self.one(&values)?;
                let free = (self.free.to_owned(), json!(self.text(&["1", "x"])?));
                Transform::Map {
                    values: BTreeMap::from([(known.to_owned(), meant), free]),
                    otherwise: self.one(&[Otherwise::Error, Otherwise::Keep])?,
                }
            }
            4 => Transform::Multiply(json!(self.text(&FACTORS)?)),
            5 => Transform::DateFormat {
                format: self.text(&FORMATS)?,
                zone: self.zone(),
            },
            6 => Transform::Split(self.text(&SEPARATORS)?),
            _ => {
                let (read, write) = self.one(&EXPRESSIONS)?;
                Transform::Expression {
                    read: read.to_owned(),
                    write: write.map(str::to_owned),
                }
            }
        })
    }
}
