//! How a listing goes on from one page to the next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a listing goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pagination {
    /// Everything in one answer.
    #[default]
    None,
    /// By page number. Pages are asked for so that neighbours overlap by at least one record, which
    /// shows when rows moved up in between.
    Page {
        /// The parameter for the page's number.
        param: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: u64,
        /// The parameter for the page's size; none: it cannot be chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Records a page.
        #[serde(default = "hundred")]
        size: usize,
        /// Where the answer says whether there is more (true or false), a JSON pointer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        more: Option<String>,
    },
    /// By offset; neighbours overlap by one record, which shows when rows moved up in between.
    Offset {
        /// The parameter for the offset.
        #[serde(default = "offset")]
        param: String,
        /// The parameter for the page's size; none: it cannot be chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Records a page.
        #[serde(default = "hundred")]
        size: usize,
        /// Where the answer says whether there is more (true or false), a JSON pointer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        more: Option<String>,
    },
    /// By a token in the answer's body; null, empty or missing on the last page.
    CursorBody {
        /// Where it is, a JSON pointer. An URL is followed as it stands, where it is of the same origin.
        next: String,
        /// The parameter that takes it.
        param: String,
        /// The parameter for the page's size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Records a page.
        #[serde(default = "hundred")]
        size: usize,
    },
    /// By a header of the answer, for example `Next-Page`; missing on the last page.
    CursorHeader {
        /// Its name.
        header: String,
        /// The parameter that takes its value; none: the value is the next page's URL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        param: Option<String>,
        /// The parameter for the page's size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Records a page.
        #[serde(default = "hundred")]
        size: usize,
    },
    /// By a `Link: <…>; rel="next"` header.
    Link {
        /// The parameter for the page's size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Records a page.
        #[serde(default = "hundred")]
        size: usize,
    },
    /// By the last record's own value: the list is ordered by that field, ascending, and the
    /// parameter asks for what comes after.
    Keyset {
        /// The parameter.
        param: String,
        /// The field; it has to be unique and not to change.
        field: String,
        /// The parameter for the page's size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Records a page.
        #[serde(default = "hundred")]
        size: usize,
    },
}

impl Pagination {
    /// The size parameter and the records a page, where pages are sized.
    pub(crate) fn size(&self) -> (Option<&str>, usize) {
        match self {
            Self::None => (None, usize::MAX),
            Self::Page {
                size_param, size, ..
            }
            | Self::Offset {
                size_param, size, ..
            }
            | Self::CursorBody {
                size_param, size, ..
            }
            | Self::CursorHeader {
                size_param, size, ..
            }
            | Self::Link { size_param, size }
            | Self::Keyset {
                size_param, size, ..
            } => (size_param.as_deref(), *size),
        }
    }
}

fn one() -> u64 {
    1
}

fn hundred() -> usize {
    super::hundred()
}

fn offset() -> String {
    "offset".to_owned()
}
