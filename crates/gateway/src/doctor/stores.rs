//! Where tokens live, and what the servers there say of themselves.

use isogloss_core::SystemClock;
use isogloss_core::store::Level;

use super::{Finding, Findings};
use crate::config::{Config, TokenStoreAddress};
use crate::parts;

const CHECK: &str = "token store";

pub(super) async fn tokens(config: &Config, findings: &mut Findings) {
    let settings = &config.sections.tokens;
    match TokenStoreAddress::of(settings) {
        Ok(TokenStoreAddress::Memory) => findings.add(Finding::warning(
            CHECK,
            "is the gateway's memory: every restart logs everybody out",
            "set tokens.store to embedded:PATH or to a Redis",
        )),
        // It belongs to the gateway that runs, which is asked below.
        Ok(TokenStoreAddress::Embedded(file)) => {
            let text = format!("is the file {}", file.display());
            findings.add(Finding::ok(CHECK, text));
        }
        Ok(TokenStoreAddress::Redis(_)) => redis(config, findings).await,
        Err(problem) => {
            findings.add(Finding::failed(
                CHECK,
                problem.to_string(),
                "see tokens.store",
            ));
        }
    }
}

async fn redis(config: &Config, findings: &mut Findings) {
    let store = match parts::shared_tokens(&config.sections.tokens) {
        Ok(Some(store)) => store,
        Ok(None) => return,
        Err(error) => {
            findings.add(Finding::failed(
                CHECK,
                format!("{error:#}"),
                "see tokens.store",
            ));
            return;
        }
    };
    let health = match store.health(&SystemClock).await {
        Ok(health) => health,
        Err(error) => {
            let hint = "see tokens.store, and whether Redis runs";
            findings.add(Finding::failed(CHECK, error.to_string(), hint));
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
        let hint = "docs/operations.md tells of Redis' settings";
        findings.add(match one.level {
            Level::Refused => Finding::failed(CHECK, one.text, hint),
            Level::Warning | Level::Unknown => Finding::warning(CHECK, one.text, hint),
        });
    }
}
