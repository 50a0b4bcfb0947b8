//! Two processes on one file: neither loses what the other wrote.

use tandem_engine::ports::store::Store;

use crate::{actor, filled, open};

#[test]
fn writers_of_two_stores_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let tenant = filled(&path);
    // Two stores opened apart share nothing but the file, as two processes would.
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let tenant = open(&path).unwrap().store.tenant(tenant);
            std::thread::spawn(move || {
                for _ in 0..25 {
                    let subject = format!("thread {number}");
                    tenant
                        .add_audit(&actor(), "act", &subject, serde_json::Value::Null)
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let tenant = open(&path).unwrap().store.tenant(tenant);
    assert_eq!(tenant.verify_audit().unwrap().first_bad, None);
    assert_eq!(tenant.audit(None, 1000).unwrap().len(), 101);
}
