//! Faults on request: which of the next calls go wrong, and how.

use serde::{Deserialize, Serialize};

/// What goes wrong. As JSON: `{"kind":"status","code":503,"retry_after":1}`, `{"kind":"drop_before"}` …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// Nothing is applied and the answer is this status.
    Status {
        /// The HTTP status.
        code: u16,
        /// Seconds for a `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The connection is closed before anything is applied.
    DropBefore,
    /// The request is applied, then the connection is closed without an answer.
    DropAfter,
    /// The answer breaks off in the middle of its body.
    Truncate,
    /// A list or feed answers 200 with no records and says that there are no more.
    EmptyListing,
    /// A page answers 200 without its records; the pages after it are reachable as usual.
    MissingPage,
    /// The answer comes late by so many milliseconds, on top of the latency set.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
}

/// A fault waiting for the calls it applies to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub fault: FaultKind,
    /// Only calls of this method, for example `GET`.
    #[serde(default)]
    pub method: Option<String>,
    /// Only calls whose path begins like this, for example `/customers`.
    #[serde(default)]
    pub path: Option<String>,
    /// So many matching calls pass first.
    #[serde(default)]
    pub after: u32,
    /// So many matching calls go wrong; `None` until cleared.
    #[serde(default = "once")]
    pub times: Option<u32>,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the default of a field that is an option"
)]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    /// This fault for the next call, whatever it is.
    #[must_use]
    pub fn next(fault: FaultKind) -> Self {
        Self {
            fault,
            method: None,
            path: None,
            after: 0,
            times: Some(1),
        }
    }

    /// Only for calls of `method` whose path begins with `path`.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// For so many matching calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// For all matching calls until cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Lets so many matching calls pass first.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let lists_only = matches!(self.fault, FaultKind::EmptyListing | FaultKind::MissingPage);
        self.method
            .as_deref()
            .is_none_or(|m| m.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|p| path.starts_with(p))
            && (!lists_only || (method == "GET" && is_list(path)))
    }
}

fn is_list(path: &str) -> bool {
    let rest = path.trim_start_matches('/');
    !rest.contains('/') || rest.ends_with("/changes")
}

/// What the list handler is told by way of the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListingFault {
    Empty,
    Missing,
}

/// Faults in the order they were asked for; the first that matches is used.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn waiting(&self) -> Vec<Fault> {
        self.0.clone()
    }

    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        let at = self.0.iter().position(|f| f.matches(method, path))?;
        let fault = self.0.get_mut(at)?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let kind = fault.fault;
        let spent = match &mut fault.times {
            Some(times) => {
                *times = times.saturating_sub(1);
                *times == 0
            }
            None => false,
        };
        if spent {
            self.0.remove(at);
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_strike_the_calls_they_name_and_no_others() {
        let mut faults = Faults::default();
        faults.add(
            Fault::next(FaultKind::DropBefore)
                .on("GET", "/customers")
                .after(1)
                .times(2),
        );
        let cases = [
            ("POST", "/customers", None),
            ("GET", "/products", None),
            ("GET", "/customers", None),
            ("GET", "/customers/7", Some(FaultKind::DropBefore)),
            ("GET", "/customers", Some(FaultKind::DropBefore)),
            ("GET", "/customers", None),
        ];
        for (method, path, want) in cases {
            assert_eq!(faults.take(method, path), want, "{method} {path}");
        }
    }

    #[test]
    fn an_empty_listing_waits_for_a_list() {
        let mut faults = Faults::default();
        faults.add(Fault::next(FaultKind::EmptyListing));
        assert_eq!(faults.take("GET", "/customers/7"), None);
        assert_eq!(faults.take("POST", "/customers"), None);
        assert_eq!(
            faults.take("GET", "/customers/changes"),
            Some(FaultKind::EmptyListing)
        );
    }
}
