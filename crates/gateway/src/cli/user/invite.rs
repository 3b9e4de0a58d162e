//! `isogloss user invite`: sends an invitation by the running gateway.

use anyhow::Result;
use clap::Args;
use isogloss_core::Language;
use ureq::http::Method;

use super::{Outcome, UserArg, find, output};
use crate::admin::invitation::InvitationView;
use crate::cli::audited_admin::AuditedAdmin;
use crate::management_client::{Gateway, ManagementClient};

#[derive(Args)]
pub(in crate::cli) struct Invite {
    #[command(flatten)]
    who: UserArg,
    /// Language of the e-mail, such as de; without it, or without a template, the one that the user prefers
    #[arg(long, value_name = "TAG")]
    language: Option<Language>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: Gateway,
}

pub(super) async fn invite(invite: &Invite, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let Some(user) = find(admin.directory.as_ref(), &invite.who).await? else {
        return Ok(Outcome::Refused);
    };
    let client = ManagementClient::open(&invite.gateway, admin.sections)?;
    let query: Vec<_> = invite
        .language
        .iter()
        .map(|language| ("language", language.as_str()))
        .collect();
    let route = format!("users/{}/invite", user.id);
    let sent: InvitationView = client.call(&Method::POST, &route, &query)?;
    if invite.json {
        output::json(&sent)?;
    } else {
        let (name, address, end) = (&user.user_name, &sent.sent_to, &sent.expires_at);
        output::text(format_args!(
            "{name}: an invitation was sent to {address}; its link is valid until {end}"
        ))?;
    }
    Ok(Outcome::Done)
}
