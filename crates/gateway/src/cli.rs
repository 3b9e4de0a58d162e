//! The command line.

mod audit;
mod audited_admin;
mod authority;
mod backup;
mod config;
mod conformance;
mod directory;
mod doctor;
mod explain;
mod health;
mod key;
mod local_or_remote;
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

use crate::bootstrap::open_stores::run_and_close;
use crate::config::{Config, ConfigError, unrecognized_variables};
use crate::management_client::ClientCertificateArgs;
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
    ClientCommand(Box<ClientCommand>),
}

/// The commands other than `serve`, which use the configuration of a gateway.
#[derive(Subcommand)]
enum ClientCommand {
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
    /// Say why requests were refused, try a login step by step, or say what a token is
    Explain(Box<explain::Arguments>),
    /// List logins, refusals and changes from the audit log
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the OpenAPI documents of the routes
    #[command(name = "openapi")]
    OpenApi(openapi::Arguments),
    /// List and try the authorities, which judge passwords of users who live elsewhere
    #[command(subcommand)]
    Authority(authority::Command),
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
    Health(ClientCertificateArgs),
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
struct ServeCli {
    #[command(flatten)]
    files: Files,
    #[command(subcommand)]
    command: ServeCommand,
}

#[derive(Subcommand)]
enum ServeCommand {
    Serve,
}

impl Cli {
    /// Parses the command line. Ends the process if the command line is invalid or requests help.
    fn read(arguments: &[OsString]) -> Self {
        match ServeCli::try_parse_from(arguments) {
            Ok(ServeCli {
                files,
                command: ServeCommand::Serve,
            }) => Self {
                files,
                command: Command::Serve,
            },
            Err(_) => Self::parse_from(arguments),
        }
    }
}

/// Outcome of a command that did not fail.
enum Outcome {
    Done,
    /// The command printed the reason to the standard error.
    Refused,
}

/// Runs the command with which the process was started, and returns its exit code: 0 done, 1 refused or not
/// found, 2 bad usage or configuration.
pub fn main() -> ExitCode {
    match run(Cli::read(&env::args_os().collect::<Vec<_>>())) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Err(error) if error.is::<output::StdoutClosed>() => {
            ExitCode::from(output::StdoutClosed::EXIT_CODE)
        }
        Err(error) => {
            output::error(format_args!("{error:#}"));
            let misconfigured = error.downcast_ref::<ConfigError>().is_some();
            ExitCode::from(if misconfigured { 2 } else { 1 })
        }
    }
}

/// Runs a command in the runtime, closes the stores that the command opened, and returns the outcome of the command.
/// Fails if the configuration is invalid or the command fails.
fn run(cli: Cli) -> Result<Outcome> {
    let files = cli.files.config;
    let is_client_command = !matches!(cli.command, Command::Serve);
    let operator = RequestContext {
        actor: is_client_command.then_some(EventActor::CommandLine),
        ..RequestContext::default()
    };
    let work = async {
        let command = match cli.command {
            // Reads the configuration itself: by then it listens for signals.
            Command::Serve => return server::serve(files).await.map(|()| Outcome::Done),
            Command::ClientCommand(command) => command,
        };
        let config = Config::load(&files)?;
        for line in unrecognized_variables() {
            output::error(format_args!("warning: {line}"));
        }
        match *command {
            ClientCommand::Config(command) => config::run(&command, &config),
            ClientCommand::Directory(command) => directory::run(command, &config.sections).await,
            ClientCommand::User(command) => user::run(command, &config).await,
            ClientCommand::Organisation(command) => {
                organisation::run(command, &config.sections).await
            }
            ClientCommand::Session(command) => session::run(command, &config).await,
            ClientCommand::Key(command) => key::run(command, &config.sections).await,
            ClientCommand::Throttle(command) => throttle::run(command, &config).await,
            ClientCommand::Explain(arguments) => explain::run(*arguments, &config).await,
            ClientCommand::Audit(command) => audit::run(command, &config).await,
            ClientCommand::Authority(command) => authority::run(command, &config).await,
            ClientCommand::OpenApi(arguments) => openapi::run(&arguments),
            ClientCommand::Sunset(command) => sunset::run(command, &config).await,
            ClientCommand::Doctor(arguments) => doctor::run(&arguments, &config).await,
            ClientCommand::Backup(arguments) => backup::run(&arguments, &config).await,
            ClientCommand::Restore(arguments) => restore::run(&arguments, &config).await,
            ClientCommand::Health(identity) => health::run(&identity, &config),
            ClientCommand::Completions(completions) => completions.print(),
            ClientCommand::Man(man) => man.write(),
            ClientCommand::Conformance(arguments) => conformance::run(&arguments, &config),
        }
    };
    System::new().block_on(operator.scope(run_and_close(work)))
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
            let short = ServeCli::try_parse_from(&words).map(|serving| serving.files.config);
            let whole = Cli::try_parse_from(&words).map(|cli| cli.files.config);
            assert_eq!(short.unwrap(), whole.unwrap(), "{line}");
            assert!(matches!(Cli::read(&words).command, Command::Serve));
        }
        let other = ["isogloss", "--config", "serve", "config", "check"].map(OsString::from);
        assert!(ServeCli::try_parse_from(&other).is_err());
        let command = Cli::read(&other).command;
        assert!(matches!(command, Command::ClientCommand(_)));
    }
}
