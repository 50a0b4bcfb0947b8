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
