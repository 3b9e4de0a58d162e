//! Values that were set here since an import are kept by the next one, unless its precedence replaces them.

use isogloss_core::directory::file::Import;
use isogloss_core::directory::{
    Change, KnownAppPassword, NewEnrolment, Patch, Precedence, UserEdit,
};
use isogloss_core::{Role, TotpSecret, UserState};
use time::macros::datetime;

use super::super::load_over;
use super::*;

const MADE_HERE: &str = "an application password that was made here";

#[tokio::test]
async fn what_was_set_here_outlives_an_import_with_sqlite() {
    with_sqlite(async |directory, _| hold(directory).await).await;
}

#[tokio::test]
async fn what_was_set_here_outlives_an_import_with_postgres() {
    with_postgres(async |directory, _| hold(directory).await).await;
}

async fn hold(directory: &dyn Directory) {
    load_over(directory, FULL).await.unwrap();
    what_was_set_here_outlives_any_file(directory).await;
    an_import_that_is_told_to_takes_it_back(directory).await;
    what_came_from_a_file_follows_the_next_file(directory).await;
    a_file_applied_again_brings_no_role_or_name_back(directory).await;
}

/// Changes everything that can be changed by other means than a file.
pub(super) async fn set_here(directory: &dyn Directory) {
    let id = user(directory, "ina").await.id;
    directory
        .set_password(id, &hash("newer").await)
        .await
        .unwrap();
    directory.set_state(id, UserState::Active).await.unwrap();
    let enrolment = NewEnrolment {
        secret: TotpSecret::from_base32("GEZDGNBVGY3TQOJQ").unwrap(),
        confirmed: None,
        recovery_codes: vec![KeyDigest::of("renewed")],
        since: datetime!(2026-11-22 09:00 UTC),
    };
    directory.enrol(id, &enrolment).await.unwrap();
    let revoked = KeyDigest::from_hex(&"2".repeat(64)).unwrap();
    assert!(directory.remove_app_password(id, revoked).await.unwrap());
    let made = KnownAppPassword {
        digest: KeyDigest::of(MADE_HERE),
        realm: "here".to_owned(),
        label: String::new(),
        made_at: datetime!(2026-11-22 09:00 UTC),
        used_on: None,
    };
    directory.add_app_password(id, &made).await.unwrap();
    let key = KeyDigest::of("the imported key");
    assert!(directory.remove_key("admin", key).await.unwrap());
}

/// Checks that everything is as [`set_here`] left it.
pub(super) async fn is_as_set_here(directory: &dyn Directory) {
    assert!(has_password(directory, "ina", "newer").await);
    assert!(!has_password(directory, "ina", "ina-pw").await);
    let ina = user(directory, "ina").await;
    assert!(!ina.disabled);
    assert_eq!(ina.totp_secret.as_deref(), Some("GEZDGNBVGY3TQOJQ"));
    let codes: Vec<_> = ina.recovery_codes.unwrap();
    let codes: Vec<_> = codes.into_iter().map(|code| code.digest).collect();
    assert_eq!(codes, [KeyDigest::of("renewed")]);
    let passwords: Vec<_> = ina.app_passwords.unwrap();
    let passwords: Vec<_> = passwords.into_iter().map(|one| one.digest).collect();
    assert_eq!(passwords, [KeyDigest::of(MADE_HERE)]);
    let key = KeyDigest::of("the imported key");
    assert!(directory.key("admin", key).await.unwrap().is_none());
}

pub(super) const KEPT: [&str; 5] = [
    "user ina: password",
    "user ina: state",
    "user ina: second factor",
    "user ina: application password",
    "admin key imported: revocation",
];

async fn what_was_set_here_outlives_any_file(directory: &dyn Directory) {
    let older = exported(directory).await;
    set_here(directory).await;
    let before = directory.snapshot().await.unwrap();
    let v2 = FULL
        .replace("ina-pw", "another")
        .replace("\"JBSW", "\"GEZD");
    for text in [FULL, &v2, FULL] {
        let applied = load(directory, text).await.unwrap();
        assert_eq!(kept(&applied), KEPT);
        assert_eq!((applied.created, applied.updated), (0, 0));
        assert_eq!(directory.snapshot().await.unwrap(), before);
    }
    // An export from before is treated like other files.
    let applied = load(directory, &older).await.unwrap();
    assert_eq!(kept(&applied), KEPT);
    is_as_set_here(directory).await;
}

async fn an_import_that_is_told_to_takes_it_back(directory: &dyn Directory) {
    let applied = load_over(directory, FULL).await.unwrap();
    assert_eq!(kept(&applied), [""; 0]);
    assert_eq!(
        (applied.created, applied.updated, applied.unchanged),
        (1, 1, 1)
    );
    assert!(has_password(directory, "ina", "ina-pw").await);
    let ina = user(directory, "ina").await;
    assert!(ina.disabled);
    assert_eq!(ina.totp_secret.as_deref(), Some("JBSWY3DPEHPK3PXP"));
    assert_eq!(ina.app_passwords.unwrap()[0].digest.hex(), "2".repeat(64));
    assert_eq!((ina.set_here, ina.revoked_app_passwords), (vec![], vec![]));
    let key = KeyDigest::of("the imported key");
    assert!(directory.key("admin", key).await.unwrap().is_some());
    assert_eq!(load(directory, FULL).await, Ok(unchanged(3)));
}

/// Checks that values that came from a file are replaced by those of the next file: otherwise, a synchronisation
/// could not change anything.
async fn what_came_from_a_file_follows_the_next_file(directory: &dyn Directory) {
    let v2 = FULL
        .replace("ina-pw", "another")
        .replace("disabled = true", "disabled = false")
        .replace("JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ");
    for (text, password, disabled) in [(&*v2, "another", false), (FULL, "ina-pw", true)] {
        let applied = load(directory, text).await.unwrap();
        assert_eq!((applied.updated, kept(&applied).len()), (1, 0));
        assert!(has_password(directory, "ina", password).await);
        assert_eq!(user(directory, "ina").await.disabled, disabled);
    }
}

/// Checks that a file that is applied again at a start does not undo changes of attributes, but an operator's import
/// does. At a start, the gateway applies a file without an operator's command. A file that an operator imports is
/// meant to change attributes.
async fn a_file_applied_again_brings_no_role_or_name_back(directory: &dyn Directory) {
    let edit = UserEdit {
        user_name: Some("ina.renamed".to_owned()),
        email: Patch::Set("ina.renamed@example.com".to_owned()),
        role: Some(Role::Linguist),
        units: Some(Vec::new()),
        ..UserEdit::default()
    };
    let id = user(directory, "ina").await.id;
    let edit = Change::EditUser {
        user: id,
        edit: Box::new(edit),
    };
    directory.change(edit).await.unwrap();
    let before = user(directory, "ina.renamed").await;
    let at_start = async |text: &str| {
        let import = Import {
            directory,
            passwords: &passwords(),
            precedence: Precedence::AT_START,
        };
        import
            .apply(super::super::file(text), |_| {})
            .await
            .unwrap()
    };
    let applied = at_start(FULL).await;
    let expected = ["user ina: email", "user ina: role", "user ina: units"];
    assert_eq!(kept(&applied), expected);
    assert_eq!((applied.created, applied.updated), (0, 0));
    assert_eq!(user(directory, "ina.renamed").await, before);
    let v2 = FULL.replace("\"ADMIN\"", "\"PROJECT_MANAGER\"");
    assert_eq!(at_start(&v2).await.updated, 1);
    let ina = user(directory, "ina.renamed").await;
    assert_eq!((ina.role, ina.id), (Role::ProjectManager, id));
    let applied = load(directory, FULL).await.unwrap();
    assert_eq!((applied.created, applied.updated), (0, 1));
    let ina = user(directory, "ina.renamed").await;
    assert_eq!((ina.role, ina.units), (Role::Admin, vec!["I2".to_owned()]));
    let back = UserEdit {
        user_name: Some("ina".to_owned()),
        ..UserEdit::default()
    };
    let back = Change::EditUser {
        user: id,
        edit: Box::new(back),
    };
    directory.change(back).await.unwrap();
}
