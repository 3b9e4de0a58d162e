//! `isogloss directory migrate`.

use std::fs;

use isogloss_testkit::Postgres;
use serde_json::Value;
use tempfile::TempDir;

use crate::directory_tables::{Said, done, run};

const DRY: &[&str] = &["directory", "migrate", "--dry-run", "--json"];
const MIGRATE: &[&str] = &["directory", "migrate"];

fn json(said: &Said) -> Value {
    assert_eq!((said.exit, said.err.as_str()), (Some(0), ""), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// Creates the tables of an empty directory, and returns their version.
fn made(folder: &TempDir, url: &str) -> i64 {
    let listed = json(&run(folder.path(), url, DRY));
    assert_eq!(
        (&listed["from"], &listed["dry_run"]),
        (&0.into(), &true.into())
    );
    let steps = listed["steps"].as_array().unwrap();
    let to = listed["to"].as_i64().unwrap();
    assert_eq!(steps.last().unwrap()["version"], to);
    assert_eq!(
        steps[0],
        serde_json::json!({"version": 1, "name": "directory"})
    );
    assert_eq!(
        json(&run(folder.path(), url, DRY)),
        listed,
        "a dry run changes something"
    );
    let said = run(folder.path(), url, MIGRATE);
    assert_eq!((said.exit, said.err.as_str()), (Some(0), ""));
    let last = format!("migrated the tables from version 0 to {to}");
    assert_eq!(said.out.lines().last(), Some(last.as_str()), "{said:?}");
    let again = done(&format!("the tables are up to date, at version {to}\n"));
    assert_eq!(run(folder.path(), url, MIGRATE), again);
    assert_eq!(
        run(folder.path(), url, &["directory", "migrate", "--dry-run"]),
        again
    );
    to
}

#[test]
fn tables_in_sqlite_are_made_listed_and_left_alone_when_they_are_current() {
    let folder = TempDir::new().unwrap();
    let url = "sqlite:new/directory.db";
    let listed = json(&run(folder.path(), url, DRY));
    assert_eq!(listed["from"], 0);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a dry run made a file"
    );
    made(&folder, url);
    assert_eq!(
        json(&run(folder.path(), url, &["user", "list", "--json"])),
        serde_json::json!([])
    );
}

#[test]
fn tables_in_postgres_are_made_and_those_of_a_newer_release_are_refused() {
    let folder = TempDir::new().unwrap();
    let postgres = Postgres::shared().unwrap();
    let url = postgres.new_database().unwrap();
    let to = made(&folder, &url);
    let (_, database) = url.rsplit_once('/').unwrap();
    let newer = to + 1;
    let note = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ({newer}, 'of a newer release', true, '', 0)"
    );
    postgres.sql(database, &note).unwrap();
    let newer = format!(
        "the tables are of a newer release: they are at version {newer}, and this release knows versions \
         up to {to}; run the newer release, or restore a backup\n"
    );
    for arguments in [DRY, MIGRATE] {
        let said = run(folder.path(), &url, arguments);
        let expected = format!("isogloss: directory.url: {newer}");
        assert_eq!((said.exit, said.err), (Some(1), expected));
    }
    let said = run(folder.path(), &url, &["user", "list"]);
    assert_eq!(
        (said.exit, said.err),
        (Some(1), format!("isogloss: postgres directory: {newer}"))
    );
}
