//! Which addresses may be reached. Literals and whatever a name resolves to are both checked, so
//! that no name can point into a network the connection was not opened for.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Why an address may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// Loopback or private, and not opted in.
    #[error(
        "{host} is at {address}, on this machine or in a private network; set allow_private = true if that is meant"
    )]
    Private {
        /// As configured.
        host: String,
        /// What it is.
        address: IpAddr,
    },
    /// Public, and what is sent there would not be encrypted.
    #[error(
        "{host} is at {address}, a public address, and what is sent there would not be encrypted; use https"
    )]
    Unencrypted {
        /// As configured.
        host: String,
        /// What it is.
        address: IpAddr,
    },
    /// Link-local, metadata, multicast, unspecified …: never.
    #[error("{host} is at {address}, which no connection may reach")]
    Never {
        /// As configured.
        host: String,
        /// What it is.
        address: IpAddr,
    },
}

/// Checks one address.
pub(crate) fn check(host: &str, address: IpAddr, allow_private: bool) -> Result<(), Refused> {
    let host = host.to_owned();
    match reach(address) {
        Reach::Public => Ok(()),
        Reach::Private if allow_private => Ok(()),
        Reach::Private => Err(Refused::Private { host, address }),
        Reach::Never => Err(Refused::Never { host, address }),
    }
}

/// Resolves a name and checks all it resolves to.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    allow_private: bool,
) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    checked(host, found, allow_private)
}

/// All of what a name resolves to, or none of it.
fn checked(
    host: &str,
    found: Vec<SocketAddr>,
    allow_private: bool,
) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    for address in &found {
        check(host, address.ip(), allow_private)?;
    }
    Ok(found)
}

enum Reach {
    Public,
    Private,
    Never,
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(v4: Ipv4Addr) -> Reach {
    let [a, b, c, d] = v4.octets();
    // 100.100.100.200 and 168.63.129.16 are cloud providers' metadata services.
    let metadata = matches!([a, b, c, d], [100, 100, 100, 200] | [168, 63, 129, 16]);
    if metadata || v4.is_link_local() || a == 0 || a >= 224 {
        return Reach::Never;
    }
    let shared = a == 100 && (64..128).contains(&b);
    let benchmarking = a == 198 && (b == 18 || b == 19);
    let protocol = a == 192 && b == 0 && c == 0;
    if v4.is_loopback() || v4.is_private() || shared || benchmarking || protocol {
        return Reach::Private;
    }
    Reach::Public
}

fn reach_v6(v6: Ipv6Addr) -> Reach {
    let [a, b, c, d, _, _, g, h] = v6.segments();
    let tail = Ipv4Addr::from((u32::from(g) << 16) | u32::from(h));
    if v6.is_loopback() {
        return Reach::Private;
    }
    if v6.is_unspecified() || v6.is_multicast() || (a & 0xffc0) == 0xfe80 {
        return Reach::Never;
    }
    if v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) {
        return Reach::Never;
    }
    // An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) counts as itself.
    if let Some(v4) = v6.to_ipv4() {
        return reach_v4(v4);
    }
    if [a, b, c, d] == [0x64, 0xff9b, 0, 0] {
        return reach_v4(tail);
    }
    if a == 0x2002 {
        return reach_v4(Ipv4Addr::from((u32::from(b) << 16) | u32::from(c)));
    }
    if (a & 0xfe00) == 0xfc00 || (a & 0xffc0) == 0xfec0 {
        return Reach::Private;
    }
    Reach::Public
}

/// Checks that an address is one that something may be sent to unencrypted: on this machine or in a
/// private network.
pub(crate) fn check_unencrypted(host: &str, address: IpAddr) -> Result<(), Refused> {
    match reach(address) {
        Reach::Public => Err(Refused::Unencrypted {
            host: host.to_owned(),
            address,
        }),
        Reach::Private | Reach::Never => check(host, address, true),
    }
}

/// The resolver handed to the HTTP client, which asks it before each connection and connects to what
/// it answers: between the check and the connection no name is resolved.
pub(crate) struct CheckedResolver {
    allow_private: bool,
    /// Whether public addresses are refused.
    unencrypted: bool,
    look_up: LookUp,
}

/// What a name resolves to now.
type LookUp = Box<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

impl CheckedResolver {
    pub(crate) fn shared(allow_private: bool) -> Arc<Self> {
        Self::looking_up(allow_private, false)
    }

    /// For what is not encrypted though it holds credentials.
    pub(crate) fn private_only() -> Arc<Self> {
        Self::looking_up(true, true)
    }

    fn looking_up(allow_private: bool, unencrypted: bool) -> Arc<Self> {
        let look_up = |name: String| -> BoxFuture<'static, _> {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        };
        Arc::new(Self {
            allow_private,
            unencrypted,
            look_up: Box::new(look_up),
        })
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow_private, unencrypted) = (self.allow_private, self.unencrypted);
        let found = (self.look_up)(name.as_str().to_owned());
        Box::pin(async move {
            let found = checked(name.as_str(), found.await?, allow_private)?;
            for address in found.iter().filter(|_| unencrypted) {
                check_unencrypted(name.as_str(), address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tandem_engine::ports::connector::ErrorClass;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        let table = [
            ("93.184.216.34", "public"),
            ("2606:2800:220:1::1", "public"),
            ("127.0.0.1", "private"),
            ("127.9.9.9", "private"),
            ("10.1.2.3", "private"),
            ("172.31.0.1", "private"),
            ("172.32.0.1", "public"),
            ("192.168.0.1", "private"),
            ("100.64.0.1", "private"),
            ("::1", "private"),
            ("fd12::1", "private"),
            ("::ffff:10.0.0.1", "private"),
            ("64:ff9b::10.0.0.1", "private"),
            ("2002:7f00:1::", "private"),
            ("169.254.169.254", "never"),
            ("::ffff:169.254.169.254", "never"),
            ("64:ff9b::a9fe:a9fe", "never"),
            ("fd00:ec2::254", "never"),
            ("fe80::1", "never"),
            ("100.100.100.200", "never"),
            ("0.0.0.0", "never"),
            ("::", "never"),
            ("224.0.0.1", "never"),
            ("255.255.255.255", "never"),
        ];
        for (address, expected) in table {
            let ip: IpAddr = address.parse().unwrap();
            let found = match (check("h", ip, false), check("h", ip, true)) {
                (Ok(()), Ok(())) => "public",
                (Err(Refused::Private { .. }), Ok(())) => "private",
                (Err(Refused::Never { .. }), Err(Refused::Never { .. })) => "never",
                other => panic!("{address}: {other:?}"),
            };
            assert_eq!(found, expected, "{address}");
        }
    }

    /// A server that answers each call on a connection of its own, and counts them.
    async fn server() -> (u16, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4_096]).await;
                let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
            }
        });
        (port, calls)
    }

    /// A name that means something else each time it is asked for, and the last from then on.
    fn rebinding(answers: &[&[&str]], allow_private: bool) -> reqwest::Client {
        let answers: Vec<Vec<SocketAddr>> = answers
            .iter()
            .map(|all| {
                let parsed = all.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
                parsed.collect()
            })
            .collect();
        let asked = AtomicUsize::new(0);
        let look_up = move |_| -> BoxFuture<'static, _> {
            let n = asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let answer = answers[n].clone();
            Box::pin(async move { Ok(answer) })
        };
        crate::outward::guarded()
            .connect_timeout(Duration::from_millis(300))
            .tls_backend_preconfigured(crate::tls::nobody().unwrap())
            .dns_resolver(Arc::new(CheckedResolver {
                allow_private,
                unencrypted: false,
                look_up: Box::new(look_up),
            }))
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn threat_a_name_is_checked_at_each_connection() {
        // Whether private networks are opted in, what the name resolves to at each connection, and
        // how many of the calls arrive: never more after the first that is refused.
        let here: &[&str] = &["127.0.0.1"];
        let public: &[&str] = &["192.0.2.1"];
        let table: [(bool, &[&[&str]], usize); 7] = [
            (true, &[here], 4),
            (true, &[here, here, &["169.254.169.254"]], 2),
            (true, &[here, &["127.0.0.1", "169.254.169.254"]], 1),
            (true, &[here, &["::ffff:169.254.169.254", "127.0.0.1"]], 1),
            (false, &[public, here], 0),
            (false, &[&["192.0.2.1", "127.0.0.1"]], 0),
            (false, &[here], 0),
        ];
        for (allow_private, answers, arrive) in table {
            let (port, calls) = server().await;
            let client = rebinding(answers, allow_private);
            for n in 0..4 {
                let name = format!("{answers:?}, call {n}");
                let called = client
                    .get(format!("http://system.test:{port}/"))
                    .send()
                    .await;
                match called {
                    Ok(answer) => assert_eq!(answer.status(), 204, "{name}"),
                    // Nobody is at the address for documentation.
                    Err(_) if answers.get(n) == Some(&public) => {}
                    Err(error) => {
                        let (class, applied, what) = crate::rest::transport(&error);
                        assert_eq!(
                            (class, applied),
                            (ErrorClass::Configuration, false),
                            "{name}"
                        );
                        assert!(what.starts_with("system.test is at "), "{name}: {what}");
                    }
                }
            }
            assert_eq!(calls.load(Ordering::SeqCst), arrive, "{answers:?}");
        }
    }
}
