//! A run that takes another one back dies; asking again finishes it.

use serde_json::json;
use tandem_engine::failpoints::Point;

use super::town::{SYNC, Town};

/// Where it dies, and at which of the times (from 0) it comes by.
const CASES: [(Point, &[usize]); 11] = [
    (Point::RunOpened, &[0]),
    (Point::Prepared, &[0]),
    (Point::Journalling, &[0]),
    (Point::Journalled, &[0]),
    (Point::Sending, &[0, 2]),
    (Point::Answered, &[0, 2]),
    (Point::Acknowledging, &[0]),
    (Point::Acknowledged, &[0]),
    (Point::Finishing, &[0]),
    (Point::Finished, &[0]),
    (Point::Committing, &[0, 1, 2, 3, 4, 5]),
];

#[test]
fn a_rollback_may_die_anywhere() {
    let mut town = Town::linked(10);
    let mut deaths = 0;
    for (point, hits) in CASES {
        for hit in hits {
            println!("rollback {} {hit}", point.name());
            let before = town.at_erp();
            town.edit_at_storefront(12);
            let run = town.tandem.must(&[0], &["run", SYNC]).json();
            assert_eq!(run["updated"]["target"], 12, "{run:#}");
            assert_eq!(run["created"]["target"], 1, "{run:#}");
            let back = ["runs", "rollback", run["id"].as_str().unwrap()];
            let here = town.at_storefront();
            let died = town
                .survive(|tandem| tandem.dies_at(point, *hit, &back))
                .aborted();
            assert!(died || *hit > 0, "{} was not reached", point.name());
            deaths += usize::from(died);
            // What is back already is no more what the run wrote: nothing is left to do about it.
            town.tandem.must(&[0, 3], &back);
            assert_eq!(town.at_erp(), before, "{} {hit}", point.name());
            assert_eq!(town.at_storefront(), here, "the other side is left alone");
            let idle = town.tandem.must(&[0], &["run", SYNC]).json();
            for what in ["created", "updated", "deleted"] {
                assert_eq!(idle[what], json!({"source": 0, "target": 0}), "{idle:#}");
            }
        }
    }
    town.is_sound();
    println!("rollback: {deaths} deaths");
}
