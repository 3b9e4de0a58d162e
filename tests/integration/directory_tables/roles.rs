//! The statements of docs/postgresql.md for an owner and a role that may not change tables.

use isogloss_testkit::{Gateway, Postgres, Request};
use serde_json::json;
use tempfile::TempDir;

use crate::directory_tables::run;
use crate::unavailable::assert_well_again;

const PAGE: &str = include_str!("../../../docs/postgresql.md");

/// Returns the SQL blocks below the heading, with names and passwords for this test.
fn documented() -> Vec<String> {
    let (_, section) = PAGE
        .split_once("## Separate the owner of the tables from the gateway's role\n")
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sql\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks
        .map(|block| block.replace("isogloss", "gateway").replace('…', "geheim"))
        .collect()
}

fn apply(postgres: &Postgres, database: &str, block: &str) {
    for statement in block
        .split(';')
        .filter(|statement| !statement.trim().is_empty())
    {
        postgres.sql(database, statement).unwrap();
    }
}

#[test]
fn a_role_without_create_serves_and_changes_users_once_the_owner_has_made_the_tables() {
    let postgres = Postgres::start().unwrap();
    let folder = TempDir::new().unwrap();
    let [before, within, after] = documented().try_into().unwrap();
    apply(&postgres, "postgres", &before);
    apply(&postgres, "gateway", &within);
    let url = |role: &str| {
        format!(
            "postgres://{role}:geheim@127.0.0.1:{}/gateway",
            postgres.port()
        )
    };
    let (owner, gateway) = (url("gateway_owner"), url("gateway"));

    let refused = run(folder.path(), &gateway, &["directory", "migrate"]);
    let steps = run(
        folder.path(),
        &gateway,
        &["directory", "migrate", "--dry-run", "--json"],
    );
    let steps: serde_json::Value = serde_json::from_str(&steps.out).unwrap();
    let expected = format!(
        "isogloss: directory.url: there are no tables, this release needs version {}, and the role gateway \
         may not change them (permission denied for schema public (SQLSTATE 42501)): run isogloss directory \
         migrate as the role that owns them\n",
        steps["to"]
    );
    assert_eq!((refused.exit, refused.err), (Some(1), expected));

    let served = Gateway::builder(crate::PROGRAM)
        .directory(&gateway)
        .folder(folder.path())
        .env("ISOGLOSS__AUDIT__DATABASE", "true")
        .start()
        .unwrap();
    assert!(served.logs("the directory cannot be used"));
    let warned = |line: &&String| line.contains("the directory cannot be used");
    let log = served.log();
    let warnings: Vec<_> = log.iter().filter(warned).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let reason = "the role gateway may not change them";
    assert!(warnings[0].contains(reason), "{warnings:?}");

    let migrated = run(folder.path(), &owner, &["directory", "migrate"]);
    assert_eq!((migrated.exit, migrated.err.as_str()), (Some(0), ""));
    apply(&postgres, "gateway", &after);
    let current = run(folder.path(), &gateway, &["directory", "migrate"]);
    assert_eq!((current.exit, current.err.as_str()), (Some(0), ""));

    assert!(served.logs("the directory can be used"));
    assert_well_again(&served);
    let changed = Request::new("PUT", "/admin/users/sample/password")
        .header("Authorization", "Bearer demo-admin-key")
        .json(&json!({"password": "another"}));
    assert_eq!(changed.send(served.management()).unwrap().status, 204);
    for arguments in [
        &["user", "disable", "sample"][..],
        &["user", "enable", "sample"],
        &["directory", "export"],
        &["key", "list"],
        &["sunset", "report"],
    ] {
        let said = run(folder.path(), &gateway, arguments);
        assert_eq!(
            (said.exit, said.err.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
    let owns = "SELECT count(*) FROM pg_tables WHERE tableowner = 'gateway'";
    assert_eq!(postgres.sql("gateway", owns).unwrap(), "0");
}
