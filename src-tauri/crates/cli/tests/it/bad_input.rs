//! Workspace files that cannot work are refused whole, with line, reason and fix.

use crate::bench::Bench;

#[test]
fn what_cannot_work_is_refused_with_its_line_and_the_fix() {
    let bench = Bench::new();
    let good = bench.workspace();
    // What is put in place of what; what the refusal must say besides file and line of the new text.
    let table: [(&str, &str, &str, &[&str]); 14] = [
        (
            "unknown key in a connection",
            "lookup = [",
            "lokup = [",
            &["unknown key \"lokup\"", "Did you mean \"lookup\"?"],
        ),
        (
            "unknown key in a sync",
            "match_key = ",
            "match_keys = ",
            &["unknown key \"match_keys\"", "Did you mean \"match_key\"?"],
        ),
        (
            "unknown table",
            "[[syncs]]",
            "[[sync]]",
            &["unknown key \"sync\"", "Did you mean \"syncs\"?"],
        ),
        (
            "unknown kind",
            "kind = \"sqlite\"",
            "kind = \"sqlit\"",
            &["no kind of connection", "Did you mean \"sqlite\"?"],
        ),
        (
            "unknown type",
            "last_name = \"text\"",
            "last_name = \"txt\"",
            &["\"txt\" is not a possible value", "Did you mean \"text\"?"],
        ),
        (
            "unknown connection",
            "{ connection = \"right\",",
            "{ connection = \"rihgt\",",
            &["no connection \"rihgt\"", "Did you mean \"right\"?"],
        ),
        (
            "unknown collection",
            "{ connection = \"right\", collection = \"customers\" }",
            "{ connection = \"right\", collection = \"custommers\" }",
            &[
                "no collection \"custommers\"",
                "Did you mean \"customers\"?",
            ],
        ),
        (
            "unknown field",
            "city = \"text\"",
            "town = \"text\"",
            &["town", "city"],
        ),
        (
            "unknown match key",
            "match_key = [\"customer_no\"]",
            "match_key = [\"customer\"]",
            &["customer"],
        ),
        (
            "a type that does not fit",
            "city = \"text\"",
            "city = \"boolean\"",
            &["city", "boolean"],
        ),
        (
            "a mapping that cannot be inverted",
            "city = \"text\"",
            "full = { type = \"text\", source = { join = { paths = [\"first_name\", \"city\"], separator = \" \" } }, target = \"city\" }",
            &["cannot be inverted", "read_only"],
        ),
        (
            "a number where a text belongs",
            "match_key = [\"customer_no\"]",
            "match_key = 7",
            &["does not fit"],
        ),
        (
            "no TOML",
            "[syncs.mapping]",
            "[syncs.mapping",
            &["not TOML"],
        ),
        (
            "an unknown word",
            "match_key = ",
            "deletes = \"propagat\"\nmatch_key = ",
            &[
                "\"propagat\" is not a possible value",
                "Did you mean \"propagate\"?",
            ],
        ),
    ];
    for (name, old, new, says) in table {
        let broken = good.replacen(
            old,
            new,
            if name.contains("connection") {
                1
            } else {
                usize::MAX
            },
        );
        assert_ne!(broken, good, "{name}");
        let file = bench.write("broken.toml", &broken);
        let said = bench.tandem(&["apply", "-f", &file]);
        assert_eq!(said.status, 1, "{name}: {said:?}");
        let first = new.lines().next().unwrap();
        let line = broken
            .lines()
            .position(|text| text.contains(first))
            .unwrap()
            + 1;
        let place = format!("broken.toml:{line}: ");
        assert!(said.err.contains(&place), "{name}: {place} in {}", said.err);
        for part in says {
            assert!(said.err.contains(part), "{name}: {part:?} in {}", said.err);
        }
        let nothing = bench.tandem(&["connections", "list"]);
        assert!(
            nothing.out.starts_with("No connections"),
            "{name}: nothing of it was applied"
        );
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let bench = Bench::new();
    let broken = bench
        .workspace()
        .replace("lookup = [", "lokup = [")
        .replace("city = \"text\"", "city = \"txt\"")
        .replace("match_key", "match_keys");
    let file = bench.write("broken.toml", &broken);
    let said = bench.tandem(&["apply", "-f", &file]);
    assert!(said.err.contains("has 4 problems"), "{}", said.err);
    let json = bench.tandem(&["apply", "-f", &file, "--json"]);
    let error: serde_json::Value = serde_json::from_str(&json.err).unwrap();
    assert_eq!(error["code"], "invalid_workspace");
}

#[test]
fn an_unreachable_catalogue_refuses_and_an_unreachable_declared_system_warns() {
    let bench = Bench::new();
    let missing = bench.workspace().replace("right.db", "nowhere.db");
    let file = bench.write("missing.toml", &missing);
    let said = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.err.contains("nowhere.db") && said.err.contains("cannot be looked at"),
        "{}",
        said.err
    );

    // Port 9 on loopback: nothing listens there.
    let rest = r#"
[[connections]]
name = "shop"
kind = "rest"
base_url = "http://127.0.0.1:9"
allow_private = true
[connections.collections.customers]
list = { path = "/customers" }
get = { path = "/customers/{{ id }}" }
create = { path = "/customers" }
update = { path = "/customers/{{ id }}" }
delete = { path = "/customers/{{ id }}" }
fields = { customer_no = { type = "text" }, city = { type = "text" } }

[[syncs]]
name = "shop"
match_key = ["customer_no"]
source = { connection = "left", collection = "customers" }
target = { connection = "shop", collection = "customers" }
[syncs.mapping]
customer_no = "text"
city = "text"
"#;
    let file = bench.write("rest.toml", &(bench.workspace() + rest));
    let said = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(
        said.err.contains("warning: shop at http://127.0.0.1:9"),
        "{}",
        said.err
    );
}

#[test]
fn applying_is_idempotent_and_what_is_exported_changes_nothing() {
    let bench = Bench::new();
    let file = bench.write("workspace.toml", &bench.workspace());
    let dry = bench.tandem(&["apply", "-f", &file, "--dry-run"]);
    assert!(
        dry.status == 0 && dry.out.contains("+ sync customers: created"),
        "{dry:?}"
    );
    assert!(
        bench.tandem(&["syncs", "list"]).out.starts_with("No syncs"),
        "a dry run writes nothing"
    );
    let first = bench.tandem(&["apply", "-f", &file]);
    assert!(
        first.status == 0 && first.out.contains("+ connection left: created"),
        "{first:?}"
    );
    let second = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(second.out.matches("unchanged").count(), 3, "{}", second.out);

    let exported = bench.tandem(&["export"]);
    assert_eq!(exported.status, 0, "{exported:?}");
    let file = bench.write("exported.toml", &exported.out);
    let again = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(again.status, 0, "{again:?}\n{}", exported.out);
    assert_eq!(
        again.out.matches("unchanged").count(),
        3,
        "{}\n{}",
        again.out,
        exported.out
    );
    assert_eq!(bench.tandem(&["export"]).out, exported.out);

    let changed = bench.workspace().replace("city = \"text\"\n", "");
    let file = bench.write("changed.toml", &changed);
    let said = bench.tandem(&["apply", "-f", &file, "--dry-run"]);
    assert!(
        said.out.contains("~ sync customers: updated")
            && said.out.contains("mapping.city: removed"),
        "{}",
        said.out
    );
}

#[test]
fn secrets_are_references_and_a_missing_one_says_how_to_provide_it() {
    let bench = Bench::new();
    let rest = r#"
[[connections]]
name = "shop"
kind = "rest"
base_url = "http://127.0.0.1:9"
allow_private = true
auth = { type = "bearer", token = { secret = "shop-key" } }
[connections.collections.customers]
list = { path = "/customers" }
"#;
    let file = bench.write("secret.toml", rest);
    assert_eq!(bench.tandem(&["apply", "-f", &file]).status, 0);
    let said = bench.tandem(&["connections", "test", "shop"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.err.contains("shop-key") && said.err.contains("TANDEM_SECRET_SHOP_KEY"),
        "{}",
        said.err
    );
}

#[test]
fn relative_paths_start_at_the_workspace_file_and_not_where_one_is() {
    let bench = Bench::new();
    let folder = bench.left.path().parent().unwrap().to_owned();
    let relative = bench
        .workspace()
        .replace(
            &format!("{:?}", bench.left.path().display().to_string()),
            "\"left.db\"",
        )
        .replace(
            &format!("{:?}", bench.right.path().display().to_string()),
            "\"books/../right.db\"",
        );
    assert_eq!(relative.matches(".db\"").count(), 2);
    assert!(!relative.contains(&folder.display().to_string()));
    std::fs::create_dir(folder.join("books")).unwrap();
    bench.write("workspace.toml", &relative);
    let elsewhere = tempfile::tempdir().unwrap();
    let named = folder.join("workspace.toml").display().to_string();

    let said = bench.tandem_in(elsewhere.path(), &["apply", "-f", &named]);
    assert_eq!(said.status, 0, "{said:?}");
    // By whatever name the file goes, and wherever one is.
    let again = bench.tandem_in(&folder.join("books"), &["apply", "-f", "../workspace.toml"]);
    assert_eq!(again.status, 0, "{again:?}");
    let same = bench.tandem_in(&folder, &["apply", "-f", "./workspace.toml"]);
    assert_eq!(same.out.matches("unchanged").count(), 3, "{}", same.out);
    let run = bench.tandem_in(elsewhere.path(), &["run", "customers"]);
    assert_eq!(run.status, 0, "{run:?}");
    let exported = bench.tandem_in(elsewhere.path(), &["export"]);
    let left = bench.left.path().canonicalize().unwrap();
    let left = left.display().to_string();
    assert!(exported.out.contains(&left), "{}", exported.out);
}

#[test]
fn applying_is_all_or_nothing() {
    let bench = Bench::new();
    assert_eq!(bench.tandem(&["connections", "list"]).status, 0);
    // The connections could be kept, the sync after them cannot.
    rusqlite::Connection::open(bench.store())
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON sync_configurations
             BEGIN SELECT RAISE(ABORT, 'no room left'); END",
        )
        .unwrap();
    let file = bench.write("workspace.toml", &bench.workspace());
    let said = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(said.status, 1, "{said:?}");
    let nothing = bench.tandem(&["connections", "list"]);
    assert!(nothing.out.starts_with("No connections"), "{}", nothing.out);
}
