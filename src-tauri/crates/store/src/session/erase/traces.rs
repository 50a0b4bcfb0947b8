//! Where a sync keeps copies of a record beside its link: journal, snapshots, conflicts, errors, and
//! texts that quote it.

use rusqlite::{Connection, params};
use serde_json::Value as Json;
use tandem_domain::conflict::{Choice, ConflictDecision, ConflictDraft};
use tandem_domain::ids::{Both, LinkId, RecordId, Side};
use tandem_domain::record::CanonicalRecord;

use super::ERASED;
use super::words::Words;
use crate::codec::{Codec, body_json, json_body};
use crate::fault::{Result, corrupt};
use crate::keys::{Compact, SyncKey};
use crate::tenant::journal::{Body, side_code};

/// One record's copies.
pub(super) struct Traces<'a> {
    pub(super) db: &'a Connection,
    pub(super) key: SyncKey,
    pub(super) link: Option<LinkId>,
    pub(super) ids: &'a Both<Option<RecordId>>,
    /// What it said, as found so far.
    pub(super) words: Words,
}

impl Traces<'_> {
    pub(super) fn is(&self, side: Side, id: &str) -> bool {
        self.ids
            .get(side)
            .as_ref()
            .is_some_and(|known| known.as_str() == id)
    }

    /// Journal rows lose what they wrote; how many.
    pub(super) fn journal(&mut self, codec: &mut Codec) -> Result<u64> {
        let id = |side: Side| self.ids.get(side).as_ref().map(Compact::id);
        let mut find = self.db.prepare(
            "SELECT o.seq, o.borrowed, coalesce(o.body, (
                        SELECT l.base FROM links l WHERE l.tenant_id = o.tenant_id
                            AND l.id = o.link_id AND l.create_operation = o.seq)) AS content
             FROM sync_history h CROSS JOIN operations o
                 ON o.tenant_id = h.tenant_id AND o.sync_history_id = h.id
             WHERE h.tenant_id = ?1 AND h.sync_configuration_id = ?2 AND (
                 o.link_id = ?3
                 OR (o.side = ?4 AND (o.record_id = ?5 OR o.other_id = ?7))
                 OR (o.side = ?6 AND (o.record_id = ?7 OR o.other_id = ?5)))",
        )?;
        let mut rows = find.query(params![
            self.key.tenant,
            self.key.sync,
            self.link.map(|link| link.0),
            side_code(Side::Source),
            id(Side::Source),
            side_code(Side::Target),
            id(Side::Target),
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get("seq")?;
            let content: Option<Vec<u8>> = row.get("content")?;
            if let Some(content) = content.filter(|content| !content.is_empty()) {
                if row.get("borrowed")? {
                    let record: CanonicalRecord = codec.decode(&content)?;
                    self.words.of_record(&record);
                } else {
                    let body: Body = codec.decode(&content)?;
                    for it in &body.fields {
                        for value in [&it.before, &it.after].into_iter().flatten() {
                            self.words.of_json(&value.to_wire());
                        }
                    }
                    for loser in &body.losers {
                        self.words.of_json(&loser.value.to_wire());
                        self.words.of_json(&loser.winner.to_wire());
                    }
                }
            }
            found.push(seq);
        }
        let mut empty = self.db.prepare(
            "UPDATE operations SET body = x'', borrowed = 0,
                 error = CASE WHEN error IS NULL THEN NULL ELSE ?3 END
             WHERE tenant_id = ?1 AND seq = ?2",
        )?;
        for seq in &found {
            empty.execute(params![self.key.tenant, seq, ERASED])?;
        }
        Ok(found.len() as u64)
    }

    /// Its entries in runs' snapshots lose their fields; in how many runs.
    pub(super) fn snapshots(&mut self) -> Result<u64> {
        let mut find = self.db.prepare(
            "SELECT id, data_snapshot_before, data_snapshot_after FROM sync_history
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                 AND data_snapshot_before IS NOT NULL AND data_snapshot_after IS NOT NULL",
        )?;
        let mut rows = find.query(params![self.key.tenant, self.key.sync])?;
        let mut changed = 0;
        while let Some(row) = rows.next()? {
            let run: i64 = row.get(0)?;
            let mut both = [
                body_json(&row.get::<_, Vec<u8>>(1)?)?,
                body_json(&row.get::<_, Vec<u8>>(2)?)?,
            ];
            let mut found = false;
            for entry in both.iter_mut().filter_map(Json::as_array_mut).flatten() {
                let ours = Side::BOTH.into_iter().any(|side| {
                    entry.get("side").and_then(Json::as_str) == Some(side.as_str())
                        && entry
                            .get("id")
                            .and_then(Json::as_str)
                            .is_some_and(|id| self.is(side, id))
                });
                if let (true, Some(fields)) = (ours, entry.get_mut("fields")) {
                    self.words.of_json(fields);
                    *fields = Json::Null;
                    found = true;
                }
            }
            if found {
                let [before, after] = both;
                self.db.execute(
                    "UPDATE sync_history SET data_snapshot_before = ?3, data_snapshot_after = ?4
                     WHERE tenant_id = ?1 AND id = ?2",
                    params![
                        self.key.tenant,
                        run,
                        json_body(&before)?,
                        json_body(&after)?
                    ],
                )?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Its conflicts go, with what was decided; how many of each.
    pub(super) fn conflicts(&mut self) -> Result<(u64, u64)> {
        let mut codec = Codec::plain()?;
        let mut find = self.db.prepare(
            "SELECT k.id, k.link_id, k.draft, d.decision, d.note, k.state
             FROM conflicts k LEFT JOIN conflict_decisions d
                 ON d.tenant_id = k.tenant_id AND d.conflict_id = k.id
             WHERE k.tenant_id = ?1 AND k.sync_configuration_id = ?2",
        )?;
        let mut rows = find.query(params![self.key.tenant, self.key.sync])?;
        let mut found = Vec::new();
        let mut decisions = 0;
        while let Some(row) = rows.next()? {
            let draft: ConflictDraft = codec.decode(&row.get::<_, Vec<u8>>("draft")?)?;
            let ours = self.link.map(|link| link.0) == Some(row.get("link_id")?)
                || Side::BOTH.into_iter().any(|side| {
                    let there = draft.sides.get(side).as_ref();
                    there.is_some_and(|there| self.is(side, there.id.as_str()))
                });
            if !ours {
                continue;
            }
            for field in &draft.fields {
                for value in [&field.base, &field.source, &field.target]
                    .into_iter()
                    .flatten()
                {
                    self.words.of_json(&value.to_wire());
                }
            }
            if let Some(body) = row.get::<_, Option<Vec<u8>>>("decision")?
                && let ConflictDecision::Fields(choices) = codec.decode(&body)?
            {
                for choice in choices.values() {
                    if let Choice::Custom(value) = choice {
                        self.words.of_json(&value.to_wire());
                    }
                }
            }
            decisions += u64::from(row.get::<_, String>("state")? == "decided");
            found.push(row.get::<_, i64>("id")?);
        }
        for id in &found {
            self.db.execute(
                "DELETE FROM conflicts WHERE tenant_id = ?1 AND id = ?2",
                params![self.key.tenant, id],
            )?;
        }
        Ok((found.len() as u64, decisions))
    }

    /// Errors about it lose all but their kind; how many.
    pub(super) fn errors(&mut self) -> Result<u64> {
        let mut found = Vec::new();
        for error in self.every_error()? {
            let ours = error.record_id.as_deref().is_some_and(|id| {
                Side::BOTH.into_iter().any(|side| {
                    self.is(side, id) && error.side.as_deref().is_none_or(|at| at == side.as_str())
                })
            });
            if ours {
                if let Some(data) = &error.data {
                    self.words.of_json(data);
                }
                found.push(error.id);
            }
        }
        self.empty_errors(&found)
    }

    fn empty_errors(&self, ids: &[i64]) -> Result<u64> {
        for id in ids {
            self.db.execute(
                "UPDATE sync_errors SET error_message = ?3, error_details = '{}', record_data = NULL
                 WHERE tenant_id = ?1 AND id = ?2",
                params![self.key.tenant, id, ERASED],
            )?;
        }
        Ok(ids.len() as u64)
    }

    fn every_error(&self) -> Result<Vec<ErrorRow>> {
        let json = |text: String| -> Result<Json> {
            serde_json::from_str(&text).map_err(|error| corrupt("error details", error))
        };
        let mut find = self.db.prepare(
            "SELECT e.id, e.side, e.record_id, e.error_message, e.error_details, e.record_data
             FROM sync_history h CROSS JOIN sync_errors e
                 ON e.tenant_id = h.tenant_id AND e.sync_history_id = h.id
             WHERE h.tenant_id = ?1 AND h.sync_configuration_id = ?2",
        )?;
        let mut rows = find.query(params![self.key.tenant, self.key.sync])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(ErrorRow {
                id: row.get(0)?,
                side: row.get(1)?,
                record_id: row.get(2)?,
                message: row.get(3)?,
                details: json(row.get(4)?)?,
                data: row.get::<_, Option<String>>(5)?.map(json).transpose()?,
            });
        }
        Ok(all)
    }

    /// Texts that quote it, of other records' errors, of runs, alerts and circuits; how many.
    pub(super) fn texts(&self) -> Result<u64> {
        let quoting: Vec<i64> = self
            .every_error()?
            .into_iter()
            .filter(|error| {
                self.words.in_text(&error.message)
                    || self.words.in_json(&error.details)
                    || error.data.as_ref().is_some_and(|it| self.words.in_json(it))
            })
            .map(|error| error.id)
            .collect();
        let mut done = self.empty_errors(&quoting)?;
        let own = params![self.key.tenant, self.key.sync];
        done += self.blot(
            "SELECT id, error_message FROM sync_history WHERE tenant_id = ?1
                 AND sync_configuration_id = ?2 AND error_message IS NOT NULL",
            own,
            "UPDATE sync_history SET error_message = ?3 WHERE tenant_id = ?1 AND id = ?2",
        )?;
        done += self.blot(
            "SELECT seq, body FROM alert_outbox
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
            own,
            "UPDATE alert_outbox SET body = ?3 WHERE tenant_id = ?1 AND seq = ?2",
        )?;
        done += self.blot(
            "SELECT connection_id, last_error FROM circuits
             WHERE tenant_id = ?1 AND last_error IS NOT NULL",
            params![self.key.tenant],
            "UPDATE circuits SET last_error = ?3 WHERE tenant_id = ?1 AND connection_id = ?2",
        )?;
        Ok(done)
    }

    /// Replaces texts that quote it; within JSON only the texts that do.
    fn blot(&self, find: &str, of: impl rusqlite::Params, change: &str) -> Result<u64> {
        let mut found = self.db.prepare(find)?;
        let mut rows = found.query(of)?;
        let mut done = 0;
        while let Some(row) = rows.next()? {
            let (id, text): (i64, String) = (row.get(0)?, row.get(1)?);
            let now = match serde_json::from_str::<Json>(&text) {
                Ok(mut json @ Json::Object(_)) if self.words.in_json(&json) => {
                    self.words.blot(&mut json, ERASED);
                    json.to_string()
                }
                Ok(Json::Object(_)) => continue,
                _ if self.words.in_text(&text) => ERASED.to_owned(),
                _ => continue,
            };
            self.db.execute(change, params![self.key.tenant, id, now])?;
            done += 1;
        }
        Ok(done)
    }
}

struct ErrorRow {
    id: i64,
    side: Option<String>,
    record_id: Option<String>,
    message: String,
    details: Json,
    data: Option<Json>,
}
