//! `isogloss user delete`: erases a user.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use isogloss_core::User;

use super::{Outcome, UserArg, find, output};
use ureq::http::Method;

use crate::admin::erasure::ErasureView;
use crate::bootstrap::components::Components;
use crate::cli::audited_admin::{self, AuditedAdmin};
use crate::cli::local_or_remote::local_or_remote;
use crate::config::{Config, ConfigError, LogTarget};
use crate::management_client::Gateway;

#[derive(Args)]
pub(in crate::cli) struct Delete {
    #[command(flatten)]
    who: UserArg,
    /// Do not prompt; required without a terminal
    #[arg(long)]
    yes: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: Gateway,
}

pub(super) async fn delete(
    delete: Delete,
    admin: &AuditedAdmin<'_>,
    config: &Config,
) -> Result<Outcome> {
    if !delete.yes && !stdin().is_terminal() {
        let reason = "there is no terminal for the prompt: use --yes to erase the user without it";
        return Err(ConfigError::new("user delete", reason).into());
    }
    let Some(user) = find(admin.directory.as_ref(), &delete.who).await? else {
        return Ok(Outcome::Refused);
    };
    if !delete.yes {
        confirm(&user)?;
    }
    let shown = erase(&user, &delete.gateway, config).await?;
    if delete.json {
        output::json(&shown)?;
    } else {
        print(&user, &shown, config)?;
    }
    Ok(Outcome::Done)
}

/// Prompts for the user name, so that a wrong line in a script or a history erases no user. Fails if another
/// text is typed.
fn confirm(user: &User) -> Result<()> {
    let (name, organisation) = (&user.user_name, &user.organisation.name);
    let question = format!(
        "This erases {name} of {organisation} permanently, with all credentials and sessions. \
         Type the user name to continue: "
    );
    let question = isogloss_core::printable(&question);
    write!(stderr(), "{question}").context("cannot write to the standard error")?;
    let mut answer = String::new();
    stdin()
        .read_line(&mut answer)
        .context("cannot read the standard input")?;
    if answer.trim() != user.user_name {
        bail!("the user name does not match: nothing was erased");
    }
    Ok(())
}

/// Erases the user, here if the token store can be opened, otherwise through the running gateway. Returns the
/// erased data. Fails if a store or the gateway is unreachable.
async fn erase(user: &User, gateway: &Gateway, config: &Config) -> Result<ErasureView> {
    let local = async |opened: Components| {
        let auth = opened.into_auth();
        let erasure = auth.erase(user).await;
        audited_admin::flush_audit(auth.audit()).await;
        Ok(ErasureView::new(user, &erasure?))
    };
    local_or_remote(config, gateway, local, |remote| {
        let no_query: [(&str, &str); 0] = [];
        remote.call(&Method::DELETE, &format!("users/{}", user.id), &no_query)
    })
    .await
}

fn print(user: &User, shown: &ErasureView, config: &Config) -> Result<()> {
    let name = &user.user_name;
    output::text(format_args!("{name}: erased"))?;
    output::text(format_args!(
        "  {} sessions ended, {} keys revoked, {} events of the audit log now name {}",
        shown.sessions, shown.keys, shown.audit_events, shown.pseudonym
    ))?;
    if let LogTarget::File(path) = &config.sections.audit.to {
        output::text(format_args!(
            "  {} still contains earlier lines: rotate it, and remove old files",
            path.display()
        ))?;
    }
    if shown.was_last_administrator {
        output::text(format_args!(
            "  {} has no enabled administrator left",
            user.organisation.name
        ))?;
    }
    Ok(())
}
