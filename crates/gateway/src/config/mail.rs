//! The section `mail`: how e-mails are sent.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::backend_url::MailAddress;
use super::error::ConfigError;
use super::redact::masked_address;

/// How e-mails are sent, for the dialects with a password reset.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `none`, `folder:PATH`, `smtps://…`, or `smtp://…` with `?tls=required`.
    #[serde(serialize_with = "masked_address")]
    #[schemars(with = "String")]
    pub transport: SecretString,
    /// A file with the value of `transport`, for addresses with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_file: Option<PathBuf>,
    /// The sender's address.
    pub from: String,
    /// How long the mail server may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub timeout: Duration,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            transport: "none".into(),
            transport_file: None,
            from: "Isogloss <isogloss@localhost>".to_owned(),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Mail {
    /// Returns the key that says how e-mails are sent: `mail.transport`, or `mail.transport_file` if that is
    /// set.
    pub(crate) const fn transport_key(&self) -> &'static str {
        match self.transport_file {
            None => "mail.transport",
            Some(_) => "mail.transport_file",
        }
    }

    /// Returns the parsed sender's address. Fails if `mail.from` is not an address.
    pub(crate) fn sender(&self) -> Result<Mailbox, ConfigError> {
        let expected = "expected an address like Name <name@example.com>";
        self.from
            .parse()
            .map_err(|_| ConfigError::new("mail.from", expected))
    }

    /// Fails if the transport or the sender is invalid.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        MailAddress::from_settings(self)?;
        self.sender().map(drop)
    }
}
