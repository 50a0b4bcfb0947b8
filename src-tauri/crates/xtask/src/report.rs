//! What ran, how long it took and how it ended: one heading a step while it runs, one table and
//! one closing line at the end.

use std::time::{Duration, Instant};

use crate::tally::Tally;
use crate::trouble::Trouble;

/// One step that has ended.
struct Step {
    part: &'static str,
    name: String,
    took: Duration,
    tally: Tally,
    held: bool,
}

/// The steps so far.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Runs one step that counts its own tests. A bad end that no counted test explains, such as
    /// code that does not compile, counts as one failure. Returns whether the step held.
    pub(crate) fn counted(
        &mut self,
        part: &'static str,
        name: impl Into<String>,
        work: impl FnOnce() -> (Tally, Result<(), Trouble>),
    ) -> bool {
        let name = name.into();
        println!("\n── {part}: {name}");
        let (took, (mut tally, ended)) = timed(work);
        let ended = match ended {
            Ok(()) if tally == Tally::default() => Err(Trouble::NothingRan(name.clone())),
            other => other,
        };
        if ended.is_err() && tally.failed == 0 {
            tally.failed = 1;
        }
        self.finish(part, name, took, tally, &ended)
    }

    /// Runs one step that is itself the test. Returns whether it held.
    pub(crate) fn step(
        &mut self,
        part: &'static str,
        name: impl Into<String>,
        work: impl FnOnce() -> Result<(), Trouble>,
    ) -> bool {
        let name = name.into();
        println!("\n── {part}: {name}");
        let (took, ended) = timed(work);
        self.finish(part, name, took, Tally::one(ended.is_ok()), &ended)
    }

    /// Runs one step that only prepares for others: it shows in the table, and counts when it fails.
    pub(crate) fn prepare(
        &mut self,
        part: &'static str,
        name: impl Into<String>,
        work: impl FnOnce() -> Result<(), Trouble>,
    ) -> bool {
        let name = name.into();
        println!("\n── {part}: {name}");
        let (took, ended) = timed(work);
        let tally = Tally {
            passed: 0,
            failed: u64::from(ended.is_err()),
        };
        self.finish(part, name, took, tally, &ended)
    }

    fn finish(
        &mut self,
        part: &'static str,
        name: String,
        took: Duration,
        tally: Tally,
        ended: &Result<(), Trouble>,
    ) -> bool {
        match ended {
            Ok(()) => println!("   ok, {}", seconds(took)),
            Err(trouble) => {
                println!("   FAILED after {}: {trouble}", seconds(took));
                if let Some(remedy) = trouble.remedy() {
                    println!("   try: {remedy}");
                }
            }
        }
        let held = ended.is_ok();
        self.steps.push(Step {
            part,
            name,
            took,
            tally,
            held,
        });
        held
    }

    /// Prints the table and the closing line; whether everything held.
    pub(crate) fn close(&self) -> bool {
        println!("\n{}", self.table());
        let total = self.total();
        println!("{} passed, {} failed", total.passed, total.failed);
        self.held()
    }

    fn held(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.held)
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for step in &self.steps {
            total.add(step.tally);
        }
        total
    }

    fn table(&self) -> String {
        let width = self
            .steps
            .iter()
            .map(|step| step.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut all = Duration::ZERO;
        let mut lines = Vec::new();
        for step in &self.steps {
            all += step.took;
            lines.push(format!(
                "{:<8} {:<width$} {:>9}  {}",
                step.part,
                step.name,
                seconds(step.took),
                if step.held { "ok" } else { "FAILED" },
            ));
        }
        lines.push(format!("{:<8} {:<width$} {:>9}", "all", "", seconds(all)));
        lines.join("\n")
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a step really took is what is reported"
    )]
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Trouble {
        Trouble::NothingRan(String::from("it"))
    }

    #[test]
    fn steps_are_summed_and_one_failure_fails_the_whole() {
        let mut report = Report::default();
        let two = Tally {
            passed: 2,
            failed: 0,
        };
        assert!(report.counted("rust", "tests", || (two, Ok(()))));
        assert!(report.step("check", "format", || Ok(())));
        assert!(report.prepare("ui", "node packages", || Ok(())));
        assert!(report.held());
        assert_eq!(report.total().passed, 3);

        assert!(!report.step("check", "lints", || Err(broken())));
        assert!(!report.held());
        assert_eq!(report.total().failed, 1);
        assert!(report.table().contains("FAILED"));
    }

    #[test]
    fn a_bad_end_counts_even_when_no_test_was_counted() {
        let mut report = Report::default();
        let nothing = Tally::default();
        assert!(!report.counted("rust", "does not compile", || (nothing, Err(broken()))));
        assert!(!report.counted("rust", "runs nothing", || (nothing, Ok(()))));
        assert!(!report.prepare("ui", "node packages", || Err(broken())));
        assert_eq!(report.total().failed, 3);
    }

    #[test]
    fn a_report_of_nothing_has_not_held() {
        assert!(!Report::default().held());
    }
}
