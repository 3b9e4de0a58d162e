//! What every directory does, proved for each backend.

mod audit;
mod changes;
mod factors;
mod keys;
mod near;
mod postgres;
#[path = "../../../../tests/kit/postgres.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the suites of the whole program use the rest of it"
)]
mod postgres_server;
mod unnamed;
mod usage;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use uuid::Uuid;

use self::postgres::postgres;
use self::postgres_server::Postgres;
use super::file::{File, import};
use super::{Applied, CardName, Directory, KeyDigest, SqliteDirectory};
use crate::password::{PasswordSettings, Passwords};
use crate::user::{Role, UserState};

const FILE: &str = r#"
[[organisations]]
name = "ACME"
default_unit = "U1"
units = [{ id = "U1", name = "One" }, { id = "U2" }]

[[users]]
user_name = "Ada"
number = 7
email = "Ada@Example.com"
first_name = "Ada"
role = "ADMIN"
organisation = "ACME"
units = ["U2"]
password = "analytical"
totp_secret = "JBSW Y3DP EHPK 3PXP"
access_cards = [
    { code = "CCD4537CA4AD4EE8912FFBAE53110601" },
    { identifier = "ada", pass_code = "12345" },
    { identifier = "asleep", pass_code = "12345", effective = false },
]

[[users]]
user_name = "bob"
organisation = "ACME"
default_unit = "U2"
disabled = true
password = "builder"

[[keys]]
realm = "here"
label = "test"
key = "6C12345D-9B0C-4F3C-23AB-B5721D098F7B"
user = "ada"
"#;

fn passwords() -> Passwords {
    Passwords::start(PasswordSettings {
        bcrypt_cost: 4,
        threads: NonZeroUsize::new(2),
        queue: 8,
        ..PasswordSettings::default()
    })
    .unwrap()
}

fn file(text: &str) -> File {
    File::parse(Path::new("directory.toml"), text).unwrap()
}

async fn load(directory: &dyn Directory, text: &str) -> Result<Applied, String> {
    import(directory, &passwords(), file(text), |_| {})
        .await
        .map_err(|error| error.to_string())
}

async fn a_file_is_applied_once(directory: &dyn Directory) {
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

async fn users_are_found_by_name_and_address_in_any_case(directory: &dyn Directory) {
    for login in ["Ada", " ada ", "ADA@example.COM"] {
        let account = directory.account(login).await.unwrap().unwrap();
        assert_eq!(account.user.user_name, "Ada");
        assert_eq!(account.user.number, 7);
        assert_eq!(account.user.role, Role::Admin);
        assert_eq!(account.user.organisation.name, "ACME");
        assert_eq!(account.user.units, ["U2", "U1"]);
        assert_eq!(account.user.default_unit.as_deref(), Some("U1"));
        assert_eq!(account.totp.unwrap().expose(), "JBSWY3DPEHPK3PXP");
        assert!(account.password_hash.expose_secret().starts_with("$2b$04$"));
        let same = directory.user(account.user.id).await.unwrap().unwrap();
        assert_eq!(*same, account.user);
    }
    assert!(directory.account("").await.unwrap().is_none());
    assert!(directory.account("' OR 1=1 --").await.unwrap().is_none());
    assert!(directory.user(Uuid::new_v4()).await.unwrap().is_none());
}

async fn defaults_are_sensible(directory: &dyn Directory) {
    let bob = directory.account("bob").await.unwrap().unwrap().user;
    assert_eq!(bob.number, 8);
    assert_eq!(bob.role, Role::Linguist);
    assert_eq!(bob.state, UserState::Disabled);
    assert_eq!(bob.default_unit.as_deref(), Some("U2"));
    assert_eq!(bob.units, ["U2"]);
    let page = directory.users(0, 1).await.unwrap();
    assert_eq!(page[0].user_name, "Ada");
    assert_eq!(directory.users(7, 10).await.unwrap(), [bob]);
}

async fn units_are_listed_with_the_default_first(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let units = directory.units(&ada).await.unwrap();
    let units: Vec<_> = units.iter().map(|unit| (&*unit.id, &*unit.name)).collect();
    assert_eq!(units, [("U1", "One"), ("U2", "")]);
}

async fn only_effective_cards_are_found(directory: &dyn Directory) {
    let code = KeyDigest::of("CCD4537CA4AD4EE8912FFBAE53110601");
    let card = directory.card(CardName::Code(code)).await.unwrap().unwrap();
    assert_eq!(card.user.user_name, "Ada");
    assert!(card.pass_code_hash.is_none());
    let card = directory
        .card(CardName::Identifier("ada"))
        .await
        .unwrap()
        .unwrap();
    assert!(card.pass_code_hash.is_some());
    for name in [
        CardName::Identifier("asleep"),
        CardName::Identifier("ADA"),
        CardName::Code(KeyDigest::of("x")),
    ] {
        assert!(directory.card(name).await.unwrap().is_none(), "{name:?}");
    }
}

async fn a_key_opens_its_realm_only(directory: &dyn Directory) {
    let digest = KeyDigest::of("6c12345d9b0c4f3c23abb5721d098f7b");
    let key = directory.key("here", digest).await.unwrap().unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    assert_eq!((key.label.as_str(), key.user), ("test", Some(ada.id)));
    assert!(directory.key("there", digest).await.unwrap().is_none());
}

async fn password_and_state_changes_start_a_new_generation(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let mut generation = ada.generation;
    let hash = passwords().hash("engine".into()).await.unwrap();
    directory.set_password(ada.id, &hash).await.unwrap();
    generation += 1;
    assert_eq!(
        directory.user(ada.id).await.unwrap().unwrap().generation,
        generation
    );
    directory
        .set_state(ada.id, UserState::Disabled)
        .await
        .unwrap();
    generation += 1;
    directory
        .set_state(ada.id, UserState::Active)
        .await
        .unwrap();
    assert_eq!(
        directory.user(ada.id).await.unwrap().unwrap().generation,
        generation
    );
    load(directory, FILE).await.unwrap();
    assert_eq!(
        directory.user(ada.id).await.unwrap().unwrap().generation,
        generation + 1
    );
}

async fn a_hash_is_replaced_only_if_it_is_the_old_one_still(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap();
    let (id, old) = (ada.user.id, ada.password_hash.expose_secret());
    for (user, from) in [(id, "another"), (Uuid::new_v4(), old)] {
        assert!(!directory.replace_hash(user, from, "new").await.unwrap());
    }
    assert!(directory.replace_hash(id, old, "new").await.unwrap());
    assert!(!directory.replace_hash(id, old, "newer").await.unwrap());
    let after = directory.account("ada").await.unwrap().unwrap();
    assert_eq!(after.password_hash.expose_secret(), "new");
    // Not even the generation: tokens stay alive.
    assert_eq!(after.user, ada.user);
    // Whatever was replaced on the way is known as the same password, as long as that is.
    let replaced = async || {
        let users = directory.snapshot().await.unwrap().users;
        let ada = users.into_iter().find(|user| user.id == id).unwrap();
        ada.replaced_hashes
    };
    let mut known = vec![KeyDigest::of(old), KeyDigest::of("new")];
    known.sort();
    assert_eq!(replaced().await, [KeyDigest::of(old)]);
    assert!(directory.replace_hash(id, "new", "newest").await.unwrap());
    assert_eq!(replaced().await, known);
    directory.set_password(id, old).await.unwrap();
    assert_eq!(replaced().await, []);
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
            "user ada@example.com: user ada logs in by the same name or e-mail address",
        ),
        (
            "\"bob\"\n",
            "\"carol\"\nnumber = 7\n",
            "user carol: user ada has the same number",
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

async fn imports_are_remembered(directory: &dyn Directory) {
    assert!(!directory.was_imported(&[1; 32]).await.unwrap());
    directory.note_import(&[1; 32]).await.unwrap();
    directory.note_import(&[1; 32]).await.unwrap();
    assert!(directory.was_imported(&[1; 32]).await.unwrap());
}

async fn names_that_no_database_could_hold_are_nobodys(directory: &dyn Directory) {
    for name in ["a\0da", "\0", "\u{feff}", &"a".repeat(100_000)] {
        assert!(directory.account(name).await.unwrap().is_none());
        let card = directory.card(CardName::Identifier(name)).await;
        assert!(card.unwrap().is_none());
    }
}

async fn the_contract_holds(directory: &dyn Directory, other: &dyn Directory) {
    directory.ping().await.unwrap();
    a_file_is_applied_once(directory).await;
    users_are_found_by_name_and_address_in_any_case(directory).await;
    defaults_are_sensible(directory).await;
    units_are_listed_with_the_default_first(directory).await;
    names_that_no_database_could_hold_are_nobodys(directory).await;
    only_effective_cards_are_found(directory).await;
    a_key_opens_its_realm_only(directory).await;
    what_makes_no_sense_is_refused_whole(directory).await;
    what_is_exported_can_be_imported(directory, other).await;
    password_and_state_changes_start_a_new_generation(directory).await;
    a_hash_is_replaced_only_if_it_is_the_old_one_still(directory).await;
    imports_are_remembered(directory).await;
    audit::the_contract_holds(directory).await;
    usage::the_contract_holds(directory).await;
    factors::hold(directory, other).await;
    keys::hold(directory).await;
    changes::hold(directory).await;
    unnamed::stay_as_they_are(directory).await;
}

#[tokio::test]
async fn sqlite_passes() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |name: &str| {
        SqliteDirectory::open(&folder.path().join(name))
            .await
            .unwrap()
    };
    let directory = Arc::new(open("directory.db").await);
    the_contract_holds(directory.as_ref(), &open("other.db").await).await;
    audit::events_reach_it_through_a_queue(directory.clone()).await;
    let reopened = open("directory.db").await;
    assert_eq!(
        reopened.snapshot().await.unwrap(),
        directory.snapshot().await.unwrap()
    );
}

#[tokio::test]
async fn postgres_passes() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = Arc::new(postgres(&address));
    let other = postgres(&server.new_database().unwrap());
    the_contract_holds(directory.as_ref(), &other).await;
    audit::events_reach_it_through_a_queue(directory.clone()).await;
    assert_eq!(
        postgres(&address).snapshot().await.unwrap(),
        directory.snapshot().await.unwrap()
    );
}

#[tokio::test]
async fn of_many_at_several_handles_of_sqlite_one_adds_a_user() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || {
        let file = folder.path().join("directory.db");
        SqliteDirectory::open(&file).await.unwrap()
    };
    let (one, other) = (open().await, open().await);
    changes::one_of_many_adds_a_user(&one, &other).await;
}

#[tokio::test]
async fn of_many_at_several_handles_of_postgres_one_adds_a_user() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    changes::one_of_many_adds_a_user(&postgres(&address), &postgres(&address)).await;
}

#[tokio::test]
async fn many_make_the_tables_of_an_empty_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let tasks = (0..12).map(|_| {
        let file = file.clone();
        tokio::spawn(async move { SqliteDirectory::open(&file).await })
    });
    for opened in join_all(tasks).await {
        opened.unwrap().unwrap().ping().await.unwrap();
    }
}

#[tokio::test]
async fn of_many_at_several_handles_of_sqlite_one_uses_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || {
        let file = folder.path().join("directory.db");
        SqliteDirectory::open(&file).await.unwrap()
    };
    let (one, other) = (open().await, open().await);
    factors::are_used_once_at_once(&one, &other).await;
}

#[tokio::test]
async fn of_many_at_several_handles_of_postgres_one_uses_a_code() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    factors::are_used_once_at_once(&postgres(&address), &postgres(&address)).await;
}
