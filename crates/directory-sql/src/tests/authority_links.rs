//! Users who belong to an authority, and users without a password, tested with each backend.

mod acceptance;
mod erased;
mod files;
mod records;

use futures_util::future::join_all;
use isogloss_core::UserState;
use isogloss_core::directory::{
    AcceptedPassword, Account, Change, ChangeError, Directory, InvalidChange, Patch, UserEdit,
    UserEntry,
};
use secrecy::ExposeSecret;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::changes::{person, umbrella};
use super::postgres::postgres;
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

const NOW: OffsetDateTime = datetime!(2026-11-30 05:00 UTC);

#[tokio::test]
async fn links_in_sqlite_hold() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |name: &str| {
        let opened = SqliteDirectory::open(&folder.path().join(name)).await;
        opened.unwrap()
    };
    let (one, again, other) = (
        open("one.db").await,
        open("one.db").await,
        open("other.db").await,
    );
    hold(&one, &again, &other).await;
}

#[tokio::test]
async fn links_in_postgres_hold() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let other = postgres(&server.new_database().unwrap());
    hold(&postgres(&address), &postgres(&address), &other).await;
}

/// Runs all checks: `again` is a second handle of the same directory, and `other` an empty one.
async fn hold(directory: &dyn Directory, again: &dyn Directory, other: &dyn Directory) {
    let organisation = Change::AddOrganisation(umbrella(Uuid::new_v4()));
    directory.change(organisation).await.unwrap();
    users_are_stored_with_their_link(directory).await;
    of_many_one_adds_a_link(directory, again).await;
    a_link_is_edited(directory).await;
    what_makes_no_sense_is_refused(directory).await;
    acceptance::hold(directory, again).await;
    a_new_password_was_accepted_by_nobody(directory).await;
    a_login_is_recorded_once_a_day(directory).await;
    records::hold(directory).await;
    files::hold(directory, other).await;
}

/// Returns a user of an authority, without a password.
fn linked(name: &str, external_id: Option<&str>) -> Box<UserEntry> {
    Box::new(UserEntry {
        password_hash: None,
        authority: Some("corp".to_owned()),
        external_id: external_id.map(str::to_owned),
        ..*person(name)
    })
}

async fn add(directory: &dyn Directory, user: Box<UserEntry>) -> Result<(), ChangeError> {
    let add = Change::AddUser { user, number: None };
    directory.change(add).await.map(drop)
}

async fn edit(directory: &dyn Directory, name: &str, edit: UserEdit) -> Result<(), ChangeError> {
    let user = account(directory, name).await.user.id;
    let edit = Box::new(edit);
    let edited = directory.change(Change::EditUser { user, edit }).await;
    edited.map(drop)
}

async fn account(directory: &dyn Directory, name: &str) -> Account {
    directory.account(name).await.unwrap().unwrap()
}

fn hash(account: &Account) -> Option<&str> {
    account
        .password_hash
        .as_ref()
        .map(ExposeSecret::expose_secret)
}

/// Returns the authority, the identifier there, and whether the user was adopted.
fn link(account: &Account) -> Option<(&str, Option<&str>, bool)> {
    let link = account.link.as_ref()?;
    let id = link.external_id.as_deref();
    Some((&link.authority, id, link.is_adopted))
}

async fn users_are_stored_with_their_link(directory: &dyn Directory) {
    let user = UserEntry {
        accepted_at: Some(NOW),
        ..*linked("stored", Some("id-Stored"))
    };
    add(directory, Box::new(user.clone())).await.unwrap();
    let stored = account(directory, "stored").await;
    assert_eq!(hash(&stored), None);
    assert_eq!(link(&stored), Some(("corp", Some("id-Stored"), false)));
    assert_eq!(
        (stored.accepted_at, stored.last_login_at),
        (Some(NOW), None)
    );
    let found = directory.linked_account("corp", "id-Stored").await;
    assert_eq!(found.unwrap().unwrap().user, stored.user);
    for (authority, id) in [
        ("corp", "id-stored"),
        ("other", "id-Stored"),
        ("corp", ""),
        ("corp", "id-Stored\0"),
    ] {
        let found = directory.linked_account(authority, id).await.unwrap();
        assert!(found.is_none(), "{authority} {id}");
    }
    // The same identifier at another authority is another person.
    let elsewhere = UserEntry {
        authority: Some("other".to_owned()),
        ..*linked("elsewhere", Some("id-Stored"))
    };
    add(directory, Box::new(elsewhere)).await.unwrap();
    // Any number of users wait to be linked.
    for name in ["waiting", "expected"] {
        add(directory, linked(name, None)).await.unwrap();
        let waiting = account(directory, name).await;
        assert_eq!(link(&waiting), Some(("corp", None, false)));
    }
    let snapshot = directory.snapshot().await.unwrap();
    let entry = snapshot.users.iter().find(|one| one.id == user.id).unwrap();
    assert_eq!(entry.password_hash, None);
    assert_eq!(entry.link(), Some(("corp", "id-Stored")));
    assert_eq!(entry.accepted_at, Some(NOW));
}

async fn of_many_one_adds_a_link(directory: &dyn Directory, again: &dyn Directory) {
    let tries = (0..12).map(|number| {
        let directory = if number % 2 == 0 { directory } else { again };
        add(directory, linked(&format!("racer{number}"), Some("race")))
    });
    let (added, refused): (Vec<_>, Vec<_>) =
        join_all(tries).await.into_iter().partition(Result::is_ok);
    assert_eq!(added.len(), 1);
    for refused in refused {
        let refused = refused.unwrap_err();
        assert!(
            matches!(&refused, ChangeError::Invalid(InvalidChange::Conflict(_))),
            "{refused}"
        );
    }
    let winner = directory.linked_account("corp", "race").await.unwrap();
    let winner = winner.unwrap().user.user_name;
    let refused = add(directory, linked("late", Some("race"))).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        format!("user {winner} has the same external id at corp")
    );
}

async fn a_link_is_edited(directory: &dyn Directory) {
    let local = person("mover");
    let own = local.password_hash.clone().unwrap();
    add(directory, local).await.unwrap();
    let generation = account(directory, "mover").await.user.generation;
    let to = |authority: Patch<String>, external_id: Patch<String>| UserEdit {
        authority,
        external_id,
        ..UserEdit::default()
    };
    let set = |text: &str| Patch::Set(text.to_owned());
    for (change, expected) in [
        (to(set(" corp "), Patch::Keep), Some(("corp", None))),
        (to(Patch::Keep, set("m1")), Some(("corp", Some("m1")))),
        (to(set("corp"), Patch::Keep), Some(("corp", Some("m1")))),
        (to(Patch::Keep, Patch::Keep), Some(("corp", Some("m1")))),
        (to(Patch::Keep, Patch::Remove), Some(("corp", None))),
        (to(set("corp"), set("m2")), Some(("corp", Some("m2")))),
        (to(set("other"), Patch::Keep), Some(("other", None))),
        (to(set("corp"), set("m2")), Some(("corp", Some("m2")))),
        (to(Patch::Remove, Patch::Keep), None),
    ] {
        edit(directory, "mover", change.clone()).await.unwrap();
        let edited = account(directory, "mover").await;
        let expected = expected.map(|(authority, id)| (authority, id, false));
        assert_eq!(link(&edited), expected, "{change:?}");
        assert_eq!(hash(&edited), Some(own.as_str()), "the password stays");
        assert_eq!(edited.user.generation, generation, "and so do tokens");
    }
}

async fn what_makes_no_sense_is_refused(directory: &dyn Directory) {
    let before = directory.snapshot().await.unwrap();
    let to = |authority: Patch<String>, external_id: Patch<String>| UserEdit {
        authority,
        external_id,
        ..UserEdit::default()
    };
    let set = |text: &str| Patch::Set(text.to_owned());
    for (change, reason) in [
        (
            to(Patch::Keep, set("x")),
            "the external id needs an authority",
        ),
        (
            to(Patch::Remove, set("x")),
            "the external id needs an authority",
        ),
        (
            to(set("a\0"), Patch::Keep),
            "the authority holds a control character, U+0000",
        ),
        (
            to(set("corp"), set("a\n")),
            "the external id holds a control character, U+000A",
        ),
        (
            to(set("corp"), set("id-Stored")),
            "user stored has the same external id at corp",
        ),
    ] {
        let refused = edit(directory, "mover", change).await.unwrap_err();
        assert!(matches!(refused, ChangeError::Invalid(_)), "{refused}");
        assert_eq!(refused.to_string(), reason);
    }
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

async fn a_new_password_was_accepted_by_nobody(directory: &dyn Directory) {
    let user = account(directory, "stored").await.user;
    let accepted = acceptance::of("id-Stored", AcceptedPassword::Replace("cached".into()));
    let recorded = directory.record_acceptance(user.id, &accepted).await;
    assert!(recorded.unwrap());
    directory
        .set_state(user.id, UserState::Active)
        .await
        .unwrap();
    let now = account(directory, "stored").await;
    assert_eq!((hash(&now), now.accepted_at), (Some("cached"), Some(NOW)));
    directory.set_password(user.id, "set here").await.unwrap();
    let now = account(directory, "stored").await;
    assert_eq!((hash(&now), now.accepted_at), (Some("set here"), None));
    assert_eq!(link(&now), Some(("corp", Some("id-Stored"), false)));
}

async fn a_login_is_recorded_once_a_day(directory: &dyn Directory) {
    let user = account(directory, "stored").await.user;
    let day = Duration::DAY;
    let second = Duration::SECOND;
    for (at, expected) in [
        (NOW, NOW),
        (NOW + second, NOW),
        (NOW - day, NOW),
        (NOW + day - second, NOW),
        (NOW + day, NOW + day),
    ] {
        directory.record_login(user.id, at).await.unwrap();
        let now = account(directory, "stored").await;
        assert_eq!(now.last_login_at, Some(expected), "{at}");
        assert_eq!(now.user, user);
    }
    let nobody = Uuid::new_v4();
    directory.record_login(nobody, NOW).await.unwrap();
}
