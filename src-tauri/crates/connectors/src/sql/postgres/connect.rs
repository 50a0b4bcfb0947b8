//! Reaching the server: its address checked, its certificate too.

use std::time::Duration;

use rustls::ClientConfig;
use tandem_engine::ports::Secrets;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::Place;
use crate::sql::configuration;
use crate::sql::server::Server;
use crate::sql::settings::{ServerSettings, TlsMode};
use crate::tls;

/// How a session writes values: ISO dates in UTC, floats with all their digits, and no parsing
/// surprises.
const SESSION: &str = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET extra_float_digits = 1; \
    SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET IntervalStyle = 'iso_8601'";

/// Everything needed to open a connection.
pub(crate) struct Connect {
    config: Config,
    server: Server,
    /// Of the connection's CA file, if it names one.
    authorities: Option<ClientConfig>,
}

impl Connect {
    pub(crate) fn new(
        settings: &ServerSettings,
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
            server: Server::new(settings, super::PORT),
            authorities,
        })
    }

    /// Opens a connection; what it does in the background ends with its client.
    pub(crate) async fn open(&self, place: &Place) -> Result<Client, ConnectorError> {
        let client = if self.server.is_socket()? {
            let mut config = self.config.clone();
            config.host(&self.server.host).port(self.server.port);
            self.plainly(&config, place).await?
        } else {
            self.open_network(place).await?
        };
        client
            .batch_execute(SESSION)
            .await
            .map_err(|error| place.failed(&error))?;
        Ok(client)
    }

    async fn open_network(&self, place: &Place) -> Result<Client, ConnectorError> {
        let Server { host, port, .. } = &self.server;
        let reached = self
            .server
            .reach(|class, what| place.error(class, what))
            .await?;
        let mut config = self.config.clone();
        for address in reached.addresses {
            config.host(host).hostaddr(address).port(*port);
        }
        match reached.tls {
            TlsMode::Disable => self.plainly(&config, place).await,
            TlsMode::Require => {
                self.encrypted(config.ssl_mode(SslMode::Require), place)
                    .await
            }
            TlsMode::Prefer => match self
                .encrypted(config.clone().ssl_mode(SslMode::Prefer), place)
                .await
            {
                Err(error) if self.server.may_go_plain(&error) => {
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
