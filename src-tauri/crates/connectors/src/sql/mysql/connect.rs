//! Reaching the server: its address checked, its certificate too.

use mysql_async::{Conn, OptsBuilder, SslOpts};
use tandem_engine::ports::Secrets;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};

use super::errors::Place;
use crate::sql::configuration;
use crate::sql::server::Server;
use crate::sql::settings::{ServerSettings, TlsMode};
use crate::tls;

/// Largest packet taken, bytes: rows are asked to be smaller.
const PACKET: usize = 32 << 20;
/// Prepared statements kept per connection.
const KEPT_STATEMENTS: usize = 64;

/// Everything needed to open a connection.
pub(crate) struct Connect {
    options: OptsBuilder,
    server: Server,
    ca_file: Option<String>,
    call_timeout_s: u64,
}

impl Connect {
    pub(crate) fn new(
        settings: &ServerSettings,
        secrets: &dyn Secrets,
        place: &Place,
    ) -> Result<Self, ConnectorError> {
        let password = settings
            .password
            .as_ref()
            .map(|password| password.resolve(secrets))
            .transpose()
            .map_err(|error| place.error(ErrorClass::Authentication, &error.to_string()))?;
        if let Some(file) = &settings.ca_file {
            // Said before anything is reached.
            tls::authorities(Some(file)).map_err(configuration)?;
        }
        let server = Server::new(settings, super::PORT);
        let options = OptsBuilder::default()
            .user(Some(&settings.user))
            .pass(password.as_ref().map(tandem_engine::ports::Secret::expose))
            .db_name(Some(&settings.database))
            .ip_or_hostname(&server.host)
            .tcp_port(server.port)
            .tcp_nodelay(true)
            // A server's word on where its socket is would lead past the address that was checked.
            .prefer_socket(false)
            // An update that changes nothing has still met its row.
            .client_found_rows(true)
            .max_allowed_packet(Some(PACKET))
            .stmt_cache_size(KEPT_STATEMENTS);
        Ok(Self {
            options,
            server,
            ca_file: settings.ca_file.clone(),
            call_timeout_s: settings.limits.call_timeout_s,
        })
    }

    /// Opens a connection.
    pub(crate) async fn open(&self, place: &Place) -> Result<Conn, ConnectorError> {
        let mut connection = if self.server.is_socket()? {
            let options = self.options.clone().socket(Some(&self.server.host));
            self.connect(options.prefer_socket(true), place).await?
        } else {
            self.open_network(place).await?
        };
        self.set_up(&mut connection)
            .await
            .map_err(|error| place.failed(&error))?;
        Ok(connection)
    }

    /// Times in UTC, nothing cut or bent to fit, and no statement without an end.
    async fn set_up(&self, connection: &mut Conn) -> Result<(), mysql_async::Error> {
        use mysql_async::prelude::Queryable;
        let seconds = self.call_timeout_s;
        connection
            .query_drop(format!(
                "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
                 innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"
            ))
            .await?;
        connection
            .query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            .await?;
        connection.query_drop("SET NAMES utf8mb4").await?;
        // The one is MariaDB's, the other MySQL's: whichever it is, one of them is not known.
        let limit = format!("SET SESSION max_statement_time = {seconds}");
        if connection.query_drop(limit).await.is_err() {
            let limit = format!("SET SESSION max_execution_time = {}", seconds * 1_000);
            connection.query_drop(limit).await?;
        }
        Ok(())
    }

    async fn open_network(&self, place: &Place) -> Result<Conn, ConnectorError> {
        let reached = self
            .server
            .reach(|class, what| place.error(class, what))
            .await?;
        let plain = self.options.clone().resolved_ips(Some(reached.addresses));
        if reached.tls == TlsMode::Disable {
            return self.connect(plain, place).await;
        }
        let trusted = tls::authorities(self.ca_file.as_deref())
            .map_err(|error| place.error(ErrorClass::Tls, &error))?;
        let encrypted = SslOpts::default()
            .with_disable_built_in_roots(true)
            .with_root_certs(trusted.into_iter().map(Into::into).collect());
        match self.connect(plain.clone().ssl_opts(encrypted), place).await {
            Err(error) if reached.tls == TlsMode::Prefer && self.server.may_go_plain(&error) => {
                self.connect(plain, place).await
            }
            other => other,
        }
    }

    async fn connect(&self, options: OptsBuilder, place: &Place) -> Result<Conn, ConnectorError> {
        // The client takes whichever computes TLS in this process; there is one.
        drop(rustls::crypto::ring::default_provider().install_default());
        tokio::time::timeout(self.server.connect_timeout, Conn::new(options))
            .await
            .map_err(|_| place.error(ErrorClass::Timeout, "no connection in time"))?
            .map_err(|error| place.failed(&error))
    }
}
