//! An erased user is removed, and no import adds the user again.

mod tombstones;

use std::sync::Arc;

use isogloss_core::audit::{ClaimedName, Event, EventActor, EventFilter, EventKind, Subject};
use isogloss_core::directory::{
    Applied, CardRef, Change, ChangeError, Directory, Erased, InvalidChange, KeyDigest, Patch,
    UserEdit,
};
use time::macros::datetime;
use uuid::Uuid;

use super::changes::person;
use super::digests::{OLD, Reopen, clock, pepper, under};
use super::{FILE, PostgresDatabase, SqliteFile, load, user_uses};
use isogloss_testkit::Postgres;

const KEY: &str = "6C12345D-9B0C-4F3C-23AB-B5721D098F7B";

#[tokio::test]
async fn an_erased_user_is_gone_from_sqlite() {
    hold(|| SqliteFile(tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn an_erased_user_is_gone_from_postgres() {
    let server = Postgres::shared().unwrap();
    hold(|| PostgresDatabase(server.new_database().unwrap())).await;
}

#[tokio::test]
async fn no_file_of_sqlite_holds_an_erased_user_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let database = SqliteFile(folder);
    let directory = filled(&database).await;
    let id = id_of(directory.as_ref(), "ada").await;
    user_uses::add_one(directory.as_ref(), id).await;
    let id = id.to_string();
    let texts = ["ada@example.com", &id];
    let holds = |text: &str| {
        let files = database.0.path().read_dir().unwrap();
        files
            .filter(|file| {
                let bytes = std::fs::read(file.as_ref().unwrap().path()).unwrap();
                bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
            })
            .count()
    };
    assert!(texts.iter().all(|text| holds(text) > 0));
    erase(directory.as_ref(), "ada").await;
    for text in texts {
        assert_eq!(holds(text), 0, "{text}, while the directory is open");
    }
}

async fn hold<D: Reopen>(fresh: impl Fn() -> D) {
    everything_of_the_user_is_gone(&fresh()).await;
    events_are_counted_and_name_no_user(&fresh()).await;
    no_older_file_brings_the_user_back(&fresh()).await;
    a_name_is_left_out_however_it_is_typed(&fresh()).await;
    who_is_added_by_intention_is_imported_again(&fresh()).await;
    tombstones::a_tombstone_outlives_the_pepper(&fresh()).await;
    tombstones::a_tombstone_ends_with_its_digest_key(&fresh()).await;
    tombstones::an_export_takes_tombstones_along(&fresh(), &fresh()).await;
    tombstones::without_a_pepper_nothing_is_erased(&fresh()).await;
}

async fn filled(database: &impl Reopen) -> Box<dyn Directory> {
    let directory = database.open(under(OLD, None, &clock())).await;
    load(directory.as_ref(), FILE).await.unwrap();
    directory
}

async fn id_of(directory: &dyn Directory, name: &str) -> Uuid {
    directory.account(name).await.unwrap().unwrap().user.id
}

async fn erase(directory: &dyn Directory, name: &str) -> Erased {
    let id = id_of(directory, name).await;
    directory.erase(id).await.unwrap()
}

async fn is_there(directory: &dyn Directory, name: &str) -> bool {
    directory.account(name).await.unwrap().is_some()
}

fn left_out(entries: &[&str], unchanged: u64) -> Applied {
    Applied {
        unchanged,
        erased: entries.iter().copied().map(str::to_owned).collect(),
        ..Applied::default()
    }
}

async fn everything_of_the_user_is_gone(database: &impl Reopen) {
    let directory = filled(database).await;
    let directory = directory.as_ref();
    let id = id_of(directory, "ada").await;
    let before = directory.snapshot().await.unwrap();
    let Erased {
        id: erased,
        pseudonym,
        mut cards,
        logins,
        keys,
        events,
        administrators,
    } = erase(directory, "ada").await;
    cards.sort();
    assert_eq!((erased, keys, events, administrators), (id, 1, 0, 0));
    assert_ne!(pseudonym, id);
    assert_eq!(logins, ["ada", "ada@example.com"]);
    assert_eq!(cards, ["ada", "asleep"]);
    for name in ["ada", "ada@example.com"] {
        assert!(!is_there(directory, name).await, "{name}");
    }
    assert!(directory.user(id).await.unwrap().is_none());
    assert!(directory.enrolment(id).await.unwrap().is_none());
    let code = KeyDigest::of("CCD4537CA4AD4EE8912FFBAE53110601");
    for card in [CardRef::Code(code), CardRef::Identifier("ada")] {
        assert!(directory.card(card).await.unwrap().is_none());
    }
    let key = directory.key("here", KeyDigest::of(KEY)).await.unwrap();
    assert!(key.is_none());
    let after = directory.snapshot().await.unwrap();
    assert_eq!(after.organisations, before.organisations);
    assert_eq!(after.users[..], before.users[1..], "others stay");
    assert_eq!(after.revoked_keys.len(), 1);
    assert_eq!(after.erased_users.len(), 3, "an identifier and two names");
    let text = serde_json::to_string(&after).unwrap().to_lowercase();
    // Digests may contain the characters of a name, so it is searched in quotes.
    for trace in ["\"ada\"", "ada@", &id.to_string()] {
        assert!(!text.contains(trace), "{trace}");
    }
    let again = directory.erase(id).await;
    let Err(ChangeError::Invalid(InvalidChange::NotFound(reason))) = again else {
        panic!("{again:?}")
    };
    assert_eq!(reason, format!("{id}: no such user"));
}

async fn events_are_counted_and_name_no_user(database: &impl Reopen) {
    let directory = filled(database).await;
    let directory = directory.as_ref();
    let (ada, bob) = (id_of(directory, "ada").await, id_of(directory, "bob").await);
    let event = |kind| Event::new(kind, datetime!(2026-11-29 12:00 UTC));
    let hash = |name: &str| ClaimedName::User(name).hash(&pepper(OLD));
    let events = [
        Event {
            user: Some(ada),
            name_hash: Some(hash("ada")),
            ..event(EventKind::Login)
        },
        Event {
            name_hash: Some(hash("Ada@example.com")),
            ..event(EventKind::Login)
        },
        Event {
            user: Some(bob),
            actor: Some(EventActor::User(ada)),
            ..event(EventKind::Impersonate)
        },
        Event {
            user: Some(bob),
            name_hash: Some(hash("bob")),
            ..event(EventKind::Login)
        },
    ];
    let lines: Vec<_> = events.iter().map(Event::line).collect();
    directory
        .insert_events(events.map(Arc::new).into())
        .await
        .unwrap();
    let found = async |who| {
        let filter = EventFilter {
            who,
            event: None,
            since: None,
            limit: 100,
        };
        directory.find_events(&filter).await.unwrap()
    };
    let of = |user, names: &[&str]| {
        Some(Subject {
            user: Some(user),
            name_hashes: names.iter().copied().map(hash).collect(),
        })
    };
    let names = ["ada", "ada@example.com"];
    assert_eq!(found(of(ada, &names)).await.len(), 3);
    let erased = erase(directory, "ada").await;
    assert_eq!(erased.events, 3);
    assert_eq!(found(of(ada, &names)).await, [""; 0]);
    assert_eq!(found(of(erased.pseudonym, &[])).await.len(), 2);
    let after = found(None).await;
    assert_eq!(after.len(), 4, "counts remain");
    assert_eq!(after[0], lines[3], "what is about others stays");
    let texts = [ada.to_string(), hash("ada").to_string()];
    for line in &after {
        assert!(!texts.iter().any(|text| line.contains(text)), "{line}");
    }
    let acted: serde_json::Value = serde_json::from_str(&after[1]).unwrap();
    assert_eq!(acted["actor"], erased.pseudonym.to_string());
}

async fn no_older_file_brings_the_user_back(database: &impl Reopen) {
    let directory = filled(database).await;
    let directory = directory.as_ref();
    let export = directory.snapshot().await.unwrap();
    let export = toml::to_string(&export).unwrap();
    let named = "users = [{ user_name = 'countess', email = 'ADA@example.com', \
                 organisation = 'ACME', password = 'pw' }]";
    let with_id = format!(
        "users = [{{ user_name = 'lovelace', id = '{}', organisation = 'ACME', password = 'pw' }}]",
        id_of(directory, "ada").await
    );
    erase(directory, "ada").await;
    let both = ["user Ada", "here key test"];
    // The organisation and Bob are unchanged.
    assert_eq!(load(directory, FILE).await, Ok(left_out(&both, 2)));
    assert_eq!(load(directory, &export).await, Ok(left_out(&both, 2)));
    assert_eq!(
        load(directory, named).await,
        Ok(left_out(&["user countess"], 0))
    );
    assert_eq!(
        load(directory, &with_id).await,
        Ok(left_out(&["user lovelace"], 0))
    );
    for name in ["ada", "ada@example.com", "countess", "lovelace"] {
        assert!(!is_there(directory, name).await, "{name}");
    }
}

async fn a_name_is_left_out_however_it_is_typed(database: &impl Reopen) {
    let directory = filled(database).await;
    let directory = directory.as_ref();
    let file = |name: &str| {
        format!("users = [{{ user_name = '{name}', organisation = 'ACME', password = 'pw' }}]")
    };
    load(directory, &file("José")).await.unwrap();
    erase(directory, "josé").await;
    for name in ["José", "JOSÉ", " Jose\u{301}"] {
        let applied = load(directory, &file(name)).await.unwrap();
        assert_eq!(applied.erased.len(), 1, "{name}");
        assert!(!is_there(directory, name).await, "{name}");
    }
}

async fn who_is_added_by_intention_is_imported_again(database: &impl Reopen) {
    let directory = filled(database).await;
    let directory = directory.as_ref();
    erase(directory, "ada").await;
    let mut ada = person("ada");
    (ada.organisation, ada.units) = ("ACME".to_owned(), Vec::new());
    let add = Change::AddUser {
        user: ada,
        number: None,
    };
    directory.check(add.clone()).await.unwrap();
    assert_eq!(
        load(directory, FILE).await.unwrap().erased,
        ["user Ada", "here key test"],
        "a check is no addition"
    );
    directory.change(add).await.unwrap();
    let applied = load(directory, FILE).await.unwrap();
    assert_eq!(applied.erased, [""; 0]);
    assert!(is_there(directory, "ada@example.com").await);
    // The same is possible with a change: a user gets the name of an erased one.
    erase(directory, "ada").await;
    let renamed = UserEdit {
        user_name: Some("ada".to_owned()),
        email: Patch::Remove,
        ..UserEdit::default()
    };
    let bob = id_of(directory, "bob").await;
    let edit = Box::new(renamed);
    directory
        .change(Change::EditUser { user: bob, edit })
        .await
        .unwrap();
    let file = "users = [{ user_name = 'ada', first_name = 'Adam' }]";
    assert_eq!(load(directory, file).await.unwrap().updated, 1);
}
