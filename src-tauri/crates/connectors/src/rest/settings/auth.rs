//! Logins whose tokens do not last: OAuth2, and calls of the system's own.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HeaderValue;
use crate::settings::SecretRef;

/// How to be given tokens by an OAuth2 server (RFC 6749).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// What is given for an access token.
    pub grant: Grant,
    /// Where tokens are given, in full. `https`; `http` only where `allow_private` is set, and then
    /// to private addresses alone.
    pub token_url: String,
    /// Who asks.
    pub client_id: String,
    /// The client's secret; none: a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretRef>,
    /// How the client's secret is sent.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// What is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the server wants to be sent beyond the standard: `{ audience = "…" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// What is given for an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Grant {
    /// The client's own credentials: `"client_credentials"`.
    ClientCredentials,
    /// A refresh token: `{ refresh_token = { secret = "shop-refresh" } }`. It has to be one that is
    /// kept (`tandem secrets set`): the server may exchange it for a new one each time.
    RefreshToken(SecretRef),
}

/// How a client's secret is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic …`.
    #[default]
    Basic,
    /// In the body, as `client_id` and `client_secret`.
    Body,
}

/// How to log in at the system itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// What to post to, relative to `base_url`.
    pub path: String,
    /// What to post: names and values, as they stand or by reference. In JSON a nested one is named by
    /// a JSON pointer (`/params/login`).
    pub body: BTreeMap<String, HeaderValue>,
    /// How it is written.
    #[serde(default)]
    pub encoding: SessionBody,
    /// Where the answer holds the token.
    pub token: SessionToken,
    /// The header that later calls send the token in; none: `Authorization`. A cookie goes back as
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What stands before it there; none: `Bearer ` in `Authorization`, else nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// How long it lasts, seconds; none: until it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u32>,
}

/// How a login's body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionBody {
    /// A JSON object.
    #[default]
    Json,
    /// As a web form does.
    Form,
}

/// Where a login's answer holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionToken {
    /// At a JSON pointer in its body: `{ body = "/token" }`.
    Body(String),
    /// In a header: `{ header = "X-Session" }`.
    Header(String),
    /// In a cookie: `{ cookie = "session_id" }`.
    Cookie(String),
}

impl fmt::Display for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(pointer) => write!(f, "{pointer} in its body"),
            Self::Header(name) => write!(f, "the header {name}"),
            Self::Cookie(name) => write!(f, "the cookie {name}"),
        }
    }
}
