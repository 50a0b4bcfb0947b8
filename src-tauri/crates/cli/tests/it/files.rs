//! Two files as the two systems: a spreadsheet's CSV with German names and an old encoding, and JSON
//! lines; edited as people do, read back without Tandem's own code.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::bench::{Bench, many};

const WORKSPACE: &str = r#"
[[connections]]
name = "sheet"
kind = "files"
folder = "sheet"

[connections.collections.customers]
file = "kunden.csv"
key = ["no"]
encoding = "windows-1252"
headers = { no = "Kunden-Nr.", name = "Name", city = "Ort", credit = "Limit" }
types = { credit = "decimal" }
settle_ms = 0

[[connections]]
name = "feed"
kind = "files"
folder = "feed"

[connections.collections.customers]
file = "customers.jsonl"
key = ["id"]
settle_ms = 0

[[syncs]]
name = "customers"
match_key = ["no"]
source = { connection = "sheet", collection = "customers" }
target = { connection = "feed", collection = "customers" }

[syncs.mapping]
no = "text"
name = "text"
city = "text"
credit = { type = { decimal = { scale = 2 } } }
"#;

/// Name, city and credit by number.
type Customers = BTreeMap<String, [String; 3]>;

struct Files(Bench);

impl Files {
    fn new(customers: &Customers) -> Self {
        let bench = Bench::new();
        for folder in ["sheet", "feed"] {
            fs::create_dir(bench.path(folder)).unwrap();
        }
        let files = Self(bench);
        files.save_sheet(customers);
        fs::write(files.0.path("feed/customers.jsonl"), "").unwrap();
        let file = files.0.write("workspace.toml", WORKSPACE);
        let said = files.0.tandem(&["apply", "-f", &file]);
        assert_eq!(said.status, 0, "{said:?}");
        files
    }

    fn sheet_bytes(&self) -> Vec<u8> {
        fs::read(self.0.path("sheet/kunden.csv")).unwrap()
    }

    fn feed_text(&self) -> String {
        fs::read_to_string(self.0.path("feed/customers.jsonl")).unwrap()
    }

    /// Latin-1 is bytes as characters; no value here needs quotes.
    fn sheet(&self) -> Customers {
        let text: String = self
            .sheet_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("Kunden-Nr.;Name;Ort;Limit"));
        lines
            .map(|line| {
                let cells: Vec<String> = line.split(';').map(str::to_owned).collect();
                let [no, name, city, credit] = cells.try_into().unwrap();
                (no, [name, city, credit])
            })
            .collect()
    }

    fn save_sheet(&self, customers: &Customers) {
        let mut text = String::from("Kunden-Nr.;Name;Ort;Limit\r\n");
        for (no, [name, city, credit]) in customers {
            text.push_str(&format!("{no};{name};{city};{credit}\r\n"));
        }
        let bytes: Vec<u8> = text.chars().map(|it| u8::try_from(it).unwrap()).collect();
        fs::write(self.0.path("sheet/kunden.csv"), bytes).unwrap();
    }

    fn feed(&self) -> Vec<Value> {
        let text = self.feed_text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn save_feed(&self, rows: &[Value]) {
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        fs::write(self.0.path("feed/customers.jsonl"), text).unwrap();
    }

    /// What the feed says, written as the sheet has it.
    fn feed_as_sheet(&self) -> Customers {
        let text = |row: &Value, name: &str| match &row[name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.feed()
            .iter()
            .map(|row| {
                let values = ["name", "city", "credit"].map(|name| text(row, name));
                (text(row, "no"), values)
            })
            .collect()
    }

    fn run(&self) -> Value {
        self.0.tandem(&["run", "customers", "--json"]).json()
    }
}

/// How many customers of the one are otherwise, or not at all, in the other; credits as numbers.
fn differ(left: &Customers, right: &Customers) -> usize {
    let plain = |[name, city, credit]: &[String; 3]| {
        let credit = credit.parse::<f64>().map_err(|_| credit.clone());
        (name.clone(), city.clone(), credit)
    };
    left.iter()
        .filter(|(no, values)| right.get(*no).map(plain) != Some(plain(values)))
        .count()
}

#[test]
fn two_files_are_kept_in_step_both_ways() {
    let count = many();
    let customers: Customers = (1..=count)
        .map(|n| {
            let name = format!("Müller {n}");
            (format!("K{n:06}"), [name, "Köln".into(), format!("{n}.50")])
        })
        .collect();
    let files = Files::new(&customers);
    let first = files.run();
    assert_eq!(first["status"], "completed", "{first}");
    assert_eq!(first["created"], json!({"source": 0, "target": count}));
    assert_eq!(differ(&customers, &files.feed_as_sheet()), 0);
    assert_eq!(differ(&customers, &files.sheet()), 0);

    // People edit: different fields, the same field, a delete on each side, a number that is none.
    let mut sheet = files.sheet();
    let mut feed = files.feed();
    for (place, row) in feed.iter_mut().enumerate() {
        let no = row["no"].as_str().unwrap().to_owned();
        match place {
            5..=54 => row["city"] = "Bonn".into(),
            60..=62 => row["name"] = "Feed".into(),
            _ => {}
        }
        let held = sheet.get_mut(&no).unwrap();
        match place {
            30..=59 => held[2] = "7.25".to_owned(),
            60..=62 => held[0] = "Sheet".to_owned(),
            70 => held[2] = "a lot".to_owned(),
            _ => {}
        }
    }
    let gone_in_sheet = feed[80]["no"].as_str().unwrap().to_owned();
    let gone_in_feed = feed[81]["no"].as_str().unwrap().to_owned();
    let invalid = feed[70]["no"].as_str().unwrap().to_owned();
    sheet.remove(&gone_in_sheet);
    feed.remove(81);
    files.save_sheet(&sheet);
    files.save_feed(&feed);
    let second = files.run();
    assert_eq!(second["status"], "partial", "{second}");
    assert_eq!(second["conflicts"], 3);
    assert_eq!(second["updated"], json!({"source": 50, "target": 30}));
    assert_eq!(second["deleted"], json!({"source": 1, "target": 1}));
    let (in_sheet, in_feed) = (files.sheet(), files.feed_as_sheet());
    for gone in [&gone_in_sheet, &gone_in_feed] {
        assert!(
            !in_sheet.contains_key(gone) && !in_feed.contains_key(gone),
            "{gone}"
        );
    }
    assert_eq!(differ(&in_sheet, &in_feed), 4);
    assert_eq!(in_sheet[&invalid][2], "a lot");

    let said = files
        .0
        .tandem(&["conflicts", "resolve", "--all", "--take", "target"]);
    assert_eq!(said.status, 0, "{said:?}");
    let mut sheet = files.sheet();
    sheet.get_mut(&invalid).unwrap()[2] = "8.00".to_owned();
    files.save_sheet(&sheet);
    let third = files.run();
    assert_eq!(third["status"], "completed", "{third}");
    let (in_sheet, in_feed) = (files.sheet(), files.feed_as_sheet());
    assert_eq!(differ(&in_sheet, &in_feed), 0);
    assert_eq!(in_sheet.len(), customers.len() - 2);
    assert_eq!(
        in_sheet
            .values()
            .filter(|values| values[0] == "Feed")
            .count(),
        3
    );

    let before = (files.sheet_bytes(), files.feed_text());
    let idle = files.run();
    assert_eq!(idle["status"], "completed", "{idle}");
    assert_eq!(idle["updated"], json!({"source": 0, "target": 0}));
    assert_eq!((files.sheet_bytes(), files.feed_text()), before);
}

/// A file that vanished, is empty or breaks off fails the run, with its name; nothing is deleted.
#[test]
fn case_33_a_lost_file_deletes_nothing() {
    let customers: Customers = (1..=20)
        .map(|n| (format!("K{n:06}"), ["A".into(), "B".into(), "1.00".into()]))
        .collect();
    let files = Files::new(&customers);
    assert_eq!(files.run()["status"], "completed");
    let held = files.feed_text();
    let sheet = files.0.path("sheet/kunden.csv");
    let header = "Kunden-Nr.;Name;Ort;Limit\r\n";
    for content in [
        None,
        Some(""),
        Some(header),
        Some("Kunden-Nr.;Name;Ort;Limit\r\nK000001;A"),
    ] {
        match content {
            None => fs::remove_file(&sheet).unwrap(),
            Some(content) => fs::write(&sheet, content).unwrap(),
        }
        let run = files.run();
        assert_eq!(run["status"], "failed", "{content:?}: {run}");
        assert!(
            run["error"].to_string().contains("customers")
                || run["error"].to_string().contains("kunden.csv"),
            "{run}"
        );
        assert_eq!(files.feed_text(), held, "{content:?}");
    }
}
