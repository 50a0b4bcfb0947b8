//! The Debian package, on the machine the tests run on: installed, started, opened at a link by the
//! desktop's own `xdg-open`, removed. What was there before is there afterwards, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::provided;
use crate::window_desktop::{Surroundings, click_close, gone, run};
use crate::window_driver::eventually;

const NAME: &str = "tandem";
const DESKTOP_FILE: &str = "Tandem.desktop";
const HANDLED: &[&str] = &["query", "default", "x-scheme-handler/tandem"];

/// The installed package; removed with its value, however the test ends.
struct Package;

impl Package {
    async fn install(file: &Path) -> Self {
        let there = run("dpkg-query", &["-W", "-f=${db:Status-Status}", NAME]);
        assert_ne!(
            there, "installed",
            "this machine has a package {NAME} already; remove it before testing another one"
        );
        // Another program may be installing something just now.
        let installed = eventually("the package is installed", || async {
            let output = as_root(&["dpkg", "--install", file.to_str().unwrap()]);
            (!said(&output).contains("lock")).then_some(output)
        })
        .await;
        let package = Self;
        assert!(installed.status.success(), "{}", said(&installed));
        package
    }

    /// The files and folders that dpkg knows as the package's.
    fn files(&self) -> Vec<PathBuf> {
        let listed = run("dpkg", &["--listfiles", NAME]);
        listed.lines().skip(1).map(PathBuf::from).collect()
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let output = as_root(&["dpkg", "--purge", NAME]);
        // A panic while one is under way would end the whole run.
        if !output.status.success() && !std::thread::panicking() {
            panic!("{}", said(&output));
        }
    }
}

fn as_root(command: &[&str]) -> Output {
    let root = run("id", &["-u"]).trim() == "0";
    let sudo: &[&str] = if root {
        &[]
    } else {
        &["sudo", "--non-interactive"]
    };
    let words = [sudo, command].concat();
    let (program, arguments) = words.split_first().unwrap();
    Command::new(program).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{out}{err}")
}

/// Everything where a package of ours could leave something.
fn machine() -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    let mut folders: Vec<PathBuf> = ["/usr/bin", "/usr/share/applications", "/usr/share/icons"]
        .map(PathBuf::from)
        .into();
    folders.push(PathBuf::from("/usr/share/doc"));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            all.insert(entry.path());
        }
    }
    // Made by the desktop's own tools, from what all packages brought.
    all.retain(|path| path.extension().is_none_or(|it| it != "cache"));
    all
}

/// Width and height of a PNG.
fn size(file: &Path) -> (u32, u32) {
    let bytes = fs::read(file).unwrap();
    assert_eq!(bytes[1..4], *b"PNG", "{}", file.display());
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// Waits for the one window to be on the screen of this name.
async fn on(screen: &str) {
    eventually(&format!("the window shows {screen}"), || async {
        let windows = run("wmctrl", &["-l"]);
        let ours: Vec<&str> = windows.lines().filter(|it| it.contains("Tandem")).collect();
        assert!(ours.len() <= 1, "{windows}");
        ours.first()?.contains(screen).then_some(())
    })
    .await;
}

/// A click on a link, as any program on the desktop passes it on.
fn follow(link: &str) {
    let mut opened = Command::new("xdg-open").arg(link).spawn().unwrap();
    // It lasts as long as a window that it starts.
    std::thread::spawn(move || opened.wait());
}

#[tokio::test]
async fn the_package_installs_starts_follows_links_and_leaves_nothing() {
    let _surroundings = Surroundings::start().await;
    let before = machine();
    let package = Package::install(Path::new(&provided("TANDEM_DEB"))).await;

    let files = package.files();
    let find = |end: &str| {
        let found = files.iter().find(|file| file.ends_with(end));
        found.unwrap_or_else(|| panic!("no {end} among {files:?}"))
    };
    let entry = find(&format!("share/applications/{DESKTOP_FILE}"));
    let complaints = Command::new("desktop-file-validate")
        .arg(entry)
        .output()
        .unwrap();
    assert!(complaints.status.success(), "{}", said(&complaints));
    assert_eq!(said(&complaints), "", "not even a warning");
    let entry = fs::read_to_string(entry).unwrap();
    assert!(entry.contains("Exec=tandem-window %u\n"), "{entry}");
    assert!(entry.contains("Icon=tandem-window\n"), "{entry}");
    let icons = [("32x32", 32), ("128x128", 128), ("256x256@2", 256)];
    for (folder, pixels) in icons {
        let icon = find(&format!("hicolor/{folder}/apps/tandem-window.png"));
        assert_eq!(size(icon), (pixels, pixels), "{folder}");
    }
    assert_eq!(run("xdg-mime", HANDLED).trim(), DESKTOP_FILE);
    let version = run("/usr/bin/tandem-window", &["--version"]);
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");

    // Closed: the link starts it, there. Open: the link leads there.
    follow("tandem://open/t/main/history");
    on("History").await;
    follow("tandem://open/t/main/conflicts");
    on("Conflicts").await;
    // Whatever has not exactly the shape of ours leads nowhere.
    follow("tandem://open/t/nobody/audit");
    follow("tandem://open/t/main/errors");
    on("Errors").await;
    click_close();
    gone().await;

    drop(package);
    let left: Vec<_> = files.iter().filter(|it| it.is_file()).collect();
    assert!(left.is_empty(), "{left:?}");
    let after = machine();
    let changed: Vec<_> = after.symmetric_difference(&before).collect();
    assert!(changed.is_empty(), "{changed:?}");
    assert_eq!(run("xdg-mime", HANDLED).trim(), "");
    let status = run("dpkg-query", &["-W", "-f=${db:Status-Status}", NAME]);
    assert_ne!(status, "config-files");
}
