//! The command line.

mod audit;
mod audited_admin;
mod backup;
mod config;
mod conformance;
mod directory;
mod doctor;
mod health;
mod key;
mod man_pages;
mod openapi;
mod organisation;
mod output;
mod restore;
mod session;
mod sunset;
mod throttle;
mod user;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use actix_web::rt::System;
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use isogloss_core::audit::{EventActor, RequestContext};

use crate::bootstrap::open_stores::closing_all;
use crate::config::{Config, Problem, unheeded_variables};
use crate::management_client::Identity;
use crate::server;

/// Lets legacy clients of four login APIs keep logging in, at one host and against one user base.
#[derive(Parser)]
#[command(
    name = "isogloss",
    version,
    after_help = "\
Examples:
  isogloss serve --config config/demo.toml
  isogloss config check --config /etc/isogloss/isogloss.toml
  isogloss directory import users.toml --config /etc/isogloss/isogloss.toml
  isogloss user disable mallory --config /etc/isogloss/isogloss.toml

Without --config, every setting has its default. Environment variables such as
ISOGLOSS__SERVER__BIND=0.0.0.0:8080 override files.

Exit codes: 0 done, 1 refused or not found, 2 bad usage or configuration."
)]
struct Cli {
    #[command(flatten)]
    files: Files,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Files {
    /// Configuration file; may repeat, later files override earlier ones
    #[arg(short = 'c', long = "config", value_name = "FILE", global = true)]
    config: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the enabled dialects
    Serve,
    #[command(flatten)]
    Beside(Box<Beside>),
}

/// The commands other than `serve`, which use the configuration of a gateway.
#[derive(Subcommand)]
enum Beside {
    /// Check and print the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Import and export users, organisations and keys
    #[command(subcommand)]
    Directory(directory::Command),
    /// Manage users
    #[command(subcommand)]
    User(user::Command),
    /// Manage organisations and their units
    #[command(subcommand)]
    Organisation(organisation::Command),
    /// List and revoke sessions
    #[command(subcommand)]
    Session(session::Command),
    /// Manage the keys of applications, services and administrators
    #[command(subcommand)]
    Key(key::Command),
    /// List and clear counted wrong passwords and their locks
    #[command(subcommand)]
    Throttle(throttle::Command),
    /// List logins, refusals and changes from the audit log
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the OpenAPI documents of the routes
    #[command(name = "openapi")]
    OpenApi(openapi::Arguments),
    /// Report which clients still use a dialect, to decide whether to retire it
    #[command(subcommand)]
    Sunset(sunset::Command),
    /// Find problems of the gateway, its stores and its proxy, and say what to do
    Doctor(doctor::Arguments),
    /// Check whether the gateway is ready
    #[command(after_help = "\
Examples:
  isogloss health --config /etc/isogloss/isogloss.toml

Exit codes: 0 ready, 1 not ready, with the reason on the standard error.")]
    Health(Identity),
    /// Copy users, tokens, usage counts, the audit log and the secrets to a folder
    Backup(backup::Arguments),
    /// Restore a backup to the locations in the configuration
    Restore(restore::Arguments),
    /// Run the documented exchanges against a host, and report which of them fail
    Conformance(conformance::Arguments),
    /// Print shell completions
    Completions(man_pages::Completions),
    /// Write the manual pages to a folder
    Man(man_pages::Man),
}

/// The command line of a gateway. To describe all commands takes milliseconds, in which SIGHUP would end
/// the process: it does not listen for signals yet.
#[derive(Parser)]
struct Serving {
    #[command(flatten)]
    files: Files,
    #[command(subcommand)]
    command: Serve,
}

#[derive(Subcommand)]
enum Serve {
    Serve,
}

impl Cli {
    /// Reads the command line, or ends the process where it is wrong or asks for help.
    fn read(arguments: &[OsString]) -> Self {
        match Serving::try_parse_from(arguments) {
            Ok(Serving {
                files,
                command: Serve::Serve,
            }) => Self {
                files,
                command: Command::Serve,
            },
            Err(_) => Self::parse_from(arguments),
        }
    }
}

/// How a command that did not fail ended.
enum Outcome {
    Done,
    /// Said why on the standard error.
    Refused,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    match run(Cli::read(&env::args_os().collect::<Vec<_>>())) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Err(error) if error.is::<output::Closed>() => ExitCode::from(output::Closed::EXIT_CODE),
        Err(error) => {
            output::error(format_args!("{error:#}"));
            let misconfigured = error.downcast_ref::<Problem>().is_some();
            ExitCode::from(if misconfigured { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> Result<Outcome> {
    let files = cli.files.config;
    let is_beside = !matches!(cli.command, Command::Serve);
    let operator = RequestContext {
        actor: is_beside.then_some(EventActor::CommandLine),
        ..RequestContext::default()
    };
    let work = async {
        let command = match cli.command {
            // Reads the configuration itself: by then it listens for signals.
            Command::Serve => return server::serve(files).await.map(|()| Outcome::Done),
            Command::Beside(command) => command,
        };
        let config = Config::load(&files)?;
        for line in unheeded_variables() {
            output::error(format_args!("warning: {line}"));
        }
        match *command {
            Beside::Config(command) => config::run(&command, &config),
            Beside::Directory(command) => directory::run(command, &config.sections).await,
            Beside::User(command) => user::run(command, &config).await,
            Beside::Organisation(command) => organisation::run(command, &config.sections).await,
            Beside::Session(command) => session::run(command, &config).await,
            Beside::Key(command) => key::run(command, &config.sections).await,
            Beside::Throttle(command) => throttle::run(command, &config).await,
            Beside::Audit(command) => audit::run(command, &config).await,
            Beside::OpenApi(arguments) => openapi::run(&arguments),
            Beside::Sunset(command) => sunset::run(command, &config).await,
            Beside::Doctor(arguments) => doctor::run(&arguments, &config).await,
            Beside::Backup(arguments) => backup::run(&arguments, &config).await,
            Beside::Restore(arguments) => restore::run(&arguments, &config).await,
            Beside::Health(identity) => health::run(&identity, &config),
            Beside::Completions(completions) => completions.print(),
            Beside::Man(man) => man.write(),
            Beside::Conformance(arguments) => conformance::run(&arguments, &config),
        }
    };
    System::new().block_on(operator.scope(closing_all(work)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_of_a_gateway_says_the_same_without_the_other_commands() {
        for line in [
            "isogloss serve",
            "isogloss serve --config a --config=b",
            "isogloss --config a serve --config b",
            "isogloss --config serve serve",
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let short = Serving::try_parse_from(&words).map(|serving| serving.files.config);
            let whole = Cli::try_parse_from(&words).map(|cli| cli.files.config);
            assert_eq!(short.unwrap(), whole.unwrap(), "{line}");
            assert!(matches!(Cli::read(&words).command, Command::Serve));
        }
        let other = ["isogloss", "--config", "serve", "config", "check"].map(OsString::from);
        assert!(Serving::try_parse_from(&other).is_err());
        let command = Cli::read(&other).command;
        assert!(matches!(command, Command::Beside(_)));
    }
}
