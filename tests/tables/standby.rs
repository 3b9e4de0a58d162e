//! A gateway at a standby: logins succeed, changes are refused with the reason.

use conformance::{Gateway, Postgres, Redis, Request, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::unavailable::assert_well_again;
use crate::{PROGRAM, run};

#[test]
fn a_standby_serves_logins_and_refuses_changes_with_the_reason() {
    let primary = Postgres::start().unwrap();
    let redis = Redis::start().unwrap();
    let folder = TempDir::new().unwrap();
    let at_primary = primary.new_database().unwrap();
    let at = |url: &str| {
        Gateway::builder(PROGRAM)
            .directory(url)
            .store(Store::Redis(redis.url()))
            .folder(folder.path())
            .env("ISOGLOSS__AUDIT__DATABASE", "true")
            .env("ISOGLOSS__USAGE__FLUSH_INTERVAL", "50ms")
    };
    let mut first = at(&at_primary).start().unwrap();
    assert_well_again(&first);
    first.terminate().unwrap();
    let standby = primary.standby().unwrap();
    let at_standby = at_primary.replace(
        &format!(":{}/", primary.port()),
        &format!(":{}/", standby.port()),
    );

    let gateway = at(&at_standby).start().unwrap();
    for _ in 0..3 {
        assert_well_again(&gateway);
    }
    assert!(gateway.logs("cannot write down who uses which dialect"));
    assert!(gateway.logs("the audit log cannot be written"));
    assert_well_again(&gateway);
    for line in [
        "cannot write down who uses which dialect",
        "the audit log cannot be written",
    ] {
        let log = gateway.log();
        let lines: Vec<_> = log.iter().filter(|logged| logged.contains(line)).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("the server is read-only"), "{lines:?}");
    }

    let reason = "postgres directory: the server is read-only, as a standby is";
    let change = Request::new("PUT", "/admin/users/sample/password")
        .header("Authorization", "Bearer demo-admin-key")
        .json(&json!({"password": "another"}));
    let answer = change.send(gateway.management()).unwrap();
    let body: Value = answer.json().unwrap();
    assert_eq!(
        (answer.status, &body["reason"]),
        (503, &json!(reason)),
        "{body}"
    );
    let said = run(folder.path(), &at_standby, &["user", "disable", "sample"]);
    assert_eq!(
        (said.exit, said.err),
        (Some(1), format!("isogloss: {reason}\n"))
    );
    let said = run(folder.path(), &at_standby, &["directory", "migrate"]);
    assert_eq!((said.exit, said.err.as_str()), (Some(0), ""));
}

#[test]
fn a_standby_without_tables_says_where_to_make_them() {
    let primary = Postgres::start().unwrap();
    let folder = TempDir::new().unwrap();
    let at_primary = primary.new_database().unwrap();
    let standby = primary.standby().unwrap();
    let at_standby = at_primary.replace(
        &format!(":{}/", primary.port()),
        &format!(":{}/", standby.port()),
    );
    for arguments in [&["directory", "migrate"][..], &["user", "list"]] {
        let said = run(folder.path(), &at_standby, arguments);
        assert_eq!(said.exit, Some(1));
        for part in [
            "there are no tables",
            "the server is read-only",
            "at the primary",
        ] {
            assert!(said.err.contains(part), "{said:?}");
        }
    }
    let any = format!(
        "{at_primary}?target_session_attrs=standby&host=127.0.0.1,127.0.0.1&port={},{}",
        primary.port(),
        standby.port()
    );
    let said = run(folder.path(), &any, &["user", "list"]);
    assert!(said.err.contains("the server is read-only"), "{said:?}");
}
