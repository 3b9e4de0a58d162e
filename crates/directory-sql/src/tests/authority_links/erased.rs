//! Erased users of authorities.

use isogloss_core::directory::{Change, Directory};
use uuid::Uuid;

use super::super::digests::{NEW, OLD, Reopen, clock, under};
use super::super::{PostgresDatabase, SqliteFile, load};
use super::{account, add, linked, umbrella};
use isogloss_testkit::Postgres;

#[tokio::test]
async fn an_erased_user_of_an_authority_is_not_created_again_in_sqlite() {
    hold(&SqliteFile(tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn an_erased_user_of_an_authority_is_not_created_again_in_postgres() {
    let server = Postgres::shared().unwrap();
    hold(&PostgresDatabase(server.new_database().unwrap())).await;
}

async fn was_erased(directory: &dyn Directory, authority: &str, id: &str, login: &str) -> bool {
    let logins = [login.to_owned()];
    let erased = directory.was_erased(authority, id, &logins).await;
    erased.unwrap()
}

async fn hold(database: &impl Reopen) {
    let directory = database.open(under(OLD, None, &clock())).await;
    let directory = directory.as_ref();
    let organisation = Change::AddOrganisation(umbrella(Uuid::new_v4()));
    directory.change(organisation).await.unwrap();
    add(directory, linked("zoe", Some("Z-1"))).await.unwrap();
    assert!(!was_erased(directory, "corp", "Z-1", "zoe").await);
    let zoe = account(directory, "zoe").await.user.id;
    directory.erase(zoe).await.unwrap();
    let found = directory.linked_account("corp", "Z-1").await.unwrap();
    assert!(found.is_none());
    assert!(was_erased(directory, "corp", "Z-1", "renamed there").await);
    assert!(was_erased(directory, "corp", "Z-2", " ZOE").await);
    assert!(!was_erased(directory, "corp", "Z-2", "zack").await);
    assert!(!was_erased(directory, "other", "Z-1", "zack").await);

    let renamed = "users = [{ user_name = 'zora', organisation = 'Umbrella', \
                   authority = 'corp', external_id = 'Z-1' }]";
    let applied = load(directory, renamed).await.unwrap();
    let left_out = vec!["user zora".to_owned()];
    assert_eq!((applied.created, applied.erased), (0, left_out));
    // An operator decides otherwise.
    add(directory, linked("zara", Some("Z-1"))).await.unwrap();
    assert!(!was_erased(directory, "corp", "Z-1", "zara").await);
    let other = database.open(under(NEW, None, &clock())).await;
    let logins = ["zoe".to_owned()];
    let unknown = other.was_erased("corp", "Z-9", &logins).await;
    assert!(unknown.is_err(), "the digest key cannot be opened");
}
