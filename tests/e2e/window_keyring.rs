//! Credentials in the keyring of a real desktop session, looked at with its own tool.

use std::process::Command;

use tandem_domain::ids::TenantId;
use tandem_engine::ports::{Ids as _, Secret, SecretStore as _};
use tandem_host::{KeyringSecrets, UuidIds};

/// What the desktop's own tool finds.
fn looked_up(tenant: TenantId, name: &str) -> String {
    let service = format!("tandem {}", tenant.0);
    let output = Command::new("secret-tool")
        .args(["lookup", "service", &service, "username", name])
        .output()
        .expect("libsecret-tools is installed with the desktop session");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_keyring_keeps_replaces_lists_and_forgets_by_tenant() {
    let (one, two) = (TenantId(UuidIds.next()), TenantId(UuidIds.next()));
    let value = |text: &str| Secret::new(text.to_owned());
    let keyring = KeyringSecrets::required();
    assert_eq!(keyring.read(one, "shop key").unwrap(), None);
    assert_eq!(keyring.names(one).unwrap(), Vec::<String>::new());
    assert!(!keyring.delete(one, "shop key").unwrap());

    keyring.write(one, "shop key", &value("first")).unwrap();
    keyring.write(one, "shop key", &value("zwölf ✓")).unwrap();
    keyring.write(one, "erp", &value("other")).unwrap();
    keyring.write(two, "shop key", &value("theirs")).unwrap();
    assert_eq!(looked_up(one, "shop key"), "zwölf ✓");

    // As another process sees it.
    let again = KeyringSecrets::if_there_is_one();
    assert_eq!(again.read(one, "shop key").unwrap(), Some(value("zwölf ✓")));
    assert_eq!(again.read(two, "shop key").unwrap(), Some(value("theirs")));
    assert_eq!(again.names(one).unwrap(), ["erp", "shop key"]);
    assert!(again.delete(one, "shop key").unwrap());
    assert_eq!(keyring.read(one, "shop key").unwrap(), None);
    assert_eq!(looked_up(one, "shop key"), "");
    assert_eq!(keyring.names(two).unwrap(), ["shop key"]);
}
