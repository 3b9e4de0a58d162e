//! Authorities of a running gateway: `/readyz`, metrics, the doctor, and a reload.

use std::fs;
use std::net::SocketAddr;

use isogloss_testkit::servers::{free_port, wait_until};
use isogloss_testkit::{Builder, Gateway, Report, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::reload::reload;
use crate::web_hook;

struct Subject {
    folder: TempDir,
    builder: Builder,
    gateway: Gateway,
}

impl Subject {
    fn start(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let builder = Gateway::builder(crate::PROGRAM)
            .folder(folder.path())
            .config_text(text);
        let gateway = builder.clone().start().unwrap();
        gateway.wait_until_ready().unwrap();
        Self {
            folder,
            builder,
            gateway,
        }
    }

    fn readyz(&self) -> (u16, Value) {
        let answer = Request::get("/readyz")
            .send(self.gateway.management())
            .unwrap();
        (answer.status, answer.json().unwrap())
    }

    /// Waits until `/readyz` says of the authority with that number whether it is available.
    #[track_caller]
    fn wait_for(&self, number: usize, is_available: bool) {
        let is_so = || {
            let (_, body) = self.readyz();
            let authority = &body["authorities"][number];
            authority["available"] == is_available && authority["since"].is_string()
        };
        let waited = wait_until("the check of the authority", is_so);
        assert!(
            waited.is_ok(),
            "{:?} {:#?}",
            self.readyz(),
            self.gateway.log()
        );
    }

    fn login(&self, password: &str) -> u16 {
        let login = json!({"user_id": "eve", "password": password});
        let login = Request::post("/v2/authorize").json(&login);
        login.send(self.gateway.public()).unwrap().status
    }

    fn metric(&self, name: &str) -> Option<String> {
        let page = Request::get("/metrics")
            .send(self.gateway.management())
            .unwrap();
        let page = page.text();
        let mut lines = page.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim().to_owned())
    }
}

/// Returns an address at which nothing listens.
fn nowhere() -> SocketAddr {
    ([127, 0, 0, 1], free_port().unwrap()).into()
}

#[test]
fn a_user_of_a_web_hook_logs_in_and_an_authority_without_logins_is_known_to_be_available() {
    let hook = web_hook::start();
    let subject = Subject::start(&web_hook::table("shop", hook.address()));
    subject.wait_for(0, true);
    let (status, body) = subject.readyz();
    assert_eq!((status, &body["status"]), (200, &json!("ok")), "{body}");
    assert_eq!(body["authorities"][0]["name"], "shop");
    assert_eq!(
        subject
            .metric("isogloss_authority_available{authority=\"shop\"}")
            .as_deref(),
        Some("1")
    );
    assert_eq!(subject.login(web_hook::PASSWORD), 200);
    assert_eq!(subject.login("wrong"), 401);
    let accepted = "isogloss_authority_decisions_total{authority=\"shop\",decision=\"accepted\"}";
    assert_eq!(subject.metric(accepted).as_deref(), Some("1"));
    let count = "isogloss_authority_duration_seconds_count{authority=\"shop\"}";
    assert_eq!(subject.metric(count).as_deref(), Some("2"));
    let log = subject.gateway.log().concat();
    assert!(!log.contains(web_hook::PASSWORD) && !log.contains(web_hook::SECRET));
}

#[test]
fn an_authority_that_is_unavailable_degrades_the_gateway_and_the_doctor_names_it() {
    let subject = Subject::start(&web_hook::table("shop", nowhere()));
    subject.wait_for(0, false);
    let (status, body) = subject.readyz();
    assert_eq!(
        (status, &body["status"]),
        (200, &json!("degraded")),
        "{body}"
    );
    let cause = body["authorities"][0]["cause"].as_str().unwrap();
    assert!(cause.starts_with("connect: "), "{body}");
    assert_eq!(
        subject
            .metric("isogloss_authority_available{authority=\"shop\"}")
            .as_deref(),
        Some("0")
    );
    assert_eq!(subject.login(web_hook::PASSWORD), 503);
    let admin =
        Request::post("/v2/authorize").json(&json!({"user_id": "admin", "password": "admin-demo"}));
    assert_eq!(admin.send(subject.gateway.public()).unwrap().status, 200);
    let report = Report::new(&subject.builder, &subject.gateway, &subject.folder, None);
    let found = report
        .findings
        .iter()
        .find(|one| one["check"] == "authority shop")
        .unwrap();
    assert_eq!(found["verdict"], "failed", "{found}");
    assert_eq!(
        found["hint"], "isogloss authority check shop shows each step",
        "{found}"
    );
    assert_eq!(report.code, 1);
}

#[test]
fn an_organisation_that_does_not_exist_is_named_by_log_and_doctor() {
    let hook = web_hook::start();
    let text = web_hook::table("shop", hook.address()).replace("CRMDEMO", "NOWHERE");
    let subject = Subject::start(&text);
    assert!(
        subject
            .gateway
            .logs("an authority assigns an organisation that does not exist")
    );
    let report = Report::new(&subject.builder, &subject.gateway, &subject.folder, None);
    let text = "assigns the organisation NOWHERE, which does not exist";
    assert!(
        report.findings.iter().any(|one| one["text"] == text),
        "{:#?}",
        report.findings
    );
}

#[test]
fn a_reload_changes_the_authorities_and_a_changed_secret_is_a_change() {
    let hook = web_hook::start();
    let subject = Subject::start(&web_hook::table("shop", nowhere()));
    subject.wait_for(0, false);
    assert_eq!(subject.login(web_hook::PASSWORD), 503);

    let secret = subject.folder.path().join("secret");
    fs::write(&secret, web_hook::SECRET).unwrap();
    let by_file = format!("secret_file = '{}'", secret.display());
    let text = web_hook::table("shop", hook.address());
    let text = text.replace(&format!("secret = '{}'", web_hook::SECRET), &by_file);
    reload(&subject.gateway, &text, 1);
    subject.wait_for(0, true);
    assert_eq!(subject.login(web_hook::PASSWORD), 200);
    let replaced = "new authorities are used from now on";
    assert!(subject.gateway.logs_times(replaced, 1));

    reload(&subject.gateway, &text, 2);
    let log = subject.gateway.log();
    assert_eq!(
        log.iter().filter(|line| line.contains(replaced)).count(),
        1,
        "{log:#?}"
    );

    fs::write(&secret, web_hook::SECRET.replace("MDEy", "MDEz")).unwrap();
    reload(&subject.gateway, &text, 3);
    assert!(subject.gateway.logs_times(replaced, 2));

    reload(&subject.gateway, "", 4);
    let (status, body) = subject.readyz();
    assert_eq!(
        (status, &body["status"], &body["authorities"]),
        (200, &json!("ok"), &Value::Null)
    );
    // The user belongs to an authority that is gone.
    assert_eq!(subject.login(web_hook::PASSWORD), 503);
    let log = subject.gateway.log().concat();
    assert!(
        !log.contains("waits for a restart") && !log.contains("wait for a restart"),
        "{log}"
    );
    assert!(!log.contains(web_hook::SECRET));
}

#[test]
fn an_authority_that_cannot_be_built_changes_nothing_at_a_reload() {
    let hook = web_hook::start();
    let text = web_hook::table("shop", hook.address());
    let subject = Subject::start(&text);
    subject.wait_for(0, true);
    let broken = text.replace(
        "kind = 'http'",
        "kind = 'http'\nmode = 'adopt'\ntrust = '1h'",
    );
    fs::write(subject.gateway.folder().join("test-1.toml"), broken).unwrap();
    subject.gateway.hang_up().unwrap();
    assert!(subject.gateway.logs("authorities[0].trust: expected 0s"));
    assert_eq!(subject.login(web_hook::PASSWORD), 200);
}
