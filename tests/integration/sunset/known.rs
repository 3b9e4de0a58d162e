//! Known clients: what makes a client known, that invented ones hide none, and tokens that expire too early.

use isogloss_testkit::dialects::{TestUser, TokenKind, dialect};
use isogloss_testkit::{Builder, Gateway, Request};
use serde_json::{Value, json};

use crate::sunset::{builder, report};

/// Returns a builder with so small a table that some hundred clients fill it.
fn small() -> Builder {
    builder().env("ISOGLOSS__USAGE__MAX_ROWS", "40")
}

fn calls(count: u64) -> impl Fn(&Value) -> bool {
    move |report| report["calls"] == count
}

fn user_agents(report: &Value) -> Vec<&str> {
    let clients = report["clients"].as_array().unwrap();
    let names = clients.iter().map(|client| client["user_agent"].as_str());
    let mut names: Vec<_> = names.flatten().collect();
    names.sort_unstable();
    names
}

#[test]
fn a_published_key_and_invented_programs_hide_no_client() {
    const FLOOD: u64 = 600;

    let gateway = small().start().unwrap();
    for number in 0..FLOOD {
        let answer = Request::post("/api/v1/Authentication/TokenLogin?APIKey=demo-api-key")
            .header("User-Agent", format!("Scanner{number}/1"))
            .json(&json!({"reAuthenticationToken": "35eb2b5e94b54d5aafa6b6a7b6e8de01"}))
            .send(gateway.public())
            .unwrap();
        assert_eq!(answer.status, 401);
    }
    report(small, &gateway, "tokenlogin", calls(FLOOD));
    for user_agent in ["RealClient/1", "OtherClient/2"] {
        let login = TestUser::admin().device_login(&dialect("tokenlogin"));
        let login = login.header("User-Agent", user_agent);
        assert_eq!(login.send(gateway.public()).unwrap().status, 200);
    }
    let report = report(small, &gateway, "tokenlogin", calls(FLOOD + 2));
    assert_eq!(
        user_agents(&report),
        ["(unknown)", "OtherClient/2", "RealClient/1"]
    );
    let verdict = report["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("2 clients, 1 user, "), "{verdict}");
    let clients = report["clients"].as_array().unwrap();
    let unknown = clients
        .iter()
        .find(|client| client["user_agent"] == "(unknown)");
    assert_eq!(unknown.unwrap()["calls"], FLOOD);
}

#[test]
fn a_probe_header_of_a_stranger_hides_no_call() {
    let gateway = builder().start().unwrap();
    let login = TestUser::admin().device_login(&dialect("memsource"));
    for probe in ["x", "", "1795345200 00112233 445566"] {
        let login = login.clone().header("X-Isogloss-Probe", probe);
        let answer = login.send(gateway.public()).unwrap();
        assert_eq!(answer.status, 200, "{probe}");
        assert_eq!(answer.header("X-Isogloss-Probe"), None, "{probe}");
    }
    let report = report(builder, &gateway, "memsource", calls(3));
    assert_eq!(report["users"], 1);
}

#[test]
fn logins_that_name_no_client_share_a_row() {
    let gateway = builder().start().unwrap();
    for _ in 0..3 {
        let body = json!({"user_id": "admin", "password": "admin-demo"});
        let login = Request::post("/v2/authorize").json(&body);
        let answer = login.send(gateway.public()).unwrap();
        let client = answer.json().unwrap()["client_id"].clone();
        assert!(uuid::Uuid::try_parse(client.as_str().unwrap()).is_ok());
        let token = answer.json().unwrap()["access_token"].clone();
        let authorization = format!("BimPlus {}", token.as_str().unwrap());
        let whose = Request::get("/v2/authorize").header("Authorization", authorization);
        assert_eq!(whose.send(gateway.public()).unwrap().status, 200);
    }
    let report = report(builder, &gateway, "bimplus", calls(6));
    let clients = report["clients"].as_array().unwrap();
    assert_eq!(clients.len(), 1, "{report}");
    assert_eq!(
        (&clients[0]["client"], &clients[0]["calls"]),
        (&Value::Null, &json!(6))
    );
}

/// Returns a builder with tokens that live for one second in each dialect.
fn short() -> Builder {
    builder().config_text(
        "[dialects.bimplus]\naccess_lifetime = \"1s\"\n\
         [dialects.crmcom]\ntoken_lifetime = \"1s\"\n\
         [dialects.tokenlogin]\nsession_lifetime = \"1s\"\n\
         [dialects.memsource]\ntoken_lifetime = \"1s\"\n",
    )
}

/// Sends the request of a proxy about a call, and returns the status.
fn presented(gateway: &Gateway, dialect: &str, token: &str) -> u16 {
    let (uri, authorization) = match dialect {
        "bimplus" => ("/app".to_owned(), format!("BimPlus {token}")),
        "crmcom" => (format!("/app?token={token}"), String::new()),
        "tokenlogin" => {
            let uri = format!("/app?APIKey=demo-api-key&APIToken={token}");
            (uri, String::new())
        }
        _ => ("/app".to_owned(), format!("ApiToken {token}")),
    };
    let mut request = Request::get(format!("/forward-auth/{dialect}"))
        .header("User-Agent", "Renewing/1")
        .header("X-Forwarded-Uri", uri);
    if !authorization.is_empty() {
        request = request.header("Authorization", authorization);
    }
    request.send(gateway.management()).unwrap().status
}

#[test]
fn a_client_whose_tokens_end_before_it_renews_them_is_told_of() {
    let gateway = short().start().unwrap();
    let user = TestUser::admin();
    for (dialect, login) in user.logins() {
        let login = login.header("User-Agent", "Renewing/1");
        let answer = login.send(gateway.public()).unwrap();
        let held = user.tokens(dialect, &answer).unwrap();
        let is_access = |kind| {
            [
                TokenKind::of("bimplus", "access"),
                TokenKind::of("crmcom", "access"),
                TokenKind::of("tokenlogin", "session"),
                TokenKind::of("memsource", "access"),
            ]
            .contains(&kind)
        };
        let token = &held.iter().find(|held| is_access(held.kind)).unwrap().text;
        while presented(&gateway, dialect, token) == 200 {}
        // The client does not log in again as soon as it is refused.
        let report = report(short, &gateway, dialect, |report| {
            assert_eq!(presented(&gateway, dialect, token), 401, "{dialect}");
            !report["clients"][0]["hint"].is_null()
        });
        let clients = report["clients"].as_array().unwrap();
        assert_eq!(clients.len(), 1, "{report}");
        let expired = &clients[0]["expired_tokens"];
        assert_eq!(expired["tokens"], 1, "{dialect}");
        let age = |which: &str| expired[which].as_u64().unwrap();
        assert!(age("youngest_seconds") >= 1, "{expired}");
        assert!(
            age("oldest_seconds") >= age("youngest_seconds"),
            "{expired}"
        );
        let hint = clients[0]["hint"].as_str().unwrap();
        let said = " calls with 1 token that had expired, ";
        assert!(hint.contains(said), "{hint}");
    }
    let output = crate::sunset::isogloss(&short(), &gateway, &["sunset", "report"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let hints = text.lines().filter(|line| line.starts_with("  hint: "));
    assert_eq!(hints.count(), 4, "{text}");
}
