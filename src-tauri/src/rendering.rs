//! How the window is drawn. Where there is no graphics device, `WebKitGTK` scrolls three times faster
//! without the device's buffers; it reads that from its environment, once, when it starts.

use std::env;
use std::path::Path;

/// What `WebKitGTK` reads.
const VARIABLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Whether this process is drawn without the device's buffers.
pub(crate) fn is_compatible() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Whether this machine has no graphics device, or was told not to use it.
pub(crate) fn in_software() -> bool {
    cfg!(target_os = "linux")
        && (env::var_os("LIBGL_ALWAYS_SOFTWARE").is_some_and(|value| value == "1")
            || !has_device(Path::new("/dev/dri")))
}

/// Whether a folder of devices holds one that draws.
fn has_device(folder: &Path) -> bool {
    let Ok(devices) = folder.read_dir() else {
        return false;
    };
    devices
        .flatten()
        .any(|it| it.file_name().to_string_lossy().starts_with("renderD"))
}

/// Begins again with that environment, if a person chose so and it is not there yet. An environment
/// is not changed within a process: other threads may be reading it.
pub(crate) fn begin_again_if(chosen: bool) {
    if !chosen || env::var_os(VARIABLE).is_some() {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt as _;
        let Ok(program) = env::current_exe() else {
            return;
        };
        // Returns only where it failed; then the window opens as it always did.
        let error = std::process::Command::new(program)
            .args(env::args_os().skip(1))
            .env(VARIABLE, "1")
            .exec();
        tracing::warn!(%error, "compatible rendering could not be turned on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graphics_device_is_one_that_draws() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_device(&folder.path().join("none")));
        std::fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!has_device(folder.path()), "a screen draws nothing");
        std::fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(has_device(folder.path()));
    }
}
