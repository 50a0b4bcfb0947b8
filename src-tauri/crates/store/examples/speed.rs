//! How long the store takes and how much room: a first sync of N customers of 13 fields, an idle
//! listing, one edit in a hundred, one record erased, all old history removed. `cargo run --release -p tandem-store --example speed -- 100000`,
//! and a path after that to keep the file.

#![allow(missing_docs)]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "elapsed time, printed, is the point"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use tandem_domain::ids::{
    Both, FieldName, Name, OperationKey, RecordId, RunId, Side, SyncId, TenantId, Version,
};
use tandem_domain::link::{Link, LinkSide, LinkState};
use tandem_domain::plan::{Observation, Reason};
use tandem_domain::record::{CanonicalRecord, ContentHash};
use tandem_domain::value::Value;
use tandem_engine::ports::alerts::AlertStep;
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::history::{
    OperationKind, OperationState, RunCounts, RunOptions, RunStatus, RunTrigger,
};
use tandem_engine::ports::retention::{Erasure, Pruned, Retention};
use tandem_engine::ports::session::{
    AcknowledgedPair, ConflictStep, JournalOperation, JournalPair, LinkRow, OperationResult,
    RunOutcome, RunSession, StagedBody, StagedRecord,
};
use tandem_engine::ports::store::{
    Actor, NewRun, RunFilter, RunOpening, Store, SyncRecord, Tenant, TenantStore,
};
use tandem_store::SqliteStore;
use uuid::Uuid;

const CHUNK: usize = 100;

struct WallClock;

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {}
}

/// A generator that is the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len() as u64) as usize]
    }
}

const FIRST: [&str; 16] = [
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara",
    "Leo", "Mia", "Noah", "Olga", "Paul",
];
const LAST: [&str; 16] = [
    "Schmidt", "Nowak", "Rossi", "Jansen", "Dubois", "Novak", "Garcia", "Keller", "Larsen",
    "Moreau", "Weber", "Fischer", "Silva", "Costa", "Berg", "Horvath",
];
const CITY: [&str; 12] = [
    "Berlin", "Wien", "Torino", "Utrecht", "Lyon", "Praha", "Sevilla", "Basel", "Aarhus", "Gent",
    "Porto", "Graz",
];

fn customer(number: usize, edits: u64) -> CanonicalRecord {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ ((number as u64 + 1) * 0x0100_0000_01B3));
    for _ in 0..3 {
        dice.roll(2);
    }
    let (first, last, city) = (dice.pick(&FIRST), dice.pick(&LAST), dice.pick(&CITY));
    let text = |text: String| Value::Text(text);
    let fields = [
        ("name", text(format!("{first} {last}"))),
        (
            "email",
            text(format!(
                "{}.{}{number}@example.com",
                first.to_lowercase(),
                last.to_lowercase()
            )),
        ),
        (
            "phone",
            text(format!(
                "+49 {} {}",
                30 + dice.roll(900),
                1_000_000 + dice.roll(8_999_999) + edits
            )),
        ),
        (
            "street",
            text(format!("{}straße {}", dice.pick(&LAST), 1 + dice.roll(200))),
        ),
        ("city", text(city.to_owned())),
        ("postal_code", text(format!("{:05}", dice.roll(99_999)))),
        (
            "country",
            text(dice.pick(&["DE", "AT", "IT", "NL", "FR", "CZ"]).to_owned()),
        ),
        (
            "status",
            text(dice.pick(&["active", "inactive", "lead"]).to_owned()),
        ),
        (
            "credit_limit",
            Value::Number(rust_decimal(dice.roll(1_000_000))),
        ),
        ("vat_id", text(format!("DE{:09}", dice.roll(999_999_999)))),
        ("newsletter", Value::Bool(dice.roll(2) == 0)),
        (
            "created",
            NaiveDate::from_yo_opt(2015 + dice.roll(10) as i32, 1 + dice.roll(365) as u32)
                .map_or(Value::Null, Value::Date),
        ),
        (
            "notes",
            text(format!("customer since {}", 2015 + dice.roll(10))),
        ),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((FieldName::new(name).ok()?, value)))
        .collect()
}

fn rust_decimal(cents: u64) -> rust_decimal::Decimal {
    rust_decimal::Decimal::new(i64::try_from(cents).unwrap_or(0), 2)
}

fn digest(record: &CanonicalRecord, only: Option<&str>) -> ContentHash {
    let text: String = record
        .iter()
        .filter(|(name, _)| only.is_none_or(|only| name.as_str() == only))
        .map(|(name, value)| format!("{name}{value:?}"))
        .collect();
    ContentHash(xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes())
}

fn page(side: Side, from: usize, edits: u64) -> Vec<StagedRecord> {
    (from..from + CHUNK)
        .map(|number| {
            let record = customer(number, if number % 100 == 0 { edits } else { 0 });
            StagedRecord {
                id: id(side, number),
                version: Version::new((1_700_000_000_000 + number).to_string()).ok(),
                updated_at: DateTime::from_timestamp(1_700_000_000, 0),
                body: StagedBody::Live {
                    hash: digest(&record, None),
                    key: Some(digest(&record, Some("email"))),
                    record,
                },
            }
        })
        .collect()
}

#[expect(clippy::expect_used, reason = "a generated id is never empty")]
fn id(side: Side, number: usize) -> RecordId {
    let text = match side {
        Side::Source => Uuid::from_u128(
            u128::from((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64 | number as u128,
        )
        .to_string(),
        Side::Target => (number + 1).to_string(),
    };
    RecordId::new(text).expect("an id")
}

fn row(link: Link, todo: bool) -> LinkRow {
    let hash = |side| {
        link.sides
            .get(side)
            .as_ref()
            .map(|half: &LinkSide| digest(&half.shadow, None))
    };
    LinkRow {
        hashes: Both::new(hash(Side::Source), hash(Side::Target)),
        key: link.base.as_ref().map(|base| digest(base, Some("email"))),
        todo,
        link,
    }
}

fn half(side: Side, number: usize, record: &CanonicalRecord) -> LinkSide {
    LinkSide {
        id: id(side, number),
        version: Version::new((1_700_000_000_000 + number).to_string()).ok(),
        updated_at: DateTime::from_timestamp(1_700_000_000, 0),
        ours: side == Side::Target,
        shadow: record.clone(),
        seen: None,
        owed: Vec::new(),
    }
}

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn open(tenant: &dyn TenantStore, sync: SyncId) -> Fallible<Box<dyn RunSession>> {
    let run = NewRun {
        id: RunId(Uuid::from_u128(u128::from(rand()))),
        sync,
        trigger: RunTrigger::Manual,
        options: RunOptions::default(),
        actor: "speed".into(),
        at: Utc::now(),
        unless_since: None,
    };
    match tenant.open_run(&run)? {
        RunOpening::Opened(session) => Ok(session),
        _ => Err("the sync is taken".into()),
    }
}

fn rand() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn outcome() -> RunOutcome {
    RunOutcome {
        status: RunStatus::Completed,
        counts: RunCounts::default(),
        execution_time_ms: 0,
        error: None,
        plan_hash: None,
        snapshots: None,
        progress: Both::new(None, None),
        continue_at: None,
        alert: AlertStep::Works,
        at: Utc::now(),
    }
}

/// Adds the time `work` takes to `to`.
fn timed<T>(to: &mut Took, work: impl FnOnce() -> T) -> T {
    let (start, busy) = (Instant::now(), on_cpu());
    let answer = work();
    to.wall += start.elapsed();
    to.cpu += on_cpu().saturating_sub(busy);
    answer
}

/// How long something took, and how much of that this thread was computing (where Linux tells):
/// the rest is waiting for the disk or for a turn.
#[derive(Debug, Clone, Copy, Default)]
struct Took {
    wall: Duration,
    cpu: Duration,
}

fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fn say(what: &str, took: Took, records: usize) {
    let per = |time: Duration, of: f64| time.as_secs_f64() * of / records as f64;
    println!(
        "{what:<18} {:>9.1} ms, computing {:>9.1} ms; per 100 {:>7.3} ms, computing {:>6.3} ms",
        took.wall.as_secs_f64() * 1e3,
        took.cpu.as_secs_f64() * 1e3,
        per(took.wall, 1e5),
        per(took.cpu, 1e5),
    );
}

fn main() -> Fallible<()> {
    let n: usize = std::env::args()
        .nth(1)
        .map_or(Ok(10_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let path = std::env::args()
        .nth(2)
        .map_or_else(|| folder.path().join("store.db"), Into::into);
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let store = SqliteStore::open(&path, &clock)?.store;
    let actor = Actor {
        name: "speed".into(),
        at: Utc::now(),
    };
    let tenant = TenantId(Uuid::from_u128(1));
    store.create_tenant(
        &Tenant {
            id: tenant,
            name: Name::new("speed")?,
            created_at: actor.at,
        },
        &actor,
    )?;
    let tenant = store.tenant(tenant);
    let sync = SyncId(Uuid::from_u128(2));
    let config = serde_json::from_value(serde_json::json!({
        "name": "customers",
        "source": { "connection": "a", "collection": "customers" },
        "target": { "connection": "b", "collection": "customers" },
        "mapping": { "email": "text" },
    }))?;
    tenant.put_sync(
        &SyncRecord {
            id: sync,
            config,
            archived: false,
            created_at: actor.at,
            updated_at: actor.at,
        },
        &actor,
    )?;
    first_sync(tenant.as_ref(), sync, n)?;
    rusqlite::Connection::open(&path)?
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let size = std::fs::metadata(&path)?.len();
    println!(
        "{:<18} {:>9.1} bytes per record",
        "file",
        size as f64 / n as f64
    );
    idle(tenant.as_ref(), sync, n)?;
    edits(tenant.as_ref(), sync, n)?;
    forgetting(tenant.as_ref(), sync, n)?;
    let kept = std::fs::metadata(&path)?.len();
    println!(
        "{:<18} {:>9.1} bytes per record",
        "file afterwards",
        kept as f64 / n as f64
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("{line}");
        }
    }
    Ok(())
}

/// S1: all of the source into an empty target.
fn first_sync(tenant: &dyn TenantStore, sync: SyncId, n: usize) -> Fallible<()> {
    let mut took = [Took::default(); 5];
    let mut session = timed(&mut took[0], || open(tenant, sync))?;
    for from in (0..n).step_by(CHUNK) {
        let records = page(Side::Source, from, 0);
        timed(&mut took[1], || session.stage(Side::Source, &records))?;
    }
    let mut number = 0;
    loop {
        let pairs = timed(&mut took[2], || session.next_pairs(CHUNK))?;
        if pairs.is_empty() {
            break;
        }
        let first = number;
        let mut agreed = Vec::new();
        let mut journal = Vec::new();
        for pair in pairs {
            let Observation::Live(seen) = pair.pair.sides.source else {
                return Err("a record is missing".into());
            };
            let record = seen.record;
            let link = Link {
                state: LinkState::Active,
                base: Some(record.clone()),
                sides: Both::new(Some(half(Side::Source, number, &record)), None),
            };
            journal.push(JournalPair {
                link_id: None,
                row: Some(row(link, true)),
                operations: vec![JournalOperation {
                    key: OperationKey(Uuid::from_u128(u128::from(rand()) << 70 | number as u128)),
                    side: Side::Target,
                    kind: OperationKind::Create,
                    record_id: None,
                    before: None,
                    after: Some(record.clone()),
                    losers: Vec::new(),
                    reason: Reason::New,
                    state: OperationState::Journalled,
                }],
                conflict: ConflictStep::Keep,
            });
            agreed.push(record);
            number += 1;
        }
        let links = timed(&mut took[3], || {
            session.journal_chunk(&journal, &[], Utc::now())
        })?;
        let mut receipts = Vec::new();
        for (at, (link, record)) in links.iter().zip(&agreed).enumerate() {
            let whole = Link {
                state: LinkState::Active,
                base: Some(record.clone()),
                sides: Both::new(
                    Some(half(Side::Source, first + at, record)),
                    Some(half(Side::Target, first + at, record)),
                ),
            };
            receipts.push(AcknowledgedPair {
                link_id: link.link_id.ok_or("no link")?,
                row: row(whole, false),
                operations: vec![OperationResult {
                    key: journal[at].operations[0].key,
                    state: OperationState::Done,
                    record_id: Some(id(Side::Target, first + at)),
                    error: None,
                }],
                conflict: ConflictStep::Keep,
            });
        }
        timed(&mut took[4], || {
            session.acknowledge_chunk(&receipts, &[], Utc::now())
        })?;
    }
    let mut end = Took::default();
    timed(&mut end, || session.finish(outcome()))?;
    println!("first sync of {number}");
    say("open (a run)", took[0], 100);
    say("stage new", took[1], n);
    say("next_pairs", took[2], n);
    say("journal", took[3], n);
    say("acknowledge", took[4], n);
    say("finish", end, 100);
    Ok(())
}

/// S2: both sides list everything, nothing changed.
fn idle(tenant: &dyn TenantStore, sync: SyncId, n: usize) -> Fallible<()> {
    let mut took = [Took::default(); 3];
    let mut session = open(tenant, sync)?;
    for side in Side::BOTH {
        for from in (0..n).step_by(CHUNK) {
            let records = page(side, from, 0);
            let counts = timed(&mut took[0], || session.stage(side, &records))?;
            if counts.unchanged != CHUNK as u64 {
                return Err(format!("{counts:?}").into());
            }
        }
    }
    timed(&mut took[1], || session.unseen_count(Side::Source))?;
    timed(&mut took[2], || session.next_pairs(CHUNK))?;
    session.finish(outcome())?;
    say("stage unchanged", took[0], 2 * n);
    say("unseen_count", took[1], n);
    say("next_pairs, none", took[2], 100);
    Ok(())
}

/// One record in a hundred edited on one side; and a page of history.
fn edits(tenant: &dyn TenantStore, sync: SyncId, n: usize) -> Fallible<()> {
    let mut took = Took::default();
    let mut session = open(tenant, sync)?;
    for from in (0..n).step_by(CHUNK) {
        session.stage(Side::Source, &page(Side::Source, from, 7))?;
    }
    let mut given = 0;
    loop {
        let pairs = timed(&mut took, || session.next_pairs(CHUNK))?;
        if pairs.is_empty() {
            break;
        }
        given += pairs.len();
    }
    say("next_pairs, linked", took, given.max(1));
    session.finish(outcome())?;
    let runs = tenant.runs(&RunFilter {
        limit: 10,
        ..Default::default()
    })?;
    let first = runs.last().ok_or("no run")?.id;
    let mut page = Took::default();
    let middle = i64::try_from(n / 2)?;
    let changes = timed(&mut page, || tenant.changes(first, None, Some(middle), 50))?;
    say("page of history", page, changes.len());
    Ok(())
}

/// One record erased; then everything a week old removed, step by step as the app does it, and the
/// longest that anybody who wants to write waits meanwhile.
fn forgetting(tenant: &dyn TenantStore, sync: SyncId, n: usize) -> Fallible<()> {
    const STEP: usize = 500;
    let actor = Actor {
        name: "speed".to_owned(),
        at: Utc::now(),
    };
    let erasure = Erasure {
        sync,
        side: Side::Source,
        record: id(Side::Source, n / 2),
    };
    let began = Instant::now();
    let erased = tenant.erase_record(&erasure, &actor)?;
    println!(
        "erase one: {:.0} ms, {} bodies packed again",
        began.elapsed().as_secs_f64() * 1e3,
        erased.repacked
    );
    let kept = Retention::new(Some(7), None)?;
    tenant.put_workspace(&[], &[], Some(&kept), &actor)?;
    let later = Utc::now() + chrono::TimeDelta::days(8);
    let (mut steps, mut longest, mut all) = (0, Duration::ZERO, Pruned::default());
    let began = Instant::now();
    loop {
        let step = Instant::now();
        let gone = tenant.prune(later, STEP)?;
        longest = longest.max(step.elapsed());
        steps += 1;
        all = all.and(gone);
        if !gone.more {
            break;
        }
    }
    println!(
        "prune {} journal rows: {:.0} ms in {steps} steps, the longest {:.1} ms",
        all.changes,
        began.elapsed().as_secs_f64() * 1e3,
        longest.as_secs_f64() * 1e3
    );
    Ok(())
}
