//! Answers out of a fuzzer's bytes, in place of a server: a line with the status, lines with headers,
//! an empty line, the body; between two answers a byte 0x1E.

use std::cell::RefCell;
use std::collections::VecDeque;

use http::Response;
use http::header::{HeaderName, HeaderValue};

/// Where one answer ends and the next begins.
const BETWEEN: u8 = 0x1e;
/// The most answers of one input: what is asked goes on for as long as there are any.
const MOST: usize = 16;

thread_local! {
    /// `None`: calls go to real systems.
    static LEFT: RefCell<Option<VecDeque<Answer>>> = const { RefCell::new(None) };
}

/// One answer.
pub(super) struct Answer {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Vec<u8>,
}

/// Gives these answers, one a call, while `during` runs; then only refusals.
pub(super) fn given<T>(answers: Vec<Answer>, during: impl FnOnce() -> T) -> T {
    LEFT.set(Some(answers.into()));
    let result = during();
    LEFT.set(None);
    result
}

/// How many answers are left.
pub(super) fn left() -> usize {
    LEFT.with_borrow(|left| left.as_ref().map_or(0, VecDeque::len))
}

/// The answer to a call; none where it has to be sent.
pub(crate) fn next() -> Option<reqwest::Response> {
    let answer = LEFT.with_borrow_mut(|left| {
        let left = left.as_mut()?;
        Some(left.pop_front().unwrap_or(Answer {
            status: 503,
            headers: Vec::new(),
            body: Vec::new(),
        }))
    })?;
    let mut response = Response::new(answer.body);
    if let Ok(status) = http::StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    for (name, value) in answer.headers {
        response.headers_mut().append(name, value);
    }
    Some(response.into())
}

/// The answers that an input holds.
pub(super) fn of(data: &[u8]) -> Vec<Answer> {
    data.split(|byte| *byte == BETWEEN)
        .take(MOST)
        .map(|text| {
            let mut rest = text;
            let status = line(&mut rest);
            let mut headers = Vec::new();
            loop {
                let header = line(&mut rest);
                if header.is_empty() {
                    break;
                }
                headers.extend(pair(header));
            }
            Answer {
                status: std::str::from_utf8(status)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(200),
                headers,
                body: rest.to_vec(),
            }
        })
        .collect()
}

/// Takes the first line off.
fn line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let first = parts.next().unwrap_or_default();
    *rest = parts.next().unwrap_or_default();
    first
}

fn pair(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let name = HeaderName::from_bytes(parts.next()?).ok()?;
    let value = HeaderValue::from_bytes(parts.next()?.trim_ascii()).ok()?;
    Some((name, value))
}
