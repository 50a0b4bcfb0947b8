//! What holds of any answer's body that is taken apart: it says what it says to who reads it whole.

use tandem_domain::value::Value;

use crate::json::{Doc, field, guard};

/// Enough for whatever a fuzzer thinks of.
const ALLOWANCE: usize = 64 * 1024 * 1024;

const POINTERS: [&str; 8] = [
    "",
    "/",
    "/id",
    "/data",
    "/data/0",
    "/data/1/id",
    "/a~1b/~0",
    "/meta/at",
];

pub(super) fn check(body: &[u8]) {
    let takes = guard(body, ALLOWANCE);
    if let Ok(takes) = takes {
        assert!(takes >= body.len());
        let less = takes.checked_sub(1);
        assert!(less.is_none_or(|less| guard(body, less).is_err()));
    }
    let whole = std::str::from_utf8(body).map(Value::from_json_text);
    let doc = Doc::parse(body, ALLOWANCE);
    // What is read whole as a record is nested less deeply than what is taken apart.
    let Ok(Ok(whole)) = whole else { return };
    assert!(doc.is_ok() || takes.is_err(), "{whole:?} is refused");
    let (Ok(doc), Value::Object(fields)) = (doc, &whole) else {
        return;
    };
    for pointer in POINTERS.iter().filter(|pointer| pointer.len() > 1) {
        let found = doc.text_at(pointer);
        match field(fields, pointer) {
            Some(Value::Text(text)) => assert_eq!(found.as_ref(), Some(text), "{pointer}"),
            Some(Value::Number(_) | Value::Bool(_)) => assert!(found.is_some(), "{pointer}"),
            _ => assert_eq!(found, None, "{pointer}"),
        }
    }
    for pointer in POINTERS {
        let _ = doc.word_at(pointer);
    }
}
