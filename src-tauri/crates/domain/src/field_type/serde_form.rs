//! The written form of a type: a word, or a table with details.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::field_type::{FieldType, ListOrder, ListType, Precision, TextType};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Detailed {
    Text(TextType),
    Decimal {
        #[serde(default)]
        scale: Option<u32>,
    },
    Timestamp {
        #[serde(default)]
        precision: Precision,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    List(ListType),
    Reference {
        sync: String,
    },
}

const WORDS: &[&str] = &[
    "text",
    "integer",
    "decimal",
    "boolean",
    "timestamp",
    "date",
    "json",
    "list",
    "set",
];

fn by_word(word: &str) -> Option<FieldType> {
    Some(match word {
        "text" => FieldType::text(),
        "integer" => FieldType::Integer,
        "decimal" => FieldType::Decimal { scale: None },
        "boolean" => FieldType::Boolean,
        "timestamp" => FieldType::Timestamp {
            precision: Precision::default(),
            zone: None,
        },
        "date" => FieldType::Date,
        "json" => FieldType::Json,
        "list" => FieldType::List(ListType::default()),
        "set" => FieldType::List(ListType {
            order: ListOrder::Set,
        }),
        _ => return None,
    })
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(word) = WORDS
            .iter()
            .find(|word| by_word(word).as_ref() == Some(self))
        {
            return serializer.serialize_str(word);
        }
        let detailed = match self.clone() {
            Self::Text(text) => Detailed::Text(text),
            Self::Decimal { scale } => Detailed::Decimal { scale },
            Self::Timestamp { precision, zone } => Detailed::Timestamp { precision, zone },
            Self::List(list) => Detailed::List(list),
            Self::Reference { sync } => Detailed::Reference { sync },
            Self::Integer | Self::Boolean | Self::Date | Self::Json => {
                return serializer.serialize_str(self.word());
            }
        };
        detailed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = FieldType;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(
                    f,
                    "one of {}, or a table such as {{ decimal = {{ scale = 2 }} }}",
                    WORDS.join(", ")
                )
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<FieldType, E> {
                by_word(word).ok_or_else(|| E::unknown_variant(word, WORDS))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<FieldType, A::Error> {
                let detailed =
                    Detailed::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(match detailed {
                    Detailed::Text(text) => FieldType::Text(text),
                    Detailed::Decimal { scale } => FieldType::Decimal { scale },
                    Detailed::Timestamp { precision, zone } => {
                        FieldType::Timestamp { precision, zone }
                    }
                    Detailed::List(list) => FieldType::List(list),
                    Detailed::Reference { sync } => FieldType::Reference { sync },
                })
            }
        }
        deserializer.deserialize_any(Either)
    }
}
