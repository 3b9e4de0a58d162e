//! `isogloss user`: single users.

mod add;
mod app_password;
mod delete;
mod edit;
mod invite;
mod list;
pub(in crate::cli) mod password_input;
mod summary;
mod totp;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use isogloss_core::directory::{Directory, UserRecord};
use isogloss_core::{User, UserState};
use serde_json::Value;

use self::password_input::PasswordSource;
pub(super) use self::password_input::first_line;
use super::audited_admin::AuditedAdmin;
use super::{Outcome, output, session};
use crate::admin::sessions::SessionQuery;
use crate::admin::users::{UserView, state_name};
use crate::bootstrap::components;
use crate::config::{Config, Sections};
use crate::management_client::Gateway;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a user; prompts for the password, unless the user has none or belongs to an authority
    #[command(after_help = "\
Examples:
  isogloss user add ada --organisation ACME --email ada@example.com --role ADMIN
  pwgen -s 20 1 | isogloss user add robot --organisation ACME --password-stdin
  isogloss user add eve --organisation ACME --no-password
  isogloss user add mia --organisation ACME --authority corp")]
    Add(add::AddUser),
    /// List all users, or those who match all given filters
    #[command(after_help = "\
Examples:
  isogloss user list --search lovelace
  isogloss user list --organisation ACME --role ADMIN --state active --json
  isogloss user list --authority corp --never-logged-in
  isogloss user list --limit 100 --after 4711")]
    List(list::List),
    /// Count the users by authority and state: those without a password, with a hash of another system, and those
    /// who never logged in
    #[command(after_help = "\
Examples:
  isogloss user summary
  isogloss user summary --json")]
    Summary {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one user
    #[command(after_help = "\
Examples:
  isogloss user show ada
  isogloss user show ada@example.com --json")]
    Show {
        #[command(flatten)]
        who: UserArg,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change a user's names, address, number, language, role, organisation, units or authority
    #[command(after_help = "\
Values that are not given stay. A different organisation, or the removal of a unit, ends all tokens of
the user.

The import at a start keeps the changes as long as the file says the same as before;
`isogloss directory import` takes the values of the file.

Examples:
  isogloss user edit ada --last-name King --email ada.king@example.com
  isogloss user edit ada --user-name countess
  isogloss user edit ada --language de-AT
  isogloss user edit ada --organisation OTHER --clear units --clear default-unit
  isogloss user edit ada --authority corp
  isogloss user edit ada --clear authority")]
    Edit(edit::EditUser),
    /// Erase a user permanently, with all credentials and sessions
    #[command(after_help = "\
Erases all data of the user: the entry in the directory with password, second factor, cards and
application passwords; all sessions; keys that act as the user; counts of wrong passwords. In the
audit log's table, a pseudonym replaces the user, so events can still be counted. Lines that are
already in an audit file are not changed: rotate the file.

No import of an older file brings the user back. `user add` with the same name does.

Tokens in Redis are removed there. The embedded store belongs to the running gateway, so the command
sends its request to the management listener, with a key of the realm `admin`.

Examples:
  isogloss user delete ada
  isogloss user delete ada --yes --json --key-file admin.key")]
    Delete(delete::Delete),
    /// Send a user an e-mail with a link to the account page, to choose a password
    #[command(after_help = "\
The running gateway sends the e-mail, so the command sends its request to the management listener, with a
key of the realm `admin`. It needs server.account_path. A new invitation ends the previous one. A password
that the user has stays valid until the user sets another.

Examples:
  isogloss user invite ada --key-file admin.key
  isogloss user invite ada --language de --json")]
    Invite(invite::Invite),
    /// Set a password and end the user's tokens; prompts for the password
    #[command(after_help = "\
Examples:
  isogloss user set-password ada
  pwgen -s 20 1 | isogloss user set-password robot --password-stdin")]
    SetPassword {
        #[command(flatten)]
        who: UserArg,
        #[command(flatten)]
        source: PasswordSource,
    },
    /// Disable a user and end the user's tokens
    #[command(after_help = "\
Examples:
  isogloss user disable mallory")]
    Disable(UserArg),
    /// Enable a user again
    #[command(after_help = "\
Examples:
  isogloss user enable mallory")]
    Enable(UserArg),
    /// End the user's sessions; the user can log in again
    #[command(after_help = "\
Examples:
  isogloss user logout ada --key-file admin.key")]
    Logout {
        #[command(flatten)]
        who: UserArg,
        #[command(flatten)]
        gateway: Gateway,
    },
    /// Manage the second factor: codes of an authenticator app
    #[command(subcommand)]
    Totp(totp::Command),
    /// Manage application passwords: each for one program in one dialect
    #[command(subcommand)]
    AppPassword(app_password::Command),
}

#[derive(Args)]
pub(super) struct UserArg {
    /// User name or e-mail address
    name: String,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome> {
    let sections = &config.sections;
    let admin = AuditedAdmin {
        directory: components::directory(sections).await?,
        sections,
    };
    let directory = admin.directory.as_ref();
    match command {
        Command::Add(new) => add::add(new, &admin).await,
        Command::List(listed) => list::list(listed, &admin).await,
        Command::Summary { json } => summary::summary(json, &admin).await,
        Command::Edit(change) => edit::edit(change, &admin).await,
        Command::Invite(who) => invite::invite(&who, &admin).await,
        Command::Delete(which) => delete::delete(which, &admin, config).await,
        Command::Show { who, json } => show(&who, json, directory).await,
        Command::SetPassword { who, source } => {
            let Some(user) = find(directory, &who).await? else {
                return Ok(Outcome::Refused);
            };
            let passwords = components::passwords(&sections.passwords)?;
            let password = source.read()?;
            admin
                .run(async |service| service.set_password(&user, password, &passwords).await)
                .await?;
            end_tokens(&user, sections).await?;
            output::text(format_args!("{}: password set", user.user_name))?;
            Ok(Outcome::Done)
        }
        Command::Disable(who) => set_state(&who, UserState::Disabled, &admin).await,
        Command::Logout { who, gateway } => {
            let Some(user) = find(directory, &who).await? else {
                return Ok(Outcome::Refused);
            };
            let ended = session::end(&SessionQuery::of_user(&user), &gateway, config).await?;
            output::text(format_args!("{}: {ended} ended", user.user_name))?;
            Ok(Outcome::Done)
        }
        Command::Enable(who) => set_state(&who, UserState::Active, &admin).await,
        Command::Totp(command) => totp::run(command, &admin).await,
        Command::AppPassword(command) => app_password::run(command, &admin).await,
    }
}

async fn show(who: &UserArg, json: bool, directory: &dyn Directory) -> Result<Outcome> {
    let Some(user) = find(directory, who).await? else {
        return Ok(Outcome::Refused);
    };
    let record = directory.user_record(user.id).await?;
    let record = record.with_context(|| format!("{}: no such user any more", who.name))?;
    let mut described = describe(&record)?;
    described["second_factor"] = totp::describe(directory.enrolment(user.id).await?.as_ref())?;
    print_value(&described, json)?;
    Ok(Outcome::Done)
}

/// Prints the value as JSON, or else as TOML, which is easier to read. Fails if the standard output cannot be
/// written.
fn print_value(described: &Value, json: bool) -> Result<()> {
    if json {
        output::json(described)
    } else {
        output::as_toml(described)
    }
}

async fn set_state(who: &UserArg, to: UserState, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let directory = admin.directory.as_ref();
    let Some(user) = find(directory, who).await? else {
        return Ok(Outcome::Refused);
    };
    admin
        .run(async |service| service.set_state(&user, to).await)
        .await?;
    if to == UserState::Disabled {
        end_tokens(&user, admin.sections).await?;
    }
    output::text(format_args!("{}: {}", user.user_name, state_name(to)))?;
    Ok(Outcome::Done)
}

/// Removes the tokens of a user from a store that several processes can open; does nothing for another store. The
/// tokens are already invalid since the directory was changed, so their removal only frees space. Fails if the store
/// is unreachable.
async fn end_tokens(user: &User, sections: &Sections) -> Result<()> {
    if let Some(tokens) = components::shared_tokens(sections)? {
        tokens.remove_user(user.id).await.context(
            "the user's tokens are no longer valid, but could not be removed from the store",
        )?;
    }
    Ok(())
}

/// Returns the user, or prints an error and returns `None` if there is no such user. Fails if the directory is
/// unreachable.
async fn find(directory: &dyn Directory, who: &UserArg) -> Result<Option<User>> {
    let account = directory.account(&who.name).await?;
    if account.is_none() {
        output::error(format_args!("{}: no such user", who.name));
    }
    Ok(account.map(|account| account.user))
}

/// Returns the user as the JSON object of the admin API. Fails if the user cannot be serialized.
fn describe(user: &UserRecord) -> Result<Value> {
    Ok(serde_json::to_value(UserView::from(user.clone()))?)
}
