//! Full listings, lists of what changed, and change feeds: one page at a time.

use std::borrow::Cow;

use minijinja::context;
use reqwest::Url;
use tandem_domain::record::NativeRecord;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    Applied, ConnectorError, Cursor, ErrorClass, ListRequest, Page, Unreadable,
};

use super::cursor::{self, CursorState};
use super::http::{Answer, Call, configuration};
use super::paging::{Place, Progress, Step, digest, judge, overlapping_page};
use super::settings::{Changes, CursorSource, Pagination};
use super::write::template_object;
use super::{RestConnector, records, wrapped};
use crate::json::{Doc, at, elements, field};

/// Entries of one page that are no record, past which the answer is not what was described.
const MAX_UNREADABLE: usize = 10_000;

/// What a page holds, before its place in the listing is known.
pub(super) struct Entries {
    pub(super) records: Vec<NativeRecord>,
    pub(super) unreadable: Vec<Unreadable>,
    digests: Vec<u64>,
}

impl Entries {
    fn rows(&self) -> usize {
        self.records.len() + self.unreadable.len()
    }
}

impl RestConnector {
    pub(super) async fn list_page(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        let progress = Progress::read(request.page.as_ref()).map_err(configuration)?;
        match (&request.since, &self.collection.changes) {
            (Some(since), Some(Changes::Feed { .. })) => self.feed_page(since, progress).await,
            (Some(_), None) => Err(configuration(format!(
                "{} has no way to tell what changed; list everything, or describe `changes`",
                self.name
            ))),
            (since, _) => self.plain_page(since.as_ref(), progress).await,
        }
    }

    async fn plain_page(
        &self,
        since: Option<&Cursor>,
        mut progress: Progress,
    ) -> Result<Page, ConnectorError> {
        let first = progress.place == Place::First;
        if first {
            progress.cursor = CursorState::starting_at(since);
        }
        let (start, size) = self.window(&progress)?;
        let answer = self.fetch_list(since, &progress.place, start, size).await?;
        let doc = self.doc(&answer)?;
        let mut entries = self.entries(&doc, &answer, &self.collection.list.records, "")?;
        let unlike = |what: String| self.http.not_as_described(&answer, &what, Applied::No);
        if let Some(source) = self.cursor_source() {
            progress
                .cursor
                .take(source, first, &answer, &doc, &entries.records)
                .map_err(unlike)?;
        }
        let next = self.next_place(&mut progress, &answer, &doc, &entries, start, size)?;
        if let Pagination::Page {
            size_param: None, ..
        } = &self.collection.list.pagination
        {
            let page = if let Place::Number(page) = progress.place {
                page
            } else {
                0
            };
            self.verify_last_page(page, &mut progress, since, &mut entries)
                .await?;
        }
        let cursor = self
            .cursor_source()
            .and_then(|_| progress.cursor.cursor(first && next.is_none()));
        let next = match next {
            Some(place) => {
                progress.goes_on_at(place, entries.rows()).map_err(unlike)?;
                Some(progress.token())
            }
            None => None,
        };
        Ok(Page {
            records: entries.records,
            unreadable: entries.unreadable,
            next,
            cursor,
            clock_offset_ms: answer.clock_offset_ms,
        })
    }

    fn cursor_source(&self) -> Option<&CursorSource> {
        match self.collection.changes.as_ref()? {
            Changes::Filter { cursor, .. } => Some(cursor),
            Changes::Feed { start, .. } => Some(start),
        }
    }

    /// Rows before the next page, and its size.
    fn window(&self, progress: &Progress) -> Result<(u64, u64), ConnectorError> {
        let pagination = &self.collection.list.pagination;
        let size = progress.page_size.unwrap_or(pagination.size().1) as u64;
        match (&progress.place, pagination) {
            (
                Place::Rows(covered),
                Pagination::Page {
                    size_param: Some(_),
                    ..
                },
            ) => {
                let (page, size) = overlapping_page(*covered, size).ok_or_else(|| {
                    configuration(format!(
                        "{}: pages of {size} records cannot overlap after {covered}; ask for larger ones",
                        self.name
                    ))
                })?;
                Ok((page * size, size))
            }
            (Place::Rows(covered), _) => Ok((covered.saturating_sub(1), size)),
            _ => Ok((0, size)),
        }
    }

    async fn fetch_list(
        &self,
        since: Option<&Cursor>,
        place: &Place,
        start: u64,
        size: u64,
    ) -> Result<Answer, ConnectorError> {
        if let Place::Address(address) = place {
            let url = Url::parse(address).map_err(|error| configuration(error.to_string()))?;
            let url = self.http.follow(&url, address)?;
            let answer = self.http.send(Call::get(url)).await?;
            return self.expect_listing(answer, since.is_some());
        }
        let path = self.render(&self.compiled.list_path, &context! {})?;
        let mut url = self.http.url(&path)?;
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in &self.compiled.list_query {
                query.append_pair(name, &self.render(value, &context! {})?);
            }
            if let (
                Some(since_cursor),
                Some(Changes::Filter {
                    param,
                    format,
                    overlap_ms,
                    ..
                }),
            ) = (since, &self.collection.changes)
            {
                for (name, value) in &self.compiled.changes_query {
                    query.append_pair(name, &self.render(value, &context! {})?);
                }
                // A cursor that the description, changed meanwhile, cannot read.
                let since = cursor::write(since_cursor, *format, *overlap_ms).map_err(expired)?;
                match &self.compiled.changes_value {
                    Some(template) => {
                        let at = cursor::time(since_cursor, *overlap_ms);
                        let at = at.map(|at| template_object(&wrapped::parts(&at)));
                        let known = context! { cursor => since, at => at };
                        query.append_pair(param, &self.render(template, &known)?);
                    }
                    None => {
                        query.append_pair(param, &since);
                    }
                }
            }
            let pagination = &self.collection.list.pagination;
            if let (Some(param), _) = pagination.size() {
                query.append_pair(param, &size.to_string());
            }
            match (pagination, place) {
                (Pagination::Offset { param, .. }, Place::Rows(_)) => {
                    query.append_pair(param, &start.to_string());
                }
                (Pagination::Page { param, first, .. }, Place::Rows(_)) => {
                    query.append_pair(param, &(first + start / size.max(1)).to_string());
                }
                (Pagination::Page { param, first, .. }, Place::Number(page)) => {
                    query.append_pair(param, &(first + page).to_string());
                }
                (
                    Pagination::CursorBody { param, .. }
                    | Pagination::CursorHeader {
                        param: Some(param), ..
                    }
                    | Pagination::Keyset { param, .. },
                    Place::Cursor(cursor),
                ) => {
                    query.append_pair(param, cursor);
                }
                _ => {}
            }
        }
        strip_empty_query(&mut url);
        let answer = self.http.send(Call::get(url)).await?;
        self.expect_listing(answer, since.is_some())
    }

    /// A listing's answer; of changes there may be none to tell any more.
    fn expect_listing(&self, answer: Answer, of_changes: bool) -> Result<Answer, ConnectorError> {
        let is_expired = of_changes
            && !answer.is_success()
            && (answer.status == 410
                || self.has_code(&answer, &self.collection.errors.expired_codes));
        self.expect_success(answer).map_err(|error| {
            let class = if is_expired {
                ErrorClass::Expired
            } else {
                error.class
            };
            ConnectorError { class, ..error }
        })
    }

    /// Where the next page is; `None` after the last.
    pub(super) fn next_place(
        &self,
        progress: &mut Progress,
        answer: &Answer,
        doc: &Doc<'_>,
        entries: &Entries,
        start: u64,
        size: u64,
    ) -> Result<Option<Place>, ConnectorError> {
        let unlike = |what: String| self.http.not_as_described(answer, &what, Applied::No);
        match &self.collection.list.pagination {
            Pagination::None => Ok(None),
            Pagination::CursorBody { next, .. } => {
                let Some(next) = doc
                    .word_at(next)
                    .map_err(unlike)?
                    .filter(|next| !next.is_empty() && next != "false")
                else {
                    return Ok(None);
                };
                if next.starts_with("http://") || next.starts_with("https://") {
                    return Ok(Some(Place::Address(
                        self.http.follow(&answer.url, &next)?.into(),
                    )));
                }
                Ok(Some(Place::Cursor(next)))
            }
            Pagination::CursorHeader { header, param, .. } => {
                let Some(next) = answer.header(header).filter(|next| !next.is_empty()) else {
                    return Ok(None);
                };
                if param.is_some() {
                    return Ok(Some(Place::Cursor(next.to_owned())));
                }
                Ok(Some(Place::Address(
                    self.http.follow(&answer.url, next)?.into(),
                )))
            }
            Pagination::Link { .. } => match next_link(answer) {
                Some(next) => Ok(Some(Place::Address(
                    self.http.follow(&answer.url, &next)?.into(),
                ))),
                None => Ok(None),
            },
            Pagination::Keyset { field: name, .. } => {
                if entries.digests.is_empty() {
                    return Ok(None);
                }
                let last = entries
                    .records
                    .last()
                    .and_then(|record| match &record.body {
                        tandem_domain::record::NativeBody::Live { fields, .. } => {
                            field(fields, name).and_then(Value::plain)
                        }
                        tandem_domain::record::NativeBody::Deleted
                            if *name == self.collection.id =>
                        {
                            Some(record.id.as_str().to_owned())
                        }
                        tandem_domain::record::NativeBody::Deleted => None,
                    });
                last.map(|last| Some(Place::Cursor(last)))
                    .ok_or_else(|| unlike(format!("its last record has no {name} to go on from")))
            }
            Pagination::Page {
                size_param: None,
                more,
                ..
            } => {
                let more = self.more(more.as_deref(), doc, answer)?;
                let page = if let Place::Number(page) = progress.place {
                    page
                } else {
                    0
                };
                let ended = entries.digests.is_empty() || more == Some(false);
                Ok((!ended).then_some(Place::Number(page + 1)))
            }
            Pagination::Page { more, .. } | Pagination::Offset { more, .. } => {
                let more = self.more(more.as_deref(), doc, answer)?;
                let covered = if let Place::Rows(rows) = progress.place {
                    rows
                } else {
                    0
                };
                let ids = &entries.digests;
                match judge(start, covered, size, ids, &progress.seen, more) {
                    Step::End => Ok(None),
                    Step::Back(rows) => Ok(Some(Place::Rows(rows))),
                    Step::Stuck => Err(unlike("its pages bring the same rows again".to_owned())),
                    Step::Forward(rows) => {
                        if (ids.len() as u64) < size {
                            progress.page_size = Some(ids.len().max(2));
                        }
                        progress.seen.clone_from(ids);
                        Ok(Some(Place::Rows(rows)))
                    }
                }
            }
        }
    }

    fn more(
        &self,
        pointer: Option<&str>,
        doc: &Doc<'_>,
        answer: &Answer,
    ) -> Result<Option<bool>, ConnectorError> {
        let Some(pointer) = pointer else {
            return Ok(None);
        };
        match doc.at(pointer).map(serde_json::value::RawValue::get) {
            Some("true") => Ok(Some(true)),
            // Or a link or token to the next page, null on the last.
            Some("false" | "null" | "\"\"") => Ok(Some(false)),
            Some(text) if text.starts_with('"') => Ok(Some(true)),
            _ => {
                let what = format!("{pointer} says neither true nor false");
                Err(self.http.not_as_described(answer, &what, Applied::No))
            }
        }
    }

    /// Where pages cannot overlap, the page before is read again after each: if it ends differently
    /// now, rows moved onto it, and it is handed on once more.
    async fn verify_last_page(
        &self,
        page: u64,
        progress: &mut Progress,
        since: Option<&Cursor>,
        entries: &mut Entries,
    ) -> Result<(), ConnectorError> {
        if page > 0 {
            let before = Place::Number(page - 1);
            let (_, size) = self.window(progress)?;
            let answer = self.fetch_list(since, &before, 0, size).await?;
            let doc = self.doc(&answer)?;
            let again = self.entries(&doc, &answer, &self.collection.list.records, "")?;
            if again.digests.iter().any(|id| !progress.seen.contains(id)) {
                entries.records.extend(again.records);
                entries.unreadable.extend(again.unreadable);
            }
        }
        progress.seen.clone_from(&entries.digests);
        Ok(())
    }

    async fn feed_page(
        &self,
        since: &Cursor,
        mut progress: Progress,
    ) -> Result<Page, ConnectorError> {
        let Some(Changes::Feed {
            param,
            records,
            record,
            next,
            more,
            size_param,
            size,
            ..
        }) = &self.collection.changes
        else {
            return Err(configuration(format!("{} has no change feed", self.name)));
        };
        let from = match &progress.place {
            Place::Cursor(cursor) => Cow::Borrowed(cursor.as_str()),
            _ => since
                .0
                .strip_prefix("v:")
                .map(Cow::Borrowed)
                .ok_or_else(|| expired("this cursor is not one of the change feed".to_owned()))?,
        };
        let path = self.render(&self.compiled.feed_path, &context! {})?;
        let mut url = self.http.url(&path)?;
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in &self.compiled.changes_query {
                query.append_pair(name, &self.render(value, &context! {})?);
            }
            if let Some(size_param) = size_param {
                query.append_pair(size_param, &size.to_string());
            }
            query.append_pair(param, &from);
        }
        let answer = self.expect_listing(self.http.send(Call::get(url)).await?, true)?;
        let doc = self.doc(&answer)?;
        let entries = self.entries(&doc, &answer, records, record)?;
        let unlike = |what: String| self.http.not_as_described(&answer, &what, Applied::No);
        let to = doc.word_at(next).map_err(unlike)?.ok_or_else(|| {
            unlike(format!(
                "nothing is at {next}, where the next cursor should be"
            ))
        })?;
        let goes_on = match self.more(more.as_deref(), &doc, &answer)? {
            Some(more) => more,
            None => !entries.digests.is_empty() && to != *from,
        };
        let token = if goes_on {
            if to == *from {
                return Err(unlike(
                    "it says there is more, but its cursor stays".to_owned(),
                ));
            }
            progress
                .goes_on_at(Place::Cursor(to.clone()), entries.rows())
                .map_err(unlike)?;
            Some(progress.token())
        } else {
            None
        };
        Ok(Page {
            records: entries.records,
            unreadable: entries.unreadable,
            next: token,
            cursor: Some(Cursor(format!("v:{to}"))),
            clock_offset_ms: answer.clock_offset_ms,
        })
    }

    /// The records of a list.
    pub(super) fn entries(
        &self,
        doc: &Doc<'_>,
        answer: &Answer,
        pointer: &str,
        inner: &str,
    ) -> Result<Entries, ConnectorError> {
        let unlike = |what: String| self.http.not_as_described(answer, &what, Applied::No);
        let list = doc.at(pointer).ok_or_else(|| {
            unlike(format!(
                "nothing is at {pointer:?}, where the records should be"
            ))
        })?;
        let complete = !self.collection.partial_lists;
        let mut found = Entries {
            records: Vec::with_capacity(128),
            unreadable: Vec::new(),
            digests: Vec::with_capacity(128),
        };
        elements(list, |entry| {
            let raw = at(entry, inner).unwrap_or(entry);
            let clean = |text: &str| self.http.clean(text);
            match records::read_cleaned(&self.collection, raw, complete, clean) {
                Ok(record) => {
                    found.digests.push(digest(&record.id.as_str()));
                    found.records.push(record);
                }
                Err(unreadable) => {
                    found.digests.push(digest(&raw.get()));
                    if found.unreadable.len() < MAX_UNREADABLE {
                        found.unreadable.push(unreadable);
                    }
                }
            }
        })
        .map_err(|error| unlike(format!("{pointer:?} is no list of records: {error}")))?;
        if found.unreadable.len() >= MAX_UNREADABLE {
            return Err(unlike(format!(
                "more than {MAX_UNREADABLE} of its entries are no records"
            )));
        }
        Ok(found)
    }
}

/// An address without parameters has no question mark.
fn strip_empty_query(url: &mut Url) {
    if url.query() == Some("") {
        url.set_query(None);
    }
}

/// The target of `Link: <…>; rel="next"`.
fn next_link(answer: &Answer) -> Option<String> {
    answer
        .headers
        .get_all("link")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(split_links)
        .find_map(|link| {
            let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
            let next = rest.split(';').any(|param| {
                param.split_once('=').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("rel")
                        && value
                            .trim()
                            .trim_matches('"')
                            .split_ascii_whitespace()
                            .any(|rel| rel.eq_ignore_ascii_case("next"))
                })
            });
            next.then(|| target.to_owned())
        })
}

/// Links are separated by commas, which addresses may hold as well.
fn split_links(header: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (index, byte) in header.bytes().enumerate() {
        match byte {
            b'<' => inside = true,
            b'>' => inside = false,
            b',' if !inside => {
                links.extend(header.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    links.extend(header.get(start..));
    links
}

fn expired(message: String) -> ConnectorError {
    ConnectorError::new(ErrorClass::Expired, message)
}
