//! One tenant, two connections and one sync over a store in a file: what a run is opened on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tandem_domain::ids::{Both, ConnectionId, Name, Side, SyncId, TenantId};
use tandem_domain::redaction::Redactor;
use tandem_engine::ports::connector::WritableConnector;
use tandem_engine::ports::events::Event;
use tandem_engine::ports::history::{RunOptions, RunTrigger, SyncHistory};
use tandem_engine::ports::store::{Actor, ConnectionRecord, Store as _, SyncRecord, Tenant};
use tandem_engine::ports::{Clock, Events, Ids};
use tandem_engine::run::{Opened, SyncJob, SyncService};
use tandem_host::{EnvSecrets, SystemClock, UuidIds};
use tandem_store::SqliteStore;

use crate::Outcome;
use crate::case::{Case, Changes, IN_FLIGHT, PAGE, Writes};
use crate::measure;
use crate::servers::{Addresses, COLLECTION};

/// Everything a run needs but an open store.
pub(crate) struct Rig {
    file: PathBuf,
    clock: Arc<dyn Clock>,
    tenant: TenantId,
    sync: SyncRecord,
    connections: Both<ConnectionRecord>,
}

/// A run that ended.
pub(crate) struct Ran {
    pub(crate) history: SyncHistory,
    pub(crate) wall_ms: f64,
    pub(crate) opening_ms: f64,
}

/// Nobody listens.
struct Unheard;

impl Events for Unheard {
    fn publish(&self, _: Event) {}
}

impl Rig {
    /// Sets up a fresh store, as an admin would once.
    pub(crate) fn new(folder: &Path, addresses: &Addresses, case: &Case) -> Outcome<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let (ids, now) = (UuidIds, clock.now());
        let actor = Actor {
            name: "bench".into(),
            at: now,
        };
        let connection = |name: &str, url: &str| -> Outcome<ConnectionRecord> {
            Ok(ConnectionRecord {
                id: ConnectionId(ids.next()),
                name: Name::new(name)?,
                kind: "rest".into(),
                settings: settings(url, case),
                created_at: now,
                updated_at: now,
            })
        };
        let rig = Self {
            file: folder.join("tandem.db"),
            tenant: TenantId(ids.next()),
            sync: SyncRecord {
                id: SyncId(ids.next()),
                config: serde_json::from_value(configuration())?,
                archived: false,
                created_at: now,
                updated_at: now,
            },
            connections: Both::new(
                connection("a", &addresses.a)?,
                connection("b", &addresses.b)?,
            ),
            clock,
        };
        let store = rig.open()?;
        let tenant = Tenant {
            id: rig.tenant,
            name: Name::new("bench")?,
            created_at: now,
        };
        store.create_tenant(&tenant, &actor)?;
        let tenant = store.tenant(rig.tenant);
        for side in Side::BOTH {
            let connection = rig.connections.get(side);
            let problems = tandem_connectors::check_settings("rest", &connection.settings);
            if let Some(problem) = problems.first() {
                return Err(format!("{}: {}", problem.path, problem.what).into());
            }
            tenant.put_connection(connection, &actor)?;
        }
        tenant.put_sync(&rig.sync, &actor)?;
        Ok(rig)
    }

    fn open(&self) -> Outcome<SqliteStore> {
        let opened = SqliteStore::open(&self.file, &self.clock)?;
        match opened.set_aside {
            None => Ok(opened.store),
            Some(aside) => Err(format!("the store was damaged: {}", aside.display()).into()),
        }
    }

    /// One run from a cold start: store opened, clients made, run executed.
    pub(crate) async fn run(&self) -> Outcome<Ran> {
        let started = self.clock.monotonic();
        let store = self.open()?;
        let job = SyncJob {
            tenant: store.tenant(self.tenant),
            sync: self.sync.clone(),
            connections: self.connections.clone(),
            connectors: Both::new(self.connector(Side::Source)?, self.connector(Side::Target)?),
            redactor: Redactor::new([], []).into(),
        };
        let service = SyncService::new(
            Arc::clone(&self.clock),
            Arc::new(UuidIds),
            Arc::new(Unheard),
        );
        let Opened::Ready(run) = service
            .open(job, RunOptions::default(), RunTrigger::Manual, "bench")
            .await?
        else {
            return Err("another run is in the way".into());
        };
        let opened = self.clock.monotonic();
        let history = run.execute().await?;
        let ended = self.clock.monotonic();
        Ok(Ran {
            history,
            wall_ms: measure::ms(ended.saturating_sub(started)),
            opening_ms: measure::ms(opened.saturating_sub(started)),
        })
    }

    fn connector(&self, side: Side) -> Outcome<Arc<dyn WritableConnector>> {
        let ConnectionRecord { kind, settings, .. } = self.connections.get(side);
        let clock = Arc::clone(&self.clock);
        Ok(tandem_connectors::build(
            kind,
            settings,
            COLLECTION,
            Arc::new(EnvSecrets),
            clock,
        )?)
    }

    /// Linked pairs.
    pub(crate) fn links(&self) -> Outcome<u64> {
        Ok(self.open()?.tenant(self.tenant).totals()?.links)
    }

    /// The wall clock, milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }
}

/// A storefront, described.
fn settings(url: &str, case: &Case) -> Value {
    let precondition = json!({ "type": "if_match", "quoted": true });
    let (list, one) = (
        format!("/{COLLECTION}"),
        format!("/{COLLECTION}/{{{{ id }}}}"),
    );
    let mut collection = json!({
        "version": { "field": "version" },
        "modified_at": { "field": "updated_at" },
        "deleted": { "field": "deleted" },
        "read_only": ["version", "updated_at"],
        "list": { "path": list, "records": "/data", "pagination": {
            "type": "cursor_body", "next": "/next_cursor", "param": "cursor",
            "size_param": "limit", "size": PAGE,
        } },
        "get": { "path": one, "batch": { "path": list, "param": "ids", "records": "/data" } },
        "create": { "path": list, "record": "", "idempotency_header": "Idempotency-Key" },
        "update": { "path": one, "record": "", "precondition": precondition,
            "idempotency_header": "Idempotency-Key" },
        "delete": { "path": one, "precondition": precondition },
        "errors": { "message": "/error/message", "code": "/error/code",
            "version_conflict_codes": ["version_conflict"], "gone_codes": ["not_found"] },
    });
    if let Some(collection) = collection.as_object_mut() {
        if case.changes == Changes::Feed {
            collection.insert(
                "changes".into(),
                json!({
                    "type": "feed", "path": format!("/{COLLECTION}/changes"), "param": "since",
                    "records": "/data", "next": "/next", "more": "/more",
                    "size_param": "limit", "size": PAGE, "start": { "body": "/seq" },
                }),
            );
        }
        if case.writes == Writes::Bulk {
            collection.insert("bulk".into(), json!({
                "path": format!("/{COLLECTION}/bulk"), "max": PAGE, "envelope": "operations",
                "create": "{\"op\":\"create\",\"key\":{{ key }},\"fields\":{{ fields }}}",
                "update": "{\"op\":\"update\",\"key\":{{ key }},\"id\":{{ id }},\"if_version\":{{ version }},\"fields\":{{ fields }}}",
                "delete": "{\"op\":\"delete\",\"key\":{{ key }},\"id\":{{ id }},\"if_version\":{{ version }}}",
                "results": "/results", "status": "/status", "record": "/record", "id": "/id",
                "conditional": true, "idempotent": true,
            }));
        }
    }
    json!({
        "base_url": url, "allow_private": true, "limits": { "in_flight": IN_FLIGHT },
        "collections": { COLLECTION: collection },
    })
}

/// All 13 fields, both ways, newest wins.
fn configuration() -> Value {
    let side = |name: &str| json!({ "connection": name, "collection": COLLECTION });
    json!({
        "name": "work-unit",
        "source": side("a"),
        "target": side("b"),
        "match_key": ["customer_no"],
        "conflict": { "default": "last_write_wins" },
        "mapping": {
            "customer_no": "text", "first_name": "text", "last_name": "text", "email": "text",
            "phone": "text", "street": "text", "city": "text", "postcode": "text",
            "country": "text", "status": "text", "birthday": "date", "notes": "text",
            "credit_limit": "decimal",
        },
    })
}
