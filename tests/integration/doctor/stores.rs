//! Stores and directories, as the doctor reports them.

use isogloss_testkit::{Redis, Report, Store};
use tempfile::TempDir;

use super::builder;

#[test]
fn stores_that_are_away_or_unfit_are_told() {
    let folder = TempDir::new().unwrap();
    let mut redis = Redis::start().unwrap();
    let builder = builder(&folder).store(Store::Redis(redis.url()));
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let report = Report::new(&builder, &gateway, &folder, None);
    report.assert("token store", "ok", "is a Redis");
    report.assert("clock", "ok", "ahead of this machine");
    redis.stop().unwrap();
    let report = Report::new(&builder, &gateway, &folder, None);
    assert_eq!(report.code, 1);
    let place = redis.url();
    let (_, place) = place.split_once("://").unwrap();
    let place = place.rsplit('@').next().unwrap().trim_end_matches('/');
    let refused = format!("redis: {place}: Connection refused (os error 111)");
    report.assert("token store", "failed", &refused);
    report.assert("management listener", "failed", &refused);
}

#[test]
fn a_token_file_that_is_not_there_is_told() {
    let folder = TempDir::new().unwrap();
    let kept = builder(&folder).store(Store::Embedded);
    let gateway = kept.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let missing = folder.path().join("tokenz.redb").display().to_string();
    let mistyped = kept.env("ISOGLOSS__TOKENS__STORE", format!("embedded:{missing}"));
    let report = Report::new(&mistyped, &gateway, &folder, None);
    let text = format!("is the file {missing}, which does not exist");
    report.assert("token store", "warning", &text);
    assert_eq!(report.code, 0, "{:#?}", report.findings);
}

#[test]
fn a_directory_that_is_no_database_gets_a_hint_of_its_own() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let file = folder.path().join("text.db");
    std::fs::write(&file, "this is no database, and never was one").unwrap();
    let other = builder.directory(format!("sqlite:{}", file.display()));
    let report = Report::new(&other, &gateway, &folder, None);
    report.assert("directory", "failed", "file is not a database");
    assert_eq!(
        report.of("directory")[0]["hint"],
        "set directory.url to a file that isogloss has created, or restore a backup"
    );
}

#[test]
fn a_role_that_may_not_read_the_version_of_the_tables_is_told_what_to_grant() {
    let folder = TempDir::new().unwrap();
    let postgres = isogloss_testkit::Postgres::start().unwrap();
    let url = postgres.new_database().unwrap();
    let builder = builder(&folder).directory(&url);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let (_, database) = url.rsplit_once('/').unwrap();
    let revoke = "REVOKE SELECT ON _sqlx_migrations FROM isogloss";
    postgres.sql(database, revoke).unwrap();
    let report = Report::new(&builder, &gateway, &folder, None);
    let text = "the role isogloss may not read the table _sqlx_migrations";
    report.assert("directory", "failed", text);
    assert_eq!(
        report.of("directory")[0]["hint"],
        "GRANT SELECT ON _sqlx_migrations TO the role"
    );
}
