//! What one storefront can and cannot do: every feature and quirk is a switch here.

use crate::clock::Clock;

/// How long lists are cut into pages. `limit` is honoured up to [`StorefrontConfig::max_page`] in all but [`Paging::None`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Everything in one answer.
    None,
    /// `?limit=&offset=`; the body carries `total` and `has_more`.
    Offset,
    /// `?limit=&page=` from 1; the body carries `total` and `has_more`.
    Page,
    /// The body carries `next_cursor` (null on the last page), sent back as `?cursor=`.
    CursorBody,
    /// A `Link: <url>; rel="next"` header, absent on the last page.
    CursorLink,
    /// A `Next-Page: url` header, absent on the last page.
    CursorNextPage,
}

/// How a client says which version its write was planned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditional {
    /// Not at all: the last write wins; no `ETag` is sent and `If-Match` is ignored.
    None,
    /// `ETag` per record, `If-Match` on writes; 412 with the current record on a mismatch.
    IfMatch,
    /// The `version` field in the body (`?version=` on DELETE); 409 with the current record on a mismatch.
    VersionField,
}

/// What DELETE does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletes {
    /// The record is gone: 404 from then on. The change feed keeps a tombstone.
    Hard,
    /// `"deleted": true` is set and the record stays readable by id; `PATCH {"deleted": false}` restores it.
    SoftFlag,
}

/// What a client must show to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nothing.
    None,
    /// `Authorization: Bearer …`.
    Bearer(String),
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// A key in a header of its own.
    ApiKey {
        /// The header's name, for example `X-Api-Key`.
        header: String,
        /// The key.
        key: String,
    },
}

/// At most `requests` in each window of `window_ms`; then 429 with `Retry-After` in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests let through in one window.
    pub requests: u32,
    /// Length of the window, milliseconds.
    pub window_ms: u32,
}

/// A read-only field made of others, joined with a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The field's name; writes to it are ignored.
    pub field: String,
    /// The string fields it is made of.
    pub from: Vec<String>,
}

/// What makes a record invalid (422).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// Present, not null, not empty.
    Required,
    /// Null, or a text with something before and after one `@`.
    Email,
    /// Null, or a number of at least zero.
    NotNegative,
    /// Null, or one of these texts.
    OneOf(Vec<String>),
    /// Null, or a text of at most so many characters.
    MaxLength(usize),
    /// Null, or `YYYY-MM-DD`.
    Date,
}

/// One check of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The field.
    pub field: String,
    /// The check.
    pub check: Check,
}

/// One kind of record at the storefront.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionConfig {
    /// Its name in the path: `/{name}`.
    pub name: String,
    /// Fields whose value may occur once; a second one is answered with 409.
    pub unique: Vec<String>,
    /// Further fields that `?field=value` finds without reading everything.
    pub indexed: Vec<String>,
    /// Fields rounded to two decimals, half away from zero.
    pub round2: Vec<String>,
    /// Whether strings lose the white space around them.
    pub trim: bool,
    /// A field the storefront computes.
    pub computed: Option<Computed>,
    /// What is refused with 422.
    pub rules: Vec<Rule>,
}

impl CollectionConfig {
    /// A collection without quirks, checks or indexes.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The sample storefront's customers: unique e-mail, trimmed, `credit_limit` rounded, `display_name` computed.
    #[must_use]
    pub fn sample_customers() -> Self {
        Self {
            name: "customers".into(),
            unique: vec!["email".into()],
            indexed: vec!["customer_no".into()],
            round2: vec!["credit_limit".into()],
            trim: true,
            computed: Some(Computed {
                field: "display_name".into(),
                from: vec!["first_name".into(), "last_name".into()],
            }),
            rules: rules(&[
                ("customer_no", Check::Required),
                ("last_name", Check::Required),
                ("email", Check::Required),
                ("email", Check::Email),
                ("credit_limit", Check::NotNegative),
                (
                    "status",
                    Check::OneOf(vec!["active".into(), "prospect".into(), "blocked".into()]),
                ),
                ("birthday", Check::Date),
                ("notes", Check::MaxLength(500)),
            ]),
        }
    }

    /// The sample storefront's products: unique SKU, trimmed, `price` rounded, `display_name` computed.
    #[must_use]
    pub fn sample_products() -> Self {
        Self {
            name: "products".into(),
            unique: vec!["sku".into()],
            indexed: Vec::new(),
            round2: vec!["price".into()],
            trim: true,
            computed: Some(Computed {
                field: "display_name".into(),
                from: vec!["title".into(), "sku".into()],
            }),
            rules: rules(&[
                ("sku", Check::Required),
                ("title", Check::Required),
                ("price", Check::Required),
                ("price", Check::NotNegative),
                ("stock", Check::NotNegative),
            ]),
        }
    }
}

fn rules(list: &[(&str, Check)]) -> Vec<Rule> {
    list.iter()
        .map(|(field, check)| Rule {
            field: (*field).to_owned(),
            check: check.clone(),
        })
        .collect()
}

/// Everything about one storefront. [`StorefrontConfig::plain`] is fast and without quirks,
/// [`StorefrontConfig::sample`] is what the demo shows.
#[derive(Debug, Clone)]
pub struct StorefrontConfig {
    /// What it holds.
    pub collections: Vec<CollectionConfig>,
    /// How lists are cut.
    pub paging: Paging,
    /// Largest page, bulk and batch; a larger `limit` is cut down to it, a larger bulk refused with 413.
    pub max_page: usize,
    /// Whether `?updated_since=` is understood (otherwise 400).
    pub updated_since: bool,
    /// Whether `GET /{c}/changes` exists.
    pub change_feed: bool,
    /// Whether `?ids=a,b` is understood (otherwise 400).
    pub batch_get: bool,
    /// Whether `?field=value` is understood (otherwise 400).
    pub lookup: bool,
    /// Whether `POST /{c}/bulk` exists.
    pub bulk: bool,
    /// Whether `Idempotency-Key` is honoured.
    pub idempotency: bool,
    /// How writes are made conditional.
    pub conditional: Conditional,
    /// Whether records carry `version`.
    pub version_field: bool,
    /// Whether a write that changes nothing still counts as a change.
    pub noop_counts: bool,
    /// What DELETE does.
    pub deletes: Deletes,
    /// What a client must show.
    pub auth: Auth,
    /// How often it may call.
    pub rate_limit: Option<RateLimit>,
    /// Delay of each answer, milliseconds; changeable later.
    pub latency_ms: u64,
    /// Its clock; an offset is set through the control handle.
    pub clock: Clock,
}

impl StorefrontConfig {
    /// Every feature, no quirk: what the bench uses. Pages by cursor in the body.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            collections: vec![
                CollectionConfig::plain("customers"),
                CollectionConfig::plain("products"),
            ],
            paging: Paging::CursorBody,
            max_page: 100,
            updated_since: true,
            change_feed: true,
            batch_get: true,
            lookup: true,
            bulk: true,
            idempotency: true,
            conditional: Conditional::IfMatch,
            version_field: true,
            noop_counts: false,
            deletes: Deletes::Hard,
            auth: Auth::None,
            rate_limit: None,
            latency_ms: 0,
            clock: Clock::machine(),
        }
    }

    /// The demo's storefront: [`StorefrontConfig::plain`] with all quirks on.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            collections: vec![
                CollectionConfig::sample_customers(),
                CollectionConfig::sample_products(),
            ],
            rate_limit: Some(RateLimit {
                requests: 500,
                window_ms: 1_000,
            }),
            ..Self::plain()
        }
    }
}
