//! Invalid backups and unsuitable targets are refused before anything is written.

use std::fs;

use isogloss_testkit::{Postgres, Store};
use tempfile::TempDir;

use crate::backup::site::{Site, Work};

/// Makes a backup of a gateway, stops it, and returns the folder.
pub(super) fn backup(site: &Site, room: &TempDir) -> String {
    let folder = room.path().join("backup").to_str().unwrap().to_owned();
    let gateway = site.start("");
    Work::done_at(&gateway);
    site.command(&gateway, &["backup", &folder]).done();
    folder
}

#[test]
fn a_folder_that_is_not_empty_is_never_written_to() {
    let room = TempDir::new().unwrap();
    fs::write(room.path().join("mine"), "").unwrap();
    let site = Site::new(Store::Embedded, None);
    let folder = room.path().to_str().unwrap();
    let said = site.alone(&["backup", folder]).refused();
    assert_eq!(
        said,
        format!("{folder} is not empty: give a folder that is empty or does not exist")
    );
    assert_eq!(fs::read_dir(room.path()).unwrap().count(), 1);
}

#[test]
fn an_embedded_store_in_use_takes_a_key_and_leaves_nothing_behind() {
    let room = TempDir::new().unwrap();
    let folder = room.path().join("backup").to_str().unwrap().to_owned();
    let site = Site::new(Store::Embedded, None);
    let gateway = site.start("");
    fs::write(
        site.folder.path().join("other.key"),
        "demo-introspection-key\n",
    )
    .unwrap();
    let management = format!("http://{}", gateway.management());
    let at = |management: &str, key: &str| {
        let more = ["--management", management, "--key-file", key];
        site.alone(&[&["backup", &folder][..], &more].concat())
            .refused()
    };
    let said = at(&management, "other.key");
    assert_eq!(said, "a bearer key of the realm admin is required");
    let said = at("http://127.0.0.1:9", "admin.key");
    assert!(
        said.starts_with(
            "no gateway responds at http://127.0.0.1:9: start it, or give its address"
        ),
        "{said}"
    );
    assert_eq!(fs::read_dir(room.path()).unwrap().count(), 0);
    let said = site.command(&gateway, &["backup", &folder]).done();
    assert!(said.contains("secrets: pepper"), "{said}");
    let audit = site
        .alone(&["audit", "list", "--event", "back_up", "--json"])
        .json();
    let by: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["actor"].as_str().unwrap())
        .collect();
    assert_eq!(by.len(), 2, "the key's, and the command's: {by:?}");
}

#[test]
fn a_place_in_use_is_refused() {
    let room = TempDir::new().unwrap();
    let site = Site::new(Store::Embedded, None);
    let folder = backup(&site, &room);
    let said = site.alone(&["restore", &folder]).refused();
    assert_eq!(
        said,
        "there are users already: use --replace to replace them with the backup"
    );
    let gateway = site.start("");
    let said = site.alone(&["restore", &folder, "--replace"]).refused();
    assert!(said.contains("tokens.redb open: stop it first"), "{said}");
    let bind = gateway.management().to_string();
    let shell = site.shell().with("ISOGLOSS__TOKENS__STORE", "memory:");
    let shell = shell.with("ISOGLOSS__MANAGEMENT__BIND", &bind);
    let said = shell.run(&["restore", &folder, "--replace"]).refused();
    assert_eq!(
        said,
        format!("a gateway runs at http://{bind}: stop it first")
    );
    drop(gateway);
    let said = site.alone(&["restore", &folder, "--replace"]);
    assert_eq!(said.exit, Some(0), "{said:?}");
    assert!(
        said.err
            .contains("audit.jsonl contains events and was not replaced"),
        "{said:?}"
    );
}

#[test]
fn another_pepper_is_refused_and_the_previous_one_will_do() {
    let room = TempDir::new().unwrap();
    let folder = backup(&Site::new(Store::Embedded, None), &room);
    let target = Site::new(Store::Embedded, None);
    let pepper = target.folder.path().join("pepper");
    fs::write(&pepper, "another-pepper-of-this-place").unwrap();
    let said = target.alone(&["restore", &folder]).refused();
    assert!(
        said.starts_with("the pepper of the configuration differs from the backup's"),
        "{said}"
    );
    assert!(!said.contains("another-pepper"), "{said}");
    let previous = format!("{folder}/pepper");
    let shell = target
        .shell()
        .with("ISOGLOSS__TOKENS__PREVIOUS_PEPPER_FILE", &previous);
    shell.run(&["restore", &folder]).done();
    assert_eq!(
        fs::read_to_string(pepper).unwrap(),
        "another-pepper-of-this-place"
    );
}

#[test]
fn a_backup_without_its_token_store_is_refused_and_makes_none() {
    let site = Site::new(Store::Embedded, None);
    drop(site.start(""));
    let tokens = site.folder.path().join("tokens.redb");
    fs::rename(&tokens, site.folder.path().join("elsewhere.redb")).unwrap();
    let said = site.alone(&["backup", "copy"]).refused();
    let expected = format!("tokens.store: no such file: {}", tokens.display());
    assert!(said.starts_with(&expected), "{said}");
    assert!(!tokens.exists());
    assert!(!site.folder.path().join("copy").exists());
}

#[test]
fn a_role_that_may_not_replace_the_tables_logs_nobody_out() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.new_database().unwrap();
    let database = url.rsplit_once('/').unwrap().1;
    let room = TempDir::new().unwrap();
    let folder = room.path().join("backup").to_str().unwrap().to_owned();
    let site = Site::new(Store::Embedded, Some(url.clone()));
    let gateway = site.start("");
    let work = Work::done_at(&gateway);
    site.command(&gateway, &["backup", &folder]).done();
    drop(gateway);
    let role = "CREATE ROLE changer LOGIN PASSWORD 'geheim'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL \
                TABLES IN SCHEMA public TO changer; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO changer";
    postgres.sql(database, role).unwrap();
    let changer = format!(
        "postgres://changer:geheim@127.0.0.1:{}/{database}",
        postgres.port()
    );
    let shell = site.shell().with("ISOGLOSS__DIRECTORY__URL", &changer);
    let said = shell.run(&["restore", &folder, "--replace"]).refused();
    assert!(
        said.starts_with("the directory and the tokens are unchanged: "),
        "{said}"
    );
    assert!(said.contains("permission denied"), "{said}");
    work.is_there(&site.start(""));
}

#[test]
fn a_backup_without_the_pepper_is_refused() {
    let site = Site::new(Store::Embedded, None);
    drop(site.start(""));
    let pepper = site.folder.path().join("pepper");
    fs::rename(&pepper, site.folder.path().join("elsewhere")).unwrap();
    let said = site.alone(&["backup", "copy"]).refused();
    let expected = format!("tokens.pepper_file: no such file: {}", pepper.display());
    assert!(said.starts_with(&expected), "{said}");
    assert!(!pepper.exists() && !site.folder.path().join("copy").exists());
}
