//! `isogloss doctor`: finds problems of the gateway, its stores and its proxy.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{Outcome, output};
use crate::config::Config;
use crate::doctor::{self, Severity};

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss doctor --config /etc/isogloss/isogloss.toml
  isogloss doctor --public-url https://login.example.com
  isogloss doctor --proxy-log /var/log/nginx/isogloss.access.log
  SSL_CERT_FILE=own-ca.pem isogloss doctor --json

Checks the configuration and its files, the directory, the token store and the policies of its
servers, clocks, the certificate, demo passwords in use, and whether each enabled dialect is reachable
at the gateway's own address and at the public address. Through the public address, it also asks the
gateway whether the back ends of dialects respond. Run it on a machine that has the pepper.

With --proxy-log, it sends a request with a query and checks that the query is not in the log. It also
tries the operations of logins at the directory and in Redis, without leaving data behind.

The doctor changes nothing. Exit codes: 0 no check failed, 1 a check failed, 2 bad usage or
configuration.")]
pub(super) struct Arguments {
    /// Address that clients use, if not `server.public_url`
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Access log of the proxy, to check that it contains no queries
    #[arg(long, value_name = "FILE")]
    proxy_log: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs all checks, and prints their results. Returns `Refused` if a check failed, otherwise `Done`. Fails if the
/// standard output cannot be written.
pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<Outcome> {
    let findings = doctor::examine(
        config,
        arguments.public_url.as_deref(),
        arguments.proxy_log.as_deref(),
    )
    .await;
    let failed = findings.count(Severity::Failed);
    if arguments.json {
        output::json(&findings)?;
    } else {
        for finding in findings.iter() {
            let (verdict, check, text) = (finding.verdict.name(), &finding.check, &finding.text);
            output::text(format_args!("{verdict:<8} {check}: {text}"))?;
            if let Some(hint) = &finding.hint {
                output::text(format_args!("         -> {hint}"))?;
            }
        }
        let warnings = findings.count(Severity::Warning);
        output::text(format_args!("{failed} failed, {warnings} warnings"))?;
    }
    Ok(if failed == 0 {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}
