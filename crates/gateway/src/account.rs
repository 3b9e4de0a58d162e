//! The account page: people set their passwords by a link from an e-mail, and enrol a second factor.
//!
//! A token in the path of a link is all that authorises a request. There are no cookies, so no other site can send a request
//! with more rights than its own.

mod email;
mod enrolment;
mod error;
mod invitation;
mod languages;
mod page;
mod password;
mod qr_code;
mod request_link;
mod routes;
mod templates;
mod views;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use isogloss_core::{AccountLink, Mailer, PasswordPolicy, Token};

pub(crate) use self::invitation::{Invitation, InvitationError};
pub(crate) use self::languages::RequestedLanguages;
pub(crate) use self::templates::Templates;
use crate::config::Sections;

/// The account page with its settings and the templates of its e-mails. Cheap to clone.
#[derive(Clone)]
pub struct AccountPage(Arc<Settings>);

struct Settings {
    /// The path on the public listener.
    path: String,
    /// The address of the page, for links.
    url: String,
    /// The name of the service, for the page and authenticator apps.
    issuer: String,
    policy: PasswordPolicy,
    reset_lifetime: Duration,
    invitation_lifetime: Duration,
    templates: Templates,
    mailer: Arc<dyn Mailer>,
}

impl AccountPage {
    /// Returns the page that the settings describe. `None` if `server.account_path` is empty. Fails if the templates cannot
    /// be used.
    pub(crate) fn open(sections: &Sections, mailer: &Arc<dyn Mailer>) -> Result<Option<Self>> {
        let (server, account) = (&sections.server, &sections.account);
        if server.account_path.is_empty() {
            return Ok(None);
        }
        let base = server.public_url.trim_end_matches('/');
        Ok(Some(Self(Arc::new(Settings {
            path: server.account_path.clone(),
            url: format!("{base}{}", server.account_path),
            issuer: account.issuer.clone(),
            policy: account.policy(),
            reset_lifetime: account.reset_lifetime,
            invitation_lifetime: account.invitation_lifetime,
            templates: Templates::load(&account.templates).context("account.templates")?,
            mailer: Arc::clone(mailer),
        }))))
    }

    /// Returns the address at which a token sets a password.
    fn link(&self, token: &Token) -> String {
        format!("{}/password/{}", self.0.url, token.hex())
    }

    /// Returns how long a link of that kind is valid.
    fn lifetime(&self, kind: AccountLink) -> Duration {
        match kind {
            AccountLink::Invitation => self.0.invitation_lifetime,
            AccountLink::Reset => self.0.reset_lifetime,
        }
    }
}
