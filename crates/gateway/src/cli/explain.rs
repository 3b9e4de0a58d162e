//! `isogloss explain`: why requests were refused, what a login would find, and what a token is.

mod print;

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use clap::Args;
use isogloss_core::{Clock as _, SystemClock};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::user::password_input::{first_line, prompt};
use super::{Outcome, audit, output};
use crate::admin::refusals::{LIMIT, RefusalQuery, RefusalQueryError};
use crate::admin::token_finding::TokenView;
use crate::admin::trial::TrialView;
use crate::bootstrap::components;
use crate::config::{Config, ConfigError};
use crate::dialects;
use crate::management_client::{Gateway, ManagementClient};

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss explain 9f0d6c1e-5ab2-4c8a-8f0b-3f2a6c1d7e55
  isogloss explain --user ada --since 1h
  isogloss explain --source 192.0.2.7 --json
  isogloss explain --try crmcom --user ada --organisation CRMDEMO
  isogloss explain --token

Refused requests are read from the directory's database, where gateways record them for refusals.keep. The identifier of a
request is the header X-Request-Id of its response. Clients learn none of this.

With --try or --token, the command sends a request to the management listener of the running gateway, with a key of the
realm `admin`. A login that is tried counts no attempt and issues no token; the key needs the scope users:write. For a
token, it needs sessions:read.")]
pub(super) struct Arguments {
    /// The identifier of a request
    #[arg(conflicts_with_all = ["dialect_to_try", "token"])]
    request_id: Option<Uuid>,
    /// Requests of this user (name, e-mail address or identifier), or with this name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Requests from this address; with --try, the address of the client
    #[arg(long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Requests of this dialect
    #[arg(long, value_parser = dialects::names(), conflicts_with = "dialect_to_try")]
    dialect: Option<String>,
    /// Requests since then: an age such as 1h or 30days, or a time such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "AGE|TIME")]
    since: Option<String>,
    /// Requests before then: an age or a time
    #[arg(long, value_name = "AGE|TIME")]
    until: Option<String>,
    /// Maximum number of requests
    #[arg(long, default_value_t = LIMIT, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    trial: Trial,
    /// Say what a token is, which is read from a prompt
    #[arg(long, conflicts_with_all = ["dialect_to_try", "user"])]
    token: bool,
    /// With --token: read the token from the first line of the standard input
    #[arg(long, requires = "token")]
    token_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: Gateway,
}

/// A login to try.
#[derive(Args)]
struct Trial {
    /// Try a login in this dialect, with a password from a prompt
    #[arg(long = "try", value_name = "DIALECT", value_parser = dialects::names(), requires = "user")]
    dialect_to_try: Option<String>,
    /// With --try: the organisation that the client sends
    #[arg(long, value_name = "NAME", requires = "dialect_to_try")]
    organisation: Option<String>,
    /// With --try: the unit that the client sends
    #[arg(long, requires = "dialect_to_try")]
    unit: Option<String>,
    /// With --try: the code of the second factor, for a dialect that has a field for it
    #[arg(long, requires = "dialect_to_try")]
    code: Option<String>,
    /// With --try: read the password from the first line of the standard input
    #[arg(long, requires = "dialect_to_try")]
    password_stdin: bool,
}

/// Prints what the arguments ask for. Returns `Refused` if nothing is found, a login would fail, or a token is not valid.
/// Fails if an argument is invalid, or a store or the gateway is unreachable.
pub(super) async fn run(arguments: Arguments, config: &Config) -> Result<Outcome> {
    if let Some(dialect) = arguments.trial.dialect_to_try.clone() {
        return try_login(&arguments, &dialect, config);
    }
    if arguments.token {
        return examine_token(&arguments, config);
    }
    let query = RefusalQuery {
        request_id: arguments.request_id,
        user: arguments.user,
        source: arguments.source,
        dialect: arguments.dialect,
        since: arguments.since,
        until: arguments.until,
        limit: Some(arguments.limit),
    };
    let directory = components::directory(&config.sections).await?;
    let directory = directory.as_ref();
    let who = match &query.user {
        Some(name) => Some(audit::who(name, directory, &config.sections).await?),
        None => None,
    };
    let found = query.find(directory, who, SystemClock.now()).await;
    let found = found.map_err(|error| match error {
        RefusalQueryError::Malformed(name) => {
            ConfigError::new(format!("--{name}"), crate::admin::timestamp::EXPECTED).into()
        }
        RefusalQueryError::Unavailable(error) => anyhow::Error::from(error),
    })?;
    if arguments.json {
        output::json(&found)?;
    } else {
        print::refusals(&found)?;
    }
    if !found.is_empty() {
        return Ok(Outcome::Done);
    }
    output::error(if config.sections.refusals.enabled {
        "no refused request matches; they are recorded some seconds after the response"
    } else {
        "no refused request matches, and refusals.enabled is false: the gateway records none"
    });
    Ok(Outcome::Refused)
}

/// Tries a login at the running gateway. Fails if the password cannot be read, or the gateway is unreachable or refuses
/// the request.
fn try_login(arguments: &Arguments, dialect: &str, config: &Config) -> Result<Outcome> {
    let password = secret(
        "Password: ",
        arguments.trial.password_stdin,
        "--password-stdin",
    )?;
    let trial: TrialView = ManagementClient::open(&arguments.gateway, &config.sections)?.post(
        "explain/login",
        &json!({
            "dialect": dialect,
            "user": arguments.user,
            "password": password.expose_secret(),
            "code": arguments.trial.code,
            "organisation": arguments.trial.organisation,
            "unit": arguments.trial.unit,
            "source": arguments.source,
        }),
    )?;
    if arguments.json {
        output::json(&trial)?;
    } else {
        print::trial(&trial)?;
    }
    Ok(if trial.verdict == "passes" {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

/// Says what a token is, as the running gateway knows it. Fails if the token cannot be read, or the gateway is unreachable
/// or refuses the request.
fn examine_token(arguments: &Arguments, config: &Config) -> Result<Outcome> {
    let token = secret("Token: ", arguments.token_stdin, "--token-stdin")?;
    let found: TokenView = ManagementClient::open(&arguments.gateway, &config.sections)?
        .post("explain/token", &json!({"token": token.expose_secret()}))?;
    if arguments.json {
        output::json(&found)?;
    } else {
        print::token(&found)?;
    }
    Ok(if found.valid {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

/// Reads a secret from the standard input or from a prompt. Fails if neither can be read.
fn secret(text: &str, from_stdin: bool, option: &str) -> Result<SecretString> {
    if from_stdin {
        first_line()
    } else {
        prompt(text, option)
    }
    .context("explain")
}
