//! What the tray says: of all tenants together, from their overviews.

use chrono::{DateTime, Local, Utc};
use tandem_app::Link;
use tandem_app::wire::{OverviewView, SyncSummary, WireRunStatus};

/// The worst that is so, for the icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worst {
    /// Nothing to do.
    Fine,
    /// A run is under way.
    Running,
    /// A person has to decide.
    Conflicts,
    /// A sync's last run failed, or a connection is shut.
    Failed,
}

/// One line of the menu that says how things are, and where it leads.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// `None`: it only says so.
    pub(super) to: Option<Link>,
}

/// A sync that can be run from the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Runnable {
    pub(super) tenant: String,
    pub(super) sync: String,
    /// What the menu calls it.
    pub(super) text: String,
    /// It runs already.
    pub(super) running: bool,
}

/// What of a tenant's overview the tray says something about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glance {
    conflicts: u64,
    /// The syncs of live runs.
    running: Vec<String>,
    syncs: Vec<Sync>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sync {
    name: String,
    paused: bool,
    /// Whether its last run failed.
    failed: bool,
    next: Option<DateTime<Utc>>,
}

impl From<OverviewView> for Glance {
    fn from(overview: OverviewView) -> Self {
        let sync = |sync: SyncSummary| Sync {
            name: sync.name,
            paused: sync.paused,
            failed: sync
                .last_run
                .is_some_and(|run| run.status == WireRunStatus::Failed),
            next: sync.next_run_at.and_then(|at| at.parse().ok()),
        };
        Self {
            conflicts: overview.open_conflicts,
            running: overview.running.into_iter().map(|run| run.sync).collect(),
            syncs: overview.syncs.into_iter().map(sync).collect(),
        }
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TrayState {
    pub(super) worst: Worst,
    pub(super) lines: Vec<Line>,
    pub(super) next: String,
    pub(super) syncs: Vec<Runnable>,
}

impl TrayState {
    /// From every tenant's name and what is to be said of it.
    pub(super) fn of(tenants: &[(String, Glance)]) -> Self {
        let several = tenants.len() > 1;
        let mut worst = Worst::Fine;
        let mut lines = Vec::new();
        let mut next: Option<(DateTime<Utc>, String)> = None;
        let mut syncs = Vec::new();
        for (tenant, glance) in tenants {
            let named = |text: String| {
                if several {
                    format!("{tenant}: {text}")
                } else {
                    text
                }
            };
            let mut say = |as_bad: Worst, text: String, screen: Option<&str>| {
                worst = worst.max(as_bad);
                lines.push(Line {
                    text: named(text),
                    to: screen.and_then(|screen| Link::to_screen(tenant, screen)),
                });
            };
            let failed = failed(glance);
            if let [one] = failed.as_slice() {
                say(Worst::Failed, format!("{one} failed"), Some("errors"));
            } else if !failed.is_empty() {
                say(
                    Worst::Failed,
                    format!("{} syncs failed", failed.len()),
                    Some("errors"),
                );
            }
            match glance.conflicts {
                0 => {}
                1 => say(
                    Worst::Conflicts,
                    "1 conflict waits".to_owned(),
                    Some("conflicts"),
                ),
                many => say(
                    Worst::Conflicts,
                    format!("{many} conflicts wait"),
                    Some("conflicts"),
                ),
            }
            for run in &glance.running {
                say(Worst::Running, format!("{run} is running"), Some("history"));
            }
            for sync in glance.syncs.iter().filter(|sync| !sync.paused) {
                if let Some(at) = sync.next
                    && next.as_ref().is_none_or(|(earliest, _)| at < *earliest)
                {
                    next = Some((at, named(sync.name.clone())));
                }
                syncs.push(Runnable {
                    tenant: tenant.clone(),
                    sync: sync.name.clone(),
                    text: named(sync.name.clone()),
                    running: glance.running.contains(&sync.name),
                });
            }
        }
        if lines.is_empty() {
            let any = tenants.iter().any(|(_, it)| !it.syncs.is_empty());
            let text = match (any, syncs.is_empty()) {
                (false, _) => "No syncs yet",
                (true, true) => "Every sync is paused",
                (true, false) => "Everything is in step",
            };
            lines.push(Line {
                text: text.to_owned(),
                to: None,
            });
        }
        let next = match next {
            Some((at, sync)) => {
                let at = at.with_timezone(&Local).format("%a %-d %b, %H:%M");
                format!("Next: {sync}, {at}")
            }
            None => "Nothing is scheduled".to_owned(),
        };
        Self {
            worst,
            lines,
            next,
            syncs,
        }
    }

    /// The state in a few words, for whoever reads the icon.
    pub(super) fn title(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        format!("Tandem: {}", lines.join(", "))
    }
}

/// The syncs whose last run that ended failed. One that is paused on purpose needs nobody.
fn failed(glance: &Glance) -> Vec<&str> {
    let syncs = glance.syncs.iter().filter(|it| it.failed && !it.paused);
    syncs.map(|sync| sync.name.as_str()).collect()
}

#[cfg(test)]
mod tests;
