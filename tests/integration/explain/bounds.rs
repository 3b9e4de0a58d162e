//! What is kept of refused requests: few per client, names only if they are asked for, and nothing of erased users.

use isogloss_testkit::{Gateway, Request, Response};
use serde_json::json;
use tempfile::TempDir;

use super::{admin, gateway, refusal_of, refusals};

fn log_in(gateway: &Gateway, name: &str) -> Response {
    let login = json!({"user_id": name, "password": "wrong"});
    let login = Request::post("/v2/authorize").json(&login);
    login.send(gateway.public()).unwrap()
}

fn skipped(gateway: &Gateway) -> Option<u64> {
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    let metrics = metrics.text();
    let line = metrics
        .lines()
        .find(|line| line.starts_with("isogloss_refused_requests_skipped_total "));
    line?.rsplit(' ').next()?.parse().ok()
}

#[test]
fn one_client_fills_only_its_share() {
    let gateway = gateway()
        .config_text("[refusals]\nper_source = 3\n")
        .start()
        .unwrap();
    assert_eq!(skipped(&gateway), Some(0));
    // Two minutes at most, each with three requests.
    for _ in 0..20 {
        log_in(&gateway, "sample");
    }
    let skipped = skipped(&gateway).unwrap();
    assert!((14..=17).contains(&skipped), "{skipped}");
    assert!(refusals(&gateway, "limit=100").len() <= 6);
}

#[test]
fn typed_names_are_kept_only_as_long_as_the_configuration_says() {
    let folder = TempDir::new().unwrap();
    let start = |keep: &str| {
        let settings = format!("[refusals]\nkeep_names = '{keep}'\n");
        let builder = gateway().config_text(settings).folder(folder.path());
        let gateway = builder.start().unwrap();
        gateway.wait_until_ready().unwrap();
        gateway
    };
    let mut gateway = start("1h");
    let answer = log_in(&gateway, "Ada Else");
    let found = refusal_of(&gateway, &answer);
    assert_eq!(found["typed_name"], "Ada Else");
    let id = found["request_id"].as_str().unwrap().to_owned();
    gateway.terminate().unwrap();
    // Old names are removed at the start.
    let gateway = start("1ms");
    let query = format!("request_id={id}");
    let found = loop {
        let found = refusals(&gateway, &query).remove(0);
        if found["typed_name"].is_null() {
            break found;
        }
    };
    assert_eq!(found["cause"], "unknown_name");
    assert!(found["name_hash"].is_string(), "{found}");
    let same = refusals(&gateway, "user=ada%20else");
    assert_eq!(same.len(), 1);
}

#[test]
fn requests_of_erased_users_are_removed() {
    let gateway = gateway().start().unwrap();
    let of_sample = log_in(&gateway, "SAMPLE@example.com");
    assert_eq!(refusal_of(&gateway, &of_sample)["user"], "sample");
    let of_other = log_in(&gateway, "linguist");
    refusal_of(&gateway, &of_other);
    let id = "8ec1a795-8688-4430-9af2-53dc591dde9b";
    let erase = Request::new("DELETE", format!("/admin/users/{id}"));
    assert_eq!(admin(&gateway, erase).status, 200);
    let left = refusals(&gateway, "limit=10");
    assert_eq!(left.len(), 1, "{left:#?}");
    assert_eq!(left[0]["user"], "linguist");
}

#[test]
fn nothing_is_recorded_when_it_is_switched_off() {
    let gateway = gateway()
        .config_text("[refusals]\nenabled = false\n")
        .start()
        .unwrap();
    assert_eq!(log_in(&gateway, "sample").status, 401);
    assert_eq!(skipped(&gateway), None);
    assert!(refusals(&gateway, "limit=10").is_empty());
}

#[test]
fn a_key_without_the_scope_sees_nothing() {
    let gateway = gateway().start().unwrap();
    let add = Request::post("/admin/keys").json(&json!({
        "realm": "admin", "label": "lists sessions", "scopes": ["sessions:read"]}));
    let added = admin(&gateway, add);
    let key = added.json().unwrap()["key"].as_str().unwrap().to_owned();
    let ask = |request: Request| {
        let request = request.header("Authorization", format!("Bearer {key}"));
        request.send(gateway.management()).unwrap()
    };
    let answer = ask(Request::get("/admin/refusals"));
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("audit:read"), "{answer:?}");
    let trial = json!({"dialect": "bimplus", "user": "sample", "password": "sample-demo"});
    let answer = ask(Request::post("/admin/explain/login").json(&trial));
    assert_eq!(answer.status, 403);
    let token = json!({"token": "00000000000000000000000000000000"});
    let answer = ask(Request::post("/admin/explain/token").json(&token));
    assert_eq!(answer.status, 200, "{answer:?}");
}
