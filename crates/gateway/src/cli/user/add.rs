//! `isogloss user add`: adds a user.

use anyhow::Result;
use clap::Args;
use isogloss_core::{Language, Role};

use super::password_input::PasswordSource;
use super::{Outcome, output};
use crate::admin::users::NewUser;
use crate::bootstrap::components;
use crate::cli::audited_admin::AuditedAdmin;

#[derive(Args)]
pub(in crate::cli) struct AddUser {
    /// Name for logins
    name: String,
    /// Organisation of the user; must exist
    #[arg(long)]
    organisation: String,
    /// E-mail address, which can also be used for logins
    #[arg(long)]
    email: Option<String>,
    /// Number; default: the next free one
    #[arg(long)]
    number: Option<i64>,
    /// First name
    #[arg(long, default_value = "")]
    first_name: String,
    /// Last name
    #[arg(long, default_value = "")]
    last_name: String,
    /// Role; default: the one with the fewest rights
    #[arg(long, value_parser = Role::ALL.map(Role::name))]
    role: Option<String>,
    /// URL of a picture
    #[arg(long, value_name = "URL", default_value = "")]
    image_url: String,
    /// Language of e-mails to the user, such as de or de-AT
    #[arg(long, value_name = "TAG")]
    language: Option<Language>,
    /// Unit of logins that name none
    #[arg(long, value_name = "ID")]
    default_unit: Option<String>,
    /// Further unit of the user; may repeat
    #[arg(long = "unit", value_name = "ID")]
    units: Vec<String>,
    /// Authority to which the user belongs, which judges the password
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,
    /// Identifier of the user at the authority; without it, the first login links the user
    #[arg(long, value_name = "ID", requires = "authority")]
    external_id: Option<String>,
    /// Add a user without a password, who cannot log in until there is one
    #[arg(long, conflicts_with_all = ["password_stdin", "authority"])]
    no_password: bool,
    #[command(flatten)]
    source: PasswordSource,
}

pub(super) async fn add(new: AddUser, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let user = NewUser {
        user_name: new.name,
        organisation: new.organisation,
        email: new.email,
        number: new.number,
        first_name: new.first_name,
        last_name: new.last_name,
        role: new.role,
        default_unit: new.default_unit,
        image_url: new.image_url,
        language: new.language,
        units: new.units,
        authority: new.authority,
        external_id: new.external_id,
    };
    let has_none = new.no_password || (user.authority.is_some() && !new.source.is_given());
    let passwords = components::passwords(&admin.sections.passwords)?;
    let checked_user = admin
        .run(async |service| service.check_new_user(user).await)
        .await?;
    let password = if has_none {
        None
    } else {
        Some(new.source.read()?)
    };
    let added = admin
        .run(async |service| service.add_user(checked_user, password, &passwords).await)
        .await?;
    output::text(format_args!("{}: added", added.user_name))?;
    Ok(Outcome::Done)
}
