//! `isogloss health`: can the gateway that this configuration is for do its work?

use anyhow::Result;

use super::{Outcome, output};
use crate::config::{Config, Management};
use crate::management_client::{Identity, listener};

/// Queries `/readyz` of the management listener, like a container's health check.
pub(super) fn run(identity: &Identity, config: &Config) -> Result<Outcome> {
    let Management { bind, tls, .. } = &config.sections.management;
    let host = identity.asks(listener(*bind, tls.as_ref())?)?;
    match host.get("/readyz", "") {
        Ok(answer) if answer.status == 200 => {
            output::text("ready")?;
            Ok(Outcome::Done)
        }
        Ok(answer) => {
            let body = answer.json().unwrap_or_default();
            let reason = body.get("reason").and_then(|reason| reason.as_str());
            let reason = reason.map_or_else(|| answer.status.to_string(), str::to_owned);
            output::error(format_args!("not ready: {reason}"));
            Ok(Outcome::Refused)
        }
        Err(failure) => {
            output::error(failure);
            Ok(Outcome::Refused)
        }
    }
}
