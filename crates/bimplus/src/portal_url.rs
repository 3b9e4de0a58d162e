//! The portal, which the links in e-mails lead to.

use form_urlencoded::byte_serialize;
use isogloss_core::Token;
use isogloss_dialect::is_web_address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The address of the portal's page, or nothing if there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct PortalUrl(String);

/// The reason of an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmailTemplate {
    /// The password was forgotten.
    Reset,
    /// The user was invited by another.
    Invitation,
}

impl EmailTemplate {
    /// Returns the topic of the token, by which core keeps tokens of both e-mails apart.
    pub(crate) const fn topic(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }

    /// Returns the name of the portal's page, which the link contains twice.
    const fn view(self) -> &'static str {
        match self {
            Self::Reset => "forgot_password",
            Self::Invitation => "accept_invitation",
        }
    }
}

impl PortalUrl {
    /// Returns the link of an e-mail: `<url>#/forgot_password?email=…&cross_token=…&forgot_password`. `None` if no
    /// portal is set.
    pub(crate) fn link(
        &self,
        template: EmailTemplate,
        email: &str,
        token: &Token,
    ) -> Option<String> {
        let Self(portal) = self;
        let view = template.view();
        let email: String = byte_serialize(email.as_bytes()).collect();
        let token = token.hex();
        (!portal.is_empty())
            .then(|| format!("{portal}#/{view}?email={email}&cross_token={token}&{view}"))
    }

    /// Returns true if the operator has set a portal.
    pub(crate) fn is_set(&self) -> bool {
        !self.0.is_empty()
    }
}

impl TryFrom<String> for PortalUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() || (is_web_address(&text) && !text.contains('#')) {
            Ok(Self(text))
        } else {
            Err("expected an http:// or https:// address without #, or nothing")
        }
    }
}

impl From<PortalUrl> for String {
    fn from(PortalUrl(text): PortalUrl) -> Self {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::REALM;

    #[test]
    fn links_are_as_documented() {
        let portal = PortalUrl::try_from("https://portal.example/app/".to_owned()).unwrap();
        let token = Token::from_hex(REALM, "b392cee4d0044ef681fa911772668cf9").unwrap();
        let link = |template| portal.link(template, "a+b@example.com", &token).unwrap();
        assert_eq!(
            link(EmailTemplate::Reset),
            "https://portal.example/app/#/forgot_password?email=a%2Bb%40example.com\
             &cross_token=b392cee4d0044ef681fa911772668cf9&forgot_password"
        );
        assert_eq!(
            link(EmailTemplate::Invitation),
            "https://portal.example/app/#/accept_invitation?email=a%2Bb%40example.com\
             &cross_token=b392cee4d0044ef681fa911772668cf9&accept_invitation"
        );
        assert_eq!(
            PortalUrl::default().link(EmailTemplate::Reset, "a@example.com", &token),
            None
        );
    }

    #[test]
    fn only_addresses_of_pages_are_taken() {
        for text in ["", "http://localhost:3000", "https://portal.example/?a=b"] {
            assert!(PortalUrl::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in [
            "portal.example",
            "ftp://portal.example",
            "https://portal.example/#/",
            "https://portal.example/a b",
            "javascript:alert(1)",
            "http:portal.example",
        ] {
            assert!(PortalUrl::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
