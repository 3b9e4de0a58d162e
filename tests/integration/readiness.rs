//! `/readyz` and `isogloss doctor` report the truth.
//!
//! What a store's server does not permit or cannot do is named, and it affects logins just as reported.

mod embedded;
mod postgres;
mod redis;
mod sqlite;

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Builder, Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use isogloss_testkit::Report;

/// Effect of a fault of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Logins get 503, and so does `/readyz`.
    Refused,
    /// Logins work, but there is a warning.
    Warning,
}

/// A gateway under test.
struct Subject {
    folder: TempDir,
    builder: Builder,
    gateway: Gateway,
}

impl Subject {
    fn start(set: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = TempDir::new().unwrap();
        let builder = Gateway::builder(crate::PROGRAM);
        let builder = set(builder.folder(folder.path()));
        let gateway = builder.clone().start().unwrap();
        Self {
            folder,
            builder,
            gateway,
        }
    }

    fn login(&self) -> u16 {
        let login = json!({"user_id": "admin", "password": "admin-demo"});
        let login = Request::post("/v2/authorize").json(&login);
        login.send(self.gateway.public()).unwrap().status
    }

    fn readyz(&self) -> (u16, Value) {
        let answer = Request::get("/readyz").send(self.gateway.management());
        let answer = answer.unwrap();
        (answer.status, answer.json().unwrap())
    }

    /// Checks that login, readiness and log agree on the fault and its reason, and that the doctor says what to
    /// do.
    #[track_caller]
    fn assert_broken(&self, case: &str, check: &str, effect: Effect, reasons: [&str; 2]) {
        let [reason, doctor] = reasons;
        let status = match effect {
            Effect::Refused => 503,
            Effect::Warning => 200,
        };
        let what = format!("{case}: a login is {status}");
        wait_until(&what, || self.login() == status).unwrap();
        // A reload triggers the check, so that the test need not wait a minute.
        self.gateway.hang_up().unwrap();
        let agrees = || {
            let (ready, body) = self.readyz();
            let said = match effect {
                Effect::Refused => body["reason"].to_string(),
                Effect::Warning => body.to_string(),
            };
            ready == status && said.contains(reason)
        };
        let outcome = wait_until(case, agrees);
        assert!(outcome.is_ok(), "{case}: {:?}", self.readyz());
        assert!(self.gateway.logs(reason), "{case}: not in the log");
        let report = Report::new(&self.builder, &self.gateway, &self.folder, None);
        let named = report.of(check).into_iter().any(|finding| {
            let text = finding["text"].as_str().unwrap();
            finding["verdict"] != "ok" && text.contains(doctor) && finding["hint"].is_string()
        });
        assert!(named, "{case}: {:#?}", report.findings);
        if effect == Effect::Refused {
            report.assert(check, "failed", doctor);
            assert_eq!(report.code, 1, "{case}");
        }
    }

    #[track_caller]
    fn assert_mended(&self, case: &str) {
        self.gateway.hang_up().unwrap();
        let mended = wait_until(case, || {
            let (status, body) = self.readyz();
            let body = body.to_string();
            status == 200 && !body.contains("refused") && self.login() == 200
        });
        assert!(mended.is_ok(), "{case}: {:?}", self.readyz());
    }
}
