//! Real systems nobody here wrote, synced by the real `tandem`. The tests start and stop the
//! servers; this part provides the programs.

use super::{CORE, build_headless, cargo, postgres_programs, systems_environment};
use crate::consent::Consent;
use crate::databases::Server;
use crate::install::{apt, python};
use crate::paths::Paths;
use crate::report::Report;
use crate::tally::Tally;

const PART: &str = "systems";
/// The name, beside those of pairs, of the suite that every connector passes, on database servers.
const DATABASES: &str = "databases";

/// Runs the part, or the tests of one `pair` such as `kinto-postgres`.
pub(super) fn run(paths: &Paths, consent: Consent, report: &mut Report, pair: Option<&str>) {
    report.prepare(PART, "system packages", || {
        apt::ensure(&[&apt::BUILD, &apt::SYSTEMS], consent)
    });
    if pair.is_none_or(|pair| pair == DATABASES) {
        databases(paths, report);
    }
    if pair == Some(DATABASES) {
        return;
    }
    let mut kinto = None;
    report.prepare(PART, "install Kinto", || {
        kinto = Some(python::kinto(paths)?);
        Ok(())
    });
    let Some(kinto) = kinto else { return };
    if !report.prepare(PART, "build tandem", || build_headless(paths)) {
        return;
    }
    report.counted(PART, pair.unwrap_or("tests"), || {
        match systems_environment(paths, kinto) {
            Err(trouble) => (Tally::default(), Err(trouble)),
            Ok(environment) => environment
                .iter()
                .fold(cargo(paths), |cmd, (name, value)| cmd.env(name, value))
                .arg("test")
                .words(CORE)
                .words("--features tandem-tests/e2e --test systems")
                // Its times are part of the result; and one server at a time has the machine.
                .words("-- --nocapture --test-threads 1")
                .args(pair.map(test_name))
                .tallied(),
        }
    });
}

/// The connectors' own suite against real database servers, which no plain `cargo test` has.
fn databases(paths: &Paths, report: &mut Report) {
    let mut servers = None;
    report.prepare(PART, "start PostgreSQL and MariaDB", || {
        let postgres = Server::postgres(paths, &postgres_programs()?)?;
        servers = Some((postgres, Server::mariadb(paths)?));
        Ok(())
    });
    let Some((postgres, mariadb)) = servers else {
        return;
    };
    report.counted(PART, DATABASES, || {
        cargo(paths)
            .env("TANDEM_TEST_POSTGRES", &postgres.url)
            .env("TANDEM_TEST_MYSQL", &mariadb.url)
            .arg("test")
            .words(CORE)
            .words("--features tandem-tests/e2e --test conformance")
            .words("-- postgres mysql")
            .tallied()
    });
}

/// Tests of a pair carry its name, in Rust's spelling.
fn test_name(pair: &str) -> String {
    pair.replace('-', "_")
}
