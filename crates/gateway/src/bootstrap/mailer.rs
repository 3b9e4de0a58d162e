//! Sends e-mails by SMTP, or writes them to a folder.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use isogloss_core::{
    Email, Mailer, StoreError, create_private_file, create_private_folder, printable,
    printable_lines,
};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, AsyncTransport, Message};
use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

use crate::config::{self, MailAddress};

/// Opens the mailer that `mail.transport` names. Fails if the settings are invalid or the folder cannot be
/// created.
pub(crate) fn open(settings: &config::Mail) -> Result<Arc<dyn Mailer>> {
    let from = settings.sender()?;
    let key = settings.transport_key();
    match MailAddress::from_settings(settings)? {
        MailAddress::Nowhere => Ok(Arc::new(DiscardingMailer)),
        MailAddress::Folder(folder) => Ok(Arc::new(FolderMailer::open(folder, from).context(key)?)),
        MailAddress::Smtp(server) => {
            let transport = server.transport(settings.timeout);
            Ok(Arc::new(TransportMailer {
                transport: transport.context(key)?,
                from,
                timeout: settings.timeout,
            }))
        }
    }
}

/// Mailer that sends through a transport of the mail library.
struct TransportMailer<T> {
    transport: T,
    from: Mailbox,
    /// Limit of the whole delivery. The library's own timeout ends with the TCP handshake, and would wait for
    /// ever for a server that is silent after it.
    timeout: Duration,
}

#[async_trait]
impl<T> Mailer for TransportMailer<T>
where
    T: AsyncTransport + Send + Sync + 'static,
    T::Error: std::fmt::Display,
{
    async fn send(&self, email: Email) -> Result<(), StoreError> {
        let message = message(&email, &self.from)?;
        let sent = timeout(self.timeout, self.transport.send(message)).await;
        let sent = sent.map_err(|_| {
            let limit = self.timeout;
            mail_error(format_args!("no response within {limit:?} (mail.timeout)"))
        })?;
        sent.map(drop).map_err(mail_error)
    }
}

/// Mailer that writes each e-mail to its own file. Only the owner may read the file: the e-mail may have a
/// one-time login.
struct FolderMailer {
    folder: PathBuf,
    from: Mailbox,
}

impl FolderMailer {
    /// Opens the folder, and creates it if it is missing. Logs a warning if other users can open it. Fails if
    /// it cannot be created.
    fn open(folder: PathBuf, from: Mailbox) -> Result<Self> {
        let found = create_private_folder(&folder).and_then(|()| folder.metadata());
        let found = found.with_context(|| format!("cannot make {}", folder.display()))?;
        if found.permissions().mode() & 0o077 != 0 {
            warn!(
                folder = %folder.display(),
                "other users can open the folder of mail.transport: run chmod 700 on it"
            );
        }
        Ok(Self { folder, from })
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, email: Email) -> Result<(), StoreError> {
        let message = message(&email, &self.from)?.formatted();
        let path = self.folder.join(format!("{}.eml", Uuid::new_v4()));
        let write = move || {
            let written = match create_private_file(&path) {
                Ok(Some(mut file)) => file.write_all(&message),
                Ok(None) => Err(ErrorKind::AlreadyExists.into()),
                Err(error) => Err(error),
            };
            written.map_err(|error| mail_error(format_args!("{}: {error}", path.display())))
        };
        let written = tokio::task::spawn_blocking(write).await;
        written.map_err(mail_error)?
    }
}

/// Returns the e-mail in the format of the mail library. Fails if the address of the user is invalid.
fn message(email: &Email, from: &Mailbox) -> Result<Message, StoreError> {
    // Only an address: a display name in front of it would be the user's own text in a header.
    let to = email
        .to
        .parse::<Address>()
        .map_err(|_| mail_error("the user has no valid e-mail address"))?;
    let builder = Message::builder()
        .from(from.clone())
        .to(to.into())
        .subject(printable(&email.subject));
    let text = printable_lines(&email.text).into_owned();
    let message = match &email.html {
        None => builder.header(ContentType::TEXT_PLAIN).body(text),
        Some(html) => {
            let html = printable_lines(html).into_owned();
            builder.multipart(MultiPart::alternative_plain_html(text, html))
        }
    };
    message.map_err(mail_error)
}

/// Mailer for operators who send no e-mails.
struct DiscardingMailer;

#[async_trait]
impl Mailer for DiscardingMailer {
    async fn send(&self, _letter: Email) -> Result<(), StoreError> {
        warn!("an e-mail was not sent: mail.transport is none");
        Ok(())
    }
}

/// Converts the reason why an e-mail could not be sent to the error of a mailer.
fn mail_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("mail", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(to: &str) -> (Result<(), StoreError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let from = "isogloss@example.com".parse().unwrap();
        let transport = FolderMailer::open(folder.path().to_owned(), from).unwrap();
        let email = Email {
            to: to.to_owned(),
            subject: "Your\r\nBcc: mallory@example.com".to_owned(),
            text: "é\u{1b}[2J\u{9b}\nlink".to_owned(),
            html: None,
        };
        let outcome = transport.send(email).await;
        let files = std::fs::read_dir(folder.path()).unwrap().flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        (outcome, texts.collect())
    }

    #[tokio::test]
    async fn a_mail_server_that_falls_silent_is_given_up() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = config::Mail {
            transport: format!("smtp://{}", silent.local_addr().unwrap()).into(),
            ..config::Mail::default()
        };
        settings.timeout = Duration::from_millis(200);
        let email = Email {
            to: "ada@example.com".to_owned(),
            subject: "Your login".to_owned(),
            text: "link".to_owned(),
            html: None,
        };
        let refusal = open(&settings).unwrap().send(email).await.unwrap_err();
        assert!(
            refusal
                .to_string()
                .ends_with("no response within 200ms (mail.timeout)"),
            "{refusal}"
        );
    }

    #[tokio::test]
    async fn a_letter_has_no_header_and_no_control_character_of_anybody_elses() {
        let (outcome, text) = sent("ada@example.com").await;
        outcome.unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(!lines.iter().any(|line| line.starts_with("Bcc")), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text}");
        for to in [
            "Eve\r\nBcc: m@example.com <ada@example.com>",
            "Eve <ada@example.com>",
            "a\u{1b}@example.com",
        ] {
            let (outcome, text) = sent(to).await;
            assert_eq!(
                (outcome.unwrap_err().to_string(), text.as_str()),
                ("mail: the user has no valid e-mail address".to_owned(), "")
            );
        }
    }
}
