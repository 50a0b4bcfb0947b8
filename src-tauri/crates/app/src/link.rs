//! `tandem://open/t/TENANT/SCREEN[/ID]`: links from notifications and elsewhere. A link can show
//! something and do nothing else; whatever does not have exactly this shape, or names a tenant that
//! is none of ours, is ignored.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::app::App;
use crate::wire::ListTenants;

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
pub struct Link {
    tenant: String,
    /// The panel's own route: `/t/TENANT/SCREEN[/ID]`, percent-encoded.
    route: String,
}

impl Link {
    /// Reads an address somebody sent us; `None`: it is none that is followed.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        // A parser forgives (blanks, `..`, upper case); a link has one spelling, which is ours.
        Self::read(&address.parse().ok()?).filter(|link| link.to_string() == address)
    }

    fn read(address: &Url) -> Option<Self> {
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

    /// The page of one run; `None` for names that no link can carry.
    #[must_use]
    pub fn to_run(tenant: &str, run: &str) -> Option<Self> {
        Self::checked(tenant, "runs", Some(run))
    }

    /// A screen that lists; `None` for names that no link can carry.
    #[must_use]
    pub fn to_screen(tenant: &str, screen: &str) -> Option<Self> {
        Self::checked(tenant, screen, None)
    }

    /// The page of one sync; `None` for names that no link can carry.
    #[must_use]
    pub fn to_sync(tenant: &str, sync: &str) -> Option<Self> {
        Self::checked(tenant, "syncs", Some(sync))
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
        let tenant = tenant.to_owned();
        Some(Self { tenant, route })
    }

    /// The panel's route.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route
    }
}

/// The address that shows a run in the window.
#[must_use]
pub fn run_link(tenant: &str, run: &str) -> String {
    format!(
        "tandem://open/t/{}/runs/{}",
        utf8_percent_encode(tenant, ENCODED),
        utf8_percent_encode(run, ENCODED)
    )
}

impl App {
    /// What an address shows, if it is one of our links and its tenant one of ours.
    pub async fn follow(&self, address: &str) -> Option<Link> {
        let link = Link::parse(address)?;
        let tenants = self.list_tenants(ListTenants {}).await.ok()?;
        let ours = tenants.iter().any(|tenant| tenant.name == link.tenant);
        ours.then_some(link)
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
    fn threat_only_the_one_shape_is_followed() {
        let long = "x".repeat(LONGEST);
        let longest = format!("tandem://open/t/{long}/runs/{long}");
        let followed = [
            ("tandem://open/t/main/conflicts", "/t/main/conflicts"),
            ("tandem://open/t/main/runs/0192-ab", "/t/main/runs/0192-ab"),
            (
                "tandem://open/t/North%20%26%20Sons/errors",
                "/t/North%20%26%20Sons/errors",
            ),
            (
                "tandem://open/t/m%C3%BCller/errors",
                "/t/m%C3%BCller/errors",
            ),
            // What an id says is looked up, never run.
            (
                "tandem://open/t/main/runs/%3Cscript%3E%3F%23%26",
                "/t/main/runs/%3Cscript%3E%3F%23%26",
            ),
            (
                longest.as_str(),
                longest.strip_prefix("tandem://open").unwrap(),
            ),
        ];
        for (address, route) in followed {
            let link = Link::parse(address);
            assert_eq!(link.as_ref().map(Link::route), Some(route), "{address}");
            assert_eq!(link.unwrap().to_string(), address);
        }
        let too_long = [
            format!("tandem://open/t/{long}x/runs"),
            format!("tandem://open/t/main/runs/{long}x"),
            format!("tandem://open/t/main/runs/{}", "%41".repeat(LONGEST + 1)),
            format!("tandem://open/t/{}", "a/".repeat(1_000_000)),
        ];
        let forged = [
            // Other schemes.
            "https://open/t/main/conflicts",
            "javascript:alert(1)//open/t/main/conflicts",
            "file:///t/main/conflicts",
            "data:text/html,tandem://open/t/main/conflicts",
            "tandem-x://open/t/main/conflicts",
            "TANDEM://open/t/main/conflicts",
            "tandem:t/main/conflicts",
            "tandem:///t/main/conflicts",
            "tandem:/open/t/main/conflicts",
            "view-source:tandem://open/t/main/conflicts",
            // Other verbs, users, ports, queries.
            "tandem://run/t/main/conflicts",
            "tandem://open.evil.example/t/main/conflicts",
            "tandem://evil.example/open/t/main/conflicts",
            "tandem://op%65n/t/main/conflicts",
            "tandem://open:80/t/main/conflicts",
            "tandem://me@open/t/main/conflicts",
            "tandem://open@evil.example/t/main/conflicts",
            "tandem://:p@open/t/main/conflicts",
            "tandem://open/t/main/conflicts?take=source",
            "tandem://open/t/main/conflicts?",
            "tandem://open/t/main/conflicts#x",
            "tandem://open/t/main/conflicts#/t/other/settings",
            // Other screens and shapes.
            "tandem://open/t/main/settings",
            "tandem://open/t/main/Runs",
            "tandem://open/t/main/r%75ns2",
            "tandem://open/t/main/runs/a/rollback",
            "tandem://open/t/main/history/a/b",
            "tandem://open/t/main/history/",
            "tandem://open/t//history",
            "tandem://open//t/main/history",
            "tandem://open/t/main",
            "tandem://open/conflicts",
            "tandem://open",
            "",
            // Paths out of the path, encoded once and twice.
            "tandem://open/t/main/../other/history",
            "tandem://open/t/./history",
            "tandem://open/t/..%2f/history",
            "tandem://open/t/a%2Fb/history",
            "tandem://open/t/a%5Cb/history",
            "tandem://open/t/main\\history",
            "tandem://open/t/%2e%2e/history",
            "tandem://open/t/%2E/history",
            "tandem://open/t/main/runs/%2e%2e",
            "tandem://open/t/main/runs/..",
            "tandem://open/t/main/runs/..%2f..%2fsettings",
            // What is no text, acts on one, or had to be forgiven.
            "tandem://open/t/a%00b/history",
            "tandem://open/t/a%0d%0ab/history",
            "tandem://open/t/%1b%5b2J/history",
            "tandem://open/t/%ff/history",
            "tandem://open/t/%e2%80%ae/%ed%a0%80",
            "tandem://open/t/%zz%/history/%",
            " tandem://open/t/main/history",
            "tandem://open/t/main/history\n",
            "tan\tdem://open/t/main/history",
            "tandem://open/t/ma\rin/history",
            // Letters that look like ours.
            "t\u{430}ndem://open/t/main/history",
            "tandem://\u{43e}pen/t/main/history",
            "tandem://open/t/main/\u{441}onflicts",
            "tandem://open/t/main/%D1%81onflicts",
            "tandem\u{ff1a}//open/t/main/history",
            "tandem://open\u{2044}t/main/history",
            "tandem://open/\u{ff54}/main/history",
        ];
        let forged = forged
            .iter()
            .copied()
            .chain(too_long.iter().map(String::as_str));
        for address in forged {
            assert_eq!(Link::parse(address), None, "{address:.80}");
        }
    }

    #[tokio::test]
    async fn threat_a_link_names_a_tenant_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(crate::AppOptions::on_this_machine(
            folder.path().join("t.db"),
        ))
        .unwrap();
        for name in ["main", "North & Sons"] {
            let name = name.to_owned();
            // The first one may be there from the start.
            let _ = app.create_tenant(crate::wire::CreateTenant { name }).await;
        }
        for (address, followed) in [
            ("tandem://open/t/main/conflicts", true),
            ("tandem://open/t/North%20%26%20Sons/runs/x", true),
            ("tandem://open/t/theirs/conflicts", false),
            ("tandem://open/t/Main/conflicts", false),
            ("tandem://open/t/main%20/conflicts", false),
            // Cyrillic; full-width; with a mark of reading direction; with a joiner.
            ("tandem://open/t/m%D0%B0in/conflicts", false),
            ("tandem://open/t/%EF%BD%8Dain/conflicts", false),
            ("tandem://open/t/%E2%80%AEmain/conflicts", false),
            ("tandem://open/t/ma%E2%80%8Din/conflicts", false),
            ("https://open/t/main/conflicts", false),
        ] {
            let link = app.follow(address).await;
            assert_eq!(
                link.map(|link| link.to_string()),
                followed.then(|| address.to_owned()),
                "{address}"
            );
        }
    }

    #[test]
    fn a_link_leads_to_the_run_and_nowhere_else() {
        assert_eq!(
            run_link("main", "0192-ab"),
            "tandem://open/t/main/runs/0192-ab"
        );
        assert_eq!(
            run_link("North & Sons/..", "0192"),
            "tandem://open/t/North%20%26%20Sons%2F../runs/0192"
        );
        let link = Link::to_run("North & Sons", "0192").unwrap();
        assert_eq!(link.to_string(), run_link("North & Sons", "0192"));
    }
}
