//! How this Tandem behaves on this machine.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How this Tandem behaves on this machine, for this user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// The file that choices are kept in; `null`: they cannot be kept here.
    pub file: Option<String>,
    /// Seconds in which a decision can be taken back before it is written.
    pub undo_seconds: u32,
    /// The window's; `null` where the panel is in a browser.
    pub desktop: Option<DesktopView>,
}

/// How the window behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DesktopView {
    /// Whether Tandem is started when its user signs in.
    pub autostart: bool,
    /// Why the desktop does not tell.
    pub autostart_error: Option<String>,
    /// Whether closing the window leaves schedules running, with an icon in the tray.
    pub keep_running: bool,
    /// Whether the next window is to be drawn without the graphics device's buffers.
    pub compatible_rendering: bool,
    /// Whether this one is.
    pub drawn_compatibly: bool,
    /// Whether this machine has no graphics device, so that everything is drawn in software.
    pub drawn_in_software: bool,
}

/// What is to be done about leaving while something is not written yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// The question is on the screen.
    Asked,
    /// Nothing: go on working.
    #[default]
    Stay,
    /// Leave once every decision that is kept was written.
    WhenWritten,
    /// Leave at once; what is kept is written by the next start.
    Now,
}

/// What a window asks its panel before it goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeaveQuestion {
    /// Decisions that are kept and not written yet.
    pub staged: u64,
    /// Milliseconds until the last of them may be written.
    pub wait_ms: u64,
    /// Conflicts with choices in the panel that are not kept.
    pub unsaved: u32,
}
