//! A display and a session bus made for one run of window tests: a private X server, a private
//! D-Bus session with an unlocked keyring, and folders of its own for everything a desktop
//! application writes, so that neither the person's desktop nor a second run is touched.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::command::Cmd;
use crate::paths::Paths;
use crate::trouble::Trouble;

/// Starts the keyring on the bus, then becomes the command it is given.
const WITH_KEYRING: &str = "printf 'tandem\\n' | gnome-keyring-daemon --daemonize --unlock \
     --components=secrets,pkcs11 >/dev/null 2>&1; exec \"$@\"";

/// A bus without service folders: nothing is activated that a test did not start, so a test can
/// take the name of the notification daemon.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A running X server and the folders of a session; both end with the value.
pub(crate) struct Session {
    x: Child,
    display: String,
    home: PathBuf,
}

impl Session {
    /// Starts an X server on a number nobody uses, with one screen of 1280 × 800 pixels.
    pub(crate) fn start(paths: &Paths) -> Result<Self, Trouble> {
        let home = paths.systems().join("window-session");
        if home.exists() {
            fs::remove_dir_all(&home).map_err(Trouble::file(&home))?;
        }
        for folder in ["run", "data", "config", "cache"] {
            let folder = home.join(folder);
            fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
        }
        private(&home.join("run"))?;
        let bus = home.join("bus.conf");
        fs::write(&bus, BUS).map_err(Trouble::file(&bus))?;

        let start = |source| Trouble::Start {
            command: String::from("Xvfb"),
            source,
        };
        let mut x = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
            .args(["-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(start)?;
        let mut number = String::new();
        if let Some(out) = x.stdout.as_mut() {
            BufReader::new(out).read_line(&mut number).map_err(start)?;
        }
        let session = Self {
            x,
            display: format!(":{}", number.trim()),
            home,
        };
        if number.trim().is_empty() {
            return Err(Trouble::Missing {
                what: String::from("a working Xvfb"),
                remedy: String::from("run `Xvfb -displayfd 1` by hand and read what it says"),
            });
        }
        Ok(session)
    }

    /// A command that runs `program` inside this session; further arguments go to `program`.
    pub(crate) fn command(&self, program: &Path) -> Cmd {
        let mut config = std::ffi::OsString::from("--config-file=");
        config.push(self.home.join("bus.conf"));
        let mut cmd = Cmd::new("dbus-run-session")
            .arg(config)
            .args(["--", "sh", "-c", WITH_KEYRING, "sh"])
            .arg(program)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env("XDG_RUNTIME_DIR", self.home.join("run"))
            .env("XDG_DATA_HOME", self.home.join("data"))
            .env("XDG_STATE_HOME", self.home.join("state"))
            .env("XDG_CONFIG_HOME", self.home.join("config"))
            .env("XDG_CACHE_HOME", self.home.join("cache"))
            // Screenshots through WebDriver are stale without it, where there is no GPU.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("NO_AT_BRIDGE", "1");
        // The session has a home of its own; cargo and rustup keep theirs.
        if let Some(home) = env::home_dir() {
            for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                if env::var_os(name).is_none() {
                    cmd = cmd.env(name, home.join(folder));
                }
            }
        }
        cmd.env("HOME", &self.home)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Best effort: it may have ended by itself.
        let _ = self.x.kill();
        let _ = self.x.wait();
    }
}

/// What `XDG_RUNTIME_DIR` must be: open to its owner alone.
#[cfg(unix)]
fn private(folder: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(Trouble::file(folder))
}

#[cfg(not(unix))]
fn private(_folder: &Path) -> Result<(), Trouble> {
    Ok(())
}
