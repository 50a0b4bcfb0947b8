//! The rules of the house that a compiler does not hold: who may import whom, what the domain must
//! not be able to reach, what may lie at the top of the repository. Pure functions over data, so
//! that they can be shown to catch a violation; `tests/house.rs` gives them the real data. The
//! panel's own directions are held by a test beside its sources, in its language.

use std::collections::{BTreeMap, BTreeSet};

/// One import of ours by ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The crate that imports, by its package name.
    pub from: String,
    /// The crate that is imported.
    pub to: String,
    /// Whether it is for tests and benches only.
    pub dev: bool,
}

/// The layers: whom a crate may import. `domain ← engine ← {store, connectors, host} ← app ←
/// {window, server ← cli}`. A crate may reach down past a layer except from a face, which talks to
/// the app alone.
const MAY_IMPORT: [(&str, &[&str]); 12] = [
    ("tandem-domain", &[]),
    ("tandem-engine", &["tandem-domain"]),
    ("tandem-store", &["tandem-domain", "tandem-engine"]),
    ("tandem-connectors", &["tandem-domain", "tandem-engine"]),
    ("tandem-host", &["tandem-domain", "tandem-engine"]),
    (
        "tandem-app",
        &[
            "tandem-domain",
            "tandem-engine",
            "tandem-store",
            "tandem-connectors",
            "tandem-host",
        ],
    ),
    ("tandem", &["tandem-app", "tandem-sandbox"]),
    ("tandem-server", &["tandem-app"]),
    (
        "tandem-cli",
        &["tandem-app", "tandem-server", "tandem-sandbox"],
    ),
    ("tandem-sandbox", &[]),
    ("tandem-xtask", &[]),
    ("tandem-tests", TESTS_MAY_IMPORT),
];

/// Whole runs are driven through the app; what they compare with may come from below it.
const TESTS_MAY_IMPORT: &[&str] = &[
    "tandem-app",
    "tandem-sandbox",
    "tandem-domain",
    "tandem-engine",
    "tandem-store",
    "tandem-connectors",
    "tandem-host",
    "tandem-server",
];

/// Names that may stand at the top of the repository; dotfiles may, too.
const TOP: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "icons",
    "migrations",
    "src-tauri",
    "tests",
    "ui",
];

/// What a pure crate must not be able to reach, however far down.
const IMPURE: [&str; 6] = [
    "tokio",
    "reqwest",
    "rusqlite",
    "tokio-postgres",
    "axum",
    "hyper",
];

/// Imports that the layers forbid, and crates no layer knows. In tests a crate may import itself
/// (through its own name) and the sample systems if it is a face.
#[must_use]
pub fn forbidden_imports(crates: &[String], imports: &[Import]) -> Vec<String> {
    let layers: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let unknown = crates
        .iter()
        .filter(|name| !layers.contains_key(name.as_str()))
        .map(|name| format!("{name} has no place in the house: name it among the layers"));
    let wrong = imports
        .iter()
        .filter(|import| {
            layers
                .get(import.from.as_str())
                .is_some_and(|allowed| !allowed.contains(&import.to.as_str()))
        })
        .map(|import| {
            let dev = if import.dev { " in its tests" } else { "" };
            format!("{} imports {}{dev}", import.from, import.to)
        });
    unknown.chain(wrong).collect()
}

/// Names at the top of the repository that the card does not list.
#[must_use]
pub fn strangers_at_the_top(names: &[String]) -> Vec<String> {
    names
        .iter()
        .filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()))
        .cloned()
        .collect()
}

/// The ways by which a crate with the direct dependencies `roots` reaches I/O, as the path of
/// names that leads there; `graph` holds each package's dependencies.
#[must_use]
pub fn impure_paths(roots: &[String], graph: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut queue: Vec<Vec<&str>> = roots.iter().map(|root| vec![root.as_str()]).collect();
    let mut found = Vec::new();
    while let Some(path) = queue.pop() {
        let Some(name) = path.last().copied() else {
            continue;
        };
        if !seen.insert(name) {
            continue;
        }
        if IMPURE.contains(&name) {
            found.push(path.join(" → "));
            continue;
        }
        for next in graph.get(name).into_iter().flatten() {
            let mut longer = path.clone();
            longer.push(next);
            queue.push(longer);
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn imports_go_down_the_layers_only() {
        let cases = [
            ("tandem-engine", "tandem-domain", true),
            ("tandem-app", "tandem-domain", true),
            ("tandem-cli", "tandem-server", true),
            ("tandem", "tandem-sandbox", true),
            ("tandem-tests", "tandem-sandbox", true),
            ("tandem-domain", "tandem-engine", false),
            ("tandem-engine", "tandem-store", false),
            ("tandem-store", "tandem-connectors", false),
            ("tandem-connectors", "tandem-host", false),
            ("tandem-cli", "tandem-store", false),
            ("tandem", "tandem-engine", false),
            ("tandem-server", "tandem-cli", false),
            ("tandem-server", "tandem-sandbox", false),
            ("tandem-app", "tandem-sandbox", false),
            ("tandem-sandbox", "tandem-domain", false),
            ("tandem-xtask", "tandem-app", false),
            ("tandem-app", "tandem-tests", false),
        ];
        for (from, to, allowed) in cases {
            for dev in [false, true] {
                let import = Import {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    dev,
                };
                let wrong = forbidden_imports(&[], &[import]);
                assert_eq!(wrong.is_empty(), allowed, "{from} → {to}, dev {dev}");
            }
        }
    }

    #[test]
    fn a_crate_without_a_layer_is_noticed() {
        let wrong = forbidden_imports(&names(&["tandem-domain", "tandem-attic"]), &[]);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].starts_with("tandem-attic"));
    }

    #[test]
    fn a_stranger_at_the_top_is_noticed() {
        let top = names(&["Cargo.toml", ".ci", "ui", "notes.txt", "scripts"]);
        assert_eq!(strangers_at_the_top(&top), names(&["notes.txt", "scripts"]));
    }

    #[test]
    fn impurity_is_found_however_deep_and_cycles_end() {
        let graph: BTreeMap<String, Vec<String>> = [
            ("serde", &["serde_core"][..]),
            ("client", &["pool", "serde"]),
            ("pool", &["client", "tokio"]),
        ]
        .into_iter()
        .map(|(name, next)| (name.to_owned(), names(next)))
        .collect();
        assert!(impure_paths(&names(&["serde"]), &graph).is_empty());
        assert_eq!(
            impure_paths(&names(&["serde", "client"]), &graph),
            ["client → pool → tokio"]
        );
    }
}
