//! Checks of the token store and its servers.

use std::fs::OpenOptions;
use std::io::ErrorKind;

use super::{Finding, Findings, advice};
use crate::bootstrap::components;
use crate::config::{Config, TokenStoreAddress};
use crate::dialects::Mount;
use crate::store_health;

const CHECK: &str = "token store";

/// Checks the token store. Adds the results to `findings`.
pub(super) async fn tokens(config: &Config, findings: &mut Findings) {
    let settings = &config.sections.tokens;
    match TokenStoreAddress::from_settings(settings) {
        Ok(TokenStoreAddress::Memory) => findings.add(Finding::warning(
            CHECK,
            "is the memory of the gateway: every restart ends all sessions",
            "set tokens.store to embedded:PATH or to a Redis",
        )),
        // The store belongs to the running gateway, which is queried below.
        Ok(TokenStoreAddress::Embedded(file)) => {
            let text = format!("is the file {}", file.display());
            // Opens the file for writing to check the right, and writes nothing.
            findings.add(match OpenOptions::new().write(true).open(&file) {
                Ok(_) => Finding::ok(CHECK, text),
                Err(error) if error.kind() == ErrorKind::NotFound => Finding::warning(
                    CHECK,
                    format!("{text}, which does not exist"),
                    "isogloss serve creates it; if it has, correct tokens.store",
                ),
                Err(error) => Finding::failed(
                    CHECK,
                    format!("{text}, which cannot be written: {error}"),
                    "let the gateway's user write to it and to its folder",
                ),
            });
        }
        Ok(TokenStoreAddress::Redis(_)) => redis(config, findings).await,
        Err(problem) => {
            findings.add(Finding::failed(
                CHECK,
                problem.to_string(),
                "check tokens.store",
            ));
        }
    }
}

/// Checks Redis, as the token store and the throttle use it. Adds the results to `findings`.
async fn redis(config: &Config, findings: &mut Findings) {
    let has_long_lived_tokens = config.mounts.iter().any(Mount::has_long_lived_tokens);
    let (store, throttle) = match components::shared_stores(&config.sections, has_long_lived_tokens)
    {
        Ok(Some(stores)) => stores,
        Ok(None) => return,
        Err(error) => {
            findings.add(Finding::failed(
                CHECK,
                format!("{error:#}"),
                "check tokens.store",
            ));
            return;
        }
    };
    let health = match store_health::check_token_store(store.as_ref(), throttle.as_deref()).await {
        Ok(health) => health,
        Err(error) => {
            let error = error.to_string();
            let hint = advice(&error, "check tokens.store, and that Redis runs");
            findings.add(Finding::failed(CHECK, error, hint));
            return;
        }
    };
    for server in &health.servers {
        let version = server.version.as_deref().unwrap_or("of unknown version");
        let role = server.role.as_deref().unwrap_or("of unknown role");
        let text = format!("{} is a Redis {version}, {role}", server.address);
        findings.add(Finding::ok(CHECK, text));
        if let Some(ahead) = server.clock_ahead_ms {
            let text = format!("{} is {ahead} ms ahead of this machine", server.address);
            findings.add(Finding::ok("clock", text));
        }
    }
    for one in health.findings {
        let mut finding = Finding::of_store(CHECK, one);
        let hint = || "see the settings of Redis in docs/redis.md".to_owned();
        finding.hint.get_or_insert_with(hint);
        findings.add(finding);
    }
}
