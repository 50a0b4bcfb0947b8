//! Debian packages, installed through apt after saying which and why, and asking.
//!
//! On a machine without apt nothing is installed: the libraries are named, and the chore goes on
//! trying, since they may be there under other names.

use crate::command::Cmd;
use crate::consent::Consent;
use crate::paths::on_path;
use crate::trouble::Trouble;

/// Packages that belong together, and what for.
pub(crate) struct Need {
    /// Completes "needed to …".
    why: &'static str,
    /// Debian's names, separated by blanks.
    packages: &'static str,
}

/// What compiling anything of ours takes.
pub(crate) const BUILD: Need = Need {
    why: "compile Tandem",
    packages: "build-essential pkg-config",
};

/// What compiling the window takes.
pub(crate) const BUILD_WINDOW: Need = Need {
    why: "compile the window",
    packages: "libwebkit2gtk-4.1-dev libsoup-3.0-dev libjavascriptcoregtk-4.1-dev libgtk-3-dev \
        librsvg2-dev libayatana-appindicator3-dev libxdo-dev libdbus-1-dev patchelf file",
};

/// What driving the real window takes, on a machine with no display.
pub(crate) const DRIVE_WINDOW: Need = Need {
    why: "test the real window without a display",
    packages: "xvfb xauth webkit2gtk-driver dbus dbus-x11 gnome-keyring libsecret-tools dunst \
        python3-dbusmock python3-gi imagemagick xdotool wmctrl x11-utils fonts-dejavu-core \
        adwaita-icon-theme openbox librsvg2-common desktop-file-utils xdg-utils",
};

/// What testing the panel in a browser takes.
pub(crate) const BROWSER: Need = Need {
    why: "test the panel in a browser",
    packages: "chromium fonts-dejavu-core",
};

/// What testing against real systems takes.
pub(crate) const SYSTEMS: Need = Need {
    why: "test against real systems (PostgreSQL, MariaDB, Kinto)",
    packages: "postgresql mariadb-server python3 python3-venv util-linux",
};

/// What node chores take, where there is no node at all.
pub(crate) const NODE: Need = Need {
    why: "build the user interface",
    packages: "nodejs npm",
};

/// Installs what is missing of `needs`. An `Err` means apt itself failed; without apt, without
/// root, or without consent the reader is told what to install, and the chore goes on.
pub(crate) fn ensure(needs: &[&Need], consent: Consent) -> Result<(), Trouble> {
    let wanted: Vec<&str> = needs
        .iter()
        .flat_map(|need| need.packages.split_whitespace())
        .collect();
    if on_path("apt-get", &[]).is_none() || on_path("dpkg-query", &[]).is_none() {
        println!(
            "This machine has no apt. Going on; if a step fails, install what your system calls \
             these: {}",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing = missing(&wanted, &installed(&wanted)?);
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing system packages:");
    for need in needs {
        let of_it: Vec<&str> = need
            .packages
            .split_whitespace()
            .filter(|package| missing.contains(package))
            .collect();
        if !of_it.is_empty() {
            println!("  to {}: {}", need.why, of_it.join(" "));
        }
    }
    let Some(sudo) = privilege() else {
        println!(
            "Neither root nor sudo. Going on without; as root: apt-get install {}",
            missing.join(" ")
        );
        return Ok(());
    };
    if !consent.to("Install them with apt now?") {
        println!(
            "Not installed. Going on without; `--yes` installs them, or by hand: apt-get install {}",
            missing.join(" ")
        );
        return Ok(());
    }
    apt(sudo).arg("update").run()?;
    apt(sudo)
        .words("install --yes --no-install-recommends")
        .args(&missing)
        .run()
}

/// How to become root: not at all, through sudo, or `None` when there is no way.
fn privilege() -> Option<bool> {
    let root = Cmd::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|(_, id)| id.trim() == "0");
    if root {
        Some(false)
    } else {
        on_path("sudo", &[]).map(|_| true)
    }
}

fn apt(sudo: bool) -> Cmd {
    let cmd = if sudo {
        Cmd::new("sudo").words("DEBIAN_FRONTEND=noninteractive apt-get")
    } else {
        Cmd::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive")
    };
    // Another apt may be at work, on a fresh machine above all; wait for it (seconds).
    cmd.words("-o DPkg::Lock::Timeout=400")
}

/// What dpkg says about `wanted`; it ends badly when one is unknown, which is no trouble.
fn installed(wanted: &[&str]) -> Result<String, Trouble> {
    Cmd::new("dpkg-query")
        .args(["-W", "-f=${Package} ${db:Status-Status}\n"])
        .args(wanted)
        .output()
        .map(|(_, text)| text)
}

/// Those of `wanted` that dpkg's answer does not call installed, each once.
fn missing<'a>(wanted: &[&'a str], dpkg: &str) -> Vec<&'a str> {
    let installed: Vec<&str> = dpkg
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .collect();
    let mut missing: Vec<&str> = Vec::new();
    for package in wanted {
        if !installed.contains(package) && !missing.contains(package) {
            missing.push(package);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_dpkg_calls_installed_is_there() {
        let dpkg = "xvfb installed\ndunst config-files\nfile not-installed\n";
        assert_eq!(
            missing(&["xvfb", "dunst", "file", "unknown", "dunst"], dpkg),
            ["dunst", "file", "unknown"]
        );
        assert!(missing(&["xvfb"], dpkg).is_empty());
    }
}
