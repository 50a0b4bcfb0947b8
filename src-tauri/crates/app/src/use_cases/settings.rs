//! How this Tandem behaves on this machine, and leaving it.

use std::sync::Arc;
use std::time::Duration;

use tandem_domain::conflict::ConflictState;
use tandem_engine::ports::store::ConflictFilter;

use crate::app::{App, Inner};
use crate::desktop::{Desktop, Staged};
use crate::error::AppError;
use crate::wire::{
    ChangeSettings, DesktopView, Done, GetSettings, LeaveWindow, NoteUnsaved, SettingsView,
};

/// The longest a decision may wait for second thoughts, seconds.
const LONGEST_UNDO: u32 = 120;

impl App {
    /// How this Tandem behaves on this machine.
    ///
    /// # Errors
    /// Where the settings file cannot be read.
    pub async fn get_settings(&self, _: GetSettings) -> Result<SettingsView, AppError> {
        self.with_store(view).await
    }

    /// Changes what is named; each takes effect at once, but for how the window is drawn, which the
    /// next start does.
    ///
    /// # Errors
    /// Where a choice makes no sense or cannot be kept. Then none was changed in the file.
    pub async fn change_settings(&self, args: ChangeSettings) -> Result<SettingsView, AppError> {
        self.with_store(move |inner| {
            if args == ChangeSettings::default() {
                return view(inner);
            }
            let of_window = [args.autostart, args.keep_running, args.compatible_rendering];
            if of_window.iter().any(Option::is_some) && inner.desktop.is_none() {
                return Err(AppError::NoWindow);
            }
            if let Some(seconds) = args.undo_seconds.filter(|it| *it > LONGEST_UNDO) {
                return Err(AppError::Argument {
                    what: format!("a decision cannot wait for {seconds} seconds"),
                    why: format!("It can be taken back for 0 to {LONGEST_UNDO} seconds; only then is it written."),
                    fix: "Choose fewer.".to_owned(),
                });
            }
            let file = inner.settings.as_ref().ok_or(AppError::NoSettings)?;
            // The file first: where it cannot be written nothing has changed.
            file.change(|settings| {
                let (window, decisions) = (&mut settings.window, &mut settings.decisions);
                window.keep_running = args.keep_running.unwrap_or(window.keep_running);
                window.compatible_rendering =
                    args.compatible_rendering.unwrap_or(window.compatible_rendering);
                decisions.undo_seconds = args.undo_seconds.or(decisions.undo_seconds);
            })?;
            if let Some(seconds) = args.undo_seconds {
                inner.set_undo_window(Duration::from_secs(seconds.into()));
            }
            if let Some((desktop, on)) = inner.desktop.as_ref().zip(args.autostart) {
                desktop.start_at_login(on).map_err(AppError::Desktop)?;
            }
            view(inner)
        })
        .await
    }

    /// The panel says for how many conflicts it holds choices that are not kept yet.
    ///
    /// # Errors
    /// None; it is fallible like every command. A browser asks by itself before a tab closes.
    #[expect(clippy::unused_async, reason = "every command is called the same way")]
    pub async fn note_unsaved(&self, args: NoteUnsaved) -> Result<Done, AppError> {
        if let Some(desktop) = &self.inner.desktop {
            desktop.unsaved(args.conflicts);
        }
        Ok(Done {})
    }

    /// What a person answered who was asked whether to leave.
    ///
    /// # Errors
    /// [`AppError::NoWindow`] where there is none to leave.
    #[expect(clippy::unused_async, reason = "every command is called the same way")]
    pub async fn leave_window(&self, args: LeaveWindow) -> Result<Done, AppError> {
        self.desktop()?.leave(args.how);
        Ok(Done {})
    }

    /// Whether closing the window leaves schedules running. Where the settings cannot be read it
    /// does not: nobody should wonder what goes on.
    pub async fn keeps_running(&self) -> bool {
        let kept = self.with_store(|inner| Ok(inner.machine()?.window.keep_running));
        kept.await.unwrap_or(false)
    }

    /// The decisions of all tenants that are kept and that nobody has begun to write.
    ///
    /// # Errors
    /// The store's.
    pub async fn staged(&self) -> Result<Staged, AppError> {
        self.with_store(|inner| {
            let mut staged = Staged::default();
            for tenant in inner.store.tenants()? {
                of_tenant(inner, tenant.id, &mut staged)?;
            }
            Ok(staged)
        })
        .await
    }

    fn desktop(&self) -> Result<&Arc<dyn Desktop>, AppError> {
        self.inner.desktop.as_ref().ok_or(AppError::NoWindow)
    }
}

/// Rows read at a time.
const PAGE: usize = 1_000;

fn of_tenant(
    inner: &Inner,
    tenant: tandem_domain::ids::TenantId,
    staged: &mut Staged,
) -> Result<(), AppError> {
    let store = inner.store.tenant(tenant);
    let mut filter = ConflictFilter {
        state: Some(ConflictState::Decided),
        limit: PAGE,
        ..ConflictFilter::default()
    };
    loop {
        let page = store.conflicts(&filter)?;
        for conflict in &page {
            // One whose time has come is being written, or waits for a system that is away.
            let wait = conflict
                .not_before
                .and_then(|at| (at - inner.now()).to_std().ok())
                .filter(|wait| !wait.is_zero());
            if let Some(wait) = wait {
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                staged.decisions += 1;
                staged.wait_ms = staged.wait_ms.max(wait_ms);
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
        filter.before = page.last().map(|last| last.id);
    }
}

fn view(inner: &Inner) -> Result<SettingsView, AppError> {
    let settings = inner.machine()?;
    let desktop = inner.desktop.as_ref().map(|desktop| {
        let (autostart, autostart_error) = match desktop.starts_at_login() {
            Ok(on) => (on, None),
            Err(why) => (false, Some(why)),
        };
        DesktopView {
            autostart,
            autostart_error,
            keep_running: settings.window.keep_running,
            compatible_rendering: settings.window.compatible_rendering,
            drawn_compatibly: desktop.draws_compatibly(),
            drawn_in_software: desktop.draws_in_software(),
        }
    });
    Ok(SettingsView {
        file: inner
            .settings
            .as_ref()
            .map(|file| file.path().display().to_string()),
        undo_seconds: u32::try_from(inner.undo_window().as_secs()).unwrap_or(u32::MAX),
        desktop,
    })
}
