//! What goes out although no connection describes it: messages to administrators. The same rules as
//! for connections: literal addresses and whatever a name resolves to are checked, no redirect is
//! followed, no proxy comes from the environment, certificates are checked against the machine's own
//! authorities.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, Url, header, redirect};

use crate::json::cut;
use crate::net::{self, Refused};
use crate::rest::transport_words;
use crate::tls;

/// Until connected.
const CONNECT: Duration = Duration::from_secs(5);
/// The whole call.
const CALL: Duration = Duration::from_secs(25);
/// Bytes of a refusal's body that are read and told.
const TOLD: usize = 300;

/// Where something may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses only.
    Public,
    /// Also to this machine and to private networks.
    Private,
    /// To this machine and to private networks only: it is not encrypted.
    PrivateOnly,
}

/// Why something is not sent there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Loopback or private, and that was not said to be meant.
    #[error("{host} is at {address}, on this machine or in a private network")]
    Private {
        /// As configured.
        host: String,
        /// What it is.
        address: IpAddr,
    },
    /// Public, and not encrypted.
    #[error("{host} is at {address}, a public address, and the message would not be encrypted")]
    Public {
        /// As configured.
        host: String,
        /// What it is.
        address: IpAddr,
    },
    /// Link-local, metadata, multicast …
    #[error("{host} is at {address}, which nothing is ever sent to")]
    Never {
        /// As configured.
        host: String,
        /// What it is.
        address: IpAddr,
    },
}

/// Checks one address.
///
/// # Errors
/// [`Unreachable`].
pub fn check(host: &str, address: IpAddr, reach: Reach) -> Result<(), Unreachable> {
    let host = host.to_owned();
    match net::check(&host, address, false) {
        Ok(()) if reach == Reach::PrivateOnly => Err(Unreachable::Public { host, address }),
        Err(Refused::Private { .. }) if reach == Reach::Public => {
            Err(Unreachable::Private { host, address })
        }
        Ok(()) | Err(Refused::Private { .. }) => Ok(()),
        Err(Refused::Unencrypted { .. }) => Err(Unreachable::Public { host, address }),
        Err(Refused::Never { .. }) => Err(Unreachable::Never { host, address }),
    }
}

/// Resolves a host and checks all it resolves to.
///
/// # Errors
/// A sentence: it does not resolve, or may not be reached.
pub async fn addresses(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, String> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| format!("{host} does not resolve: {error}"))?
        .collect();
    for address in &found {
        check(host, address.ip(), reach).map_err(|error| error.to_string())?;
    }
    if found.is_empty() {
        return Err(format!("{host} resolves to nothing"));
    }
    Ok(found)
}

/// One address that JSON is posted to.
#[derive(Debug, Clone)]
pub struct Post {
    client: reqwest::Client,
    url: Url,
}

impl Post {
    /// Reaches nothing yet.
    ///
    /// # Errors
    /// A sentence that does not show the address's path: it may be a secret.
    pub fn new(url: &str, reach: Reach) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("it is no address: {error}"))?;
        let host = url.host_str().ok_or("it names no host")?;
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse() {
            check(host, address, reach).map_err(|error| error.to_string())?;
        }
        let trusted = if url.scheme() == "http" {
            tls::nobody()
        } else {
            tls::machine()
        };
        let client = guarded()
            .connect_timeout(CONNECT)
            .timeout(CALL)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Resolver(reach)))
            .tls_backend_preconfigured(trusted?)
            .build()
            .map_err(|error| format!("the HTTP client cannot be set up: {error}"))?;
        Ok(Self { client, url })
    }

    /// Posts a JSON document; any 2xx is an acceptance. `key` is the same for each attempt.
    ///
    /// # Errors
    /// A sentence. What the other side said is quoted, so whoever knows secrets has to take them out.
    pub async fn json(&self, body: String, key: &str) -> Result<(), String> {
        let request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key)
            .body(body);
        let mut response = request
            .send()
            .await
            .map_err(|error| transport_words(&error.without_url()))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            return Err(format!("it answered {status}: it is elsewhere now"));
        }
        let mut said = Vec::new();
        while let Ok(Some(piece)) = response.chunk().await {
            said.extend_from_slice(&piece);
            if said.len() >= TOLD {
                break;
            }
        }
        let said = String::from_utf8_lossy(&said);
        Err(format!("it answered {status}: {}", cut(&said, TOLD).trim()))
    }
}

/// An HTTP client that goes nowhere by itself.
pub(crate) fn guarded() -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("tandem/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
}

struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = addresses(name.as_str(), 0, reach).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reach_has_its_addresses() {
        // address, reachable at Public, Private, PrivateOnly
        let table = [
            ("93.184.216.34", [true, true, false]),
            ("127.0.0.1", [false, true, true]),
            ("::ffff:10.0.0.1", [false, true, true]),
            ("169.254.169.254", [false, false, false]),
            ("fd00:ec2::254", [false, false, false]),
        ];
        for (address, expected) in table {
            let found = [Reach::Public, Reach::Private, Reach::PrivateOnly]
                .map(|reach| check("h", address.parse().unwrap(), reach).is_ok());
            assert_eq!(found, expected, "{address}");
        }
    }

    #[tokio::test]
    async fn names_are_checked_by_what_they_resolve_to() {
        let refused = addresses("localhost", 1, Reach::Public).await.unwrap_err();
        assert!(refused.contains("on this machine"), "{refused}");
        assert!(addresses("localhost", 1, Reach::PrivateOnly).await.is_ok());
        for url in ["http://127.1/x", "https://[::1]/x", "https://0x7f000001/x"] {
            let refused = Post::new(url, Reach::Public).unwrap_err();
            assert!(refused.contains("on this machine"), "{url}: {refused}");
        }
        let post = Post::new("https://localhost:1/secret", Reach::Public).unwrap();
        let refused = post.json("{}".to_owned(), "1").await.unwrap_err();
        assert!(refused.contains("on this machine"), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
    }
}
