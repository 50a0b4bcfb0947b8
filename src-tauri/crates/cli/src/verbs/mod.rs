//! One function for each verb: arguments in, app called, answer printed.

mod conflicts;
mod lists;
mod pairs;
mod run;
mod secrets;
mod serve;
mod workspace;

use std::path::Path;

use clap::CommandFactory as _;
use tandem_app::WireError;
use tandem_app::wire::{
    ArchiveSync, CreateTenant, EraseRecord, GetItem, GetSync, IsolateConnection, ItemKind,
    ListConnections, ListSyncs, ListTenants, PauseSync, ProbeConnection, PruneHistory,
    RebaselineSync, RecordHistory, RemoveTenant, ResetConnection, RestoreValue, ResumeSync,
    SampleMapping, TestConnection,
};

use crate::args::{Cli, Connections, Global, Plans, Records, Syncs, Tenants, Verb};
use crate::demo;
use crate::outcome::Outcome;
use crate::session::{Out, Session};
use crate::show;

/// Carries out one command line.
pub(crate) async fn carry_out(cli: Cli) -> Result<Outcome, WireError> {
    let global = &cli.global;
    match cli.verb {
        Verb::Apply(apply) => workspace::apply(global, apply).await,
        Verb::Export => workspace::export(global).await,
        Verb::Connections(verb) => connections(global, verb).await,
        Verb::Syncs(verb) => syncs(global, verb).await,
        Verb::Run(args) => run::run(global, args).await,
        Verb::Runs(verb) => run::runs(global, verb).await,
        Verb::Plans(Plans::Apply { hash }) => run::apply_plan(global, hash).await,
        Verb::Rebaseline { name } => rebaseline(global, name).await,
        Verb::Conflicts(verb) => conflicts::conflicts(global, verb).await,
        Verb::Pairs(verb) => pairs::pairs(global, verb).await,
        Verb::SetAside(verb) => pairs::set_aside(global, verb).await,
        Verb::Errors(verb) => lists::errors(global, verb).await,
        Verb::Alerts(verb) => lists::alerts(global, verb).await,
        Verb::Audit(verb) => lists::audit(global, verb).await,
        Verb::Prune => prune(global).await,
        Verb::Records(verb) => records(global, verb).await,
        Verb::Tenants(verb) => tenants(global, verb).await,
        Verb::Secrets(verb) => secrets::secrets(global, verb).await,
        Verb::Serve(args) => serve::serve(global, args).await,
        Verb::Demo(args) => demo::demo(global, &args).await,
        Verb::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tandem", &mut text);
            Out::new(global).text(&String::from_utf8_lossy(&text))?;
            Ok(Outcome::Completed)
        }
    }
}

async fn connections(global: &Global, verb: Connections) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        Connections::List => {
            let all = app.list_connections(ListConnections { tenant }).await?;
            out.print(&all, |paint| show::connections(&all, paint))?;
        }
        Connections::Test { name } => {
            let test = app
                .test_connection(TestConnection {
                    tenant,
                    name: name.clone(),
                })
                .await?;
            out.print(&test, |paint| show::test(&name, &test, paint))?;
            if let Some(error) = test.error {
                return Err(error);
            }
        }
        Connections::Probe { name } => {
            let probe = app
                .probe_connection(ProbeConnection { tenant, name })
                .await?;
            out.print(&probe, |paint| show::circuit(&probe.connection, paint))?;
            if let Some(error) = probe.error {
                return Err(error);
            }
        }
        Connections::Isolate { name } => {
            let connection = app
                .isolate_connection(IsolateConnection { tenant, name })
                .await?;
            out.print(&connection, |paint| show::circuit(&connection, paint))?;
        }
        Connections::Reset { name } => {
            let connection = app
                .reset_connection(ResetConnection { tenant, name })
                .await?;
            out.print(&connection, |paint| show::circuit(&connection, paint))?;
        }
    }
    Ok(Outcome::Completed)
}

async fn syncs(global: &Global, verb: Syncs) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    let shown = match verb {
        Syncs::List => {
            let all = app.list_syncs(ListSyncs { tenant }).await?;
            out.print(&all, |paint| show::syncs(&all, paint))?;
            return Ok(Outcome::Completed);
        }
        Syncs::Show { name } => app.get_sync(GetSync { tenant, name }).await?,
        Syncs::Pause { name } => app.pause_sync(PauseSync { tenant, name }).await?,
        Syncs::Resume { name } => app.resume_sync(ResumeSync { tenant, name }).await?,
        Syncs::Archive { name } => {
            let kind = ItemKind::Sync;
            let item = app
                .get_item(GetItem {
                    tenant: tenant.clone(),
                    kind,
                    name: name.clone(),
                })
                .await?;
            let revision = item.revision;
            let done = app
                .archive_sync(ArchiveSync {
                    tenant,
                    name: name.clone(),
                    revision,
                })
                .await?;
            out.print(&done, |_| {
                format!("{name} is archived; its history stays.\n")
            })?;
            return Ok(Outcome::Completed);
        }
        Syncs::Sample { name, side, limit } => {
            let sample = app
                .sample_mapping(SampleMapping {
                    tenant,
                    name: Some(name),
                    text: None,
                    side: side.into(),
                    limit,
                })
                .await?;
            out.print(&sample, |paint| show::sample(&sample, paint))?;
            return Ok(Outcome::Completed);
        }
    };
    out.print(&shown, |paint| show::sync(&shown, paint))?;
    Ok(Outcome::Completed)
}

async fn rebaseline(global: &Global, name: String) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    let shown = app.rebaseline_sync(RebaselineSync { tenant, name }).await?;
    out.print(&shown, |paint| show::sync(&shown, paint))?;
    Ok(Outcome::Completed)
}

async fn prune(global: &Global) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    let gone = app.prune_history(PruneHistory { tenant }).await?;
    out.print(&gone, |_| show::pruned(&gone))?;
    Ok(Outcome::Completed)
}

async fn tenants(global: &Global, verb: Tenants) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out) = (&session.app, session.out);
    match verb {
        Tenants::List => {
            let all = app.list_tenants(ListTenants {}).await?;
            out.print(&all, |paint| show::tenants(&all, paint))?;
        }
        Tenants::Create { name } => {
            let made = app.create_tenant(CreateTenant { name }).await?;
            out.print(&made, |_| format!("Created the tenant {}.", made.name))?;
        }
        Tenants::Remove {
            name,
            yes,
            export,
            no_export,
        } => {
            if !yes {
                return Err(WireError::new(
                    "not_confirmed",
                    format!("The tenant {name:?} was not removed."),
                    "Its connections, syncs, links, history and conflicts would be gone for good.",
                    "Add --yes. Its workspace file and its audit log are written to a folder first, unless you add --no-export too.",
                ));
            }
            let export_to = export.map(|folder| absolute(&folder)).transpose()?;
            let done = app
                .remove_tenant(RemoveTenant {
                    name: name.clone(),
                    export_to,
                    no_export,
                })
                .await?;
            out.print(&done, |_| {
                let removed = format!("Removed the tenant {name} with everything of it.");
                match &done.exported {
                    Some(folder) => {
                        format!("{removed} Its workspace file and its audit log are in {folder}.")
                    }
                    None => removed,
                }
            })?;
        }
    }
    Ok(Outcome::Completed)
}

/// Where a path leads from here, as text.
fn absolute(path: &Path) -> Result<String, WireError> {
    std::path::absolute(path)
        .ok()
        .and_then(|whole| whole.to_str().map(ToOwned::to_owned))
        .ok_or_else(|| {
            WireError::new(
                "unusable_path",
                format!("{} cannot be used as a folder.", path.display()),
                "Its name is empty or no text in UTF-8.",
                "Name another folder.",
            )
        })
}

async fn records(global: &Global, verb: Records) -> Result<Outcome, WireError> {
    let (sync, source, target, yes) = match verb {
        Records::Restore {
            sync,
            source,
            target,
            field,
            from,
            lost_on,
            note,
        } => {
            let args = RestoreValue {
                tenant: global.tenant.clone(),
                sync,
                source,
                target,
                field,
                from,
                lost_on: lost_on.map(Into::into),
                note,
            };
            return conflicts::restore(global, args).await;
        }
        Records::History {
            sync,
            source,
            target,
            field,
            limit,
        } => {
            let args = RecordHistory {
                tenant: global.tenant.clone(),
                sync,
                source,
                target,
                field,
                before: None,
                limit,
            };
            return lists::record_history(global, args).await;
        }
        Records::Erase {
            sync,
            source,
            target,
            yes,
        } => (sync, source, target, yes),
    };
    if !yes {
        return Err(WireError::new(
            "not_confirmed",
            "Nothing was erased.",
            "What is erased cannot be shown, restored or taken back any more; undecided and undone decisions about the record go too.",
            "Add --yes. If the record was just deleted in one system, run the sync first, so that the other one hears of it.",
        ));
    }
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    let gone = app
        .erase_record(EraseRecord {
            tenant,
            sync,
            source,
            target,
        })
        .await?;
    out.print(&gone, |_| show::erased(&gone))?;
    Ok(Outcome::Completed)
}
