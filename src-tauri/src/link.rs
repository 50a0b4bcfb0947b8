//! `tandem://open/t/TENANT/SCREEN[/ID]`: links from notifications and elsewhere. A link can show
//! something and do nothing else; whatever does not have exactly this shape is ignored.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tauri::Url;

/// What stands for itself in a segment of an address; everything else is percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Screens a link may open.
const SCREENS: [&str; 8] = [
    "overview",
    "conflicts",
    "history",
    "runs",
    "errors",
    "syncs",
    "connections",
    "audit",
];

/// The longest tenant name or id a link may carry, in bytes.
const LONGEST: usize = 128;

/// A place in the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The panel's own route: `/t/TENANT/SCREEN[/ID]`, percent-encoded.
    route: String,
}

impl Link {
    /// Reads an address somebody sent us.
    pub(crate) fn parse(address: &Url) -> Option<Self> {
        let shape = address.scheme() == "tandem"
            && address.host_str() == Some("open")
            && address.port().is_none()
            && address.username().is_empty()
            && address.password().is_none()
            && address.query().is_none()
            && address.fragment().is_none();
        if !shape {
            return None;
        }
        let segment = |text| percent_decode_str(text).decode_utf8().ok();
        let mut parts = address.path().strip_prefix("/t/")?.split('/').map(segment);
        let (tenant, screen) = (parts.next()??, parts.next()??);
        let id = parts.next();
        if parts.next().is_some() || id == Some(None) {
            return None;
        }
        Self::checked(&tenant, &screen, id.flatten().as_deref())
    }

    /// The page of one run.
    pub(crate) fn to_run(tenant: &str, run: &str) -> Option<Self> {
        Self::checked(tenant, "runs", Some(run))
    }

    fn checked(tenant: &str, screen: &str, id: Option<&str>) -> Option<Self> {
        if !SCREENS.contains(&screen) || !is_name(tenant) || !id.is_none_or(is_name) {
            return None;
        }
        let mut route = format!("/t/{}/{screen}", utf8_percent_encode(tenant, ENCODED));
        if let Some(id) = id {
            route.push('/');
            route.extend(utf8_percent_encode(id, ENCODED));
        }
        Some(Self { route })
    }

    /// The panel's route.
    pub(crate) fn route(&self) -> &str {
        &self.route
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tandem://open{}", self.route)
    }
}

/// A tenant's name or an id: something to look up, and no path of its own.
fn is_name(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && !matches!(text, "." | "..")
        && !text.contains(['/', '\\'])
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_shape_is_followed() {
        let followed = [
            ("tandem://open/t/main/conflicts", "/t/main/conflicts"),
            ("tandem://open/t/main/runs/0192-ab", "/t/main/runs/0192-ab"),
            (
                "tandem://open/t/North%20%26%20Sons/errors",
                "/t/North%20%26%20Sons/errors",
            ),
        ];
        for (address, route) in followed {
            let link = Link::parse(&address.parse().unwrap());
            assert_eq!(link.as_ref().map(Link::route), Some(route), "{address}");
            assert_eq!(link.unwrap().to_string(), address);
        }
        let ignored = [
            "https://open/t/main/conflicts",
            "tandem://run/t/main/conflicts",
            "tandem://open:80/t/main/conflicts",
            "tandem://me@open/t/main/conflicts",
            "tandem://open/t/main/conflicts?take=source",
            "tandem://open/t/main/conflicts#x",
            "tandem://open/t/main/settings",
            "tandem://open/t/main/history/a/b",
            "tandem://open/t/main/history/",
            "tandem://open/t//history",
            "tandem://open/t/..%2f/history",
            "tandem://open/t/%2e%2e/history",
            "tandem://open/t/a%00b/history",
            "tandem://open/t/%ff/history",
            "tandem://open/conflicts",
            "tandem:t/main/conflicts",
        ];
        for address in ignored {
            assert_eq!(Link::parse(&address.parse().unwrap()), None, "{address}");
        }
    }
}
