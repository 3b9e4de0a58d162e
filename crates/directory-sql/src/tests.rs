//! The behaviour of every directory, tested with each backend.

mod alike;
mod api_keys;
mod audit;
mod authority_links;
mod backup;
mod changes;
mod digests;
mod directory_files;
mod erasure;
mod imports;
mod interrupted;
mod invisible;
mod looks;
mod lookups;
mod near_cache;
mod old_tables;
mod older_releases;
mod passwords;
mod postgres;
mod postgres_addresses;
mod refusals;
mod rules;
mod search;
mod second_factor;
mod signing_keys;
mod synchronisations;
mod unlisted_entries;
mod usage;
mod usage_clients;
mod usage_days;
mod user_search;
mod user_uses;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use isogloss_core::directory::file::{File, Import, import};
use isogloss_core::directory::{Applied, DigestKeys, Directory, Precedence, SetHere};
use isogloss_core::{PasswordSettings, Passwords};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use self::postgres::postgres;
use crate::SqliteDirectory;
use isogloss_testkit::Postgres;

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
language = "de-AT"
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

/// Applies a file like `load`, but replaces all values that were set here. Fails if an entry is invalid.
async fn load_over(directory: &dyn Directory, text: &str) -> Result<Applied, String> {
    let import = Import {
        directory,
        passwords: &passwords(),
        precedence: Precedence {
            passwords: SetHere::Replace,
            state: SetHere::Replace,
            attributes: SetHere::Replace,
        },
    };
    let applied = import.apply(file(text), |_| {}).await;
    applied.map_err(|error| error.to_string())
}

async fn the_contract_holds(directory: &dyn Directory, other: &dyn Directory) {
    directory.ping().await.unwrap();
    directory_files::a_file_is_applied_once(directory).await;
    lookups::hold(directory).await;
    directory_files::hold(directory, other).await;
    passwords::hold(directory).await;
    audit::the_contract_holds(directory).await;
    usage::the_contract_holds(directory).await;
    refusals::hold(directory).await;
    usage_days::the_contract_holds(directory).await;
    user_uses::hold(directory).await;
    second_factor::hold(directory, other).await;
    api_keys::hold(directory).await;
    changes::hold(directory).await;
    unlisted_entries::stay_as_they_are(directory).await;
    rules::hold(directory).await;
    signing_keys::hold(directory).await;
    synchronisations::hold(directory).await;
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
    second_factor::are_used_once_at_once(&one, &other).await;
}

#[tokio::test]
async fn of_many_at_several_handles_of_postgres_one_uses_a_code() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    second_factor::are_used_once_at_once(&postgres(&address), &postgres(&address)).await;
}

struct SqliteFile(tempfile::TempDir);

impl digests::Reopen for SqliteFile {
    async fn open(&self, digests: DigestKeys) -> Box<dyn Directory> {
        let directory = SqliteDirectory::open(&self.0.path().join("directory.db")).await;
        let room = const { NonZeroUsize::new(1_000).unwrap() };
        let directory = directory.unwrap().with_near_cache(room).await.unwrap();
        Box::new(directory.with_digest_keys(digests))
    }
}

struct PostgresDatabase(String);

impl digests::Reopen for PostgresDatabase {
    async fn open(&self, digests: DigestKeys) -> Box<dyn Directory> {
        Box::new(postgres(&self.0).with_digest_keys(digests))
    }
}

#[tokio::test]
async fn digests_in_sqlite_are_keyed_and_outlive_peppers() {
    digests::hold(|| SqliteFile(tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn digests_in_postgres_are_keyed_and_outlive_peppers() {
    let server = Postgres::shared().unwrap();
    digests::hold(|| PostgresDatabase(server.new_database().unwrap())).await;
}

#[tokio::test]
async fn no_digest_changes_its_form_while_postgres_applies_a_file() {
    let server = Postgres::shared().unwrap();
    let database = PostgresDatabase(server.new_database().unwrap());
    let mut import = PgConnection::connect(&database.0).await.unwrap();
    digests::moves::no_digest_changes_its_form_beside_an_import(&database, &mut import).await;
}
