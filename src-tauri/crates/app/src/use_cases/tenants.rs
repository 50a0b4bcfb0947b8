//! This Tandem and its tenants.

use tandem_engine::ports::store::Tenant;

use super::farewell;
use super::secrets::forget_all;
use crate::app::App;
use crate::error::AppError;
use crate::views::time;
use crate::wire::{
    AppInfo, AppInfoArgs, CreateTenant, ListTenants, RemoveTenant, TenantRemoved, TenantView,
    WireEvent,
};

impl App {
    /// What this Tandem is.
    ///
    /// # Errors
    /// None; it is fallible like every command.
    #[expect(clippy::unused_async, reason = "every command is called the same way")]
    pub async fn app_info(&self, _: AppInfoArgs) -> Result<AppInfo, AppError> {
        let inner = &self.inner;
        Ok(AppInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            store: inner.place.display().to_string(),
            actor: inner.actor.clone(),
            undo_window_ms: u64::try_from(inner.undo_window().as_millis()).unwrap_or(u64::MAX),
            sample_available: inner.sample.is_some(),
        })
    }

    /// All tenants, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_tenants(&self, _: ListTenants) -> Result<Vec<TenantView>, AppError> {
        self.with_store(|inner| Ok(inner.store.tenants()?.iter().map(view).collect()))
            .await
    }

    /// Creates a tenant.
    ///
    /// # Errors
    /// [`AppError::Exists`]; [`AppError::Argument`] for a name that cannot be one.
    pub async fn create_tenant(&self, args: CreateTenant) -> Result<TenantView, AppError> {
        let tenant = self
            .with_store(move |inner| inner.add_tenant(&args.name))
            .await?;
        self.inner.hub.publish_event(WireEvent::TenantsChanged {
            tenant: tenant.name.to_string(),
        });
        Ok(view(&tenant))
    }

    /// Removes a tenant with everything of it. Before anything goes, its workspace file and its audit
    /// log are written to a new folder, unless that is refused.
    ///
    /// # Errors
    /// Where there is no such tenant, or it could not be exported: then nothing was removed.
    pub async fn remove_tenant(&self, args: RemoveTenant) -> Result<TenantRemoved, AppError> {
        let name = args.name.clone();
        let exported = self
            .with_tenant(&args.name, move |scope| {
                let exported = if args.no_export {
                    None
                } else {
                    Some(farewell::export(scope, args.export_to.as_deref())?)
                };
                // First: what is left of a removal that failed half-way can still be removed.
                forget_all(scope)?;
                scope.inner.store.remove_tenant(scope.tenant.id)?;
                Ok(exported.map(|folder| folder.display().to_string()))
            })
            .await?;
        self.inner
            .hub
            .publish_event(WireEvent::TenantsChanged { tenant: name });
        Ok(TenantRemoved { exported })
    }
}

fn view(tenant: &Tenant) -> TenantView {
    TenantView {
        id: tenant.id.to_string(),
        name: tenant.name.to_string(),
        created_at: time(tenant.created_at),
    }
}
