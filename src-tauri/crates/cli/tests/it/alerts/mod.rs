//! Alerts as they arrive: a real mail server and a real receiver of webhooks.

pub(crate) mod hook;
mod post_office;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use mail_parser::{Message, MessageParser, MimeHeaders as _};

use tandem_sandbox::{Clock, Erp};

use crate::bench::{Bench, Said, run};
use hook::Hook;
use post_office::{Mail, PostOffice, Tls, certificate};

const CANARY: &str = "hunter2canary";

/// A bench whose right database can be taken away, and where its failures are told.
struct Told {
    bench: Bench,
    office: PostOffice,
    hook: Hook,
    variables: Vec<(&'static str, String)>,
}

impl Told {
    fn new() -> Self {
        let (office, hook) = (PostOffice::open(Tls::None), Hook::open());
        let server = format!("smtp://127.0.0.1:{}?tls=none", office.port);
        let variables = vec![
            ("TANDEM_ALERT_SMTP_URL", server),
            (
                "TANDEM_ALERT_SMTP_FROM",
                "Tandem <tandem@example.org>".into(),
            ),
            (
                "TANDEM_ALERT_SMTP_TO",
                "ann@example.org, bo@example.org".into(),
            ),
            ("TANDEM_ALERT_SMTP_ALLOW_PRIVATE", "true".into()),
            (
                "TANDEM_ALERT_WEBHOOK_URL",
                hook.url("/services/T1/hunter2canary"),
            ),
            ("TANDEM_ALERT_WEBHOOK_ALLOW_PRIVATE", "true".into()),
        ];
        Self {
            bench: Bench::with_customers(3),
            office,
            hook,
            variables,
        }
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command
            .env("TANDEM_STORE", self.bench.store())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(args);
        command
    }

    fn tandem(&self, args: &[&str]) -> Said {
        run(&mut self.command(args))
    }

    fn away(&self) -> PathBuf {
        self.bench.path("elsewhere.db")
    }

    fn take_away(&self) {
        std::fs::rename(self.bench.right.path(), self.away()).unwrap();
    }

    fn give_back(&self) {
        std::fs::rename(self.away(), self.bench.right.path()).unwrap();
    }

    /// How many mails and posts came.
    fn came(&self) -> (usize, usize) {
        (self.office.mails().len(), self.hook.posted().len())
    }

    fn last_run(&self) -> String {
        let runs = self.bench.tandem(&["runs", "list", "--json"]).json();
        runs[0]["id"].as_str().unwrap().to_owned()
    }
}

fn parsed(mail: &Mail) -> Message<'_> {
    MessageParser::default().parse(&mail.data).unwrap()
}

fn text(mail: &Mail) -> String {
    parsed(mail).body_text(0).unwrap().replace("\r\n", "\n")
}

/// A process that stays until it is dropped.
pub(crate) struct Stays(pub(crate) Child);

impl Drop for Stays {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(told: &Told) -> Stays {
    let mut command = told.command(&["serve"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Stays(command.spawn().unwrap())
}

#[test]
fn test_008_a_failed_run_is_told_by_mail_and_webhook_and_so_is_its_recovery() {
    let told = Told::new();
    assert_eq!(told.tandem(&["run", "customers"]).status, 0);
    assert_eq!(told.came(), (0, 0), "nothing to tell");
    told.take_away();
    let said = told.tandem(&["run", "customers"]);
    assert_eq!((said.status, said.err.as_str()), (5, ""), "{said:?}");
    let link = format!("tandem://open/t/main/runs/{}", told.last_run());

    assert_eq!(told.came(), (1, 1), "told before the command ended");
    let listed = told.tandem(&["alerts", "list", "--json"]).json()[0].clone();
    assert_eq!(
        (&listed["kind"], &listed["sync"]),
        (&"failure".into(), &"customers".into())
    );
    for channel in [&listed["deliveries"][0], &listed["deliveries"][1]] {
        assert!(channel["delivered_at"].is_string(), "{listed}");
    }
    let table = told.tandem(&["alerts", "list"]).out;
    assert!(
        table.contains("mail, webhook") || table.contains("webhook, mail"),
        "{table}"
    );
    let mail = told.office.mails().remove(0);
    assert_eq!(mail.from, "tandem@example.org");
    assert_eq!(mail.to, ["ann@example.org", "bo@example.org"]);
    let message = parsed(&mail);
    assert_eq!(message.subject(), Some("The sync customers failed"));
    assert!(message.date().is_some() && message.message_id().is_some());
    let raw = String::from_utf8_lossy(&mail.data);
    assert!(
        raw.lines()
            .any(|line| line == "Auto-Submitted: auto-generated"),
        "{raw}"
    );
    let (mail, post) = (text(&mail), told.hook.posted().remove(0));
    assert_eq!(post.line, "POST /services/T1/hunter2canary HTTP/1.1");
    assert!(post.key.is_some());
    let mut both = vec![mail, post.text().to_owned()];
    for text in &both {
        for part in [
            "Connection",
            "right",
            "right.db",
            "Retries",
            "What to do",
            "Check that",
            "tandem --tenant main runs show",
            link.as_str(),
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Held back"), "{text}");
    }

    // Within the hour nothing more is told, until it works again.
    assert_eq!(told.tandem(&["run", "customers"]).status, 5);
    assert_eq!(told.came(), (1, 1));
    told.give_back();
    // The second run opened the circuit, which had no alert of its own.
    let reset = told.tandem(&["connections", "reset", "right"]);
    assert_eq!(reset.status, 0, "{reset:?}");
    assert_eq!(told.tandem(&["run", "customers"]).status, 0);
    assert_eq!(told.came(), (2, 2));
    let mail = told.office.mails().remove(1);
    assert_eq!(
        parsed(&mail).subject(),
        Some("The sync customers works again")
    );
    both = vec![text(&mail), told.hook.posted()[1].text().to_owned()];
    for text in both {
        assert!(text.contains("1 earlier failure was not told of"), "{text}");
        assert!(text.contains(&told.last_run()), "{text}");
    }
    assert_eq!(told.tandem(&["run", "customers"]).status, 0);
    assert_eq!(told.came(), (2, 2), "one notice");
}

#[test]
fn test_008_a_channel_that_fails_is_tried_again_and_the_others_are_left_alone() {
    let told = Told::new();
    told.take_away();
    told.hook.answer("500 Broken");
    let said = told.tandem(&["run", "customers"]);
    assert_eq!(told.came(), (1, 1));
    assert!(
        said.err.contains("webhook") && said.err.contains("500"),
        "{said:?}"
    );
    assert!(!said.err.contains(CANARY), "{said:?}");
    // The next command tries what is left before it does anything else.
    told.tandem(&["run", "customers"]);
    assert_eq!(told.came(), (1, 2));
    let posted = told.hook.posted();
    assert_eq!(posted[0].key, posted[1].key, "the same alert");
    told.tandem(&["run", "customers"]);
    assert_eq!(told.came(), (1, 2));

    // The other way round.
    let told = Told::new();
    told.take_away();
    told.office.refuse(1);
    let said = told.tandem(&["run", "customers"]);
    assert!(
        said.err.contains("mail") && said.err.contains("451"),
        "{said:?}"
    );
    assert_eq!(told.came(), (0, 1));
    told.tandem(&["run", "customers"]);
    assert_eq!(told.came(), (1, 1));
    told.tandem(&["run", "customers"]);
    assert_eq!(told.came(), (1, 1));
}

#[test]
fn test_008_what_was_never_delivered_is_delivered_by_the_next_process() {
    let told = Told::new();
    told.take_away();
    // This process ends between recording the failure and telling it, for it knows no channel.
    assert_eq!(told.bench.tandem(&["run", "customers"]).status, 5);
    assert_eq!(told.came(), (0, 0));
    let (first, second) = (serve(&told), serve(&told));
    told.office.wait_for(1);
    drop((first, second));
    let mails = told.office.mails();
    assert_eq!(mails.len(), 1, "two processes, one mail");
    assert!(text(&mails[0]).contains(&told.last_run()));
}

#[test]
fn hostile_words_stay_words_in_every_channel() {
    let told = Told::new();
    let sync = r"<!channel> & <b>x</b> `@here` Ünï";
    let folder = "no\r\nBcc: victim@example.org\r\n\r\n<!everyone> ```*x*``` <script>";
    let moved = told.bench.path(folder).join("right.db");
    std::fs::create_dir(told.bench.path(folder)).unwrap();
    Erp::open(&moved, Clock::machine()).unwrap();
    let workspace = told
        .bench
        .workspace()
        .replace("name = \"customers\"", &format!("name = {sync:?}"))
        .replace(
            &format!("{:?}", told.bench.right.path().display().to_string()),
            &serde_json::to_string(&moved.display().to_string()).unwrap(),
        );
    let file = told.bench.write("hostile.toml", &workspace);
    let applied = told.tandem(&["apply", "-f", &file]);
    assert_eq!(applied.status, 0, "{applied:?}");
    std::fs::remove_file(moved).unwrap();
    let said = told.tandem(&["run", sync]);
    assert_eq!(said.status, 5, "{said:?}");
    assert_eq!(told.came(), (1, 1), "{said:?}");

    let mail = told.office.mails().remove(0);
    assert_eq!(mail.to, ["ann@example.org", "bo@example.org"]);
    let message = parsed(&mail);
    let title = format!("The sync {sync} failed");
    assert_eq!(message.subject(), Some(title.as_str()));
    assert!(message.bcc().is_none());
    let content = message.content_type().unwrap();
    assert_eq!(
        (content.ctype(), content.subtype()),
        ("text", Some("plain"))
    );
    assert_eq!(message.parts.len(), 1);
    let names: Vec<&str> = message
        .headers()
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(
        names.iter().filter(|name| **name == "Subject").count(),
        1,
        "{names:?}"
    );
    let body = text(&mail);
    assert!(body.contains("<!everyone> ```*x*```"), "{body}");
    assert!(!body.lines().any(|line| line.starts_with("Bcc")), "{body}");

    let posted = told.hook.posted().remove(0);
    let text = posted.text();
    assert!(text.contains("&lt;!channel&gt; &amp; &lt;b&gt;x"), "{text}");
    for mark in ["<!", "<b>", "<script", "@here"] {
        assert!(!text.contains(mark), "{mark}: {text}");
    }
    assert_eq!(text.matches("```").count(), 2, "one block: {text}");
    assert_eq!(text.matches('<').count(), 1, "one link, ours: {text}");
}

#[test]
fn mail_goes_encrypted_with_a_login_to_a_server_that_proves_its_name() {
    let (config, authority) = certificate();
    for (scheme, tls) in [
        ("smtps", Tls::Implicit(config.clone())),
        ("smtp", Tls::Start(config)),
    ] {
        let mut told = Told::new();
        told.office = PostOffice::open(tls);
        let port = told.office.port;
        told.set(
            "TANDEM_ALERT_SMTP_URL",
            &format!("{scheme}://ann%40example.org:{CANARY}%2F@localhost:{port}"),
        );
        told.take_away();
        // The machine does not know the authority.
        let said = told.tandem(&["run", "customers"]);
        assert!(said.err.contains("ertificate"), "{scheme}: {said:?}");
        assert_eq!(told.came(), (0, 1), "{scheme}");
        let file = told.bench.write("authority.pem", &authority);
        told.set("SSL_CERT_FILE", &file);
        let said = told.tandem(&["run", "customers"]);
        assert_eq!(told.came(), (1, 1), "{scheme}: {said:?}");
        let login = told.office.mails().remove(0).login;
        let expected = ("ann@example.org".to_owned(), format!("{CANARY}/"));
        assert_eq!(login, Some(expected), "{scheme}");
    }
}

#[test]
fn a_server_that_offers_no_encryption_is_sent_nothing() {
    let mut told = Told::new();
    let port = told.office.port;
    told.set(
        "TANDEM_ALERT_SMTP_URL",
        &format!("smtp://ann:{CANARY}@localhost:{port}"),
    );
    told.take_away();
    let said = told.tandem(&["run", "customers"]);
    assert!(said.err.contains("mail"), "{said:?}");
    assert_eq!(told.came(), (0, 1));
}

#[test]
fn a_webhook_is_not_followed_elsewhere_nor_reached_where_it_may_not_be() {
    let mut told = Told::new();
    let elsewhere = Hook::open();
    told.take_away();
    told.hook.answer(&format!(
        "307 Elsewhere\r\nLocation: {}",
        elsewhere.url("/x")
    ));
    let said = told.tandem(&["run", "customers"]);
    assert!(said.err.contains("307"), "{said:?}");
    assert!(elsewhere.posted().is_empty());
    // A name that resolves to this machine, without saying that this is meant.
    told.set("TANDEM_ALERT_WEBHOOK_ALLOW_PRIVATE", "false");
    told.set(
        "TANDEM_ALERT_WEBHOOK_URL",
        "https://localhost:9/hunter2canary",
    );
    let said = told.tandem(&["run", "customers"]);
    assert!(said.err.contains("on this machine"), "{said:?}");
    assert!(!said.err.contains(CANARY), "{said:?}");
}

#[test]
fn a_setting_that_cannot_be_used_is_said_before_anything_runs() {
    let table = [
        (
            "TANDEM_ALERT_SMTP_URL",
            "smtps://u:hunter2canary@x/y",
            "follows the host",
        ),
        ("TANDEM_ALERT_SMTP_TO", "", "not set"),
        ("TANDEM_ALERT_SMTP_FROM", "nobody", "no mail address"),
        ("TANDEM_ALERT_SMTP_ALLOW_PRIVATE", "false", ""),
        (
            "TANDEM_ALERT_WEBHOOK_URL",
            "http://192.0.2.1/hunter2canary",
            "public address",
        ),
        (
            "TANDEM_ALERT_WEBHOOK_URL",
            "https://169.254.169.254/hunter2canary",
            "nothing is ever",
        ),
        (
            "TANDEM_ALERT_WEBHOOK_ALLOW_PRIVATE",
            "maybe",
            "neither true",
        ),
    ];
    for (name, value, why) in table {
        let mut told = Told::new();
        told.set(name, value);
        let said = told.tandem(&["run", "customers"]);
        assert_eq!(said.status, 1, "{name}: {said:?}");
        for part in ["cannot be used", "why: ", "fix: ", why] {
            assert!(said.err.contains(part), "{name}: {part}: {said:?}");
        }
        assert!(!said.err.contains(CANARY), "{name}: {said:?}");
        let runs = told.tandem(&["runs", "list", "--json"]);
        assert_eq!(runs.out, "[]\n", "{name}: nothing ran: {runs:?}");
    }
}

#[test]
fn no_secret_of_a_channel_is_kept() {
    let mut told = Told::new();
    let (config, _) = certificate();
    told.office = PostOffice::open(Tls::Implicit(config));
    let port = told.office.port;
    told.set(
        "TANDEM_ALERT_SMTP_URL",
        &format!("smtps://ann:{CANARY}@localhost:{port}"),
    );
    told.take_away();
    told.hook.answer("404 no hook /services/T1/hunter2canary");
    let said = told.tandem(&["run", "customers"]);
    assert!(!format!("{said:?}").contains(CANARY), "{said:?}");
    let store = told.bench.store();
    for file in std::fs::read_dir(store.parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes
            .windows(CANARY.len())
            .any(|it| it == CANARY.as_bytes());
        assert!(!found, "{}", path.display());
    }
}
