use super::*;

/// A sync: its name, whether its last run failed, whether it is paused, when it runs next.
type Of = (&'static str, bool, bool, Option<&'static str>);

fn glance(conflicts: u64, running: &[&str], syncs: &[Of]) -> Glance {
    let sync = |(name, failed, paused, next): &Of| Sync {
        name: (*name).to_owned(),
        failed: *failed,
        paused: *paused,
        next: next.map(|at| at.parse().unwrap()),
    };
    Glance {
        conflicts,
        running: running.iter().map(|sync| (*sync).to_owned()).collect(),
        syncs: syncs.iter().map(sync).collect(),
    }
}

fn texts(state: &TrayState) -> Vec<&str> {
    state.lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn the_worst_is_the_icon_and_every_line_is_said() {
    let ok: Of = ("orders", false, false, None);
    let bad: Of = ("customers", true, false, None);
    let resting: Of = ("products", true, true, None);
    let table = [
        (glance(0, &[], &[]), Worst::Fine, vec!["No syncs yet"]),
        (
            glance(0, &[], &[ok]),
            Worst::Fine,
            vec!["Everything is in step"],
        ),
        // Whoever paused it knows why.
        (
            glance(0, &[], &[resting]),
            Worst::Fine,
            vec!["Every sync is paused"],
        ),
        (
            glance(0, &["orders"], &[ok]),
            Worst::Running,
            vec!["orders is running"],
        ),
        (
            glance(1, &[], &[ok]),
            Worst::Conflicts,
            vec!["1 conflict waits"],
        ),
        (
            glance(12, &["orders"], &[ok, bad]),
            Worst::Failed,
            vec!["customers failed", "12 conflicts wait", "orders is running"],
        ),
        (
            glance(0, &[], &[bad, ("orders", true, false, None)]),
            Worst::Failed,
            vec!["2 syncs failed"],
        ),
    ];
    for (glance, worst, lines) in table {
        let state = TrayState::of(&[("main".to_owned(), glance)]);
        assert_eq!((state.worst, texts(&state)), (worst, lines));
    }
}

#[test]
fn a_line_leads_where_something_can_be_done() {
    let bad: Of = ("customers", true, false, None);
    let state = TrayState::of(&[("main".to_owned(), glance(2, &[], &[bad]))]);
    let to: Vec<Option<String>> = state
        .lines
        .iter()
        .map(|line| line.to.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(
        to,
        [
            Some("tandem://open/t/main/errors".to_owned()),
            Some("tandem://open/t/main/conflicts".to_owned())
        ]
    );
}

#[test]
fn the_earliest_of_all_tenants_is_next_and_paused_ones_are_left_out() {
    let north = glance(
        0,
        &["orders"],
        &[
            ("orders", false, false, Some("2026-03-02T10:00:00Z")),
            ("paused", false, true, Some("2026-03-01T10:00:00Z")),
        ],
    );
    let south = glance(
        3,
        &[],
        &[("items", false, false, Some("2026-03-01T12:00:00Z"))],
    );
    let state = TrayState::of(&[("north".to_owned(), north), ("south".to_owned(), south)]);
    assert!(
        state.next.starts_with("Next: south: items, "),
        "{}",
        state.next
    );
    assert_eq!(
        texts(&state),
        ["north: orders is running", "south: 3 conflicts wait"]
    );
    let syncs: Vec<(&str, bool)> = state
        .syncs
        .iter()
        .map(|sync| (sync.text.as_str(), sync.running))
        .collect();
    assert_eq!(syncs, [("north: orders", true), ("south: items", false)]);
    assert_eq!(
        state.title(),
        "Tandem: north: orders is running, south: 3 conflicts wait"
    );
    let none = TrayState::of(&[("main".to_owned(), glance(0, &[], &[]))]);
    assert_eq!(none.next, "Nothing is scheduled");
}
