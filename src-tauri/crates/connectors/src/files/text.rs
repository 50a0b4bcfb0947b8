//! How a file's bytes are texts: its encoding, its mark at the beginning, its ends of lines.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// An encoding, with what a file in it begins with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Text {
    encoding: &'static Encoding,
    /// Bytes at the beginning that only tell the encoding.
    pub(crate) mark: usize,
}

impl Text {
    /// By the settings, or by a file's first bytes.
    pub(crate) fn of(label: Option<&str>, beginning: &[u8]) -> Self {
        let said = label.and_then(|label| Encoding::for_label(label.as_bytes()));
        match (Encoding::for_bom(beginning), said) {
            (Some((found, mark)), None) => Self {
                encoding: found,
                mark,
            },
            (Some((found, mark)), Some(said)) if found == said => Self {
                encoding: found,
                mark,
            },
            (_, said) => Self {
                encoding: said.unwrap_or(UTF_8),
                mark: 0,
            },
        }
    }

    /// Whether a comma, a quote and an end of line are the bytes that they are in ASCII; a file
    /// where they are not is taken into memory whole.
    pub(crate) fn is_bytewise(self) -> bool {
        self.encoding != UTF_16LE && self.encoding != UTF_16BE
    }

    /// Bytes as a text; the error says what to do where they are none.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        self.encoding
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(|| {
                let name = self.encoding.name();
                let other = WINDOWS_1252.name().to_lowercase();
                format!("holds bytes that are no {name}; say its `encoding`, maybe {other}")
            })
    }

    /// A text as bytes; the error names the character that the encoding lacks.
    pub(crate) fn write(self, text: &str) -> Result<Vec<u8>, String> {
        if self.encoding == UTF_16LE {
            return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        if self.encoding == UTF_16BE {
            return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        let (bytes, _, lacking) = self.encoding.encode(text);
        if !lacking {
            return Ok(bytes.into_owned());
        }
        let character = text.chars().find(|character| {
            let mut buffer = [0; 4];
            self.encoding.encode(character.encode_utf8(&mut buffer)).2
        });
        Err(format!(
            "the file is {}, which has no {:?}; save it as UTF-8, and leave `encoding` out",
            self.encoding.name(),
            character.unwrap_or(' ')
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_and_kept() {
        let plain = "é".as_bytes();
        for (label, beginning, text, bytes) in [
            (None, b"id".as_slice(), "é", plain),
            (None, b"\xef\xbb\xbfid", "é", plain),
            (Some("windows-1252"), b"id", "é€", b"\xe9\x80"),
            (Some("iso-8859-15"), b"id", "€", b"\xa4"),
            (None, b"\xff\xfei\0d\0", "é", b"\xe9\0"),
        ] {
            let told = Text::of(label, beginning);
            assert_eq!(told.write(text).unwrap(), bytes, "{label:?}");
            assert_eq!(told.read(bytes).unwrap(), text, "{label:?}");
        }
        assert_eq!(Text::of(None, b"\xef\xbb\xbfid").mark, 3);
        assert!(!Text::of(Some("utf-16le"), b"").is_bytewise());
        let refused = Text::of(Some("windows-1252"), b"").write("a☃").unwrap_err();
        assert!(refused.contains('☃'), "{refused}");
        let refused = Text::of(None, b"").read(b"\xe9").unwrap_err();
        assert!(refused.contains("windows-1252"), "{refused}");
    }
}
