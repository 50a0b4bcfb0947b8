//! The delete guard (semantics 4): a run that would delete suspiciously much is refused before its
//! first write, unless an admin confirmed that very number.

use tandem_domain::ids::{Both, Side};

use super::halt::GuardRefusal;

/// Up to so many deletes are never suspicious by their share alone.
const FEW: u64 = 10;

/// More deletes than these at a side within [`WINDOW`] are suspicious, whatever their share.
const MANY: u64 = 1_000;
/// How long deletes of earlier runs count.
pub(super) const WINDOW: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Whether `deletes` may go ahead, of `links` active links, after `recent` deletes within
/// [`WINDOW`].
pub(super) fn check(
    deletes: Both<u64>,
    recent: Both<u64>,
    links: u64,
    confirmed: Option<u64>,
    examples: &[String],
) -> Result<(), GuardRefusal> {
    let total = deletes.source + deletes.target;
    if total == 0 || confirmed == Some(total) {
        return Ok(());
    }
    let refuse = |why: String| {
        Err(GuardRefusal {
            why,
            deletes,
            examples: examples.to_vec(),
        })
    };
    if let Some(confirmed) = confirmed {
        return refuse(format!(
            "{confirmed} deletes were confirmed, but now there are {total}"
        ));
    }
    for side in Side::BOTH {
        let n = *deletes.get(side);
        if n > FEW && n * 10 > links {
            return refuse(format!(
                "more than 10 % of {links} linked records would be deleted at the {side}"
            ));
        }
        if n >= 3 && n * 2 > links {
            return refuse(format!(
                "more than half of {links} linked records would be deleted at the {side}"
            ));
        }
        let before = *recent.get(side);
        if n > 0 && n + before > MANY {
            return refuse(if before == 0 {
                format!("more than {MANY} records would be deleted at the {side}")
            } else {
                format!(
                    "with the {before} that were deleted at the {side} in the last 24 hours, more than {MANY} records would be"
                )
            });
        }
    }
    Ok(())
}

/// The refusal of a listing that came back empty while links exist.
#[must_use]
pub(super) fn empty_listing(side: Side, links: u64, examples: Vec<String>) -> GuardRefusal {
    let mut deletes = Both::new(0, 0);
    *deletes.get_mut(side.other()) = links;
    GuardRefusal {
        why: format!("the {side} listed no record at all, though {links} are linked"),
        deletes,
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_33_deletes_beyond_the_thresholds_are_refused_unless_confirmed_exactly() {
        let none = Both::new(0, 0);
        // deletes at source, at target, links, confirmed → allowed
        let table = [
            (0, 0, 0, None, true),
            (0, 10, 20, None, true),
            (0, 10, 19, None, false), // over half
            (0, 11, 110, None, true), // exactly 10 %
            (0, 11, 109, None, false),
            (11, 0, 109, None, false),
            (0, 2, 2, None, true), // fewer than three
            (0, 3, 5, None, false),
            (0, 3, 6, None, true), // exactly half
            (0, 1_000, 100_000, None, true),
            (0, 1_001, 100_000, None, false),
            (0, 11, 109, Some(11), true),
            (0, 11, 109, Some(12), false),
            (6, 5, 20, Some(11), true),
            (0, 5, 100, Some(4), false),
        ];
        for (source, target, links, confirmed, allowed) in table {
            let got = check(Both::new(source, target), none, links, confirmed, &[]);
            assert_eq!(
                got.is_ok(),
                allowed,
                "{source}+{target} of {links}, confirmed {confirmed:?}: {got:?}"
            );
        }
    }

    #[test]
    fn case_33_deletes_of_24_hours_are_added_up_by_side() {
        // deletes at source, at target, before at source, at target, confirmed → allowed
        let table = [
            (0, 1, 0, 999, None, true),
            (0, 1, 0, 1_000, None, false),
            (1, 0, 0, 1_000, None, true),
            (1, 0, 1_000, 0, None, false),
            (600, 600, 400, 400, None, true),
            (600, 601, 400, 400, None, false),
            (0, 1, 0, 1_000, Some(1), true),
            (0, 0, 0, 5_000, None, true),
        ];
        for (source, target, at_source, at_target, confirmed, allowed) in table {
            let (now, before) = (Both::new(source, target), Both::new(at_source, at_target));
            let got = check(now, before, 100_000, confirmed, &[]);
            assert_eq!(
                got.is_ok(),
                allowed,
                "{now:?} after {before:?}, confirmed {confirmed:?}: {got:?}"
            );
        }
    }
}
