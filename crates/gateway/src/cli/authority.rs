//! `isogloss authority`: lists and tries the authorities, which judge passwords.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use humantime_serde::re::humantime::format_duration;
use isogloss_core::audit::moment;
use isogloss_core::authority::CheckStep;
use isogloss_core::directory::SyncRecord;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::user::first_line;
use super::{Outcome, output};
use crate::authority_check::{self, LONGEST, TriedLogin};
use crate::bootstrap::authorities::{HINT, unknown_organisations};
use crate::bootstrap::components;
use crate::config::{AuthorityKind, Config, ConfigError, ConfiguredAuthority};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the authorities of the configuration, in the order in which they are asked
    #[command(after_help = "\
Examples:
  isogloss authority list --config /etc/isogloss/isogloss.toml
  isogloss authority list --json

/readyz of the management listener says which of them the gateway can ask now.")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try authorities step by step, and say what each step found
    #[command(after_help = "\
Examples:
  isogloss authority check --config /etc/isogloss/isogloss.toml
  isogloss authority check corp
  isogloss authority check corp --login alice
  isogloss authority check corp --login alice --password-stdin < password

Without NAME, it tries all of them. With --login, it looks the user up; with --password-stdin, the
authority judges the password as at a login. Nothing is changed here, but a wrong password counts at
the authority. The command asks the authority itself, so run it where the gateway runs, as its user.

Exit codes: 0 every step succeeded, 1 a step failed, 2 bad usage or configuration.")]
    Check(CheckArguments),
}

#[derive(Args)]
pub(super) struct CheckArguments {
    /// Name of the authority
    name: Option<String>,
    /// Login name of a user to look up
    #[arg(long)]
    login: Option<String>,
    /// Read the user's password from the first line of the standard input, and have it judged
    #[arg(long, requires = "login", requires = "name")]
    password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command. Returns `Refused` if a step of a check failed. Fails if there is no such authority, or the standard
/// output cannot be written.
pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome> {
    match command {
        Command::List { json } => list(config, json).await,
        Command::Check(arguments) => check(&arguments, config).await,
    }
}

async fn list(config: &Config, as_json: bool) -> Result<Outcome> {
    let configured = &config.sections.authorities;
    let records = last_synchronisations(config).await;
    let all = configured.iter().zip(&records);
    if as_json {
        let all = all.map(|(one, record)| {
            json!({
                "name": one.name,
                "kind": one.kind,
                "mode": one.mode,
                "users": one.users,
                "organisations": one.organisations(),
                "highest_role": one.highest_role,
                "addresses": one.addresses(),
                "sync": format_duration(one.sync).to_string(),
                "max_disable": one.max_disable,
                "synchronisation": record.as_ref().map(synchronisation_view),
            })
        });
        let all: Vec<_> = all.collect();
        output::json(&json!({ "authorities": all }))?;
        return Ok(Outcome::Done);
    }
    let rows = all.map(|(one, record)| {
        vec![
            one.name.clone(),
            one.kind.name().to_owned(),
            one.mode.name().to_owned(),
            one.users.name().to_owned(),
            one.highest_role.name().to_owned(),
            one.organisations().join(", "),
            if one.sync.is_zero() {
                "-".to_owned()
            } else {
                format_duration(one.sync).to_string()
            },
            record
                .as_ref()
                .map_or_else(|| "-".to_owned(), last_synchronisation),
            one.addresses().join(", "),
        ]
    });
    let heading = [
        "NAME",
        "KIND",
        "MODE",
        "USERS",
        "HIGHEST ROLE",
        "ORGANISATIONS",
        "SYNC",
        "LAST SYNC",
        "ADDRESSES",
    ];
    output::table(&heading, &rows.collect::<Vec<_>>())?;
    Ok(Outcome::Done)
}

/// Returns what the directory knows of the last synchronisation with each authority; `None` for those without one. Warns
/// if the directory cannot be read here.
async fn last_synchronisations(config: &Config) -> Vec<Option<SyncRecord>> {
    let configured = &config.sections.authorities;
    let can_list = |one: &ConfiguredAuthority| one.kind == AuthorityKind::Ldap;
    let mut records = vec![None; configured.len()];
    if !configured.iter().any(can_list) {
        return records;
    }
    let read = async {
        let directory = components::directory_read_only(&config.sections).await?;
        for (record, authority) in records.iter_mut().zip(configured) {
            *record = directory.synchronisation(&authority.name).await?;
        }
        Ok::<_, anyhow::Error>(())
    };
    if let Err(error) = read.await {
        output::warning(format_args!(
            "cannot read from the directory when users were synchronised: {error:#}"
        ));
    }
    records
}

/// Returns when and how a synchronisation ended, in one line.
fn last_synchronisation(record: &SyncRecord) -> String {
    if record.is_running {
        return format!("runs since {}", moment(record.begun_at));
    }
    let outcome = outcome(record);
    let ended = record
        .ended_at
        .map_or_else(|| "interrupted".to_owned(), moment);
    match outcome.get("failed").and_then(Value::as_str) {
        Some(failed) => format!("{ended} failed: {failed}"),
        None => ended,
    }
}

fn synchronisation_view(record: &SyncRecord) -> Value {
    json!({
        "begun_at": moment(record.begun_at),
        "running": record.is_running,
        "ended_at": record.ended_at.map(moment),
        "outcome": outcome(record),
    })
}

fn outcome(record: &SyncRecord) -> Value {
    let text = record.outcome.as_deref().unwrap_or_default();
    serde_json::from_str(text).unwrap_or(Value::Null)
}

async fn check(arguments: &CheckArguments, config: &Config) -> Result<Outcome> {
    let configured = &config.sections.authorities;
    let wanted = |one: &ConfiguredAuthority| {
        let name = arguments.name.as_ref();
        name.is_none_or(|name| *name == one.name)
    };
    let chosen: Vec<_> = configured
        .iter()
        .enumerate()
        .filter(|(_, one)| wanted(one))
        .collect();
    if chosen.is_empty() {
        let Some(name) = &arguments.name else {
            bail!("the configuration has no [[authorities]]");
        };
        let names: Vec<_> = configured.iter().map(|one| one.name.as_str()).collect();
        let reason = match names.as_slice() {
            [] => format!("no such authority: {name}; the configuration has no [[authorities]]"),
            names => format!(
                "no such authority: {name}; expected one of {}",
                names.join(", ")
            ),
        };
        return Err(ConfigError::new("NAME", reason).into());
    }
    let password = arguments.password_stdin.then(first_line).transpose()?;
    let mut all = Vec::new();
    for (index, authority) in chosen {
        let login = arguments.login.as_deref().map(|name| TriedLogin {
            name,
            password: password.as_ref(),
        });
        let tried = timeout(LONGEST, authority_check::run(index, authority, login)).await;
        let mut steps = match tried {
            Ok(steps) => steps?,
            Err(_) => vec![CheckStep {
                name: "ask the authority".to_owned(),
                outcome: Err(format!(
                    "no answer within {LONGEST:?}: check its address, and that a firewall lets this machine connect"
                )),
            }],
        };
        steps.extend(organisation_steps(authority, config).await);
        if !arguments.json {
            print(authority, &steps)?;
        }
        all.push((authority, steps));
    }
    let is_ok = |steps: &[CheckStep]| steps.iter().all(|step| step.outcome.is_ok());
    if arguments.json {
        let views = all.iter().map(|(authority, steps)| {
            let steps: Vec<_> = steps.iter().map(view).collect();
            let is_ok = steps.iter().all(|step| step["ok"] == true);
            json!({"name": authority.name, "kind": authority.kind, "ok": is_ok, "steps": steps})
        });
        let views: Vec<_> = views.collect();
        output::json(&json!({ "authorities": views }))?;
    }
    Ok(if all.iter().all(|(_, steps)| is_ok(steps)) {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

/// Returns a step for the organisations that the configuration assigns to users of the authority; none if it assigns none,
/// or if the directory cannot be read here, of which it warns.
async fn organisation_steps(authority: &ConfiguredAuthority, config: &Config) -> Vec<CheckStep> {
    let names = authority.organisations();
    if names.is_empty() {
        return Vec::new();
    }
    let unknown = match components::directory_read_only(&config.sections).await {
        Ok(directory) => unknown_organisations(authority, directory.as_ref())
            .await
            .map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    let name = format!("look up the organisations {}", names.join(", "));
    let outcome = match unknown {
        Ok(unknown) if unknown.is_empty() => Ok("exist here".to_owned()),
        Ok(unknown) => Err(format!("{} do not exist here: {HINT}", unknown.join(", "))),
        Err(error) => {
            output::warning(format_args!(
                "cannot look up the organisations here: {error:#}"
            ));
            return Vec::new();
        }
    };
    vec![CheckStep { name, outcome }]
}

fn print(authority: &ConfiguredAuthority, steps: &[CheckStep]) -> Result<()> {
    output::text(format_args!(
        "{} ({})",
        authority.name,
        authority.kind.name()
    ))?;
    for step in steps {
        let (verdict, text) = match &step.outcome {
            Ok(found) => ("ok", found),
            Err(reason) => ("FAILED", reason),
        };
        output::text(format_args!("  {verdict:<8} {}: {text}", step.name))?;
    }
    Ok(())
}

fn view(step: &CheckStep) -> Value {
    let (is_ok, text) = match &step.outcome {
        Ok(found) => (true, found),
        Err(reason) => (false, reason),
    };
    json!({"step": step.name, "ok": is_ok, "text": text})
}
