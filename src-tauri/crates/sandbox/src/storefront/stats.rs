//! What has been asked of a storefront.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts since the start or the last reset; calls under `/_control` are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// All requests, failed ones included.
    pub requests: u64,
    /// Requests by method and route, for example `GET /customers/{id}`.
    pub by_route: BTreeMap<String, u64>,
    /// Body bytes received.
    pub bytes_in: u64,
    /// Body bytes sent.
    pub bytes_out: u64,
    /// Records created, updated or deleted over HTTP; operations in a bulk count one each.
    pub writes: u64,
    /// Calls that a fault struck.
    pub faults: u64,
    /// Calls answered with 429 for their rate.
    pub rate_limited: u64,
}

impl Stats {
    pub(crate) fn count(&mut self, method: &str, path: &str, bytes_in: u64) {
        self.requests += 1;
        self.bytes_in += bytes_in;
        *self.by_route.entry(route(method, path)).or_default() += 1;
    }
}

fn route(method: &str, path: &str) -> String {
    match path.trim_start_matches('/').split_once('/') {
        Some((collection, tail @ ("changes" | "bulk"))) => format!("{method} /{collection}/{tail}"),
        Some((collection, _)) => format!("{method} /{collection}/{{id}}"),
        None => format!("{method} {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_route() {
        for (path, want) in [
            ("/customers", "GET /customers"),
            ("/customers/cus-1", "GET /customers/{id}"),
            ("/customers/changes", "GET /customers/changes"),
            ("/customers/bulk", "GET /customers/bulk"),
        ] {
            assert_eq!(route("GET", path), want);
        }
    }
}
