//! Letters to users, and what sends them.

use async_trait::async_trait;

use crate::error::StoreError;

/// A letter in plain text. Its text may hold a one-time key: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands a letter over to whoever delivers it.
    async fn send(&self, letter: Letter) -> Result<(), StoreError>;
}
