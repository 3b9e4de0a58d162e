//! `isogloss user edit`: changes a user's names, address, number, language, role, organisation, units and authority.

use anyhow::Result;
use clap::{Args, ValueEnum};
use isogloss_core::directory::{Patch, UserEdit};
use isogloss_core::{Language, Role};

use super::{Outcome, UserArg, describe, end_tokens, find, output};
use crate::cli::audited_admin::AuditedAdmin;
use crate::config::ConfigError;

#[derive(Args)]
pub(in crate::cli) struct EditUser {
    #[command(flatten)]
    who: UserArg,
    /// New name for logins; the old name becomes free
    #[arg(long, value_name = "NAME")]
    user_name: Option<String>,
    /// E-mail address
    #[arg(long)]
    email: Option<String>,
    /// Number
    #[arg(long)]
    number: Option<i64>,
    /// First name
    #[arg(long)]
    first_name: Option<String>,
    /// Last name
    #[arg(long)]
    last_name: Option<String>,
    /// URL of a picture
    #[arg(long, value_name = "URL")]
    image_url: Option<String>,
    /// Language of e-mails to the user, such as de or de-AT
    #[arg(long, value_name = "TAG")]
    language: Option<Language>,
    /// Role
    #[arg(long, value_parser = Role::ALL.map(Role::name))]
    role: Option<String>,
    /// Organisation of the user; must exist, and have the user's units
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// Unit of logins that name none
    #[arg(long, value_name = "ID")]
    default_unit: Option<String>,
    /// Unit of the user; may repeat, and replaces all units except the default one
    #[arg(long = "unit", value_name = "ID")]
    units: Vec<String>,
    /// Authority to which the user belongs from now on, or again after an adoption
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,
    /// Identifier of the user at the authority
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Field to empty; may repeat. Without an authority, the user is local, with the stored password
    #[arg(long, value_name = "FIELD")]
    clear: Vec<Field>,
    /// Print the user as JSON
    #[arg(long)]
    json: bool,
}

/// A field that may be empty.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Field {
    Email,
    FirstName,
    LastName,
    ImageUrl,
    Language,
    DefaultUnit,
    Units,
    Authority,
    ExternalId,
}

impl Field {
    /// Returns the name of the field as an argument of `--clear`.
    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::FirstName => "first-name",
            Self::LastName => "last-name",
            Self::ImageUrl => "image-url",
            Self::Language => "language",
            Self::DefaultUnit => "default-unit",
            Self::Units => "units",
            Self::Authority => "authority",
            Self::ExternalId => "external-id",
        }
    }
}

pub(super) async fn edit(edit: EditUser, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let change = edit.change()?;
    if change == UserEdit::default() {
        let reason = "nothing to change: give a field such as --first-name, or --clear";
        return Err(ConfigError::new("user edit", reason).into());
    }
    let directory = admin.directory.as_ref();
    let Some(user) = find(directory, &edit.who).await? else {
        return Ok(Outcome::Refused);
    };
    let edited = admin
        .run(async |service| service.edit_user(&user, change).await)
        .await?;
    if edited.generation != user.generation {
        end_tokens(&edited, admin.sections).await?;
    }
    if edit.json {
        output::json(&describe(&edited)?)?;
    } else {
        output::text(format_args!("{}: changed", edited.user_name))?;
        if edited.generation != user.generation {
            output::text("  all tokens of the user have ended")?;
        }
    }
    Ok(Outcome::Done)
}

impl EditUser {
    /// Returns the change that the arguments describe. Fails if a field is both set and cleared.
    fn change(&self) -> Result<UserEdit, ConfigError> {
        let units = Some(&self.units).filter(|units| !units.is_empty());
        let emptied = |set: Option<String>, field: Field| {
            let empty = self.is_cleared(field, set.is_some())?;
            Ok(set.or_else(|| empty.then(String::new)))
        };
        let no_units = self.is_cleared(Field::Units, units.is_some())?;
        Ok(UserEdit {
            number: self.number,
            user_name: self.user_name.clone(),
            email: self.removed(self.email.clone(), Field::Email)?,
            first_name: emptied(self.first_name.clone(), Field::FirstName)?,
            last_name: emptied(self.last_name.clone(), Field::LastName)?,
            image_url: emptied(self.image_url.clone(), Field::ImageUrl)?,
            language: self.removed(self.language.clone(), Field::Language)?,
            role: self.role.as_deref().and_then(Role::from_name),
            organisation: self.organisation.clone(),
            default_unit: self.removed(self.default_unit.clone(), Field::DefaultUnit)?,
            units: units.cloned().or_else(|| no_units.then(Vec::new)),
            authority: self.removed(self.authority.clone(), Field::Authority)?,
            external_id: self.removed(self.external_id.clone(), Field::ExternalId)?,
        })
    }

    /// Returns the change of a field that may be absent. Fails if it is both set and cleared.
    fn removed<T>(&self, set: Option<T>, field: Field) -> Result<Patch<T>, ConfigError> {
        Ok(match (self.is_cleared(field, set.is_some())?, set) {
            (true, _) => Patch::Remove,
            (false, Some(value)) => Patch::Set(value),
            (false, None) => Patch::Keep,
        })
    }

    /// Returns whether `--clear` names the field. Fails if the field is set as well.
    fn is_cleared(&self, field: Field, is_set: bool) -> Result<bool, ConfigError> {
        let is_cleared = self.clear.contains(&field);
        if is_cleared && is_set {
            let reason = format!("{} cannot be set and cleared in one command", field.name());
            return Err(ConfigError::new("user edit", reason));
        }
        Ok(is_cleared)
    }
}
