//! One round of one case, in a process that does nothing else: the scenarios one after the other,
//! each checked before the next.

use std::io::Write as _;

use serde::{Deserialize, Serialize};
use tandem_domain::ids::Both;
use tandem_engine::ports::history::{RunCounts, RunStatus};
use tandem_sandbox::data::work_unit::{Edit, EditKind, Side};

use crate::Outcome;
use crate::case::{Case, Changes};
use crate::measure::{self, Measured};
use crate::rig::{Ran, Rig};
use crate::servers::{Addresses, Back, by_kind};

/// Which scenarios a process goes through.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// S1 to S4, on one store.
    Syncing,
    /// S5, on a store of its own.
    Pairing,
}

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) case: Case,
    pub(crate) part: Part,
    pub(crate) addresses: Addresses,
}

/// Does a round and prints what it cost, one JSON line.
pub(crate) fn run(round: &str) -> Outcome<()> {
    let round: Round = serde_json::from_str(round)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let measured = runtime.block_on(scenarios(&round))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&measured)?)?;
    Ok(())
}

/// What is to have happened.
#[derive(Default)]
struct Expected {
    created_on_b: u64,
    updated: Both<u64>,
}

struct Bench {
    case: Case,
    folder: tempfile::TempDir,
    rig: Rig,
    a: Back,
    b: Back,
    measured: Vec<Measured>,
}

async fn scenarios(round: &Round) -> Outcome<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    // No TLS here, but the client wants a provider; one that is there already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()?;
    let mut bench = Bench {
        case: round.case,
        rig: Rig::new(folder.path(), &round.addresses, &round.case)?,
        a: Back::new(&client, &round.addresses.a),
        b: Back::new(&client, &round.addresses.b),
        folder,
        measured: Vec::new(),
    };
    bench.a.fill(round.case.n).await?;
    match round.part {
        Part::Syncing => bench.syncing().await?,
        Part::Pairing => {
            bench.b.fill(round.case.n).await?;
            bench.scenario("S5", &Expected::default()).await?;
        }
    }
    Ok(bench.measured)
}

impl Bench {
    async fn syncing(&mut self) -> Outcome<()> {
        let n = self.case.n;
        let nothing = Expected::default();
        let first = Expected {
            created_on_b: n,
            ..Expected::default()
        };
        self.scenario("S1", &first).await?;
        if self.case.changes == Changes::Feed {
            // B's feed shows what S1 itself wrote there, once; only then has nothing changed.
            self.scenario("S1e", &nothing).await?;
        }
        self.scenario("S2", &nothing).await?;

        let on_a = self
            .a
            .edit(&edit(EditKind::Disjoint, Side::A, None))
            .await?;
        let on_b = self
            .b
            .edit(&edit(EditKind::Disjoint, Side::B, None))
            .await?;
        let merged = Expected {
            updated: Both::new(on_b, on_a),
            ..Expected::default()
        };
        self.scenario("S3", &merged).await?;

        let now = self.rig.now_ms();
        let newer = edit(EditKind::Contested, Side::A, Some(now - 60_000));
        let older = edit(EditKind::Contested, Side::B, Some(now - 600_000));
        let contested = self.a.edit(&newer).await?;
        if contested != self.b.edit(&older).await? {
            return Err("the two sides did not edit the same records".into());
        }
        let settled = Expected {
            updated: Both::new(0, contested),
            ..Expected::default()
        };
        self.scenario("S4", &settled).await
    }

    /// One run from a cold start, measured, then checked.
    async fn scenario(&mut self, name: &str, expected: &Expected) -> Outcome<()> {
        for back in [&self.a, &self.b] {
            back.delay(self.case.latency_ms).await?;
            back.forget_stats().await?;
        }
        measure::forget_peak()?;
        let cpu = measure::cpu_time();
        let ran = self.rig.run().await;
        let cpu = measure::cpu_time().saturating_sub(cpu);
        let peak_mib = measure::peak_mib()?;
        let (a, b) = (self.a.stats().await?, self.b.stats().await?);
        let ran = ran.map_err(|error| format!("{name}: {error}"))?;
        self.check(name, &ran, expected, (a.writes, b.writes))
            .await?;
        self.measured.push(Measured {
            scenario: name.to_owned(),
            wall_ms: ran.wall_ms,
            opening_ms: ran.opening_ms,
            cpu_ms: measure::ms(cpu),
            peak_mib,
            calls: by_kind([&a, &b]),
            written: (a.writes, b.writes),
            store_bytes: measure::folder_bytes(self.folder.path())?,
        });
        Ok(())
    }

    /// Both stores hold the same N records, and exactly what was to happen happened.
    async fn check(
        &self,
        name: &str,
        ran: &Ran,
        expected: &Expected,
        written: (u64, u64),
    ) -> Outcome<()> {
        let case = &self.case;
        let wrong = |what: String| Err(format!("{name} of {case}: {what}").into());
        let history = &ran.history;
        let counts = history.counts;
        if history.status != RunStatus::Completed {
            let why = history
                .error_message
                .as_deref()
                .unwrap_or("no reason given");
            return wrong(format!(
                "the run ended {:?}: {why}; {counts:?}",
                history.status
            ));
        }
        let (a, b) = (self.a.digest().await?, self.b.digest().await?);
        if a != b || a.0 != case.n {
            return wrong(format!("A holds {a:?}, B holds {b:?} (count, digest)"));
        }
        let links = self.rig.links()?;
        if links != case.n {
            return wrong(format!("{links} pairs are linked"));
        }
        let wanted = RunCounts {
            created: Both::new(0, expected.created_on_b),
            updated: expected.updated,
            deleted: Both::new(0, 0),
            failed: 0,
            conflicts: 0,
            ..counts
        };
        if counts != wanted || counts.processed != counts.succeeded + counts.skipped {
            return wrong(format!("the run counted {counts:?}"));
        }
        let on_b = expected.created_on_b + expected.updated.target;
        if written != (expected.updated.source, on_b) {
            return wrong(format!("the servers counted {written:?} writes on (A, B)"));
        }
        Ok(())
    }
}

const fn edit(kind: EditKind, side: Side, at_ms: Option<i64>) -> Edit {
    Edit {
        kind,
        side,
        round: 1,
        at_ms,
    }
}
