//! `isogloss doctor`: what is wrong, or will be?

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{Outcome, output};
use crate::config::Config;
use crate::doctor::{self, Verdict};

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss doctor --config /etc/isogloss/isogloss.toml
  isogloss doctor --public-url https://login.example.com
  isogloss doctor --proxy-log /var/log/nginx/isogloss.access.log
  SSL_CERT_FILE=own-ca.pem isogloss doctor --json

Looks at the configuration and its files, the directory, the token store and its servers' policies,
clocks, the certificate, demo passwords in use, and for each enabled dialect whether its address
leads to this gateway: where it listens, and where clients find it. Run it where the pepper is. Given
the log of a proxy, it sends a request with a query, and looks whether that query is in the log.
What logins do is tried at the directory and in Redis, and leaves nothing.

It changes nothing. Exit codes: 0 nothing failed, 1 something did, 2 bad usage or configuration.")]
pub(super) struct Arguments {
    /// The address that clients know, if the configuration does not say it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The access log of the proxy in front: is any query in it?
    #[arg(long, value_name = "FILE")]
    proxy_log: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<Outcome> {
    let findings = doctor::examine(
        config,
        arguments.public_url.as_deref(),
        arguments.proxy_log.as_deref(),
    )
    .await;
    let failed = findings.count(Verdict::Failed);
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
        let warnings = findings.count(Verdict::Warning);
        output::text(format_args!("{failed} failed, {warnings} to look at"))?;
    }
    Ok(if failed == 0 {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}
