//! A storefront and a client of it.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Map, Value, json};
use tandem_sandbox::{Clock, CollectionConfig, Storefront, StorefrontConfig};

/// 2026-03-01T10:00:00Z.
pub(crate) const NOON: i64 = 1_772_359_200_000;

pub(crate) struct Shop {
    pub(crate) front: Storefront,
    pub(crate) clock: Clock,
    client: Client,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// One field of each record in `data`, as text.
    pub(crate) fn column(&self, field: &str) -> Vec<String> {
        let rows = self.body["data"].as_array().unwrap();
        rows.iter()
            .map(|r| {
                r[field]
                    .as_str()
                    .map_or_else(|| r[field].to_string(), str::to_owned)
            })
            .collect()
    }
}

impl Shop {
    pub(crate) async fn open(change: impl FnOnce(&mut StorefrontConfig)) -> Self {
        let clock = Clock::manual(NOON);
        let mut config = StorefrontConfig {
            clock: clock.clone(),
            ..StorefrontConfig::plain()
        };
        change(&mut config);
        let front = Storefront::start(config).await.unwrap();
        // No TLS here, but the client wants a provider; one that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            front,
            clock,
            // No certificates: reading the machine's takes longer than the tests.
            client: Client::builder()
                .tls_certs_only([])
                .no_proxy()
                .build()
                .unwrap(),
        }
    }

    /// With the sample collections, quirks and rules.
    pub(crate) async fn with_quirks() -> Self {
        Self::open(|config| {
            config.collections = vec![
                CollectionConfig::sample_customers(),
                CollectionConfig::sample_products(),
            ];
        })
        .await
    }

    /// A plain one with `n` customers `name: "c1"`, `"c2"` …, each a second newer than the last.
    pub(crate) async fn stocked(n: usize, change: impl FnOnce(&mut StorefrontConfig)) -> Self {
        let shop = Self::open(change).await;
        for i in 1..=n {
            shop.front
                .control()
                .insert("customers", &object(json!({ "name": format!("c{i}") })))
                .unwrap();
            shop.clock.advance(1_000);
        }
        shop
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            self.front.url() + path
        };
        self.client.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    };
    Answer {
        status,
        headers,
        body,
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}
