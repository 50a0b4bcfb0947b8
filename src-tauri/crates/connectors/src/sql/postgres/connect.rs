//! Reaching the server: its address checked, its certificate too.

use std::net::IpAddr;
use std::time::Duration;

use rustls::ClientConfig;
use tandem_engine::ports::Secrets;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::Place;
use crate::sql::configuration;
use crate::sql::settings::{PostgresSettings, TlsMode};
use crate::{net, tls};

/// How a session writes values: ISO dates in UTC, floats with all their digits, and no parsing
/// surprises.
const SESSION: &str = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET extra_float_digits = 1; \
    SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET IntervalStyle = 'iso_8601'";

/// Everything needed to open a connection.
pub(crate) struct Connect {
    config: Config,
    host: String,
    port: u16,
    allow_private: bool,
    tls: Option<TlsMode>,
    /// Of the connection's CA file, if it names one.
    authorities: Option<ClientConfig>,
    connect_timeout: Duration,
}

impl Connect {
    pub(crate) fn new(
        settings: &PostgresSettings,
        secrets: &dyn Secrets,
        place: &Place,
    ) -> Result<Self, ConnectorError> {
        let mut config = Config::new();
        let call_ms = settings.limits.call_timeout_s * 1_000;
        config
            .user(&settings.user)
            .dbname(&settings.database)
            .application_name("tandem")
            .options(format!(
                "-c statement_timeout={call_ms} -c lock_timeout={call_ms}"
            ))
            .connect_timeout(Duration::from_secs(settings.limits.connect_timeout_s));
        if let Some(password) = &settings.password {
            let secret = password
                .resolve(secrets)
                .map_err(|error| place.error(ErrorClass::Authentication, &error.to_string()))?;
            config.password(secret.expose());
        }
        let mut authorities = None;
        if let Some(file) = &settings.ca_file {
            authorities = Some(tls::only_file(file).map_err(configuration)?);
        }
        Ok(Self {
            config,
            host: settings.host.clone(),
            port: settings.port,
            allow_private: settings.allow_private,
            tls: settings.tls,
            authorities,
            connect_timeout: Duration::from_secs(settings.limits.connect_timeout_s),
        })
    }

    /// Opens a connection; what it does in the background ends with its client.
    pub(crate) async fn open(&self, place: &Place) -> Result<Client, ConnectorError> {
        let client = if self.host.starts_with('/') {
            self.open_socket(place).await?
        } else {
            self.open_network(place).await?
        };
        client
            .batch_execute(SESSION)
            .await
            .map_err(|error| place.failed(&error))?;
        Ok(client)
    }

    async fn open_socket(&self, place: &Place) -> Result<Client, ConnectorError> {
        if !self.allow_private {
            return Err(configuration(format!(
                "{} is a socket of this machine; set allow_private = true if that is meant",
                self.host
            )));
        }
        let mut config = self.config.clone();
        config.host(&self.host).port(self.port);
        self.plainly(&config, place).await
    }

    async fn open_network(&self, place: &Place) -> Result<Client, ConnectorError> {
        let resolved = tokio::time::timeout(
            self.connect_timeout,
            net::resolve(&self.host, self.port, self.allow_private),
        )
        .await
        .map_err(|_| place.error(ErrorClass::Timeout, "its name was not resolved in time"))?
        .map_err(|error| {
            let class = if error.downcast_ref::<net::Refused>().is_some() {
                ErrorClass::Configuration
            } else {
                ErrorClass::Connect
            };
            place.error(class, &error.to_string())
        })?;
        let mut config = self.config.clone();
        for address in &resolved {
            config
                .host(&self.host)
                .hostaddr(address.ip())
                .port(self.port);
        }
        let here = !resolved.is_empty() && resolved.iter().all(|address| is_here(address.ip()));
        // Whoever names an authority wants it checked, here as well.
        match self.tls.unwrap_or(if here && self.authorities.is_none() {
            TlsMode::Prefer
        } else {
            TlsMode::Require
        }) {
            TlsMode::Disable => self.plainly(&config, place).await,
            TlsMode::Require => {
                self.encrypted(config.ssl_mode(SslMode::Require), place)
                    .await
            }
            TlsMode::Prefer if !here => Err(configuration(
                "tls = \"prefer\" is for this machine only; choose \"require\" or, on a trusted network, \"disable\"",
            )),
            // Nobody stands between two processes of one machine: a certificate that cannot be
            // checked (Debian makes such a one at installation) is no reason to refuse.
            TlsMode::Prefer => match self
                .encrypted(config.clone().ssl_mode(SslMode::Prefer), place)
                .await
            {
                Err(error) if error.class == ErrorClass::Tls && self.authorities.is_none() => {
                    self.plainly(&config, place).await
                }
                other => other,
            },
        }
    }

    async fn plainly(&self, config: &Config, place: &Place) -> Result<Client, ConnectorError> {
        let mut config = config.clone();
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config
            .connect(NoTls)
            .await
            .map_err(|error| place.failed(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a database connection ended");
            }
        });
        Ok(client)
    }

    async fn encrypted(&self, config: &Config, place: &Place) -> Result<Client, ConnectorError> {
        let unusable = |what: &str| place.error(ErrorClass::Tls, what);
        let trusted = match &self.authorities {
            Some(trusted) => trusted.clone(),
            None => tls::machine().map_err(|error| unusable(&error))?,
        };
        let (client, connection) = config
            .connect(MakeRustlsConnect::new(trusted))
            .await
            .map_err(|error| place.failed(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a database connection ended");
            }
        });
        Ok(client)
    }
}

fn is_here(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
