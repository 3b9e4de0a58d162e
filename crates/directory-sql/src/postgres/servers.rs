//! The servers that an address names. They are tried in order until one fits.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Error, query_as};
use tokio::time::timeout;

use super::named::{name_of, naming};
use super::reason;

/// The required role of a server (`target_session_attrs` of libpq).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionAttributes {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl SessionAttributes {
    /// All roles, with their names in libpq.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// Returns the role with this name; `None` if there is none.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, attributes)| *attributes)
    }

    /// Returns why the server of a connection does not have this role; `None` if it does. Fails if the server does
    /// not respond.
    async fn unmet(self, connection: &mut PgConnection) -> Result<Option<&'static str>, Error> {
        if self == Self::Any {
            return Ok(None);
        }
        let (is_standby, is_read_only): (bool, bool) = query_as(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean",
        )
        .fetch_one(connection)
        .await?;
        let is_read_only = is_read_only || is_standby;
        Ok(match self {
            Self::ReadWrite if is_read_only => {
                Some("target_session_attrs: the server is read-only")
            }
            Self::ReadOnly if !is_read_only => {
                Some("target_session_attrs: the server is not read-only")
            }
            Self::Primary if is_standby => Some("target_session_attrs: the server is a standby"),
            Self::Standby | Self::PreferStandby if !is_standby => {
                Some("target_session_attrs: the server is not a standby")
            }
            Self::Any
            | Self::ReadWrite
            | Self::ReadOnly
            | Self::Primary
            | Self::Standby
            | Self::PreferStandby => None,
        })
    }
}

/// The server's limits for statements that take too long, and for sessions that begin a transaction and send
/// nothing more. Without them, their locks would stay as long as a connection is silent, possibly for hours.
const LIMITS: [&str; 2] = ["statement_timeout", "idle_in_transaction_session_timeout"];

/// The name of a server, and a connection to it.
type NamedConnection = (String, PgConnection);

/// One server, or several that replace each other.
#[derive(Debug, Clone)]
pub(super) struct Servers {
    each: Vec<PgConnectOptions>,
    attributes: SessionAttributes,
    connect_timeout: Option<Duration>,
    /// How long connecting to each may take if the address does not say, so that one that does not respond leaves
    /// time for the others.
    share: Option<Duration>,
}

impl Servers {
    /// Creates a list of servers, which are tried in this order.
    pub(super) fn new(
        each: Vec<PgConnectOptions>,
        attributes: SessionAttributes,
        connect_timeout: Option<Duration>,
    ) -> Self {
        Self {
            each,
            attributes,
            connect_timeout,
            share: None,
        }
    }

    /// Returns the same servers with `time` as the total time for connecting, which is divided equally among several
    /// servers, unless the address limits each of them.
    pub(super) fn sharing(self, time: Duration) -> Self {
        let rounds = match self.attributes {
            SessionAttributes::PreferStandby => 2,
            SessionAttributes::Any
            | SessionAttributes::ReadWrite
            | SessionAttributes::ReadOnly
            | SessionAttributes::Primary
            | SessionAttributes::Standby => 1,
        };
        let attempts = u32::try_from(self.each.len() * rounds).unwrap_or(u32::MAX);
        let share = (self.each.len() > 1).then(|| time / attempts);
        Self { share, ..self }
    }

    /// Returns the same servers with `limit` as the server's own limit for statements and for waiting in a
    /// transaction, unless the address sets these limits.
    pub(super) fn limited_to(&self, limit: Duration) -> Self {
        let limit = limit.as_millis().max(1).to_string();
        let limited = |options: &PgConnectOptions| {
            // If an option is set several times, the server uses the last value.
            let said = options.get_options().unwrap_or_default();
            let limits = LIMITS.map(|name| (name, &limit));
            let unsaid = limits.into_iter().filter(|(name, _)| !said.contains(name));
            options.clone().options(unsaid)
        };
        Self {
            each: self.each.iter().map(limited).collect(),
            ..self.clone()
        }
    }

    /// Returns the addresses and database names, by which databases are distinguished.
    pub(super) fn places(&self) -> impl PartialEq + use<> {
        let places = self.each.iter().map(|options| {
            (
                options.get_host().to_owned(),
                options.get_port(),
                options.get_socket().cloned(),
                options.get_database().map(str::to_owned),
            )
        });
        places.collect::<Vec<_>>()
    }

    /// Returns a list of only the server with this name, whatever its role is now. The list is empty if no server has
    /// this name.
    pub(super) fn at(&self, name: &str) -> Self {
        let named = self.each.iter().filter(|one| name_of(one) == name);
        Self {
            each: named.cloned().collect(),
            attributes: SessionAttributes::Any,
            ..self.clone()
        }
    }

    /// Returns the names of all servers, separated by commas.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.each.iter().map(name_of).collect();
        names.join(", ")
    }

    /// Connects to the first server that responds and has the required role. Fails with the reason of each server,
    /// by name.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        let (_, connection) = self.connect_named().await?;
        Ok(connection)
    }

    /// Connects like [`connect`](Self::connect), and returns the name of the server, too. Fails with the reason of
    /// each server, by name.
    pub(super) async fn connect_named(&self) -> Result<NamedConnection, Error> {
        if self.attributes != SessionAttributes::PreferStandby {
            return self.connect_to(self.attributes).await;
        }
        match self.connect_to(SessionAttributes::PreferStandby).await {
            Ok(connection) => Ok(connection),
            Err(_) => self.connect_to(SessionAttributes::Any).await,
        }
    }

    async fn connect_to(&self, attributes: SessionAttributes) -> Result<NamedConnection, Error> {
        let mut failure = Error::PoolClosed;
        let mut earlier = String::new();
        for options in &self.each {
            match self.attempt(options, attributes).await {
                Ok(connection) => return Ok((name_of(options), connection)),
                Err(error) => {
                    let name = format!("{earlier}{}", name_of(options));
                    earlier = format!("{name}: {}; ", reason(&error));
                    failure = naming(&name, error);
                }
            }
        }
        Err(failure)
    }

    async fn attempt(
        &self,
        options: &PgConnectOptions,
        attributes: SessionAttributes,
    ) -> Result<PgConnection, Error> {
        let connect = async {
            let mut connection = PgConnection::connect_with(options).await?;
            match attributes.unmet(&mut connection).await? {
                None => Ok(connection),
                Some(reason) => {
                    connection.close().await?;
                    Err(Error::Configuration(reason.into()))
                }
            }
        };
        let (limit, source) = match (self.connect_timeout, self.share) {
            (Some(limit), _) => (limit, "connect_timeout"),
            (None, Some(share)) => (share, "its share of directory.timeout"),
            (None, None) => return connect.await,
        };
        timeout(limit, connect).await.unwrap_or_else(|_| {
            let reason = format!("no connection within {limit:?} ({source})");
            Err(Error::Io(std::io::Error::other(reason)))
        })
    }

    /// Fails if the server of a connection no longer has the required role, or does not respond. With
    /// `prefer-standby`, succeeds without a check: a server that was chosen although it is no standby is kept.
    pub(super) async fn check(&self, connection: &mut PgConnection) -> Result<(), Error> {
        if self.attributes == SessionAttributes::PreferStandby {
            return Ok(());
        }
        match self.attributes.unmet(connection).await? {
            None => Ok(()),
            Some(reason) => Err(Error::Configuration(reason.into())),
        }
    }

    #[cfg(test)]
    pub(super) fn each(&self) -> &[PgConnectOptions] {
        &self.each
    }
}
