//! Any file, imported into a directory that resulted from other imports: a second import changes nothing, and
//! unset values stay.

use isogloss_core::UserState;
use isogloss_core::directory::{Acceptance, AcceptedPassword, Account, Snapshot};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use time::macros::datetime;
use tokio::runtime::Builder;

use super::*;

const NAMES: [&str; 3] = ["a", "b", "c"];
const ORGANISATION: &str =
    "organisations = [{ name = 'ACME', units = [{ id = 'U1' }, { id = 'U2' }] }]\n";

/// Returns one of several lines, or an empty text.
fn line(lines: &'static [&'static str]) -> impl Strategy<Value = String> {
    option::of(select(lines))
        .prop_map(|line| line.map_or_else(String::new, |line| format!("{line}\n")))
}

/// Returns values that a file may set for a user, except the name.
fn said(name: &'static str) -> impl Strategy<Value = String> {
    let own = |lines: &'static [&'static str]| {
        line(lines).prop_map(move |line| line.replace('@', &format!("{name}@")))
    };
    let lines = [
        own(&[
            "email = ''",
            "email = '@example.com'",
            "email = '@example.net'",
        ])
        .boxed(),
        line(&["first_name = ''", "first_name = 'A'", "last_name = 'B'"]).boxed(),
        line(&["role = 'ADMIN'", "role = 'LINGUIST'"]).boxed(),
        line(&["disabled = true", "disabled = false"]).boxed(),
        line(&["units = []", "units = ['U2', 'U1']", "units = ['U1', 'U1']"]).boxed(),
        line(&["default_unit = ''", "default_unit = 'U1'"]).boxed(),
        line(&["language = ''", "language = 'de'", "language = 'DE_at'"]).boxed(),
        line(&["totp_secret = ''", "totp_secret = 'JBSWY3DPEHPK3PXP'"]).boxed(),
        line(&["image_url = 'x'", "generation = 3", "generation = 9"]).boxed(),
        own(&[
            "access_cards = []",
            "access_cards = [{ code = '@1', allow_weak = true }, { code = '@2', allow_weak = true, effective = false }]",
        ])
        .boxed(),
        own(&[
            "authority = ''",
            "authority = 'corp'",
            "authority = 'corp'\nexternal_id = '@1'",
            "authority = 'corp'\nexternal_id = '@2'\nadopted = true",
            "authority = 'other'\nexternal_id = '@1'",
        ])
        .boxed(),
        prop_oneof![Just("one"), Just("two"), Just("none")]
            .prop_map(|hash| format!("password_hash = '{}'\n", bcrypt_of(hash)))
            .boxed(),
    ];
    lines.prop_map(|lines| lines.concat())
}

fn bcrypt_of(which: &str) -> String {
    let hash = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    match which {
        "one" => hash.to_owned(),
        "none" => "none".to_owned(),
        _ => hash.replace("E5YP", "E5YQ"),
    }
}

/// Some users with their values, the name of a user who is changed here before, and whether that user is disabled
/// or enabled.
type Case = (Vec<(&'static str, String)>, &'static str, bool);

fn case() -> impl Strategy<Value = Case> {
    let names = subsequence(NAMES.to_vec(), 1..=NAMES.len());
    let users = names.prop_flat_map(|names| {
        let users: Vec<_> = names
            .into_iter()
            .map(|name| (Just(name), said(name)))
            .collect();
        users
    });
    (users, select(&NAMES[..]), any::<bool>())
}

fn text(users: &[(&str, String)], silent: bool) -> String {
    let users = users.iter().map(|(name, said)| {
        let said = if silent { "" } else { said };
        let new = if silent {
            ""
        } else {
            "organisation = 'ACME'\n"
        };
        format!("[[users]]\nuser_name = '{name}'\n{new}{said}")
    });
    [ORGANISATION.to_owned()].into_iter().chain(users).collect()
}

/// Records that the user's authority accepted a password, if the user belongs to one.
async fn accept(directory: &dyn Directory, account: &Account, adopt: bool) {
    let Some(link) = &account.link else { return };
    let name = account.user.user_name.as_str();
    let hash = bcrypt_of("two").into();
    let acceptance = Acceptance {
        authority: link.authority.clone(),
        external_id: link
            .external_id
            .clone()
            .unwrap_or_else(|| format!("{name}@3")),
        password: if adopt {
            AcceptedPassword::Adopt(hash)
        } else {
            AcceptedPassword::Keep(hash)
        },
        at: datetime!(2026-11-30 05:00 UTC),
    };
    let recorded = directory.record_acceptance(account.user.id, &acceptance);
    recorded.await.unwrap();
    let login = directory.record_login(account.user.id, acceptance.at);
    login.await.unwrap();
}

async fn holds(directory: &dyn Directory, (users, changed, disable): Case) {
    if let Some(account) = directory.account(changed).await.unwrap() {
        let to = if disable {
            UserState::Disabled
        } else {
            UserState::Active
        };
        directory.set_state(account.user.id, to).await.unwrap();
        let hash = bcrypt_of("two");
        directory
            .set_password(account.user.id, &hash)
            .await
            .unwrap();
        accept(directory, &account, disable).await;
    }
    let known = directory.account(changed).await.unwrap();
    load(directory, &text(&users, false)).await.unwrap();
    let once = directory.snapshot().await.unwrap();
    if let Some(known) = known {
        let now = directory.account(changed).await.unwrap().unwrap();
        assert!(now.user.generation >= known.user.generation);
    }
    for silent in [false, true] {
        let again = load(directory, &text(&users, silent)).await.unwrap();
        assert_eq!((again.created, again.updated), (0, 0));
        assert_eq!(directory.snapshot().await.unwrap(), once);
    }
    exported_is_imported(&once).await;
}

/// Checks that an export makes the same directory elsewhere.
async fn exported_is_imported(exported: &Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let other = SqliteDirectory::open(&folder.path().join("other.db")).await;
    let other = other.unwrap();
    let text = toml::to_string(exported).unwrap();
    load(&other, &text).await.unwrap();
    assert_eq!(other.snapshot().await.unwrap(), *exported);
}

#[test]
fn any_file_applied_twice_is_applied_once_and_leaves_alone_what_it_does_not_say() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.db");
    let directory = runtime.block_on(SqliteDirectory::open(&file)).unwrap();
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&case(), |case| {
        runtime.block_on(holds(&directory, case));
        Ok(())
    });
    run.unwrap();
}
