//! Up to where changes were read: what a cursor is made of, and how it is written in a query.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::record::NativeRecord;
use tandem_engine::ports::connector::Cursor;

use super::http::Answer;
use super::settings::{CursorFormat, CursorSource};
use crate::json::{Doc, earlier, parse_iso};

/// What a cursor will be made of once the listing has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CursorState {
    /// What the first page's header or body said.
    first: Option<String>,
    /// The latest `modified_at` seen, microseconds.
    latest: Option<i64>,
    /// When the first page was answered, by the system's own clock, microseconds.
    began: Option<i64>,
}

impl CursorState {
    /// Takes in one page. `Err` says what the answer lacks.
    pub(crate) fn take(
        &mut self,
        source: &CursorSource,
        first_page: bool,
        answer: &Answer,
        doc: &Doc<'_>,
        records: &[NativeRecord],
    ) -> Result<(), String> {
        match source {
            CursorSource::ModifiedAt => {
                if first_page {
                    self.began = answer.date.map(|date| date.timestamp_micros());
                }
                let latest = records.iter().filter_map(|record| record.updated_at).max();
                self.latest = self.latest.max(latest.map(|time| time.timestamp_micros()));
            }
            CursorSource::Header(name) if first_page => {
                let found = answer.header(name).map(str::to_owned);
                self.first = Some(found.ok_or_else(|| format!("it has no {name} header"))?);
            }
            CursorSource::Body(pointer) if first_page => {
                let found = doc.text_at(pointer);
                self.first = Some(found.ok_or_else(|| format!("nothing is at {pointer}"))?);
            }
            CursorSource::Header(_) | CursorSource::Body(_) => {}
        }
        Ok(())
    }

    /// The cursor as far as it goes; `single` tells that the listing was one page.
    ///
    /// A change that was made while later pages were read can hide on a page already read. It is
    /// stamped no earlier than the first page's answer, so the cursor does not go beyond that.
    pub(crate) fn cursor(&self, single: bool) -> Option<Cursor> {
        if let Some(first) = &self.first {
            return Some(Cursor(format!("v:{first}")));
        }
        let latest = self.latest?;
        let bound = self.began.filter(|_| !single).unwrap_or(i64::MAX);
        Some(Cursor(format!("t:{}", latest.min(bound))))
    }

    /// Goes on from an earlier cursor: without news it stays where it was.
    pub(crate) fn starting_at(since: Option<&Cursor>) -> Self {
        let latest = since
            .and_then(|cursor| cursor.0.strip_prefix("t:"))
            .and_then(|micros| micros.parse().ok());
        Self {
            latest,
            ..Self::default()
        }
    }
}

/// A cursor as the query takes it, `overlap_ms` earlier.
pub(crate) fn write(
    cursor: &Cursor,
    format: CursorFormat,
    overlap_ms: u32,
) -> Result<String, String> {
    let no_time = || format!("the cursor {:?} is no time", cursor.0);
    if let Some(text) = cursor.0.strip_prefix("v:") {
        return match format {
            CursorFormat::Verbatim => Ok(text.to_owned()),
            CursorFormat::Quoted if text.starts_with('"') => Ok(text.to_owned()),
            CursorFormat::Quoted => Ok(format!("\"{text}\"")),
            _ => {
                let time = parse_http_date(text)
                    .or_else(|| parse_iso(text))
                    .ok_or_else(no_time)?;
                Ok(as_time(earlier(time, i64::from(overlap_ms)), format))
            }
        };
    }
    let micros = cursor
        .0
        .strip_prefix("t:")
        .and_then(|text| text.parse().ok());
    let time = micros
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(no_time)?;
    Ok(as_time(earlier(time, i64::from(overlap_ms)), format))
}

/// The time a cursor stands for, `overlap_ms` earlier; none where it is no time.
pub(crate) fn time(cursor: &Cursor, overlap_ms: u32) -> Option<DateTime<Utc>> {
    let time = match cursor.0.strip_prefix("v:") {
        Some(text) => parse_http_date(text).or_else(|| parse_iso(text))?,
        None => DateTime::from_timestamp_micros(cursor.0.strip_prefix("t:")?.parse().ok()?)?,
    };
    Some(earlier(time, i64::from(overlap_ms)))
}

fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text)
        .ok()
        .map(|time| time.to_utc())
}

/// Rounded down, so that the cursor's own instant is included.
fn as_time(time: DateTime<Utc>, format: CursorFormat) -> String {
    match format {
        CursorFormat::EpochMs => time.timestamp_millis().to_string(),
        CursorFormat::EpochS => time.timestamp().to_string(),
        CursorFormat::Quoted => format!("\"{}\"", time.timestamp_millis()),
        CursorFormat::Iso | CursorFormat::Verbatim => {
            time.to_rfc3339_opts(SecondsFormat::Millis, true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_written_as_described() {
        use CursorFormat as F;
        for (cursor, format, overlap, expected) in [
            (
                "t:1772359200123456",
                F::Iso,
                0,
                Some("2026-03-01T10:00:00.123Z"),
            ),
            (
                "t:1772359200123456",
                F::EpochMs,
                1_000,
                Some("1772359199123"),
            ),
            ("t:1772359200123456", F::EpochS, 0, Some("1772359200")),
            ("v:\"17\"", F::Quoted, 0, Some("\"17\"")),
            ("v:17", F::Quoted, 0, Some("\"17\"")),
            ("v:\"17\"", F::Verbatim, 0, Some("\"17\"")),
            (
                "v:Sun, 01 Mar 2026 10:00:00 GMT",
                F::EpochS,
                0,
                Some("1772359200"),
            ),
            ("v:17", F::Iso, 0, None),
            ("17", F::Verbatim, 0, None),
        ] {
            let written = write(&Cursor(cursor.into()), format, overlap).ok();
            assert_eq!(written.as_deref(), expected, "{cursor}");
        }
    }

    #[test]
    fn a_long_listing_does_not_run_ahead_of_its_first_page() {
        let state = CursorState {
            latest: Some(200),
            began: Some(100),
            first: None,
        };
        assert_eq!(state.cursor(true), Some(Cursor("t:200".into())));
        assert_eq!(state.cursor(false), Some(Cursor("t:100".into())));
        let kept = CursorState::starting_at(Some(&Cursor("t:7".into())));
        assert_eq!(kept.cursor(false), Some(Cursor("t:7".into())));
    }
}
