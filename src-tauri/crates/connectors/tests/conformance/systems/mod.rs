//! Every kind of system the suite runs against.

mod files;
pub(crate) mod mysql;
mod postgres;
pub(crate) mod rest;
pub(crate) mod sqlite;

use files::Files;
use mysql::Mysql;
use postgres::Postgres;
use rest::Rest;
use sqlite::Sqlite;

use crate::doubles::shop::{Conditional, Paging};

crate::conforms! {
    rest_offset = Rest::shop(Paging::Offset, Conditional::IfMatch, rest::Changes::None);
    rest_offset_capped = Rest::shop(Paging::OffsetCapped, Conditional::None, rest::Changes::None);
    rest_page = Rest::shop(Paging::Page, Conditional::Field, rest::Changes::Filter);
    rest_page_fixed = Rest::shop(Paging::PageFixed, Conditional::Field, rest::Changes::None);
    rest_cursor = Rest::shop(Paging::Cursor, Conditional::IfMatch, rest::Changes::Filter);
    rest_link = Rest::shop(Paging::Link, Conditional::Field, rest::Changes::Filter);
    rest_keyset = Rest::shop(Paging::Keyset, Conditional::IfMatch, rest::Changes::None);
    rest_unpaged = Rest::shop(Paging::None, Conditional::None, rest::Changes::Filter);
    rest_feed = Rest::shop(Paging::Cursor, Conditional::IfMatch, rest::Changes::Feed);
    rest_bulk = Rest::bulk();
    rest_kinto = Rest::kinto();
    files_csv = Files::csv();
    files_csv_utf16 = Files::utf16();
    files_json_lines = Files::json_lines();
    sqlite_plain = Sqlite::plain();
    sqlite_flagged = Sqlite::flagged();
    mysql_plain = Mysql::plain();
    mysql_flagged = Mysql::flagged();
    postgres_plain = Postgres::plain();
    postgres_flagged = Postgres::flagged();
}

/// The password, as a secret.
pub(crate) struct Password(pub(crate) String);

impl tandem_engine::ports::Secrets for Password {
    fn get(
        &self,
        _: &str,
    ) -> Result<tandem_engine::ports::Secret, tandem_engine::ports::SecretError> {
        Ok(tandem_engine::ports::Secret::new(self.0.clone()))
    }

    fn replace(
        &self,
        name: &str,
        _: &tandem_engine::ports::Secret,
    ) -> Result<(), tandem_engine::ports::SecretError> {
        Err(tandem_engine::ports::SecretError::Unavailable {
            reason: name.to_owned(),
        })
    }

    fn hold(
        &self,
        _: &str,
    ) -> Result<Option<tandem_engine::ports::Hold>, tandem_engine::ports::SecretError> {
        Ok(None)
    }
}
