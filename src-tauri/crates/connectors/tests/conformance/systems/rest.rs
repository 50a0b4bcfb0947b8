//! REST systems: the doubles, and the descriptions that make connectors for them.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tandem_connectors::check_settings;
use tandem_engine::ports::WritableConnector;

use crate::clock::{ListedSecrets, build, clock};
use crate::doubles::db::{RawFields, Shared, raw};
use crate::doubles::shop::{Conditional, Paging, Ways};
use crate::doubles::{kinto, serve, shop};
use crate::system::{Fields, System};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Changes {
    None,
    Filter,
    Feed,
}

pub(crate) struct Rest {
    db: Shared,
    connector: Arc<dyn WritableConnector>,
    tombstones: bool,
    inclusive: bool,
    kinto: bool,
}

pub(crate) fn connector(settings: &Json, collection: &str) -> Arc<dyn WritableConnector> {
    assert_eq!(check_settings("rest", settings), []);
    let secrets = ListedSecrets(&[("shop", "s3cret")]);
    build("rest", settings, collection, &secrets, clock()).unwrap()
}

pub(crate) fn shop_settings(
    url: &str,
    paging: Paging,
    conditional: Conditional,
    changes: Changes,
) -> Json {
    let pagination = match paging {
        Paging::None => json!({ "type": "none" }),
        Paging::Offset => {
            json!({ "type": "offset", "size_param": "limit", "size": 10, "more": "/more" })
        }
        Paging::OffsetCapped => json!({ "type": "offset", "size_param": "limit", "size": 10 }),
        Paging::Page => {
            json!({ "type": "page", "param": "page", "size_param": "limit", "size": 20, "more": "/more" })
        }
        Paging::PageFixed => json!({ "type": "page", "param": "page" }),
        Paging::Cursor => {
            json!({ "type": "cursor_body", "next": "/next", "param": "after", "size_param": "limit", "size": 10 })
        }
        Paging::Link => json!({ "type": "link", "size_param": "limit", "size": 10 }),
        Paging::Keyset => {
            json!({ "type": "keyset", "param": "after", "field": "id", "size_param": "limit", "size": 10 })
        }
    };
    let precondition = match conditional {
        Conditional::IfMatch => json!({ "type": "if_match", "quoted": true }),
        Conditional::Field => json!({ "type": "field", "name": "version" }),
        Conditional::None => Json::Null,
    };
    let mut collection = json!({
        "version": { "field": "version" },
        "modified_at": { "field": "updated_at" },
        "deleted": { "field": "deleted" },
        "read_only": ["version", "updated_at"],
        "list": { "path": "/items", "records": "/data", "pagination": pagination },
        "get": { "path": "/items/{{ id }}", "batch": { "path": "/items", "param": "ids", "records": "/data" } },
        "find": { "email": { "query": { "email": "{{ value }}" } } },
        "create": { "path": "/items", "record": "", "idempotency_header": "Idempotency-Key" },
        "update": { "path": "/items/{{ id }}", "record": "", "precondition": precondition },
        "delete": { "path": "/items/{{ id }}", "precondition": precondition },
        "errors": { "message": "/error/message", "code": "/error/code", "version_conflict_codes": ["version_conflict"] },
    });
    match changes {
        Changes::None => {}
        Changes::Filter => {
            collection["changes"] = json!({
                "type": "filter", "param": "updated_since", "format": "iso",
                "cursor": "modified_at", "tombstones": true,
            });
        }
        Changes::Feed => {
            collection["changes"] = json!({
                "type": "feed", "path": "/items/changes", "param": "since", "records": "/data",
                "next": "/next", "more": "/more", "start": { "body": "/seq" },
            });
        }
    }
    json!({
        "base_url": url, "allow_private": true,
        "check": { "path": "/", "system": ["/name", "/release"], "identity": "/account" },
        "collections": { "items": collection },
    })
}

impl Rest {
    pub(crate) async fn shop(
        paging: Paging,
        conditional: Conditional,
        changes: Changes,
    ) -> Option<Self> {
        let db = Shared::default();
        let ways = Ways {
            paging,
            conditional,
            bulk: false,
        };
        let url = serve(shop::router(db.clone(), ways)).await;
        let settings = shop_settings(&url, paging, conditional, changes);
        Some(Self {
            db,
            connector: connector(&settings, "items"),
            tombstones: changes != Changes::None,
            inclusive: changes != Changes::Feed,
            kinto: false,
        })
    }

    pub(crate) async fn bulk() -> Option<Self> {
        let (paging, conditional) = (Paging::Cursor, Conditional::IfMatch);
        let db = Shared::default();
        let url = serve(shop::router(
            db.clone(),
            Ways {
                paging,
                conditional,
                bulk: true,
            },
        ))
        .await;
        let mut settings = shop_settings(&url, paging, conditional, Changes::Feed);
        settings["collections"]["items"]["bulk"] = json!({
            "path": "/items/bulk", "max": 100, "envelope": "operations",
            "create": "{\"op\":\"create\",\"key\":{{ key }},\"fields\":{{ fields }}}",
            "update": "{\"op\":\"update\",\"key\":{{ key }},\"id\":{{ id }},\"version\":{{ version }},\"fields\":{{ fields }}}",
            "delete": "{\"op\":\"delete\",\"key\":{{ key }},\"id\":{{ id }},\"version\":{{ version }}}",
            "results": "/results", "status": "/status", "record": "/record",
            "conditional": true, "idempotent": true,
        });
        Some(Self {
            db,
            connector: connector(&settings, "items"),
            tombstones: true,
            inclusive: false,
            kinto: false,
        })
    }

    pub(crate) async fn kinto() -> Option<Self> {
        let db = Shared::default();
        let url = serve(kinto::router(db.clone())).await;
        let records = "/buckets/crm/collections/contacts/records";
        let one = format!("{records}/{{{{ id }}}}");
        let settings = json!({
            "base_url": format!("{url}/v1"), "allow_private": true,
            "auth": { "type": "basic", "user": "admin", "password": { "secret": "shop" } },
            "check": { "path": "/", "system": ["/project_name", "/project_version"], "identity": "/user/id" },
            "collections": { "contacts": {
                "version": { "field": "last_modified" },
                "modified_at": { "field": "last_modified", "format": "epoch_ms" },
                "deleted": { "field": "deleted" },
                "read_only": ["last_modified"],
                "list": {
                    "path": records, "query": { "_sort": "last_modified" }, "records": "/data",
                    "pagination": { "type": "cursor_header", "header": "Next-Page", "size_param": "_limit", "size": 10 },
                },
                "changes": {
                    "type": "filter", "param": "_since", "format": "quoted",
                    "cursor": { "header": "ETag" }, "tombstones": true,
                },
                "get": { "path": one, "record": "/data" },
                "find": { "email": { "query": { "email": "{{ value }}" } } },
                "create": { "method": "PUT", "path": one, "id": "key", "if_none_match": true, "envelope": "data", "record": "/data" },
                "update": { "path": one, "envelope": "data", "record": "/data", "precondition": { "type": "if_match", "quoted": true } },
                "delete": { "path": one, "precondition": { "type": "if_match", "quoted": true } },
            } },
        });
        Some(Self {
            db,
            connector: connector(&settings, "contacts"),
            tombstones: true,
            inclusive: false,
            kinto: true,
        })
    }

    fn put(&self, id: &str, fields: RawFields, at_ms: i64, gone: bool) {
        let mut db = self.db.lock().unwrap();
        if self.kinto {
            kinto::put(&mut db, id, fields, gone);
        } else {
            db.put(id, fields, at_ms, gone);
        }
    }
}

#[async_trait]
impl System for Rest {
    fn connector(&self) -> Arc<dyn WritableConnector> {
        Arc::clone(&self.connector)
    }

    async fn insert(&self, fields: &Fields, at_ms: i64) -> String {
        let id = self.db.lock().unwrap().next_id();
        let fields = fields
            .iter()
            .map(|(name, json)| (name.clone(), raw(json)))
            .collect();
        self.put(&id, fields, at_ms, false);
        id
    }

    async fn edit(&self, id: &str, field: &str, json: &str, at_ms: i64) {
        let mut fields = self.db.lock().unwrap().rows[id].fields.clone();
        fields.insert(field.to_owned(), raw(json));
        self.put(id, fields, at_ms, false);
    }

    async fn remove(&self, id: &str, at_ms: i64) {
        self.put(id, RawFields::new(), at_ms, true);
    }

    async fn read(&self, id: &str) -> Option<Fields> {
        let db = self.db.lock().unwrap();
        let row = db.live(id)?;
        Some(
            row.fields
                .iter()
                .map(|(name, raw)| (name.clone(), raw.get().to_owned()))
                .collect(),
        )
    }

    async fn count(&self) -> usize {
        self.db
            .lock()
            .unwrap()
            .rows
            .values()
            .filter(|row| !row.gone)
            .count()
    }

    fn tombstones(&self) -> bool {
        self.tombstones
    }

    fn inclusive(&self) -> bool {
        self.inclusive
    }
}
