//! `isogloss health`: checks whether the gateway is ready.

use anyhow::Result;
use serde_json::Value;

use super::{Outcome, output};
use crate::config::{Config, Management};
use crate::management_client::{ClientCertificateArgs, listener_url};

/// Requests `/readyz` of the management listener, like a container's health check, and prints the result.
/// Returns `Refused` if the gateway is unreachable or not ready. Fails if the client certificate cannot be
/// used.
pub(super) fn run(identity: &ClientCertificateArgs, config: &Config) -> Result<Outcome> {
    let Management { bind, tls, .. } = &config.sections.management;
    let client = identity.client(listener_url(*bind, tls.as_ref())?)?;
    match client.get("/readyz", &[]) {
        Ok(response) if response.status() == 200 => {
            output::text("ready")?;
            Ok(Outcome::Done)
        }
        Ok(response) => {
            let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            let reason = body.get("reason").and_then(|reason| reason.as_str());
            let status = response.status().as_u16();
            let reason = reason.map_or_else(|| status.to_string(), str::to_owned);
            output::error(format_args!("not ready: {reason}"));
            Ok(Outcome::Refused)
        }
        Err(error) => {
            output::error(error);
            Ok(Outcome::Refused)
        }
    }
}
