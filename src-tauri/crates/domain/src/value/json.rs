//! JSON read and written exactly. A parser of our own, because numbers must keep their digits
//! without changing how the rest of the program sees JSON, and because a listing is mostly this.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

use rust_decimal::Decimal;

use crate::value::{Value, ValueError, timestamp_text};

/// Objects and lists within each other, at most.
const MAX_DEPTH: u32 = 64;

const DIGITS: &str = "a number may have up to 28 significant digits and 28 after the point; \
                      let the system send it as text, or leave the field out";

pub(super) fn parse(text: &str) -> Result<Value, ValueError> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.wrong("has something after its end"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn since(&self, start: usize) -> &'a str {
        // `start` and `at` always stand beside ASCII bytes, so these are character boundaries.
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn wrong(&self, why: &str) -> ValueError {
        let around = self
            .text
            .char_indices()
            .skip_while(|(at, _)| at + 20 < self.at)
            .map(|(_, c)| c)
            .take(40)
            .collect::<String>();
        ValueError::of(
            &around,
            format!("{why} (byte {})", self.at),
            "check that the system answers with JSON",
        )
    }

    fn value(&mut self, depth: u32) -> Result<Value, ValueError> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.wrong("is not JSON")),
            None => Err(self.wrong("ends too early")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ValueError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.wrong("is not JSON"))
        }
    }

    fn deeper(&self, depth: u32) -> Result<u32, ValueError> {
        if depth >= MAX_DEPTH {
            return Err(ValueError::of(
                "JSON",
                format!("is nested deeper than {MAX_DEPTH}"),
                "let the system send a flatter record, or leave the field out",
            ));
        }
        Ok(depth + 1)
    }

    fn list(&mut self, depth: u32) -> Result<Value, ValueError> {
        let depth = self.deeper(depth)?;
        self.at += 1;
        self.blanks();
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            self.blanks();
            items.push(self.value(depth)?);
            self.blanks();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return Err(self.wrong("lacks a comma or a bracket"));
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<Value, ValueError> {
        let depth = self.deeper(depth)?;
        self.at += 1;
        self.blanks();
        let mut members = BTreeMap::new();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("lacks a key"));
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(b':') {
                return Err(self.wrong("lacks a colon"));
            }
            self.blanks();
            let value = self.value(depth)?;
            match members.entry(key) {
                Entry::Vacant(slot) => slot.insert(value),
                // Either value could be the right one; taking one would lose the other silently.
                Entry::Occupied(slot) => {
                    let why = format!("has the key {:?} twice in one object", slot.key());
                    return Err(self.wrong(&why));
                }
            };
            self.blanks();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.wrong("lacks a comma or a brace"));
            }
        }
    }

    fn string(&mut self) -> Result<String, ValueError> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            // Most of a listing is texts: on to the next byte that means something.
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => {
                    let inner = self.since(start);
                    self.at += 1;
                    if !escaped {
                        return Ok(inner.to_owned());
                    }
                    // Escapes are rare; the library knows surrogate pairs.
                    return serde_json::from_str(self.since(open))
                        .map_err(|_| self.wrong("has a wrong escape in a text"));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0..=0x1f) => {
                    return Err(self.wrong("has a bare control character in a text"));
                }
                Some(_) => self.at += 1,
                None => {
                    self.at = self.text.len();
                    return Err(self.wrong("ends within a text"));
                }
            }
        }
    }

    fn digits(&mut self) -> Result<(), ValueError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.wrong("has a malformed number"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, ValueError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        } else if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.wrong("has a number with leading zeros"));
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = self.since(start);
        decimal(text)
            .map(Value::Number)
            .ok_or_else(|| ValueError::of(text, "cannot be held exactly", DIGITS))
    }
}

/// The exact decimal a text of digits stands for: optional sign, digits, optional fraction and
/// exponent. `None`: it is no such text, or cannot be held exactly.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let mut mantissa: i128 = 0;
    let mut scale: i64 = 0;
    // Zeros at the end of a fraction are only taken in when a digit follows or room remains.
    let mut zeros: u32 = 0;
    let mut seen = false;
    let mut point = false;
    let bytes = unsigned.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0' if point => {
                zeros += 1;
                seen = true;
            }
            b'0'..=b'9' => {
                for _ in 0..std::mem::take(&mut zeros) {
                    mantissa = mantissa.checked_mul(10)?;
                    scale += 1;
                }
                mantissa = mantissa
                    .checked_mul(10)?
                    .checked_add(i128::from(byte - b'0'))?;
                scale += i64::from(point);
                seen = true;
            }
            b'.' if !point && seen => {
                point = true;
                // A point needs a digit behind it.
                if !matches!(bytes.get(at + 1), Some(b'0'..=b'9')) {
                    return None;
                }
            }
            b'e' | b'E' if seen => break,
            _ => return None,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if at < bytes.len() {
        let exponent = unsigned.get(at + 1..)?;
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if mantissa == 0 {
            return Some(Decimal::ZERO);
        }
        scale = scale.checked_sub(exponent.parse::<i64>().ok()?)?;
        zeros = 0;
    }
    // A zero on the left of the mantissa costs nothing, so "0.000" is scale 3 of zero.
    for _ in 0..zeros {
        if scale >= 28 {
            break;
        }
        let Some(wider) = mantissa.checked_mul(10).filter(|it| *it < LIMIT) else {
            break;
        };
        mantissa = wider;
        scale += 1;
    }
    while scale < 0 {
        mantissa = mantissa.checked_mul(10).filter(|it| *it < LIMIT)?;
        scale += 1;
    }
    while scale > 28 {
        if mantissa % 10 != 0 {
            return None;
        }
        mantissa /= 10;
        scale -= 1;
    }
    if mantissa == 0 {
        return Some(Decimal::new(0, u32::try_from(scale).ok()?));
    }
    let signed = if negative { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(signed, u32::try_from(scale).ok()?).ok()
}

/// One past the largest mantissa a decimal holds.
const LIMIT: i128 = 1 << 96;

pub(super) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{number}");
        }
        Value::Text(text) => write_text(text, out),
        Value::Timestamp(at) => write_text(&timestamp_text(at), out),
        Value::Date(day) => write_text(&day.to_string(), out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (key, item)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // `at` is an ASCII byte, so both ends are character boundaries.
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}
