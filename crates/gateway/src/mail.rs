//! Letters by SMTP, or into a folder.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use isogloss_core::{Letter, Mailer, StoreError};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use tracing::warn;

use crate::config::{self, MailAddress};

/// Opens whatever `mail.transport` names.
pub(crate) fn open(settings: &config::Mail) -> Result<Arc<dyn Mailer>> {
    let from = settings.sender()?;
    match MailAddress::of(settings)? {
        MailAddress::Nowhere => Ok(Arc::new(Nowhere)),
        MailAddress::Folder(folder) => Ok(Arc::new(folder_transport(folder, from)?)),
        MailAddress::Smtp(url) => {
            let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
                .context("mail.transport")?
                .timeout(Some(settings.timeout))
                .build();
            Ok(Arc::new(Post { transport, from }))
        }
    }
}

fn folder_transport(
    folder: PathBuf,
    from: Mailbox,
) -> Result<Post<AsyncFileTransport<Tokio1Executor>>> {
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("mail.transport: cannot make {}", folder.display()))?;
    let transport = AsyncFileTransport::new(folder);
    Ok(Post { transport, from })
}

/// Sends through a transport of the mail library.
struct Post<T> {
    transport: T,
    from: Mailbox,
}

#[async_trait]
impl<T> Mailer for Post<T>
where
    T: AsyncTransport + Send + Sync + 'static,
    T::Error: std::fmt::Display,
{
    async fn send(&self, letter: Letter) -> Result<(), StoreError> {
        let to = letter
            .to
            .parse()
            .map_err(|_| failed("the user has no valid e-mail address"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(failed)?;
        self.transport.send(message).await.map(drop).map_err(failed)
    }
}

/// For operators who send none.
struct Nowhere;

#[async_trait]
impl Mailer for Nowhere {
    async fn send(&self, _letter: Letter) -> Result<(), StoreError> {
        warn!("a letter was not sent: mail.transport is none");
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("mail", error)
}
