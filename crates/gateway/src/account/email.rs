//! Sends the e-mails with links.

use isogloss_core::{AccountLink, Auth, AuthError, Email, IssuedToken, StoreError, User};

use super::AccountPage;
use super::languages::RequestedLanguages;
use super::templates::EmailValues;

impl AccountPage {
    /// Sends the user a link of that kind, in the first of the languages for the user that there is, and returns its token.
    /// Fails if a store or the mail server is unavailable; a link that was not sent ends with its lifetime, or with the next one.
    pub(super) async fn send_link(
        &self,
        auth: &Auth,
        (user, address): (&User, &str),
        kind: AccountLink,
        languages: &RequestedLanguages,
    ) -> Result<IssuedToken, AuthError> {
        let lifetime = self.lifetime(kind);
        let issued = auth.issue_account_link(user, kind, lifetime).await?;
        let values = EmailValues {
            user,
            link: &self.link(&issued.token),
            issuer: &self.0.issuer,
            lifetime,
        };
        let rendered =
            self.0
                .templates
                .render(kind, languages.for_user(user.language.as_ref()), &values);
        let rendered = rendered.map_err(|error| StoreError::new("account.templates", error))?;
        let email = Email {
            to: address.to_owned(),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
        };
        self.0.mailer.send(email).await?;
        Ok(issued)
    }
}
