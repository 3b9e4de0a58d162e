//! Retiring a dialect: headers, brownouts, blocked clients, and the end.

use isogloss_testkit::dialects::{TestUser, TokenKind, dialects};
use isogloss_testkit::{Gateway, Request, Response, Store};
use serde_json::json;

use crate::sunset::builder;

fn retiring(settings: &str) -> Gateway {
    let names = dialects().iter().map(|dialect| dialect.name);
    let tables: Vec<_> = names
        .map(|name| format!("[sunset.{name}]\n{settings}\n"))
        .collect();
    builder().config_text(tables.join("\n")).start().unwrap()
}

fn answers(
    gateway: &Gateway,
    change: impl Fn(Request) -> Request,
) -> Vec<(&'static str, Response)> {
    let logins = TestUser::admin().logins();
    logins
        .into_iter()
        .map(|(dialect, login)| (dialect, change(login).send(gateway.public()).unwrap()))
        .collect()
}

/// Checks the status and message with which each dialect refuses.
fn assert_refused(dialect: &str, answer: &Response, status: u16) {
    let text = answer.text();
    let words = match (dialect, status) {
        ("bimplus", 503) => "temporarily_unavailable",
        ("bimplus", _) => "access_denied",
        ("crmcom", 503) => "WEBAPI.SERVICEUNAVAILABLEEXCEPTION",
        ("crmcom", _) => "SECURITY.ACCESSDENIEDEXCEPTION",
        ("tokenlogin", 503) => "The service is unavailable.",
        ("tokenlogin", _) => "denied",
        (_, _) => "errorCode",
    };
    let expected = if dialect == "crmcom" { 200 } else { status };
    assert_eq!(answer.status, expected, "{dialect}: {text}");
    assert!(text.contains(words), "{dialect}: {text}");
    if dialect == "bimplus" {
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    }
}

#[test]
fn each_answer_tells_of_the_end() {
    let gateway = retiring(
        "deprecated_at = \"2023-06-30T23:59:59Z\"\nsunset_at = \"2037-12-31T23:59:59Z\"\nlink = \"https://example.com/retired\"",
    );
    for path in ["whatever", "wrong"] {
        for (dialect, answer) in answers(&gateway, |login| login.header("X-Try", path)) {
            assert_eq!(
                answer.header("Deprecation"),
                Some("@1688169599"),
                "{dialect}"
            );
            let sunset = answer.header("Sunset");
            assert_eq!(sunset, Some("Thu, 31 Dec 2037 23:59:59 GMT"), "{dialect}");
            let link = answer.header("Link");
            let expected = "<https://example.com/retired>; rel=\"deprecation\"; type=\"text/html\"";
            assert_eq!(link, Some(expected), "{dialect}");
        }
    }
    for path in ["/v2/nowhere", "/crmapi/rest/v2/x", "/api/v1/x", "/web/x"] {
        let answer = Request::get(path).send(gateway.public()).unwrap();
        assert_eq!(answer.header("Deprecation"), Some("@1688169599"), "{path}");
    }
    let other = Request::get("/other").send(gateway.public()).unwrap();
    assert_eq!(other.header("Deprecation"), None);
}

#[test]
fn a_brownout_is_each_dialects_own_unavailable() {
    let gateway = retiring(
        "brownouts = [{ from = \"2020-01-01T00:00:00Z\", until = \"2099-01-01T00:00:00Z\" }]",
    );
    for (dialect, answer) in answers(&gateway, |login| login) {
        assert_refused(dialect, &answer, 503);
        let seconds: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
        assert!(seconds > 1_000_000, "{dialect}");
    }
    assert!(gateway.logs("the dialect is being retired"));
    let log = gateway.log();
    assert!(!log.iter().any(|line| line.contains("could not answer")));
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    for dialect in dialects() {
        let name = dialect.name;
        let line =
            format!("isogloss_sunset_refusals_total{{dialect=\"{name}\",why=\"brownout\"}} 1");
        assert!(metrics.text().contains(&line), "{}", metrics.text());
    }
    let suppressed = Request::post("/api/v1/Authentication/Login?suppressResponseCodes=true");
    let suppressed = suppressed.send(gateway.public()).unwrap();
    assert_eq!(suppressed.status, 200, "{}", suppressed.text());
}

#[test]
fn outside_of_brownouts_and_before_the_end_all_is_as_ever() {
    let gateway = retiring(
        "sunset_at = \"2099-01-01T00:00:00Z\"\nthen = \"refuse\"\nbrownouts = [{ from = \"2020-01-01T00:00:00Z\", until = \"2020-01-02T00:00:00Z\" }]\ncut_off = [{ user_agent = \"OldApp\", network = \"192.0.2.0/24\" }]",
    );
    for (dialect, answer) in answers(&gateway, |login| login.header("User-Agent", "OldApp/1.0")) {
        assert_eq!(answer.status, 200, "{dialect}: {}", answer.text());
        assert!(!answer.text().contains("EXCEPTION"), "{}", answer.text());
    }
}

#[test]
fn after_the_end_all_are_refused_if_that_is_set() {
    let at = "sunset_at = \"2020-01-01T00:00:00Z\"";
    let serving = retiring(at);
    for (dialect, answer) in answers(&serving, |login| login) {
        assert_eq!(answer.status, 200, "{dialect}: {}", answer.text());
    }
    let refusing = retiring(&format!("{at}\nthen = \"refuse\""));
    for (dialect, answer) in answers(&refusing, |login| login) {
        assert_refused(dialect, &answer, 403);
    }
}

#[test]
fn programs_and_networks_are_cut_off_at_the_door() {
    let gateway = retiring("cut_off = [{ user_agent = \"OldApp\" }, { network = \"10.0.0.0/8\" }]");
    for _ in 0..2 {
        for (dialect, answer) in answers(&gateway, |login| login.header("User-Agent", "OldApp/1.0"))
        {
            assert_refused(dialect, &answer, 403);
        }
    }
    for (dialect, answer) in answers(&gateway, |login| login.header("User-Agent", "NewApp/1.0")) {
        assert_eq!(answer.status, 200, "{dialect}: {}", answer.text());
    }
    let log = gateway.log();
    let lines = log
        .iter()
        .filter(|line| line.contains("refused a blocked client"));
    assert_eq!(lines.count(), dialects().len());
}

#[test]
fn applications_keys_and_devices_are_cut_off_inside() {
    let user = TestUser::admin();
    let gateway = builder()
        .config_text(format!(
            "[sunset.bimplus]\ncut_off = [{{ application = \"6C12345D9B0C4F3C23ABB5721D098F7B\" }}, {{ client = \"{}\" }}]\n[sunset.tokenlogin]\ncut_off = [{{ key = \"demo\" }}]\n",
            user.client
        ))
        .start()
        .unwrap();
    for (dialect, login) in user.logins() {
        let answer = login.send(gateway.public()).unwrap();
        if ["bimplus", "tokenlogin"].contains(&dialect) {
            assert_refused(dialect, &answer, 403);
        } else {
            assert_eq!(answer.status, 200, "{dialect}");
        }
    }
    let of = |application: &str| {
        let body =
            json!({"user_id": "admin", "password": "admin-demo", "application_id": application});
        Request::post("/v2/authorize")
            .json(&body)
            .send(gateway.public())
            .unwrap()
    };
    assert_refused("bimplus", &of("6C12345D9B0C4F3C23ABB5721D098F7B"), 403);
    assert_eq!(of("0106c8baad467c08e26f026852cb7525").status, 200);
}

#[test]
fn services_behind_know_no_token_of_what_is_retired() {
    let user = TestUser::admin();
    let cut_off = format!("cut_off = [{{ client = \"{}\" }}]", user.client);
    let brownout =
        "brownouts = [{ from = \"2020-01-01T00:00:00Z\", until = \"2099-01-01T00:00:00Z\" }]";
    let over = "sunset_at = \"2020-01-01T00:00:00Z\"\nthen = \"refuse\"";
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |text: &str| {
        let text = format!(
            "{text}\n[jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"services\"\n"
        );
        let builder = builder().store(Store::Embedded).folder(folder.path());
        builder.config_text(&text).start().unwrap()
    };
    let mut before = in_folder("");
    let held = user.every_token(before.public()).unwrap();
    let token = &held
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "access"))
        .unwrap()
        .text;
    let forward = |gateway: &Gateway| {
        Request::get("/forward-auth/bimplus")
            .header("Authorization", format!("BimPlus {token}"))
            .send(gateway.management())
            .unwrap()
    };
    let ask = |gateway: &Gateway, path: &str, form: String| {
        Request::post(path)
            .header("Authorization", "Bearer demo-introspection-key")
            .form(form)
            .send(gateway.management())
            .unwrap()
    };
    let introspect = |gateway: &Gateway| ask(gateway, "/introspect", format!("token={token}"));
    let exchange = |gateway: &Gateway| {
        let form = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token={token}"
        );
        ask(gateway, "/token", form)
    };
    assert_eq!(forward(&before).status, 200);
    let live = introspect(&before).json().unwrap();
    assert_eq!(live["active"], json!(true));
    assert_eq!(exchange(&before).status, 200);
    assert!(before.terminate().unwrap().success());
    for (text, dead) in [
        (cut_off.as_str(), "is one of a blocked client"),
        (over, "is of a dialect that is no longer served"),
    ] {
        let mut after = in_folder(&format!("[sunset.bimplus]\n{text}\n"));
        assert_refused("bimplus", &forward(&after), 403);
        assert_eq!(
            introspect(&after).json().unwrap(),
            json!({"active": false}),
            "{text}"
        );
        let refused = exchange(&after);
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(dead), "{}", refused.text());
        let metrics = Request::get("/metrics").send(after.management()).unwrap();
        let why = if text == over { "sunset" } else { "cut_off" };
        let counted =
            format!("isogloss_sunset_refusals_total{{dialect=\"bimplus\",why=\"{why}\"}} ");
        assert!(metrics.text().contains(&counted), "{}", metrics.text());
        assert!(after.terminate().unwrap().success());
    }
    let after = in_folder(&format!("[sunset.bimplus]\n{brownout}\n"));
    assert_refused("bimplus", &forward(&after), 503);
    for answer in [introspect(&after), exchange(&after)] {
        assert_eq!(answer.status, 503);
        let seconds: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
        assert!(seconds > 1_000_000, "{seconds}");
        assert_eq!(
            answer.json().unwrap()["error"],
            json!("temporarily_unavailable")
        );
    }
}
