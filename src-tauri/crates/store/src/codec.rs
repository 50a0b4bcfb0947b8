//! Bodies as bytes: packed with postcard (compact, exact), compressed with zstd where that pays,
//! against a dictionary of the configuration's own records once there is one.
//!
//! A body is one tag byte and the rest: 0 = packed; 1 = packed and compressed; 1 + n = compressed
//! against dictionary n. The frame's constant first four bytes are left out.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};

use crate::fault::{Fault, Result, corrupt, misuse};
use crate::keys::SyncKey;

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
const LEVEL: i32 = 3;
/// No record of ours is larger unpacked (a hostile answer is cut at 64 MiB long before).
const LARGEST: u64 = 256 << 20;
/// A body smaller than this (bytes) is compressed against a dictionary or not at all: alone it
/// hardly shrinks, and takes longer than everything else about it.
const ALONE: usize = 1 << 10;
/// Dictionaries beyond this are not made: the tag is one byte.
const MOST_DICTIONARIES: i64 = 200;

/// Packs a value, uncompressed and untagged.
pub(crate) fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(value).map_err(|error| corrupt("body", error))
}

/// Reads what [`pack`] made.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|error| corrupt("body", error))
}

/// Compresses and decompresses one configuration's bodies.
pub(crate) struct Codec {
    plain: (Compressor<'static>, Decompressor<'static>),
    current: Option<(u8, Compressor<'static>)>,
    known: BTreeMap<u8, Decompressor<'static>>,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

impl Codec {
    /// One without a dictionary.
    pub(crate) fn plain() -> Result<Self> {
        Ok(Self {
            plain: (
                Compressor::new(LEVEL).map_err(zstd_failed)?,
                Decompressor::new().map_err(zstd_failed)?,
            ),
            current: None,
            known: BTreeMap::new(),
        })
    }

    /// One with every dictionary of a configuration; the newest compresses.
    pub(crate) fn load(connection: &Connection, key: SyncKey) -> Result<Self> {
        let mut codec = Self::plain()?;
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM dictionaries
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 ORDER BY id",
        )?;
        let mut rows = statement.query(params![key.tenant, key.sync])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let body: Vec<u8> = row.get(1)?;
            codec.add(id, &body)?;
        }
        Ok(codec)
    }

    /// Whether there is a dictionary to compress with.
    pub(crate) const fn has_dictionary(&self) -> bool {
        self.current.is_some()
    }

    fn add(&mut self, id: i64, body: &[u8]) -> Result<()> {
        let tag = u8::try_from(id + 1).map_err(|error| corrupt("dictionary", error))?;
        let mut compressor = Compressor::with_dictionary(LEVEL, body).map_err(zstd_failed)?;
        compressor
            .include_dictid(false)
            .and_then(|()| compressor.include_checksum(false))
            .map_err(zstd_failed)?;
        self.known.insert(
            tag,
            Decompressor::with_dictionary(body).map_err(zstd_failed)?,
        );
        self.current = Some((tag, compressor));
        Ok(())
    }

    /// Stores a dictionary and compresses with it from now on. Within the caller's transaction.
    pub(crate) fn learn(
        &mut self,
        connection: &Connection,
        key: SyncKey,
        body: &[u8],
    ) -> Result<()> {
        let last: Option<i64> = connection
            .query_row(
                "SELECT max(id) FROM dictionaries
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
                params![key.tenant, key.sync],
                |row| row.get(0),
            )
            .optional()?
            .flatten();
        let id = last.unwrap_or(0) + 1;
        if id > MOST_DICTIONARIES {
            return Ok(());
        }
        connection.execute(
            "INSERT INTO dictionaries (tenant_id, sync_configuration_id, id, body)
             VALUES (?1, ?2, ?3, ?4)",
            params![key.tenant, key.sync, id, body],
        )?;
        self.add(id, body)
    }

    /// Whether a body cannot be read without a dictionary.
    pub(crate) fn leans_on_a_dictionary(body: &[u8]) -> bool {
        body.first().is_some_and(|tag| *tag > 1)
    }

    /// Packed bytes as a body.
    pub(crate) fn compress(&mut self, packed: &[u8]) -> Result<Vec<u8>> {
        let tagged = |tag: u8, rest: &[u8]| {
            let mut body = Vec::with_capacity(rest.len() + 1);
            body.push(tag);
            body.extend_from_slice(rest);
            body
        };
        let (tag, compressor) = match &mut self.current {
            Some((tag, compressor)) => (*tag, compressor),
            None if packed.len() < ALONE => return Ok(tagged(0, packed)),
            None => (1, &mut self.plain.0),
        };
        let frame = compressor.compress(packed).map_err(zstd_failed)?;
        let rest = frame
            .strip_prefix(&MAGIC)
            .ok_or_else(|| misuse("zstd made a frame of another kind"))?;
        Ok(if rest.len() < packed.len() {
            tagged(tag, rest)
        } else {
            tagged(0, packed)
        })
    }

    /// A body as packed bytes.
    pub(crate) fn decompress(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        let (tag, rest) = body
            .split_first()
            .ok_or_else(|| corrupt("body", "it is empty"))?;
        let decompressor = match tag {
            0 => return Ok(rest.to_vec()),
            1 => &mut self.plain.1,
            tag => self
                .known
                .get_mut(tag)
                .ok_or_else(|| corrupt("body", "its dictionary is missing"))?,
        };
        let mut frame = Vec::with_capacity(rest.len() + MAGIC.len());
        frame.extend_from_slice(&MAGIC);
        frame.extend_from_slice(rest);
        let size = zstd::zstd_safe::get_frame_content_size(&frame)
            .ok()
            .flatten()
            .filter(|size| *size <= LARGEST)
            .and_then(|size| usize::try_from(size).ok())
            .ok_or_else(|| corrupt("body", "its frame tells no size"))?;
        decompressor
            .decompress(&frame, size)
            .map_err(|error| corrupt("body", error.kind()))
    }

    /// A value as a body.
    pub(crate) fn encode<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Vec<u8>> {
        let packed = pack(value)?;
        self.compress(&packed)
    }

    /// A body as a value.
    pub(crate) fn decode<T: DeserializeOwned>(&mut self, body: &[u8]) -> Result<T> {
        unpack(&self.decompress(body)?)
    }
}

/// JSON, compressed on its own.
pub(crate) fn json_body(value: &serde_json::Value) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(value).map_err(|error| corrupt("snapshot", error))?;
    Codec::plain()?.compress(&text)
}

/// What [`json_body`] made.
pub(crate) fn body_json(body: &[u8]) -> Result<serde_json::Value> {
    let text = Codec::plain()?.decompress(body)?;
    serde_json::from_slice(&text).map_err(|error| corrupt("snapshot", error))
}

fn zstd_failed(error: std::io::Error) -> Fault {
    drop(error);
    misuse("zstd failed")
}
