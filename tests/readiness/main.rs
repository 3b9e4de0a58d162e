//! `/readyz` and `isogloss doctor` tell the truth: what a store's server does not permit or cannot do is
//! named, and logins are shown to fail, or not to, for just that.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod embedded;
mod postgres;
mod redis;
#[path = "../shared/report.rs"]
mod report;
#[path = "../shared/small_disk.rs"]
mod small_disk;

use conformance::servers::wait_until;
use conformance::{Builder, Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::report::Report;

/// What a state of a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Logins are 503, so `/readyz` is.
    Refused,
    /// Logins work. It is worth a warning.
    Warning,
}

/// What is shown of each state.
struct Subject {
    folder: TempDir,
    builder: Builder,
    gateway: Gateway,
}

impl Subject {
    fn start(set: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = TempDir::new().unwrap();
        let builder = Gateway::builder(env!("CARGO_BIN_EXE_isogloss-under-test"));
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

    /// Shows that login, readiness, log and doctor agree on what is wrong, and why. `check` is the doctor's.
    #[track_caller]
    fn assert_broken(&self, case: &str, check: &str, effect: Effect, reason: &str) {
        let expected = match effect {
            Effect::Refused => (503, 503, "failed"),
            Effect::Warning => (200, 200, "warning"),
        };
        wait_until(&format!("{case}: a login is {}", expected.0), || {
            self.login() == expected.0
        })
        .unwrap();
        // An operator who changed something says so by a reload; nothing waits for the minute.
        self.gateway.hang_up().unwrap();
        let agrees = || {
            let (status, body) = self.readyz();
            let said = match effect {
                Effect::Refused => body["reason"].to_string(),
                Effect::Warning => body.to_string(),
            };
            status == expected.1 && said.contains(reason)
        };
        let agreed = wait_until(case, agrees);
        assert!(agreed.is_ok(), "{case}: {:?}", self.readyz());
        assert!(self.gateway.logs(reason), "{case}: nothing in the log");
        let report = Report::new(&self.builder, &self.gateway, &self.folder, None);
        report.assert(check, expected.2, reason);
        let hinted = report.of(check).into_iter().any(|finding| {
            finding["verdict"] == expected.2
                && finding["text"].as_str().unwrap().contains(reason)
                && finding["hint"].is_string()
        });
        assert!(
            hinted,
            "{case}: what to do is missing in {:#?}",
            report.of(check)
        );
        assert_eq!(report.code, i32::from(effect == Effect::Refused), "{case}");
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
