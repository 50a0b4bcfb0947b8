//! What holds of any text that is read as a workspace file.

use super::parse::parse;
use super::{Workspace, export};

/// Reads a text: what is refused says where, what is accepted means the same once it is written.
pub(crate) fn read_and_written(text: &str) {
    let parsed = match parse(text, "workspace.toml") {
        Ok(parsed) => parsed,
        Err(refused) => {
            assert!(!refused.problems.is_empty(), "refused without a reason");
            let lines = text.lines().count().max(1) + 1;
            for problem in &refused.problems {
                // Only a file without anything in it has no line to point to.
                let placed = problem.line.is_some_and(|line| (1..=lines).contains(&line));
                assert!(placed || text_is_bare(text), "{problem:?}");
                assert!(!problem.what.is_empty(), "{problem:?}");
            }
            assert!(!refused.listing().is_empty());
            return;
        }
    };
    for sync in &parsed.workspace.syncs {
        for problem in sync.config.check(None, None) {
            let said = [problem.what, problem.why, problem.fix];
            let problem = parsed.problem("syncs", sync.index, "sync", &problem.path, said);
            assert!(problem.line.is_some(), "{problem:?}");
        }
    }
    let written = written(&parsed.workspace);
    let again = parse(&written, "workspace.toml")
        .unwrap_or_else(|refused| unreadable(&written, &refused.listing()));
    assert_eq!(
        meaning(&again.workspace),
        meaning(&parsed.workspace),
        "{written}"
    );
    assert_eq!(self::written(&again.workspace), written);
}

fn text_is_bare(text: &str) -> bool {
    text.parse::<toml::Table>().is_ok_and(|top| top.is_empty())
}

#[expect(clippy::panic, reason = "this is what the fuzzer looks for")]
fn unreadable(written: &str, why: &str) -> ! {
    panic!("what was written is refused: {why}\n{written}")
}

fn written(workspace: &Workspace) -> String {
    let connections = workspace.connections.iter();
    let text = export::text(
        &workspace.retention.unwrap_or_default(),
        connections.map(|it| (&it.name, it.kind.as_str(), &it.settings)),
        workspace.syncs.iter().map(|it| &it.config),
    );
    text.unwrap_or_else(|error| unreadable("", &error.to_string()))
}

/// What it says, without where.
fn meaning(workspace: &Workspace) -> impl PartialEq + std::fmt::Debug {
    let connections: Vec<_> = workspace
        .connections
        .iter()
        .map(|it| (it.name.clone(), it.kind.clone(), it.settings.clone()))
        .collect();
    let syncs: Vec<_> = workspace.syncs.iter().map(|it| it.config.clone()).collect();
    let kept = workspace.retention.unwrap_or_default();
    (connections, syncs, kept)
}
