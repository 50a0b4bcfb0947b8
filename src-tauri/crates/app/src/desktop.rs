//! What only a window can do, handed in by it.

use crate::wire::Leave;

/// The desktop around a window.
pub trait Desktop: Send + Sync {
    /// Whether this program is started when its user signs in.
    ///
    /// # Errors
    /// Why the desktop does not tell.
    fn starts_at_login(&self) -> Result<bool, String>;

    /// Has it started then, or not.
    ///
    /// # Errors
    /// Why that could not be kept.
    fn start_at_login(&self, on: bool) -> Result<(), String>;

    /// Whether the window is drawn without the graphics device's buffers.
    fn draws_compatibly(&self) -> bool;

    /// Whether this machine has no graphics device, so that everything is drawn in software.
    fn draws_in_software(&self) -> bool;

    /// The panel holds choices for this many conflicts that are not kept yet.
    fn unsaved(&self, conflicts: u32);

    /// What a person answered who was asked whether to leave.
    fn leave(&self, how: Leave);
}

/// Decisions that are kept and not written yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Staged {
    /// How many.
    pub decisions: u64,
    /// Milliseconds until the last of them may be written.
    pub wait_ms: u64,
}
