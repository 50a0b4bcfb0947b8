//! Two sample systems over real sockets and files, with faults on request; nothing of Tandem is used here.
//!
//! - [`Storefront`]: an HTTP/JSON shop on loopback. [`Control`] is the handle for faults, delay, clock, counters, a
//!   person's edits and dumps.
//! - [`Erp`]: SQL tables in a SQLite file, as a client's ERP would have them.
//! - [`data`]: deterministic customers and products, and the bench's work unit.
//! - [`SampleSystems`]: both, filled, and a scenario of edits on both sides that says how many of each kind it made.
//!
//! # The storefront's interface
//!
//! A record is a flat JSON object. The storefront adds `id` (a string it gives itself), `version` (from 1, +1 with every
//! change), `updated_at` (`2026-03-01T10:00:00.123Z`), and `deleted` where it deletes by flag. What the client sends for
//! `id` and `updated_at` is ignored; `version` too, unless writes are conditional on it. All else is stored as sent,
//! numbers digit by digit. Every switch below is a field of [`StorefrontConfig`].
//!
//! | call | answer |
//! | --- | --- |
//! | `GET /{c}` | 200 `{"data":[record…], …paging, "seq":N}` by id; `limit` up to 100 (also the default) |
//! | `GET /{c}?updated_since=T` | the same by (`updated_at`, `id`), from T on, T included; flagged deletions are shown |
//! | `GET /{c}?include_deleted=true` | flagged deletions are shown |
//! | `GET /{c}?ids=a,b,c` | 200 `{"data":[…]}`: those that exist, in the order asked for; up to 100 |
//! | `GET /{c}?email=x` | 200 `{"data":[…]}`: equal in that field; any field, several are joined by *and* |
//! | `GET /{c}/changes?since=SEQ&limit=N` | 200 `{"data":[…],"next":SEQ,"more":false}` |
//! | `GET /{c}/{id}` | 200 record, `ETag: "3"`; 404 |
//! | `POST /{c}` | 201 record, `ETag` |
//! | `PATCH /{c}/{id}` | 200 record; only the fields named are changed |
//! | `PUT /{c}/{id}` | 200 record; fields not named are gone |
//! | `DELETE /{c}/{id}` | 204, or 200 with the record where it is only flagged; 404 |
//! | `POST /{c}/bulk` | 200 `{"results":[…]}` |
//!
//! **Paging** ([`Paging`]): `offset` or `page` (from 1) with `has_more` and `total` in the body (`total` only in an
//! unfiltered list); or `cursor`, the next one as `next_cursor` in the body (null at the end), in `Link: <url>;
//! rel="next"`, or in `Next-Page: url`. `seq` in a list's body is the change feed's position when that page was read: take
//! the first page's as the feed's start.
//!
//! **Change feed**: each changed record once, in its latest state, ordered by the `seq` it carries; a deleted one has
//! `"deleted":true` (after a hard delete only `id`, `version`, `updated_at`, `deleted`, `seq` are left). Send `next` as
//! the next `since`. From 0 it is a full listing. With nothing new it answers `{"data":[],"next":SEQ,"more":false}`.
//!
//! **Conditional writes** ([`Conditional`]): `If-Match` with the `ETag` (`*` and lists are understood) → 412
//! `{"error":…,"record":{…as it stands…}}`; or the `version` field in the body (`?version=` on DELETE) → 409 with the same
//! body; or not at all.
//!
//! **Idempotency**: a write with an `Idempotency-Key` seen before on that collection gets its first answer and changes
//! nothing; for another request under that key 422 `key_reused`. Only successes are remembered, the last 10,000.
//!
//! **Bulk**: a list of up to 100 operations, bare or as `{"operations":[…]}`, each `{"op":"create"|"update"|"delete",
//! "id":…, "if_version":3 or "\"3\"", "key":…, "fields":{…}}`; `update` is partial. One result each, in order:
//! `{"status":201,"id":…,"record":{…}}` or `{"status":412,"id":…,"record":{…},"error":{…}}`. `key` is the operation's
//! idempotency key. More than 100 are refused with 413.
//!
//! **Errors**: `{"error":{"code":…,"message":…,"field":…}}`, `field` where one is to blame. 400 `bad_body`,
//! `bad_parameter`, `unknown_parameter`, `too_many`; 401 `unauthorized`; 404 `not_found`, `no_collection`; 409 `duplicate`
//! or `version_conflict`; 412 `version_conflict`; 422 `invalid`, `key_reused`; 429 `rate_limited` with `Retry-After` in seconds.
//!
//! **Quirks** ([`CollectionConfig`]): strings trimmed, prices rounded to two decimals (half away from zero), a read-only
//! computed field, unique fields, rules. [`StorefrontConfig::sample`] has them all on, and a limit of 500 calls a second.
//!
//! **`/_control`** (never counted, delayed or broken): `GET`/`DELETE /_control/stats`; `GET`/`POST`/`DELETE
//! /_control/faults` (a [`Fault`]: `{"fault":{"kind":"status","code":503},"method":"GET","path":"/customers","after":2,
//! "times":1}`); `PUT /_control/latency {"ms":50}`; `PUT /_control/clock {"offset_ms":90000}`; `GET
//! /_control/dump/{c}`; `GET /_control/digest/{c}`; `POST /_control/work-unit/{c} {"seed":1,"n":1000}`; `POST
//! /_control/work-unit/{c}/edit` (a [`data::work_unit::Edit`]).

mod clock;
pub mod data;
mod erp;
mod error;
mod fields;
mod sample;
mod storefront;

pub use clock::Clock;
pub use erp::{Erp, Table};
pub use error::SandboxError;
pub use sample::{Addresses, EditCounts, Edits, SampleOptions, SampleSystems, Start};
pub use storefront::{
    Auth, Check, CollectionConfig, Computed, Conditional, Control, Deletes, Fault, FaultKind,
    Paging, RateLimit, Rule, Stats, Storefront, StorefrontConfig,
};
