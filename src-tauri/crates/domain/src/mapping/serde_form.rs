//! The short forms of a mapping in a workspace file: a type alone, a path alone.

use serde::{Deserialize, Deserializer};

use crate::field_type::FieldType;
use crate::mapping::{FieldMapping, FieldPath, SideMapping};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(rename = "type")]
    ty: FieldType,
    #[serde(default, deserialize_with = "side")]
    source: SideMapping,
    #[serde(default, deserialize_with = "side")]
    target: SideMapping,
}

/// A text as a path, a table as it stands.
fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SideMapping, D::Error> {
    struct Either;
    impl<'de> serde::de::Visitor<'de> for Either {
        type Value = SideMapping;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a field path such as \"address.city\", or a table")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SideMapping, E> {
            FieldPath::new(text).map(SideMapping::at).map_err(E::custom)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<SideMapping, A::Error> {
            SideMapping::deserialize(serde::de::value::MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Either)
}

impl<'de> Deserialize<'de> for FieldMapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = FieldMapping;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a field type such as \"text\", or a table with `type`, `source`, `target`",
                )
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<FieldMapping, E> {
                let ty = FieldType::deserialize(serde::de::value::StrDeserializer::new(text))?;
                Ok(FieldMapping {
                    ty,
                    source: SideMapping::default(),
                    target: SideMapping::default(),
                })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<FieldMapping, A::Error> {
                let long = Long::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(FieldMapping {
                    ty: long.ty,
                    source: long.source,
                    target: long.target,
                })
            }
        }
        deserializer.deserialize_any(Either)
    }
}
