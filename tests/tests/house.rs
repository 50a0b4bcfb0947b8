//! The repository as it is, against the rules of the house.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot read its subject must stop"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tandem_tests::house::{self, Import};

fn top() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("tests lies at the top").to_path_buf()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// The workspace's packages, as cargo describes them; nothing is fetched.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(top())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().into_iter().flatten()
}

#[test]
fn crates_import_what_the_house_allows() {
    let packages = packages();
    let crates: Vec<String> = packages
        .iter()
        .map(|package| text(package, "name").to_owned())
        .collect();
    assert!(crates.len() >= 12, "only {crates:?}");
    let imports: Vec<Import> = packages
        .iter()
        .flat_map(|package| {
            dependencies(package)
                .filter(|dependency| crates.iter().any(|name| name == text(dependency, "name")))
                .map(|dependency| Import {
                    from: text(package, "name").to_owned(),
                    to: text(dependency, "name").to_owned(),
                    dev: dependency["kind"] == "dev",
                })
        })
        .collect();
    assert!(imports.len() >= 12, "only {imports:?}");
    let wrong = house::forbidden_imports(&crates, &imports);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_cannot_reach_io() {
    let roots: Vec<String> = packages()
        .iter()
        .filter(|package| text(package, "name") == "tandem-domain")
        .flat_map(dependencies)
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| text(dependency, "name").to_owned())
        .collect();
    assert!(!roots.is_empty());
    let lock = std::fs::read_to_string(top().join("Cargo.lock")).expect("a lock file");
    let lock: toml::Table = lock.parse().expect("TOML");
    let mut graph: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock["package"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        // "name" or "name version": a crate in two versions is taken as one, which can only find
        // more paths, never fewer.
        let next = package
            .get("dependencies")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|dependency| dependency.as_str()?.split(' ').next());
        graph
            .entry(name.to_owned())
            .or_default()
            .extend(next.map(str::to_owned));
    }
    assert!(graph.len() > 100, "only {} packages", graph.len());
    let paths = house::impure_paths(&roots, &graph);
    assert!(paths.is_empty(), "{}", paths.join("\n"));
}

/// What git keeps, not what lies about: build folders and editors' files are nobody's business.
#[test]
fn the_top_level_is_the_cards() {
    let output = Command::new("git")
        .args(["ls-tree", "--name-only", "HEAD"])
        .current_dir(top())
        .output();
    let names: Vec<String> = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect(),
        // A source archive has no history; there the folder itself is what was given.
        _ => std::fs::read_dir(top())
            .expect("the top is readable")
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name != "target")
            .collect(),
    };
    assert!(names.iter().any(|name| name == "Cargo.toml"), "{names:?}");
    let strangers = house::strangers_at_the_top(&names);
    assert!(strangers.is_empty(), "{strangers:?}");
}

/// Every file of ours below a folder, by its path and text.
fn sources(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![top().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !["node_modules", "target", "dist", "gen"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 30, "{folder}: only {} files", found.len());
    found
}

/// What leaves Tandem as a file is TOML (the workspace) and JSON, a document or one a line (the audit
/// log, `--json`). A spreadsheet takes a text of such a file for a formula no more than for anything
/// else: it does not open them. The connector for files writes CSV, with a guard of its own
/// (`threat_formulas_stay_texts_in_a_csv`); so has whoever adds another format that a spreadsheet opens.
#[test]
fn threat_nothing_is_written_that_a_spreadsheet_opens() {
    let formats = [
        "csv",
        "tsv",
        "xlsx",
        "xls\"",
        ".ods",
        "text/tab-separated",
        "spreadsheetml",
    ];
    for (folder, endings) in [
        ("src-tauri", &[".rs", "Cargo.toml"][..]),
        ("ui/src", &[".ts", ".tsx"]),
    ] {
        let connector = "src-tauri/crates/connectors";
        for (path, text) in sources(folder, endings) {
            // Tests of files name them; `csv` is what the guarded format is written with.
            if path.to_string_lossy().contains(connector) || path.ends_with("cli/tests/it/files.rs")
            {
                continue;
            }
            let text = text.to_lowercase();
            for format in formats {
                assert!(!text.contains(format), "{} knows {format}", path.display());
            }
        }
    }
}

/// A record may hold an address: nothing in the panel opens one, and the window may call nothing
/// that would.
#[test]
fn threat_no_address_of_a_record_is_opened() {
    for (path, text) in sources("ui/src", &[".ts", ".tsx"]) {
        if path.to_string_lossy().contains(".test.") {
            continue;
        }
        for opens in [
            "window.open",
            "location.href",
            "location.assign",
            "location.replace",
            "target=\"_blank",
            "<iframe",
            "plugin-opener",
            "href={",
        ] {
            assert!(!text.contains(opens), "{} has {opens}", path.display());
        }
    }
    for (path, text) in sources(
        "src-tauri",
        &[".rs", "Cargo.toml", "capabilities/main.json"],
    ) {
        for opens in [
            "tauri-plugin-opener",
            "tauri-plugin-shell",
            "xdg-open",
            "open::that",
        ] {
            assert!(!text.contains(opens), "{} has {opens}", path.display());
        }
    }
}
