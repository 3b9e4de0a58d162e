//! Runs `isogloss doctor` against a running gateway and parses its report.

use std::process::Command;

use crate::{Builder, Gateway};
use serde_json::Value;
use tempfile::TempDir;

/// What the doctor says of a gateway with that configuration, and whether anything failed.
#[derive(Debug)]
pub struct Report {
    /// All findings, as `doctor --json` prints them.
    pub findings: Vec<Value>,
    /// The exit code.
    pub code: i32,
}

impl Report {
    /// Runs `isogloss doctor` with the configuration of a running gateway, and returns its report. `public`
    /// is the address that clients use, if given.
    pub fn new(
        builder: &Builder,
        gateway: &Gateway,
        folder: &TempDir,
        public: Option<&str>,
    ) -> Self {
        let public = public.into_iter().flat_map(|url| ["--public-url", url]);
        Self::with(builder, gateway, folder, &public.collect::<Vec<_>>())
    }

    /// Runs `isogloss doctor` with the configuration of a running gateway and more arguments, and returns its
    /// report.
    pub fn with(builder: &Builder, gateway: &Gateway, folder: &TempDir, more: &[&str]) -> Self {
        let served = builder.command(folder.path()).unwrap();
        let mut command = Command::new(served.get_program());
        command
            .current_dir(folder.path())
            .args(["doctor", "--json"]);
        command.args(served.get_args().skip(1));
        for (key, value) in served.get_envs() {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command.env("ISOGLOSS__SERVER__BIND", gateway.public().to_string());
        command.env(
            "ISOGLOSS__MANAGEMENT__BIND",
            gateway.management().to_string(),
        );
        command.env("SSL_CERT_FILE", folder.path().join("ca.pem"));
        command.args(more);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        let findings: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{said}"));
        Self {
            findings: findings.as_array().unwrap().clone(),
            code: output.status.code().unwrap(),
        }
    }

    /// Returns the findings of the checks whose names begin with `check`.
    pub fn of(&self, check: &str) -> Vec<&Value> {
        let is_meant = |finding: &&Value| finding["check"].as_str().unwrap().starts_with(check);
        self.findings.iter().filter(is_meant).collect()
    }

    /// Asserts that a check has a finding with this verdict and text.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn assert(&self, check: &str, verdict: &str, text: &str) {
        let found = self.of(check);
        let fits = |finding: &&Value| {
            finding["verdict"] == verdict && finding["text"].as_str().unwrap().contains(text)
        };
        assert!(
            found.into_iter().any(|finding| fits(&finding)),
            "no {verdict} {check}: {text} in {:#?}",
            self.findings
        );
    }
}
