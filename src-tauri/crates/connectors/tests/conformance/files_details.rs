//! What is files' own: what is kept byte by byte, what is not read yet, who else writes, how they are
//! written.

use std::fs::{self, File};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};
use tandem_connectors::check_settings;
use tandem_domain::value::Value;
use tandem_engine::ports::WritableConnector;
use tandem_engine::ports::connector::{
    ErrorClass, Fetched, ListRequest, NativeChange, WriteOperation, WriteOutcome,
};

use crate::clock::{HandClock, ListedSecrets, NOW, build, clock};
use crate::system::{create, delete, fields, id, ids, key, list, live, update, version};

struct Folder {
    folder: tempfile::TempDir,
    name: &'static str,
}

impl Folder {
    fn with(name: &'static str, content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        Self { folder, name }
    }

    fn connector(&self, mut collection: Json) -> Arc<dyn WritableConnector> {
        collection["file"] = self.name.into();
        let settings = json!({ "folder": self.folder.path(), "collections": { "c": collection } });
        assert_eq!(check_settings("files", &settings), []);
        build("files", &settings, "c", &ListedSecrets(&[]), clock()).unwrap()
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(self.name)
    }

    fn text(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }
}

/// Everything that a write is not about keeps its bytes: odd quotes, blank lines, an encoding, ends of
/// lines, the mark at the beginning; and no file is left beside it.
#[tokio::test]
async fn what_is_not_written_keeps_its_bytes() {
    let table: [(&str, Json, &[u8], &[u8]); 4] = [
        (
            "crlf.csv",
            json!({}),
            b"id;name;city\r\n\"1\";\"A\"\"b\";\r\n\r\n2;B;Bonn\r\n3;C;\"x\r\ny\"\r\n",
            b"id;name;city\r\n\"1\";\"A\"\"b\";\r\n\r\n2;B;\"K;ln\"\r\n3;C;\"x\r\ny\"\r\n",
        ),
        (
            "latin.csv",
            json!({ "encoding": "windows-1252" }),
            b"id,name,city\n1,J\xfcrgen,\n2,Ren\xe9,M\xfcnchen\n",
            b"id,name,city\n1,J\xfcrgen,\n2,Ren\xe9,K;ln\n",
        ),
        (
            "mark.csv",
            json!({ "headers": { "id": "Kunden-Nr.", "city": "Ort" } }),
            b"\xef\xbb\xbfKunden-Nr.\tname\tOrt\n2\tB\tBonn",
            b"\xef\xbb\xbfKunden-Nr.\tname\tOrt\n2\tB\tK;ln\n",
        ),
        (
            "lines.jsonl",
            json!({}),
            b"{\"id\":\"1\",  \"n\": 1.50}\n{\"id\":\"2\",\"city\":\"Bonn\",\"n\":9007199254740993}\n",
            b"{\"id\":\"1\",  \"n\": 1.50}\n{\"city\":\"K;ln\",\"id\":\"2\",\"n\":9007199254740993}\n",
        ),
    ];
    for (name, mut collection, before, after) in table {
        let folder = Folder::with(name, before);
        collection["key"] = json!(["id"]);
        let connector = folder.connector(collection);
        let known = version(&*connector, "2").await;
        let patch = [("city", "\"K;ln\"")];
        let outcomes = connector
            .write(&[update(1, "2", &patch, known)])
            .await
            .unwrap();
        assert!(matches!(outcomes[0], WriteOutcome::Done(_)), "{outcomes:?}");
        let text = String::from_utf8_lossy;
        assert_eq!(text(&folder.text()), text(after), "{name}");
        assert_eq!(fs::read_dir(folder.folder.path()).unwrap().count(), 1);
    }
}

/// A file that somebody is still writing is not read, and so nothing in it is taken for deleted.
#[tokio::test]
async fn half_written_files_are_left_alone() {
    for (name, content) in [
        ("a.csv", "id,name,city\n1,A,Bonn\n2,B"),
        ("b.csv", ""),
        ("c.jsonl", "{\"id\":\"1\"}\n{\"id\":\"2\",\"na"),
    ] {
        let folder = Folder::with(name, content);
        let connector = folder.connector(json!({ "key": ["id"] }));
        let all = ListRequest {
            since: None,
            page: None,
        };
        let error = connector.list(&all).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Transient, "{name}: {error}");
    }
    // A last row without an end of line is a whole one, where all its values are there.
    let folder = Folder::with("d.csv", "id,name\n1,A\n2,B");
    let connector = folder.connector(json!({ "key": ["id"] }));
    assert_eq!(list(&*connector, None).await.records.len(), 2);
}

/// Just changed files wait for `settle_ms`; what we wrote ourselves does not.
#[tokio::test]
async fn fresh_files_settle_first() {
    let folder = Folder::with("a.csv", "id,name\n1,A\n");
    let at: chrono::DateTime<chrono::Utc> = NOW.parse().unwrap();
    let touched = SystemTime::from(at) - Duration::from_millis(400);
    let file = File::options().write(true).open(folder.path()).unwrap();
    file.set_modified(touched).unwrap();
    let settings = json!({ "folder": folder.folder.path(), "collections": {
        "c": { "file": "a.csv", "key": ["id"] },
    } });
    let hand = HandClock::new();
    let connector = build("files", &settings, "c", &ListedSecrets(&[]), hand.clone()).unwrap();
    let all = ListRequest {
        since: None,
        page: None,
    };
    let error = connector.list(&all).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient);
    assert_eq!(error.retry_after, Some(Duration::from_millis(600)));
    hand.advance(1);
    assert_eq!(connector.list(&all).await.unwrap().records.len(), 1);
    let outcomes = connector.write(&[delete(1, "1", None)]).await.unwrap();
    assert!(matches!(outcomes[0], WriteOutcome::Done(_)), "{outcomes:?}");
    assert_eq!(connector.list(&all).await.unwrap().records, []);
}

/// A listing sees one state of the file throughout, also when it is replaced in between; written to
/// in place it is read anew.
#[tokio::test]
async fn a_listing_sees_one_state() {
    let rows: String = (0..30).map(|n| format!("{n},N{n}\n")).collect();
    let folder = Folder::with("a.csv", format!("id,name\n{rows}"));
    let connector = folder.connector(json!({ "key": ["id"], "page_size": 10 }));
    let first = ListRequest {
        since: None,
        page: None,
    };
    let page = connector.list(&first).await.unwrap();
    let beside = folder.folder.path().join("b");
    fs::write(&beside, "id,name\n1,A\n").unwrap();
    fs::rename(&beside, folder.path()).unwrap();
    let next = ListRequest {
        since: None,
        page: page.next,
    };
    let page = connector.list(&next).await.unwrap();
    assert_eq!(page.records.len(), 10);
    assert_eq!(list(&*connector, None).await.records.len(), 1);
    let folder = Folder::with("a.csv", format!("id,name\n{rows}"));
    let connector = folder.connector(json!({ "key": ["id"], "page_size": 10 }));
    let page = connector.list(&first).await.unwrap();
    fs::write(folder.path(), "id,name\n1,A\n").unwrap();
    let next = ListRequest {
        since: None,
        page: page.next,
    };
    let error = connector.list(&next).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "{error}");
}

/// Rows that are no records, and ids that are there twice, are told; they count as present.
#[tokio::test]
async fn case_20_bad_rows_and_twins_are_told() {
    let content = b"id,name\n1,A\n2,B,too,many\n,nameless\n3,\xff\n4,D\n4,E\n";
    let folder = Folder::with("a.csv", content);
    let connector = folder.connector(json!({ "key": ["id"] }));
    let page = list(&*connector, None).await;
    assert_eq!(ids(&page).into_iter().collect::<Vec<_>>(), ["1", "4"]);
    let why: Vec<&str> = page
        .unreadable
        .iter()
        .map(|it| it.reason.as_str())
        .collect();
    assert!(
        why[0].contains("4 values where there are 2 columns"),
        "{why:?}"
    );
    assert!(why[1].contains("has no id"), "{why:?}");
    assert!(why[2].contains("encoding"), "{why:?}");
    assert_eq!(page.unreadable[2].id, Some(id("3")));
    let read = connector.get(&[id("3"), id("4"), id("5")]).await.unwrap();
    assert!(
        matches!(
            read.as_slice(),
            [Fetched::Unknown(_), Fetched::Unknown(_), Fetched::Gone]
        ),
        "{read:?}"
    );
    let outcomes = connector.write(&[delete(1, "4", None)]).await.unwrap();
    assert!(
        matches!(outcomes[0], WriteOutcome::Rejected(_)),
        "{outcomes:?}"
    );
    assert_eq!(folder.text(), content);
}

/// What a file cannot hold is refused alone: a column that is not there, a character that its encoding
/// lacks, a read-only column, an id that is taken.
#[tokio::test]
async fn what_a_file_cannot_hold_is_refused() {
    let folder = Folder::with("a.csv", "id,name,sum\n1,A,5\n");
    let collection = json!({
        "key": ["id"], "encoding": "windows-1252", "read_only": ["sum"], "types": { "sum": "integer" },
    });
    let connector = folder.connector(collection);
    let make = |n: u128, members: &[(&str, &str)]| WriteOperation {
        key: key(n),
        change: NativeChange::Create {
            fields: members
                .iter()
                .map(|(name, text)| ((*name).to_owned(), Value::Text((*text).to_owned())))
                .collect::<tandem_domain::record::NativeFields>()
                .into(),
        },
    };
    let outcomes = connector
        .write(&[
            make(1, &[("id", "2"), ("nme", "x")]),
            make(2, &[("id", "3"), ("name", "☃")]),
            make(3, &[("id", "4"), ("sum", "1")]),
            make(4, &[("id", "1"), ("name", "x")]),
            make(5, &[("id", "5"), ("name", "Zoë")]),
            make(6, &[("id", "5"), ("name", "twice")]),
        ])
        .await
        .unwrap();
    let said: Vec<String> = outcomes
        .iter()
        .map(|outcome| match outcome {
            WriteOutcome::Rejected(error) => error.message.clone(),
            other => format!("{other:?}"),
        })
        .collect();
    for (said, expected) in said.iter().zip([
        "no column \"nme\"",
        "'☃'",
        "sum is read-only",
        "exists already",
        "Done",
        "exists already",
    ]) {
        assert!(said.contains(expected), "{said}, not {expected}");
    }
    assert_eq!(folder.text(), b"id,name,sum\n1,A,5\n5,Zo\xeb,\n");
}

/// Composite ids, counted ids, files without a line of names.
#[tokio::test]
async fn ids_are_made_as_said() {
    let folder = Folder::with("a.csv", "1;A\n7;B\n");
    let collection = json!({ "key": ["no"], "columns": ["no", "name"], "new_id": "count" });
    let connector = folder.connector(collection);
    let mut person = fields("C", "", "1", "1");
    person.retain(|name, _| name == "name");
    let outcomes = connector
        .write(&[create(1, &person), create(2, &person)])
        .await
        .unwrap();
    assert!(matches!(outcomes[1], WriteOutcome::Done(_)), "{outcomes:?}");
    assert_eq!(folder.text(), b"1;A\n7;B\n8;C\n9;C\n");
    let folder = Folder::with("b.csv", "shop,no,name\nde,1,A\nat,1,B\n");
    let connector = folder.connector(json!({ "key": ["shop", "no"] }));
    let page = list(&*connector, None).await;
    assert_eq!(page.records.len(), 2);
    assert_eq!(page.records[1].id, id("[\"at\",\"1\"]"));
    assert_eq!(live(&page.records[1])["name"], Value::Text("B".into()));
}

/// A folder's settings name plain files right in it.
#[test]
fn threat_paths_of_files_stay_in_their_folder() {
    for file in [
        "../x.csv",
        "a/b.csv",
        "/etc/passwd.csv",
        "..",
        ".hidden.csv",
        "a\\b.csv",
    ] {
        let settings =
            json!({ "folder": "f", "collections": { "c": { "file": file, "key": ["id"] } } });
        let problems = check_settings("files", &settings);
        assert!(
            problems
                .iter()
                .any(|problem| problem.path == "collections.c.file"),
            "{file}: {problems:?}"
        );
    }
}

/// Links and devices are not followed, neither as the folder nor as the file.
#[cfg(unix)]
#[tokio::test]
async fn threat_links_are_not_followed() {
    let folder = Folder::with("a.csv", "id\n1\n");
    let other = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder.path(), other.path().join("a.csv")).unwrap();
    std::os::unix::fs::symlink(folder.folder.path(), other.path().join("linked")).unwrap();
    for place in [other.path().to_path_buf(), other.path().join("linked")] {
        let settings =
            json!({ "folder": place, "collections": { "c": { "file": "a.csv", "key": ["id"] } } });
        let connector = build("files", &settings, "c", &ListedSecrets(&[]), clock()).unwrap();
        let error = connector.check().await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Configuration, "{error}");
        assert!(error.message.contains("link"), "{error}");
    }
}

/// A text that a spreadsheet would take for a formula stays a text in it, and itself for Tandem; what
/// can do no harm there stays as it is.
#[tokio::test]
async fn threat_formulas_stay_texts_in_a_csv() {
    // what is synced, what the file holds
    let table = [
        (
            "=HYPERLINK(\"http://x\",A1)",
            "'=HYPERLINK(\"\"http://x\"\",A1)",
        ),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|'/C calc'!A0", "'+cmd|'/C calc'!A0"),
        ("-2+3+cmd|x", "'-2+3+cmd|x"),
        ("\t=1", "'\t=1"),
        ("+49 30 (12) 34-5", "+49 30 (12) 34-5"),
        ("-12.50", "-12.50"),
        ("'quoted'", "'quoted'"),
        ("a=1", "a=1"),
    ];
    for (text, held) in table {
        for (formulas, held) in [("guarded", held), ("plain", &*text.replace('"', "\"\""))] {
            let folder = Folder::with("a.csv", "id;name\n");
            let collection = json!({ "key": ["id"], "formulas": formulas });
            let connector = folder.connector(collection);
            let mut person = fields(text, "", "1", "1");
            person.retain(|name, _| name == "name");
            let outcomes = connector.write(&[create(1, &person)]).await.unwrap();
            assert!(matches!(outcomes[0], WriteOutcome::Done(_)), "{outcomes:?}");
            let file = String::from_utf8(folder.text()).unwrap();
            assert!(file.contains(held), "{file} lacks {held}");
            let page = list(&*connector, None).await;
            assert_eq!(live(&page.records[0])["name"], Value::Text(text.into()));
        }
    }
}
