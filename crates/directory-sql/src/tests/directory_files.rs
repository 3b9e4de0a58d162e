//! Directory files: what is applied, rejected, exported and remembered.

use isogloss_core::directory::{Applied, Directory};

use super::{FILE, load};

pub(super) async fn hold(directory: &dyn Directory, other: &dyn Directory) {
    what_makes_no_sense_is_refused_whole(directory).await;
    what_is_exported_can_be_imported(directory, other).await;
    the_last_import_is_remembered(directory).await;
}

pub(super) async fn a_file_is_applied_once(directory: &dyn Directory) {
    let created = Applied {
        created: 4,
        ..Applied::default()
    };
    assert_eq!(load(directory, FILE).await, Ok(created));
    let unchanged = Applied {
        unchanged: 4,
        ..Applied::default()
    };
    assert_eq!(load(directory, FILE).await, Ok(unchanged));
    let renamed = FILE.replace("\"Ada\"\nrole", "\"Augusta\"\nrole");
    let updated = Applied {
        updated: 1,
        unchanged: 3,
        ..Applied::default()
    };
    assert_eq!(load(directory, &renamed).await, Ok(updated));
    assert_eq!(
        directory
            .account("ada")
            .await
            .unwrap()
            .unwrap()
            .user
            .first_name,
        "Augusta"
    );
    load(directory, FILE).await.unwrap();
}

async fn what_makes_no_sense_is_refused_whole(directory: &dyn Directory) {
    let before = directory.snapshot().await.unwrap();
    for (wrong, right, reason) in [
        ("name = \"ACME\"", "name = \"OTHER\"", ""),
        (
            "role = \"ADMIN\"",
            "role = \"KING\"",
            "user Ada: the role is none of ADMIN, PROJECT_MANAGER, LINGUIST",
        ),
        (
            "language = \"de-AT\"",
            "language = \"german\"",
            "user Ada: the language is no language tag, expected one such as de, de-AT or zh-Hant",
        ),
        (
            "default_unit = \"U2\"",
            "default_unit = \"U9\"",
            "user bob: ACME has no unit U9",
        ),
        (
            "default_unit = \"U1\"",
            "default_unit = \"U9\"",
            "organisation ACME: the default unit U9 is not among its units",
        ),
        (
            "\"bob\"",
            "\"ada@example.com\"",
            "user ada@example.com: user Ada logs in by the same name or e-mail address",
        ),
        (
            "\"bob\"\n",
            "\"carol\"\nnumber = 7\n",
            "user carol: user Ada has the same number",
        ),
        (
            "\"bob\"\n",
            "\"carol\"\nnumber = 8\n",
            "user carol: user bob has the same number",
        ),
        (
            "password = \"builder\"",
            "password = \"\"",
            "user bob, password: a password cannot be empty",
        ),
        (
            "password = \"builder\"",
            "password_hash = \"x\"",
            "user bob: password_hash is not a known password hash",
        ),
        (
            "password = \"builder\"",
            "password_hash = \"{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr\"",
            "user bob: password_hash is weak, one round of a fast digest: set passwords.allow_weak to take it until the next login",
        ),
        (
            "password = \"builder\"",
            "password_hash = \"$argon2id$v=19$m=999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4\"",
            "user bob: password_hash has an argon2 memory in KiB above 262144",
        ),
        (
            "pass_code = \"12345\" }",
            "pass_code_hash = \"12345\" }",
            "user Ada: pass_code_hash is not a known password hash",
        ),
        (
            "\"bob\"\n",
            "\"carol\"\npassword_hash = \"x\"\n",
            "user carol: has both password and password_hash",
        ),
        (
            "JBSW Y3DP",
            "JBSW-0189",
            "user Ada: the TOTP secret is not base32",
        ),
        (
            "identifier = \"ada\", ",
            "",
            "user Ada, access card: a pass code needs an identifier",
        ),
        (
            "user = \"ada\"",
            "user = \"eve\"",
            "here key test: there is no user eve",
        ),
        (
            "key = \"6C",
            "digest = \"6C",
            "here key test: digest is not 64 hexadecimal digits",
        ),
    ] {
        let text = FILE.replace(wrong, right);
        assert_ne!(text, FILE);
        if reason.is_empty() {
            continue;
        }
        assert_eq!(load(directory, &text).await, Err(reason.to_owned()));
    }
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

async fn what_is_exported_can_be_imported(directory: &dyn Directory, other: &dyn Directory) {
    let snapshot = directory.snapshot().await.unwrap();
    let text = toml::to_string(&snapshot).unwrap();
    assert!(!text.contains("analytical") && !text.contains("12345\""));
    load(other, &text).await.unwrap();
    assert_eq!(other.snapshot().await.unwrap(), snapshot);
}

async fn the_last_import_is_remembered(directory: &dyn Directory) {
    assert!(!directory.was_imported(&[1; 32]).await.unwrap());
    directory.record_import(&[1; 32]).await.unwrap();
    assert!(directory.was_imported(&[1; 32]).await.unwrap());
    directory.record_import(&[2; 32]).await.unwrap();
    assert!(directory.was_imported(&[2; 32]).await.unwrap());
    assert!(!directory.was_imported(&[1; 32]).await.unwrap());
}
