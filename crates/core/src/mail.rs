//! E-mails to users, and the trait for sending them.

use async_trait::async_trait;

use crate::error::StoreError;

/// An e-mail. Its text may hold a one-time key: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// The address of the recipient.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML. `None` for an e-mail in plain text only.
    pub html: Option<String>,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A service that sends e-mails.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Sends an e-mail, and returns once it was handed over for delivery.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the e-mail is invalid, or was not accepted for delivery.
    async fn send(&self, email: Email) -> Result<(), StoreError>;
}
