//! Errors with the name of their server.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use isogloss_core::backend::host_port;
use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgConnectOptions;

/// Returns `host:port` of a server, or the path of its socket, never its credentials.
pub(super) fn name_of(options: &PgConnectOptions) -> String {
    let port = options.get_port();
    let host = Path::new(options.get_host());
    let folder = options.get_socket().map(PathBuf::as_path);
    match folder.or(Some(host).filter(|host| host.is_absolute())) {
        Some(folder) => {
            let socket = folder.join(format!(".s.PGSQL.{port}"));
            socket.display().to_string()
        }
        None => host_port(options.get_host(), port),
    }
}

/// Adds the name of a server to an error, which keeps its kind and code.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "others have nothing to do with a server, and the list is open"
)]
pub(super) fn naming(name: &str, error: Error) -> Error {
    match error {
        Error::Io(error) => Error::Io(io::Error::new(error.kind(), format!("{name}: {error}"))),
        Error::Tls(error) => Error::Tls(format!("{name}: {error}").into()),
        Error::Protocol(error) => Error::Protocol(format!("{name}: {error}")),
        Error::Configuration(error) => Error::Configuration(format!("{name}: {error}").into()),
        Error::Database(answer) => Error::Database(Box::new(NamedError {
            message: format!("{name}: {}", answer.message()),
            answer,
        })),
        other => other,
    }
}

/// A database error whose message starts with the name of the server.
#[derive(Debug)]
struct NamedError {
    message: String,
    answer: Box<dyn DatabaseError>,
}

impl fmt::Display for NamedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for NamedError {}

impl DatabaseError for NamedError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.answer.code()
    }

    fn kind(&self) -> ErrorKind {
        self.answer.kind()
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }
}
