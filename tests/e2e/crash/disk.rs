//! The store's disk fails or is full: what cannot be written down is not sent, the message says what
//! happened, why, and what to do, and the next run goes on once there is space.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tandem_engine::failpoints::Point;

use super::process::{Said, Tandem, armed, provided, said};
use super::town::{SYNC, Town};

/// Transactions of a run over the edits of one round, at the least.
const TRANSACTIONS: usize = 12;

/// What a run that could not write tells, wherever it could still tell it.
fn told(said: &Said) -> Value {
    let run: Option<Value> = serde_json::from_str(&said.out).ok();
    let in_run = run.and_then(|run| run.get("error").cloned());
    let error = in_run.filter(|error| !error.is_null());
    error.unwrap_or_else(|| {
        let last = said.err.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said:#?}"))
    })
}

/// It says what, why, and what to do.
fn explains(said: &Said, why: &str) {
    assert!(matches!(said.status.code(), Some(1 | 5)), "{said:#?}");
    let error = told(said);
    let text = |part: &str| error[part].as_str().unwrap_or_default().to_owned();
    let what = format!("{} {}", text("message"), text("cause"));
    assert!(what.contains(why), "{error:#}");
    assert!(text("fix").contains("space"), "{error:#}");
}

/// Each of the first transactions of a run, and all after it, fail; so does each alone.
#[test]
fn a_fault_at_each_write_stops_what_goes_out() {
    let mut town = Town::linked(40);
    for (action, why, every) in [
        ("return(full)", "the disk is full", 1),
        // The same by another name.
        ("return(io)", "reading or writing the file failed", 4),
        ("1*return(full)", "the disk is full", 1),
    ] {
        for hit in (0..TRANSACTIONS).step_by(every) {
            println!("{action} at {hit}");
            town.edit();
            let said = town.survive(|tandem| {
                tandem.armed(&armed(Point::Committing, hit, action), &["run", SYNC])
            });
            // One failure alone may meet something the run can do without.
            if !(action.starts_with("1*") && said.status.code() == Some(3)) {
                explains(&said, why);
            }
            town.recovers();
        }
    }
    town.is_sound();
}

/// A real limit on how large a file may grow, at several sizes: no write of the store beyond it works.
#[test]
fn a_file_that_may_not_grow_stops_what_goes_out() {
    let mut town = Town::linked(41);
    for blocks in [16, 64, 128, 256, 384, 512] {
        town.edit();
        town.check_in();
        let mut failed = false;
        town.survive_any(|tandem| {
            let said = limited(tandem, blocks, &["run", SYNC]);
            failed = said.status.code() != Some(3);
            println!(
                "{blocks} blocks: {:?} {}",
                said.status.code(),
                said.err.trim()
            );
        });
        assert!(failed || blocks > 64, "it was not limited");
        town.recovers();
    }
    town.is_sound();
}

/// Runs a command none of whose files may grow beyond so many blocks of 512 bytes.
fn limited(tandem: &Tandem, blocks: u64, args: &[&str]) -> Said {
    let plain = tandem.command("TANDEM_BIN", args);
    let mut command = Command::new("sh");
    // What a full disk says instead of a signal.
    command
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""])
        .arg(blocks.to_string())
        .arg(provided("TANDEM_BIN"))
        .args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    said(command.output().unwrap())
}

/// A small disk of its own; gone with the value.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// Mounts one at `folder`; `None` where this user may not.
    fn at(folder: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "tandem-crash"])
            .arg(folder)
            .output()
            .is_ok_and(|said| said.status.success());
        mounted.then_some(Self(folder))
    }

    /// Leaves `free` bytes.
    fn fill(&self, free: usize) {
        let ballast = self.0.join("ballast");
        let _ = std::fs::remove_file(&ballast);
        let mut size = 3 << 20;
        while std::fs::write(&ballast, vec![1; size]).is_err() {
            size -= 4096;
        }
        std::fs::write(&ballast, vec![1; size.saturating_sub(free)]).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_stops_what_goes_out_until_there_is_space() {
    let mut town = Town::unconfigured(42, tandem_sandbox::Start::Overlap(120));
    let folder = town.store_folder();
    let Some(disk) = SmallDisk::at(&folder) else {
        println!("This user may not mount a small disk: only the other faults were tried.");
        return;
    };
    town.tandem.must(&[0], &["apply", "-f", &town.workspace()]);
    town.tandem.must(&[0], &["run", SYNC]);
    for free in [0, 16, 64, 128, 256, 384] {
        town.edit();
        town.check_in();
        disk.fill(free << 10);
        let mut failed = false;
        town.survive_any(|tandem| {
            let said = tandem.ask(&["run", SYNC]);
            failed = said.status.code() != Some(3);
            println!(
                "{free} KiB free: {:?} {}",
                said.status.code(),
                said.err.trim()
            );
            if failed {
                explains(&said, "the disk is full");
            }
            disk.free();
        });
        assert!(failed || free > 4, "it was not full");
        town.recovers();
    }
    town.is_sound();
}
