//! Database servers started for one run of tests: `PostgreSQL` and MariaDB, each with data of its own
//! below the scratch folder, on a port of loopback that nobody uses, as a user that is not root.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::paths::{Paths, on_path};
use crate::trouble::Trouble;

/// Of the user that tests log in as; these servers are reached from this machine alone, for as long
/// as the tests take.
const PASSWORD: &str = "tandem";
/// How often, and how many times, a starting server is asked whether it is there: 60 s in all.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASK_TIMES: u32 = 600;

/// A running server; ends with the value.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    /// Where tests reach it: `postgres://user:password@host:port/database`.
    pub(crate) url: String,
}

impl Server {
    /// Makes a cluster and starts it; `bin` is the folder with its programs.
    pub(crate) fn postgres(paths: &Paths, bin: &Path) -> Result<Self, Trouble> {
        let (folder, port) = (
            fresh(paths, "postgres", "conformance-postgres")?,
            free_port()?,
        );
        let data = folder.join("data");
        let password = folder.join("password");
        fs::write(&password, PASSWORD).map_err(Trouble::file(&password))?;
        let owner = Owner("postgres");
        owner.take(&folder)?;
        owner.run(
            &bin.join("initdb"),
            &[
                OsStr::new("--username=tandem"),
                OsStr::new("--auth=scram-sha-256"),
                OsStr::new("--encoding=UTF8"),
                OsStr::new("--no-locale"),
                OsStr::new("--no-sync"),
                &argument("--pwfile=", &password),
                &argument("--pgdata=", &data),
            ],
            &folder,
        )?;
        let child = owner.start(
            &bin.join("postgres"),
            &[
                &argument("-D", &data),
                OsStr::new("-h127.0.0.1"),
                OsStr::new(&format!("-p{port}")),
                OsStr::new("-k"),
                OsStr::new(""),
            ],
            &folder,
        )?;
        let url = format!("postgres://tandem:{PASSWORD}@127.0.0.1:{port}/postgres");
        Self { child, folder, url }.ready(port)
    }

    /// Makes a data folder and starts MariaDB on it.
    pub(crate) fn mariadb(paths: &Paths) -> Result<Self, Trouble> {
        let program = |name: &str| {
            on_path(name, &["/usr/sbin"]).ok_or_else(|| Trouble::Missing {
                what: format!("MariaDB's {name}"),
                remedy: String::from("install mariadb-server"),
            })
        };
        let (folder, port) = (fresh(paths, "mysql", "conformance-mariadb")?, free_port()?);
        let data = argument("--datadir=", &folder.join("data"));
        let first = folder.join("first.sql");
        let setup = format!(
            "CREATE DATABASE tandem;\nCREATE USER tandem@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
             GRANT ALL ON *.* TO tandem@'127.0.0.1';\n"
        );
        fs::write(&first, setup).map_err(Trouble::file(&first))?;
        let owner = Owner("mysql");
        owner.take(&folder)?;
        owner.run(
            &program("mariadb-install-db")?,
            &[
                OsStr::new("--no-defaults"),
                &data,
                OsStr::new("--auth-root-authentication-method=normal"),
                OsStr::new("--skip-test-db"),
            ],
            &folder,
        )?;
        let child = owner.start(
            &program("mariadbd")?,
            &[
                OsStr::new("--no-defaults"),
                &data,
                OsStr::new("--bind-address=127.0.0.1"),
                OsStr::new(&format!("--port={port}")),
                &argument("--socket=", &folder.join("socket")),
                &argument("--init-file=", &first),
            ],
            &folder,
        )?;
        let url = format!("mysql://tandem:{PASSWORD}@127.0.0.1:{port}/tandem");
        Self { child, folder, url }.ready(port)
    }

    /// Waits until it listens; MariaDB does so only once its first statements are done.
    fn ready(mut self, port: u16) -> Result<Self, Trouble> {
        for _ in 0..ASK_TIMES {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(self);
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            sleep(ASK_EVERY);
        }
        let log = self.folder.join("log");
        let said = fs::read_to_string(&log).unwrap_or_default();
        Err(Trouble::Missing {
            what: format!("a database server that starts; it said:\n{said}"),
            remedy: format!("read {}", log.display()),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Best effort: it may have ended by itself, and its data is not needed any more. SIGINT is
        // PostgreSQL's fast shutdown, which takes its children along; MariaDB has none.
        let asked = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        if !asked.is_ok_and(|status| status.success()) || self.url.starts_with("mysql") {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The user a server runs as where we are root, whom it refuses to be.
struct Owner(&'static str);

impl Owner {
    fn command(&self, program: &Path) -> Command {
        let mut command = if root() {
            let mut command = Command::new("setpriv");
            command
                .args([format!("--reuid={}", self.0), format!("--regid={}", self.0)])
                .arg("--clear-groups")
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        // The folder we stand in may be closed to that user.
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    fn take(&self, folder: &Path) -> Result<(), Trouble> {
        if !root() {
            return Ok(());
        }
        let mut chown = Command::new("chown");
        chown.arg("-R").arg(self.0).arg(folder);
        ended("chown", chown.status())
    }

    fn logged(
        &self,
        program: &Path,
        arguments: &[&OsStr],
        folder: &Path,
    ) -> Result<Command, Trouble> {
        let log = folder.join("log");
        let open = || File::options().create(true).append(true).open(&log);
        let (out, err) = (open(), open());
        let mut command = self.command(program);
        command
            .args(arguments)
            .stdout(out.map_err(Trouble::file(&log))?)
            .stderr(err.map_err(Trouble::file(&log))?);
        Ok(command)
    }

    fn run(&self, program: &Path, arguments: &[&OsStr], folder: &Path) -> Result<(), Trouble> {
        let mut command = self.logged(program, arguments, folder)?;
        ended(&program.to_string_lossy(), command.status())
    }

    fn start(&self, program: &Path, arguments: &[&OsStr], folder: &Path) -> Result<Child, Trouble> {
        let mut command = self.logged(program, arguments, folder)?;
        command.spawn().map_err(|source| Trouble::Start {
            command: program.to_string_lossy().into_owned(),
            source,
        })
    }
}

fn ended(program: &str, status: std::io::Result<std::process::ExitStatus>) -> Result<(), Trouble> {
    let command = program.to_owned();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Trouble::Ended { command, status }),
        Err(source) => Err(Trouble::Start { command, source }),
    }
}

fn root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn argument(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push(path);
    argument
}

/// An empty folder that `user` can reach: below the scratch folder, or where everybody may write.
fn fresh(paths: &Paths, user: &'static str, name: &str) -> Result<PathBuf, Trouble> {
    let scratch = paths.systems();
    fs::create_dir_all(&scratch).map_err(Trouble::file(&scratch))?;
    let reachable = Owner(user)
        .command(Path::new("test"))
        .arg("-x")
        .arg(&scratch)
        .status()
        .is_ok_and(|status| status.success());
    let folder = if reachable {
        scratch.join(name)
    } else {
        std::env::temp_dir().join(format!("tandem-{name}-{}", std::process::id()))
    };
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Trouble::file(&folder))?;
    }
    fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
    Ok(folder)
}

/// A port of loopback that nobody listens on right now.
fn free_port() -> Result<u16, Trouble> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| Trouble::Start {
            command: String::from("a listener on 127.0.0.1"),
            source,
        })
}
