use std::sync::Arc;
use std::thread;

use uuid::Uuid;

use super::*;

/// As little work as Argon2 allows: what is tested here is not how expensive guessing is.
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
};
const ONE: TenantId = TenantId(Uuid::from_u128(1));
const TWO: TenantId = TenantId(Uuid::from_u128(2));
const CANARY: &str = "c4nary-v4lue-of-the-shop";

fn right() -> Result<Zeroizing<String>, SecretError> {
    Ok(Zeroizing::new("correct horse".to_owned()))
}

fn wrong() -> Result<Zeroizing<String>, SecretError> {
    Ok(Zeroizing::new("battery staple".to_owned()))
}

fn at(folder: &tempfile::TempDir, passphrase: Passphrase) -> FileSecrets {
    FileSecrets::new(folder.path().join("deep/secrets.json"), passphrase, CHEAP)
}

fn secret(value: &str) -> Secret {
    Secret::new(value.to_owned())
}

#[test]
fn values_are_kept_by_tenant_and_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = at(&folder, right);
    assert_eq!(first.read(ONE, "shop").unwrap(), None);
    assert_eq!(first.names(ONE).unwrap(), Vec::<String>::new());
    assert!(!first.delete(ONE, "shop").unwrap());
    first.write(ONE, "shop", &secret(CANARY)).unwrap();
    first.write(ONE, "erp", &secret("other")).unwrap();
    first.write(TWO, "shop", &secret("theirs")).unwrap();

    let again = at(&folder, right);
    assert_eq!(again.read(ONE, "shop").unwrap(), Some(secret(CANARY)));
    assert_eq!(again.read(TWO, "shop").unwrap(), Some(secret("theirs")));
    assert_eq!(again.names(ONE).unwrap(), ["erp", "shop"]);
    assert!(again.delete(ONE, "shop").unwrap());
    assert!(!again.delete(ONE, "shop").unwrap());
    assert_eq!(
        first.read(ONE, "shop").unwrap(),
        None,
        "nothing is remembered"
    );
    assert_eq!(first.names(TWO).unwrap(), ["shop"]);
}

#[test]
fn the_file_shows_neither_values_nor_names_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = at(&folder, right);
    secrets.write(ONE, "shop-key", &secret(CANARY)).unwrap();
    let text = fs::read_to_string(&secrets.path).unwrap();
    for hidden in [
        CANARY,
        "shop-key",
        &ONE.0.to_string(),
        &STANDARD.encode(CANARY),
    ] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    #[cfg(unix)]
    for path in [
        secrets.path.clone(),
        folder.path().join("deep/secrets.json.lock"),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
    }
    // A nonce is never used for two contents.
    let nonce = |text: &str| serde_json::from_str::<Sealed>(text).unwrap().nonce;
    secrets.write(ONE, "shop-key", &secret(CANARY)).unwrap();
    assert_ne!(
        nonce(&text),
        nonce(&fs::read_to_string(&secrets.path).unwrap())
    );
}

#[test]
fn what_cannot_be_opened_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = at(&folder, right);
    secrets.write(ONE, "shop", &secret(CANARY)).unwrap();
    let whole = fs::read(&secrets.path).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    let changed = |pointer: &str, to: serde_json::Value| {
        let mut file = file.clone();
        *file.pointer_mut(pointer).unwrap() = to;
        serde_json::to_vec(&file).unwrap()
    };
    let flipped = {
        let mut sealed = STANDARD.decode(file["sealed"].as_str().unwrap()).unwrap();
        sealed[0] ^= 1;
        STANDARD.encode(sealed)
    };
    let table: [(&str, Vec<u8>, Passphrase, &str); 10] = [
        ("another passphrase", whole.clone(), wrong, "does not open"),
        (
            "one bit",
            changed("/sealed", flipped.into()),
            right,
            "does not open",
        ),
        (
            "other work",
            changed("/argon2id/cost/passes", 2.into()),
            right,
            "does not open",
        ),
        (
            "endless work",
            changed("/argon2id/cost/memory_kib", u32::MAX.into()),
            right,
            "more work",
        ),
        (
            "no base64",
            changed("/sealed", "ö".into()),
            right,
            "damaged",
        ),
        (
            "short nonce",
            changed("/nonce", "AAAA".into()),
            right,
            "damaged",
        ),
        (
            "newer",
            changed("/tandem_secrets", 2.into()),
            right,
            "newer",
        ),
        (
            "cut off",
            whole[..whole.len() / 2].to_vec(),
            right,
            "no file of secrets",
        ),
        ("empty", Vec::new(), right, "no file of secrets"),
        (
            "something else",
            b"{\"a\":1}".to_vec(),
            right,
            "no file of secrets",
        ),
    ];
    for (what, bytes, passphrase, want) in table {
        fs::write(&secrets.path, &bytes).unwrap();
        let fresh = at(&folder, passphrase);
        for told in [
            fresh.read(ONE, "shop").unwrap_err(),
            fresh.write(ONE, "new", &secret("x")).unwrap_err(),
        ] {
            let told = told.to_string();
            assert!(
                told.contains(want) && told.contains("secrets.json"),
                "{what}: {told}"
            );
        }
        assert_eq!(
            fs::read(&secrets.path).unwrap(),
            bytes,
            "{what}: left alone"
        );
    }
}

#[test]
fn a_passphrase_put_right_opens_it_without_a_restart() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static RIGHT: AtomicBool = AtomicBool::new(true);
    fn now() -> Result<Zeroizing<String>, SecretError> {
        if RIGHT.load(Ordering::SeqCst) {
            right()
        } else {
            wrong()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    at(&folder, now)
        .write(ONE, "shop", &secret(CANARY))
        .unwrap();
    let secrets = at(&folder, now);
    RIGHT.store(false, Ordering::SeqCst);
    assert!(secrets.read(ONE, "shop").is_err());
    RIGHT.store(true, Ordering::SeqCst);
    assert_eq!(secrets.read(ONE, "shop").unwrap(), Some(secret(CANARY)));
}

#[test]
fn writers_at_once_lose_nothing_of_each_other() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let folder = Arc::clone(&folder);
            thread::spawn(move || {
                // As in a process of its own: nothing is shared but the file.
                let secrets = at(&folder, right);
                for n in 0..10 {
                    secrets
                        .write(ONE, &format!("{writer}-{n}"), &secret("x"))
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(at(&folder, right).names(ONE).unwrap().len(), 40);
    // No half-written file is left beside it.
    let left: Vec<_> = fs::read_dir(folder.path().join("deep")).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_credential_is_held_by_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (at(&folder, right), at(&folder, right));
    let hold = first.hold(ONE, "a/b \u{1f511}").unwrap();
    assert!(hold.is_some());
    for holder in [&first, &second] {
        assert!(holder.hold(ONE, "a/b \u{1f511}").unwrap().is_none());
    }
    // Others' are others': another name, another tenant.
    for (tenant, name) in [(ONE, "a"), (TWO, "a/b \u{1f511}")] {
        assert!(second.hold(tenant, name).unwrap().is_some());
    }
    drop(hold);
    assert!(second.hold(ONE, "a/b \u{1f511}").unwrap().is_some());
}
