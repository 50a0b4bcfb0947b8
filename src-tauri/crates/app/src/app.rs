//! The composition: one store, one engine, one event stream, and the ports that the faces hand in.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::ids::{Name, TenantId};
use tandem_engine::ports::alerts::AlertChannel;
use tandem_engine::ports::store::{Actor, ConnectionRecord, Tenant, TenantStore};
use tandem_engine::ports::{Clock, Ids, SecretStore, Store, WritableConnector};
use tandem_engine::run::SyncService;
use tandem_host::{MachineSettings, SettingsFile, TenantSecrets};
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;

use crate::desktop::Desktop;
use crate::error::AppError;
use crate::execution::Hub;
use crate::lookup;
use crate::sample::SampleSystems;
use crate::systems;
use crate::wire::WireEvent;

/// The tenant that a new store begins with.
pub const FIRST_TENANT: &str = "main";

/// How long a decision can be taken back in a window.
pub const UNDO_WINDOW: Duration = Duration::from_secs(8);

/// What an [`App`] is made of.
pub struct AppOptions {
    /// The store's file; its folder is created where missing.
    pub store: PathBuf,
    /// What is known of its audit logs outside of it; `None`: nothing. Its folder is created where
    /// missing.
    pub anchor: Option<PathBuf>,
    /// In whose name changes are made.
    pub actor: String,
    /// How long a decision can be taken back before it is written.
    pub undo_window: Duration,
    /// Whether a decision is carried out by itself after the undo window. A face that does one
    /// thing and ends calls [`App::carry_out_decisions`] instead.
    pub carries_out: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Where credentials are kept.
    pub secrets: Arc<dyn SecretStore>,
    /// How admins are told of failures; none: alerts wait in the store.
    pub alerts: Vec<Arc<dyn AlertChannel>>,
    /// Where choices about this machine are kept; `None`: nowhere.
    pub settings: Option<SettingsFile>,
    /// The desktop, where this face is a window.
    pub desktop: Option<Arc<dyn Desktop>>,
    /// The sample systems, where this face can start them.
    pub sample: Option<Arc<dyn SampleSystems>>,
}

impl AppOptions {
    /// This machine's clock, ids, secrets and user; no anchor, no alert channel, no settings, no
    /// sample systems.
    #[must_use]
    pub fn on_this_machine(store: PathBuf) -> Self {
        Self {
            store,
            anchor: None,
            actor: tandem_host::user_name(),
            undo_window: UNDO_WINDOW,
            carries_out: true,
            clock: Arc::new(tandem_host::SystemClock::new()),
            ids: Arc::new(tandem_host::UuidIds),
            secrets: Arc::new(tandem_host::ChosenSecrets::default()),
            alerts: Vec::new(),
            settings: None,
            desktop: None,
            sample: None,
        }
    }

    /// Takes what was chosen for this machine, and keeps further choices there. For faces that stay.
    ///
    /// # Errors
    /// Where the file cannot be read; then these options are as they were.
    pub fn settings_in(&mut self, file: Option<SettingsFile>) -> Result<(), AppError> {
        if let Some(file) = file {
            let chosen = file.read()?;
            if let Some(seconds) = chosen.decisions.undo_seconds {
                self.undo_window = Duration::from_secs(seconds.into());
            }
            self.settings = Some(file);
        }
        Ok(())
    }
}

/// Where the store is unless named: `tandem.db` in the platform's data folder.
///
/// # Errors
/// [`AppError::NoDataFolder`] where the machine tells none.
pub fn default_store() -> Result<PathBuf, AppError> {
    tandem_host::data_folder()
        .map(|folder| folder.join("tandem.db"))
        .ok_or(AppError::NoDataFolder)
}

/// Where what is known of audit logs outside their stores is kept: the file that `TANDEM_ANCHOR`
/// names, or one in the platform's folder for state. `None` where it says `off`, or there is no
/// home folder.
#[must_use]
pub fn default_anchor() -> Option<PathBuf> {
    tandem_host::audit_anchor()
}

/// Where choices about this machine are kept: the file that `TANDEM_SETTINGS` names, or one in the
/// platform's folder for configuration. `None` where it says `off`, or there is no home folder.
#[must_use]
pub fn default_settings() -> Option<SettingsFile> {
    tandem_host::settings_file().map(SettingsFile::at)
}

/// Everything a face can do. Cheap to clone; all clones are the same app.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) place: PathBuf,
    pub(crate) notices: Vec<String>,
    pub(crate) actor: String,
    undo_window: Mutex<Duration>,
    pub(crate) carries_out: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) secrets: Arc<dyn SecretStore>,
    pub(crate) alerts: Vec<Arc<dyn AlertChannel>>,
    pub(crate) settings: Option<SettingsFile>,
    pub(crate) desktop: Option<Arc<dyn Desktop>>,
    pub(crate) sample: Option<Arc<dyn SampleSystems>>,
    pub(crate) service: SyncService,
    pub(crate) hub: Arc<Hub>,
    pub(crate) tasks: TaskTracker,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("store", &self.inner.place)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Opens the store (a new one gets the tenant `main`) and composes everything else. Blocks for
    /// as long as a migration takes.
    ///
    /// # Errors
    /// Where the store cannot be opened: newer than this Tandem, damaged, not to be written.
    pub fn open(options: AppOptions) -> Result<Self, AppError> {
        let clock = Arc::clone(&options.clock);
        let (store, notices) =
            crate::place::open(&options.store, options.anchor.as_deref(), &clock)?;
        let hub = Arc::new(Hub::new(Arc::clone(&clock)));
        let app = Self {
            inner: Arc::new(Inner {
                store,
                place: options.store,
                notices,
                actor: options.actor,
                undo_window: Mutex::new(options.undo_window),
                carries_out: options.carries_out,
                service: SyncService::new(clock, Arc::clone(&options.ids), Arc::clone(&hub) as _),
                clock: options.clock,
                ids: options.ids,
                secrets: options.secrets,
                alerts: options.alerts,
                settings: options.settings,
                desktop: options.desktop,
                sample: options.sample,
                hub,
                tasks: TaskTracker::new(),
            }),
        };
        if app.inner.store.tenants()?.is_empty() {
            app.inner.add_tenant(FIRST_TENANT)?;
        }
        Ok(app)
    }

    /// What happens from now on. A reader that falls behind by 1,024 events is told so and should
    /// fetch afresh.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<WireEvent> {
        self.inner.hub.subscribe()
    }

    /// The store's file.
    #[must_use]
    pub fn store_path(&self) -> &Path {
        &self.inner.place
    }

    /// What a person should know about how the store was opened (a damaged one was set aside).
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.inner.notices
    }

    /// Returns when no run, decision or alert of this process is under way any more.
    pub async fn idle(&self) {
        let tasks = &self.inner.tasks;
        tasks.close();
        tasks.wait().await;
        tasks.reopen();
    }

    /// Runs `query` on a thread that may block, on that tenant's store.
    pub(crate) async fn with_tenant<T: Send + 'static>(
        &self,
        tenant: &str,
        query: impl FnOnce(&Scope<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let name = tenant.to_owned();
        self.with_store(move |inner| {
            let tenant = lookup::tenant(&*inner.store, &name)?;
            let store = inner.store.tenant(tenant.id);
            query(&Scope {
                inner,
                tenant: &tenant,
                store: &*store,
            })
        })
        .await
    }

    /// Runs `query` on a thread that may block.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Inner) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || query(&inner))
            .await
            .map_err(|error| AppError::Internal(error.to_string()))?
    }
}

impl Inner {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How long a decision can be taken back.
    pub(crate) fn undo_window(&self) -> Duration {
        *self
            .undo_window
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it is so long.
    pub(crate) fn set_undo_window(&self, window: Duration) {
        *self
            .undo_window
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = window;
    }

    /// What was chosen for this machine.
    pub(crate) fn machine(&self) -> Result<MachineSettings, AppError> {
        match &self.settings {
            Some(file) => Ok(file.read()?),
            None => Ok(MachineSettings::default()),
        }
    }

    /// When a decision made now may be written: when its undo window has passed.
    pub(crate) fn not_before(&self) -> DateTime<Utc> {
        self.now() + TimeDelta::from_std(self.undo_window()).unwrap_or_else(|_| TimeDelta::zero())
    }

    /// Whoever acts, now.
    pub(crate) fn who(&self) -> Actor {
        Actor {
            name: self.actor.clone(),
            at: self.now(),
        }
    }

    /// A new tenant of that name.
    pub(crate) fn add_tenant(&self, name: &str) -> Result<Tenant, AppError> {
        let name = Name::new(name).map_err(|error| AppError::Argument {
            what: format!("{name:?} cannot be a tenant's name"),
            why: error.to_string(),
            fix: "Use 1 to 128 characters without outer blanks.".to_owned(),
        })?;
        if self.store.tenants()?.iter().any(|it| it.name == name) {
            return Err(AppError::Exists {
                kind: "tenant",
                name: name.to_string(),
            });
        }
        let tenant = Tenant {
            id: TenantId(self.ids.next()),
            name,
            created_at: self.now(),
        };
        self.store.create_tenant(&tenant, &self.who())?;
        Ok(tenant)
    }
}

/// One tenant's part of the app, for one use-case.
pub(crate) struct Scope<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) tenant: &'a Tenant,
    pub(crate) store: &'a dyn TenantStore,
}

impl Scope<'_> {
    /// This tenant's credentials.
    pub(crate) fn secrets(&self) -> TenantSecrets {
        TenantSecrets::new(self.tenant.id, Arc::clone(&self.inner.secrets))
    }

    /// A connector for one collection, with its credentials; reaches nothing yet.
    pub(crate) fn connect(
        &self,
        connection: &ConnectionRecord,
        collection: &str,
    ) -> Result<Arc<dyn WritableConnector>, AppError> {
        let clock = Arc::clone(&self.inner.clock);
        systems::connect(connection, collection, Arc::new(self.secrets()), clock)
    }
}
