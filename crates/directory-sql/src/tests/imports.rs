//! What an import does not change: values that the file does not set, and values that were set here since.

mod any;
mod meanwhile;
mod moved;
mod newer;

use isogloss_core::Language;
use isogloss_core::directory::{Applied, Directory, Kept, KeyDigest, Snapshot, UserEntry};
use secrecy::ExposeSecret as _;

use super::postgres::postgres;
use super::{load, passwords};
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

/// A file that sets everything that a file can set.
const FULL: &str = r#"
[[organisations]]
name = "IMPORTED"
default_unit = "I1"
units = [{ id = "I1", name = "First" }, { id = "I2", name = "Second" }]

[[users]]
user_name = "ina"
number = 7000
email = "ina@example.com"
first_name = "Ina"
last_name = "Imported"
image_url = "https://example.com/ina.png"
language = "PT_br"
role = "ADMIN"
organisation = "IMPORTED"
default_unit = "I1"
units = ["I2"]
disabled = true
password = "ina-pw"
totp_secret = "JBSWY3DPEHPK3PXP"
recovery_codes = [{ digest = "1111111111111111111111111111111111111111111111111111111111111111" }]
app_passwords = [{ digest = "2222222222222222222222222222222222222222222222222222222222222222", dialect = "here", label = "CAD", made_at = "2026-11-22T09:00:00Z" }]
access_cards = [
    { identifier = "ina", pass_code = "12345", effective = false },
    { code = "the code of ina's card", allow_weak = true },
]

[[keys]]
realm = "admin"
label = "imported"
key = "the imported key"
allow_weak = true
user = "ina"
scopes = ["users:read"]
expires_at = "2027-01-01T00:00:00Z"
"#;

/// A file that names the same entries and sets nothing.
const SILENT: &str = r#"
organisations = [{ name = "IMPORTED", units = [{ id = "I1" }] }]
users = [{ user_name = "ina" }]
keys = [{ realm = "admin", key = "the imported key", allow_weak = true }]
"#;

/// Runs a test with two empty directories.
async fn with_sqlite(test: impl AsyncFnOnce(&dyn Directory, &dyn Directory)) {
    let folder = tempfile::tempdir().unwrap();
    let open = async |name: &str| {
        let file = folder.path().join(name);
        SqliteDirectory::open(&file).await.unwrap()
    };
    test(&open("one.db").await, &open("other.db").await).await;
}

async fn with_postgres(test: impl AsyncFnOnce(&dyn Directory, &dyn Directory)) {
    let server = Postgres::shared().unwrap();
    let open = || postgres(&server.new_database().unwrap());
    test(&open(), &open()).await;
}

#[tokio::test]
async fn what_a_file_does_not_say_stays_with_sqlite() {
    with_sqlite(async |directory, _| silence(directory).await).await;
}

#[tokio::test]
async fn what_a_file_does_not_say_stays_with_postgres() {
    with_postgres(async |directory, _| silence(directory).await).await;
}

async fn silence(directory: &dyn Directory) {
    what_a_file_does_not_say_stays_as_it_is(directory).await;
    what_is_empty_in_a_file_is_cleared(directory).await;
}

async fn what_a_file_does_not_say_stays_as_it_is(directory: &dyn Directory) {
    assert_eq!(load(directory, FULL).await.unwrap().created, 3);
    let before = directory.snapshot().await.unwrap();
    let language = of(&before, "ina").language.as_ref();
    assert_eq!(language.map(Language::as_str), Some("pt-BR"));
    for text in [SILENT, FULL, SILENT] {
        assert_eq!(load(directory, text).await, Ok(unchanged(3)));
        assert_eq!(directory.snapshot().await.unwrap(), before);
    }
    let one_card = "users = [{ user_name = 'ina', access_cards = [{ identifier = 'ina' }] }]";
    load(directory, one_card).await.unwrap();
    let mut expected = of(&before, "ina").access_cards.clone();
    expected.retain(|card| card.identifier.is_some());
    let ina = user(directory, "ina").await;
    assert_eq!(
        ina.access_cards, expected,
        "the pass code stays, and that it is asleep"
    );
    let refused = "users = [{ user_name = 'new', password = 'new-pw' }]";
    let refused = load(directory, refused).await;
    assert_eq!(refused, Err("user new: needs an organisation".to_owned()));
}

async fn what_is_empty_in_a_file_is_cleared(directory: &dyn Directory) {
    let before = user(directory, "ina").await;
    let empty = r#"
organisations = [{ name = "IMPORTED", default_unit = "" }]
keys = [{ realm = "admin", key = "the imported key", allow_weak = true, label = "", user = "", scopes = ["all"], expires_at = "" }]
[[users]]
user_name = "ina"
email = ""
first_name = ""
last_name = ""
image_url = ""
language = ""
default_unit = ""
units = []
disabled = false
totp_secret = ""
app_passwords = []
access_cards = []
"#;
    assert_eq!(load(directory, empty).await.unwrap().updated, 3);
    let after = directory.snapshot().await.unwrap();
    let expected = UserEntry {
        email: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        language: None,
        default_unit: None,
        units: Vec::new(),
        disabled: false,
        totp_secret: None,
        recovery_codes: Some(Vec::new()),
        app_passwords: Some(Vec::new()),
        access_cards: Vec::new(),
        generation: before.generation + 1,
        ..before
    };
    assert_eq!(of(&after, "ina"), &expected);
    assert_eq!(load(directory, empty).await, Ok(unchanged(3)));
    let digest = KeyDigest::of("the imported key");
    let key = directory.key("admin", digest).await.unwrap().unwrap();
    assert!(key.scopes.are_all());
    assert_eq!((&*key.label, key.user, key.expires_at), ("", None, None));
    let organisations = after.organisations.into_iter();
    let mut organisations = organisations.filter(|one| one.name == "IMPORTED");
    let organisation = organisations.next().unwrap();
    assert_eq!(
        (organisation.default_unit, organisation.units.len()),
        (None, 2)
    );
}

fn unchanged(unchanged: u64) -> Applied {
    Applied {
        unchanged,
        ..Applied::default()
    }
}

fn of<'s>(snapshot: &'s Snapshot, name: &str) -> &'s UserEntry {
    let mut users = snapshot.users.iter();
    users.find(|user| user.user_name == name).unwrap()
}

async fn user(directory: &dyn Directory, name: &str) -> UserEntry {
    of(&directory.snapshot().await.unwrap(), name).clone()
}

/// Returns an export of the entries of [`FULL`].
async fn exported(directory: &dyn Directory) -> String {
    let mut snapshot = directory.snapshot().await.unwrap();
    snapshot.organisations.retain(|one| one.name == "IMPORTED");
    snapshot.users.retain(|user| user.user_name == "ina");
    snapshot.keys.retain(|key| key.label == "imported");
    toml::to_string(&snapshot).unwrap()
}

async fn hash(password: &str) -> String {
    passwords().hash(password.into()).await.unwrap()
}

async fn has_password(directory: &dyn Directory, name: &str, password: &str) -> bool {
    let account = directory.account(name).await.unwrap().unwrap();
    let hash = account
        .password_hash
        .as_ref()
        .unwrap()
        .expose_secret()
        .to_owned();
    let fits = passwords().verify(password.into(), Some(hash)).await;
    fits.unwrap()
}

/// Returns the kept values, such as `user ada: password`.
fn kept(applied: &Applied) -> Vec<String> {
    let shown = |kept: &Kept| format!("{}: {}", kept.entry, kept.what);
    applied.kept.iter().map(shown).collect()
}
