//! Reaching a database server over the network: its addresses checked, and whether the connection is
//! encrypted.

use std::net::IpAddr;
use std::time::Duration;

use tandem_engine::ports::connector::{ConnectorError, ErrorClass};

use super::configuration;
use super::settings::{ServerSettings, TlsMode};
use crate::net;

/// Where a server is.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    allow_private: bool,
    tls: Option<TlsMode>,
    /// Whether the connection names a CA file.
    own_authorities: bool,
    pub(crate) connect_timeout: Duration,
}

/// What a host's name means now.
pub(crate) struct Reached {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) tls: TlsMode,
}

impl Server {
    pub(crate) fn new(settings: &ServerSettings, default_port: u16) -> Self {
        Self {
            host: settings.host.clone(),
            port: settings.port.unwrap_or(default_port),
            allow_private: settings.allow_private,
            tls: settings.tls,
            own_authorities: settings.ca_file.is_some(),
            connect_timeout: Duration::from_secs(settings.limits.connect_timeout_s),
        }
    }

    /// Whether the host is the path of a socket, which has to be meant.
    pub(crate) fn is_socket(&self) -> Result<bool, ConnectorError> {
        let socket = self.host.starts_with('/');
        if socket && !self.allow_private {
            return Err(configuration(format!(
                "{} is a socket of this machine; set allow_private = true if that is meant",
                self.host
            )));
        }
        Ok(socket)
    }

    /// Resolves the host; `error` words what failed.
    pub(crate) async fn reach(
        &self,
        error: impl Fn(ErrorClass, &str) -> ConnectorError,
    ) -> Result<Reached, ConnectorError> {
        let resolving = net::resolve(&self.host, self.port, self.allow_private);
        let resolved = tokio::time::timeout(self.connect_timeout, resolving)
            .await
            .map_err(|_| error(ErrorClass::Timeout, "its name was not resolved in time"))?
            .map_err(|why| {
                let class = if why.downcast_ref::<net::Refused>().is_some() {
                    ErrorClass::Configuration
                } else {
                    ErrorClass::Connect
                };
                error(class, &why.to_string())
            })?;
        let addresses: Vec<IpAddr> = resolved.iter().map(std::net::SocketAddr::ip).collect();
        let here = !addresses.is_empty()
            && addresses
                .iter()
                .all(|address| address.to_canonical().is_loopback());
        // Whoever names an authority wants it checked, here as well.
        let tls = self.tls.unwrap_or(if here && !self.own_authorities {
            TlsMode::Prefer
        } else {
            TlsMode::Require
        });
        if tls == TlsMode::Prefer && !here {
            return Err(configuration(
                "tls = \"prefer\" is for this machine only; choose \"require\" or, on a trusted network, \"disable\"",
            ));
        }
        Ok(Reached { addresses, tls })
    }

    /// Whether a certificate that cannot be checked is a reason not to encrypt, rather than to
    /// refuse: nobody stands between two processes of one machine, and Debian makes such a
    /// certificate at installation.
    pub(crate) fn may_go_plain(&self, error: &ConnectorError) -> bool {
        error.class == ErrorClass::Tls && !self.own_authorities
    }
}
