//! A gateway at a standby: logins succeed, and changes are refused with a reason.

use isogloss_testkit::dialects::dialect;
use isogloss_testkit::{Gateway, Postgres, Redis, Request, Response, Store, TimeStep, totp_code};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::directory_tables::run;
use crate::unavailable::assert_well_again;

#[test]
fn a_standby_serves_logins_and_refuses_changes_with_the_reason() {
    let primary = Postgres::start().unwrap();
    let redis = Redis::start().unwrap();
    let folder = TempDir::new().unwrap();
    let at_primary = primary.new_database().unwrap();
    let at = |url: &str| {
        Gateway::builder(crate::PROGRAM)
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
    let at_standby = moved(&at_primary, &primary, &standby);

    let gateway = at(&at_standby).start().unwrap();
    for _ in 0..3 {
        assert_well_again(&gateway);
    }
    assert!(gateway.logs("cannot write usage counts"));
    assert!(gateway.logs("the audit log cannot be written"));
    assert_well_again(&gateway);
    for line in [
        "cannot write usage counts",
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
    let at_standby = moved(&at_primary, &primary, &standby);
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

/// Returns the address of a database of the primary at another server.
fn moved(url: &str, primary: &Postgres, server: &Postgres) -> String {
    url.replace(
        &format!(":{}/", primary.port()),
        &format!(":{}/", server.port()),
    )
}

fn log_in_with_code(gateway: &Gateway, code: &str) -> Response {
    let form = format!("userName=guarded&password=guarded-demo&code={code}");
    let login = Request::post("/web/api/v3/auth/login").form(form);
    login.send(gateway.public()).unwrap()
}

/// A code may be used only once, which a standby cannot record.
#[test]
fn at_a_standby_a_right_code_is_unavailable_and_a_wrong_one_is_wrong() {
    let primary = Postgres::start().unwrap();
    let at_primary = primary.new_database().unwrap();
    let first = Gateway::builder(crate::PROGRAM).directory(&at_primary);
    let first = first.start().unwrap();
    first.wait_until_ready().unwrap();
    let standby = primary.standby().unwrap();
    let at_standby = moved(&at_primary, &primary, &standby);
    let second = Gateway::builder(crate::PROGRAM).directory(at_standby);
    let second = second.start().unwrap();
    second.wait_until_ready().unwrap();

    let code = totp_code("JBSWY3DPEHPK3PXP", TimeStep::Current).unwrap();
    let right = log_in_with_code(&second, &code);
    dialect("memsource").assert_unavailable("a right code", &right);
    let wrong = log_in_with_code(&second, "000000");
    let body = wrong.json().unwrap();
    assert_eq!(
        (wrong.status, &body["errorCode"]),
        (403, &json!("AuthAccountTwoFactorProtected"))
    );
    let used = log_in_with_code(&first, &code);
    assert_eq!(
        used.status,
        200,
        "the standby has spent no code: {}",
        used.text()
    );
}

#[test]
fn a_standby_without_a_digest_key_is_told_once_and_cards_are_refused_as_ever() {
    let primary = Postgres::start().unwrap();
    let folder = TempDir::new().unwrap();
    let at_primary = primary.new_database().unwrap();
    let made = run(folder.path(), &at_primary, &["directory", "migrate"]);
    assert_eq!((made.exit, made.err.as_str()), (Some(0), ""));
    let standby = primary.standby().unwrap();
    let gateway = Gateway::builder(crate::PROGRAM)
        .directory(moved(&at_primary, &primary, &standby))
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    let card = json!({"authentication_code": "CCD4537CA4AD4EE8912FFBAE53110601"});
    let body = json!({"access_token_identifier": card, "organisation": "CRMDEMO"});
    let login = Request::post("/crmapi/rest/v2/authentication/token").json(&body);
    for _ in 0..3 {
        let answer = login.send(gateway.public()).unwrap();
        let code = answer.json().unwrap()["status"]["code"].clone();
        assert!(!code.to_string().contains("UNAVAILABLE"), "{code}");
    }
    let line = "cannot store a digest key";
    assert!(gateway.logs(line));
    let log = gateway.log();
    assert_eq!(
        log.iter().filter(|one| one.contains(line)).count(),
        1,
        "{log:#?}"
    );
}
