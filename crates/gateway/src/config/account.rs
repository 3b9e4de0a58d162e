//! The section `account`: the page on which people set their passwords.

use std::path::PathBuf;
use std::time::Duration;

use isogloss_core::directory::is_invisible;
use isogloss_core::{PasswordPolicy, is_unprintable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backend_url::MailAddress;
use super::error::ConfigError;
use super::metadata_paths::MetadataPaths;
use super::sections::Sections;
use crate::account::Templates;
use crate::dialects::Mount;

/// The account page, if `server.account_path` switches it on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// The name of the service, for people: on the page, in e-mails and in authenticator apps.
    pub issuer: String,
    /// How long a link for a forgotten password is valid.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1m"), extend("x-maximum" = "365days"))]
    pub reset_lifetime: Duration,
    /// How long an invitation is valid.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1m"), extend("x-maximum" = "365days"))]
    pub invitation_lifetime: Duration,
    /// The minimum number of characters of a password that a person sets there.
    #[schemars(range(min = 1, max = 72))]
    pub min_length: u32,
    /// How hard it must be to guess, as `zxcvbn` estimates: 0 (any) to 4 (very hard).
    #[schemars(range(min = 0, max = 4))]
    pub min_score: u8,
    /// The folder with templates of e-mails. Without it, the built-in English ones are used.
    pub templates: PathBuf,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            issuer: "Isogloss".to_owned(),
            reset_lifetime: Duration::from_hours(1),
            invitation_lifetime: Duration::from_hours(7 * 24),
            min_length: 10,
            min_score: 3,
            templates: PathBuf::new(),
        }
    }
}

impl Account {
    /// Returns the policy for passwords that people set.
    pub(crate) fn policy(&self) -> PasswordPolicy {
        PasswordPolicy {
            min_length: self.min_length,
            min_score: self.min_score,
        }
    }

    /// Fails if the name of the service is blank or not printable, or a template cannot be used.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_hidden = |c: char| is_unprintable(c) || is_invisible(c);
        if self.issuer.trim().is_empty() || self.issuer.chars().any(is_hidden) {
            let expected = "expected the name of the service in one line";
            return Err(ConfigError::new("account.issuer", expected));
        }
        let templates = Templates::load(&self.templates);
        templates.map_err(|error| ConfigError::new("account.templates", error))?;
        Ok(())
    }
}

/// Fails if the path of the account page is invalid or that of something else, or if its e-mails cannot have links or be
/// sent.
pub(super) fn check_path(sections: &Sections, mounts: &[Mount]) -> Result<(), ConfigError> {
    let path = sections.server.account_path.as_str();
    let problem = |reason: String| Err(ConfigError::new("server.account_path", reason));
    if path.is_empty() {
        return Ok(());
    }
    if !super::metadata_paths::is_plain(path) {
        let expected = "expected a path like /account, of letters, digits and any of - . _ ~";
        return problem(expected.to_owned());
    }
    let below = format!("{path}/");
    let taken = mounts
        .iter()
        .find(|mount| mount.contains(path) || mount.path == path || mount.path.starts_with(&below));
    if let Some(mount) = taken {
        return problem(format!(
            "{path} is also a path of the dialect {}: expected another path",
            mount.name
        ));
    }
    let metadata = MetadataPaths::below(&sections.jwt.issuer);
    let metadata = metadata.filter(|_| sections.introspection.public_metadata);
    let is_taken = metadata
        .iter()
        .flat_map(MetadataPaths::all)
        .any(|one| one == path || one.starts_with(&below));
    if is_taken {
        return problem(format!(
            "{path} is also a path of the public metadata: expected another path"
        ));
    }
    if sections.server.public_url.is_empty() {
        let reason = "needs server.public_url, the address of links in e-mails";
        return problem(reason.to_owned());
    }
    if matches!(
        MailAddress::from_settings(&sections.mail)?,
        MailAddress::Nowhere
    ) {
        return problem("needs mail.transport, by which its e-mails are sent".to_owned());
    }
    Ok(())
}
