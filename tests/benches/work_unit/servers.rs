//! Two storefronts in a process of their own, and how the others reach them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tandem_sandbox::data::work_unit::Edit;
use tandem_sandbox::{Stats, Storefront, StorefrontConfig};

use crate::Outcome;

/// The collection that is synced.
pub(crate) const COLLECTION: &str = "customers";

/// Where both stores are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) a: String,
    pub(crate) b: String,
}

/// Serves until whoever started this closes its standard input, or dies.
pub(crate) fn serve() -> Outcome<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (_a, _b, addresses) = runtime.block_on(async {
        let a = Storefront::start(StorefrontConfig::plain()).await?;
        let b = Storefront::start(StorefrontConfig::plain()).await?;
        let addresses = Addresses {
            a: a.url(),
            b: b.url(),
        };
        Ok::<_, tandem_sandbox::SandboxError>((a, b, addresses))
    })?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&addresses)?)?;
    out.flush()?;
    std::io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A running server process; ends when dropped.
pub(crate) struct Servers {
    process: Child,
    pub(crate) addresses: Addresses,
}

impl Servers {
    /// Starts one.
    pub(crate) fn start() -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let addresses =
            serde_json::from_str(&line).map_err(|_| "the servers could not be started")?;
        Ok(Self { process, addresses })
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends with its standard input; how, does not matter any more.
        let _ = self.process.wait();
    }
}

/// One store behind the counter.
pub(crate) struct Back {
    client: Client,
    url: String,
}

impl Back {
    /// Reaches a store's control routes.
    pub(crate) fn new(client: &Client, url: &str) -> Self {
        Self {
            client: client.clone(),
            url: format!("{url}/_control"),
        }
    }

    /// Fills it with records 1 to `n`.
    pub(crate) async fn fill(&self, n: u64) -> Outcome<()> {
        let call = self
            .client
            .post(format!("{}/work-unit/{COLLECTION}", self.url));
        let answer: Value = asked(call.json(&json!({ "seed": 1, "n": n }))).await?;
        match answer.get("records").and_then(Value::as_u64) {
            Some(filled) if filled == n => Ok(()),
            other => Err(format!("{other:?} records were filled in, not {n}").into()),
        }
    }

    /// Makes an edit; how many records it changed.
    pub(crate) async fn edit(&self, edit: &Edit) -> Outcome<u64> {
        let call = self
            .client
            .post(format!("{}/work-unit/{COLLECTION}/edit", self.url));
        let answer: Value = asked(call.json(edit)).await?;
        Ok(answer
            .get("records")
            .and_then(Value::as_u64)
            .ok_or("an edit did not say what it did")?)
    }

    /// Delays every answer.
    pub(crate) async fn delay(&self, ms: u64) -> Outcome<()> {
        let call = self.client.put(format!("{}/latency", self.url));
        call.json(&json!({ "ms": ms }))
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// How many records it holds, and a digest over their contents, ids apart.
    pub(crate) async fn digest(&self) -> Outcome<(u64, String)> {
        #[derive(Deserialize)]
        struct Digest {
            count: u64,
            digest: String,
        }
        let call = self.client.get(format!("{}/digest/{COLLECTION}", self.url));
        let Digest { count, digest } = asked(call).await?;
        Ok((count, digest))
    }

    /// Counts from zero again.
    pub(crate) async fn forget_stats(&self) -> Outcome<()> {
        let call = self.client.delete(format!("{}/stats", self.url));
        call.send().await?.error_for_status()?;
        Ok(())
    }

    /// What it was asked since.
    pub(crate) async fn stats(&self) -> Outcome<Stats> {
        asked(self.client.get(format!("{}/stats", self.url))).await
    }
}

async fn asked<T: serde::de::DeserializeOwned>(call: reqwest::RequestBuilder) -> Outcome<T> {
    Ok(call.send().await?.error_for_status()?.json().await?)
}

/// Calls by kind, both stores added up.
pub(crate) fn by_kind(stats: [&Stats; 2]) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for (route, count) in stats.iter().flat_map(|stats| &stats.by_route) {
        let kind = match route.split_once(' ') {
            Some(("GET", path)) if path.ends_with("/changes") => "changes",
            Some(("GET", path)) if path.ends_with("/{id}") => "get",
            Some(("GET", _)) => "list",
            Some(("POST", path)) if path.ends_with("/bulk") => "bulk",
            Some(("POST", _)) => "create",
            Some(("PATCH" | "PUT", _)) => "update",
            Some(("DELETE", _)) => "delete",
            _ => "other",
        };
        *kinds.entry(kind.to_owned()).or_default() += count;
    }
    kinds
}
