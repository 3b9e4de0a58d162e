//! Which clients use which dialect, and how a dialect is retired.

mod known;
mod lasting;
mod retirement;
mod usage;
mod usage_report;

use std::process::{Command, Output};

use isogloss_testkit::{Builder, Gateway};
use serde_json::Value;

/// Returns a builder for a gateway that writes usage counts almost at once.
fn builder() -> Builder {
    Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__USAGE__FLUSH_INTERVAL", "20ms")
        .env("ISOGLOSS__TOKENS__PEPPER", "the same at every gateway")
}

/// Runs a command with the settings of that gateway.
fn isogloss(builder: &Builder, gateway: &Gateway, arguments: &[&str]) -> Output {
    let serve = builder.command(gateway.folder()).unwrap();
    let settings = serve.get_envs();
    let settings = settings.filter_map(|(key, value)| Some((key, value?)));
    let folder = serve.get_current_dir().unwrap_or(gateway.folder());
    let configs = serve.get_args().filter(|argument| *argument != "serve");
    Command::new(crate::PROGRAM)
        .args(arguments)
        .args(configs)
        .envs(settings)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Returns the report on that dialect, once `done` returns true for it.
fn report(
    builder: impl Fn() -> Builder,
    gateway: &Gateway,
    dialect: &str,
    done: impl Fn(&Value) -> bool,
) -> Value {
    for _ in 0..200 {
        let arguments = ["sunset", "report", "--dialect", dialect, "--json"];
        let output = isogloss(&builder(), gateway, &arguments);
        assert!(output.status.success(), "{output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = report["dialects"][0].clone();
        if done(&found) {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{dialect}: the expected counts are missing");
}
