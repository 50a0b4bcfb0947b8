//! Two systems nobody here wrote, Kinto and `PostgreSQL`, on loopback; contacts for them; the real
//! `tandem`; and a checker that shares no code with it. Where the programs are is told by the
//! environment (`cargo xtask systems` sets it).

pub mod contacts;
pub mod kinto;
pub mod postgres;
pub mod stage;
pub mod tandem;

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

/// A variable that `cargo xtask` sets.
pub fn provided(name: &str) -> OsString {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set: run this through `cargo xtask systems`"))
}

/// The scratch folder for servers, made if need be.
pub fn scratch() -> PathBuf {
    let folder = PathBuf::from(provided("TANDEM_SYSTEMS_DIR"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A port of loopback that nobody listens on right now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// How often, and how many times, a starting server is asked whether it is there: 60 s in all.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASK_TIMES: u32 = 600;

/// Waits until `ready` answers, or says that `server` ended or took too long, and what it logged.
pub async fn until_ready<T, F>(server: &str, child: &mut Child, log: &Path, mut ready: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let logged = || std::fs::read_to_string(log).unwrap_or_default();
    for _ in 0..ASK_TIMES {
        if let Some(answer) = ready().await {
            return answer;
        }
        if let Some(status) = child.try_wait().unwrap() {
            panic!(
                "{server} ended with {status} before it was ready:\n{}",
                logged()
            );
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    panic!(
        "{server} was not ready after {:?}:\n{}",
        ASK_EVERY * ASK_TIMES,
        logged()
    );
}
