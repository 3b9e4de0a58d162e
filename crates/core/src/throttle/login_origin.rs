//! The origin of a login: dialect, address, client, and proof that the client is known.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::error::AuthError;
use crate::network::Network;
use crate::refusal_cause::RefusalCause;
use crate::token::{Realm, Token};
use crate::user::User;

/// The client IP of a request, as the gateway has determined it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(IpAddr);

impl From<IpAddr> for ClientIp {
    /// Returns the client IP with that address. An IPv4-mapped IPv6 address becomes an IPv4 address.
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl ClientIp {
    /// Returns what counts as one source: an IPv4 address, or the /64 of IPv6 that one household has.
    pub fn host(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => prefix(address, 64),
        }
    }

    /// Returns the address.
    pub(crate) fn address(self) -> IpAddr {
        self.0
    }

    /// Returns `true` if that network contains the address.
    pub fn is_in(self, network: &Network) -> bool {
        network.contains(self.0)
    }

    /// Returns `true` if attempts from this client IP count for buckets of that network: that of the source, or that of
    /// the account.
    pub(crate) fn counts_for(self, network: &str) -> bool {
        network == self.host() || network == self.network()
    }

    /// Returns what counts as one network for the limit of an account: the /24 of IPv4, the /48 of IPv6.
    pub fn network(self) -> String {
        match self.0 {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => prefix(address, 48),
        }
    }
}

/// Writes the whole address.
impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the network with that prefix length, such as `2001:db8::/64`.
fn prefix(address: Ipv6Addr, length: u32) -> String {
    let bits = address.to_bits() & (u128::MAX << (128 - length));
    format!("{}/{length}", Ipv6Addr::from_bits(bits))
}

/// The origin of a login.
#[derive(Debug, Clone)]
pub struct LoginOrigin {
    /// The dialect of the login.
    pub realm: Realm,
    /// The client IP, if it is known.
    pub source: Option<ClientIp>,
    /// The device or program, if the dialect lets the client name itself. It is recorded and decides nothing: a
    /// stranger can send any name.
    pub client: Option<String>,
    /// Tokens that the request carries in addition to the credentials. A live one of the user whose name is
    /// tried proves that the client is known.
    pub device_tokens: Vec<Token>,
    /// What the login is for, if it names that: right credentials alone do not admit it.
    pub requested: Option<RequestedAccess>,
}

/// What a login names in addition to its credentials.
#[derive(Debug, Clone)]
pub enum RequestedAccess {
    /// One of the user's units; `None` for the default one.
    Unit(Option<String>),
    /// The user of that identifier.
    User(String),
}

impl RequestedAccess {
    /// Checks that the user has the requested unit, or is the requested user. Fails with
    /// [`AuthError::Forbidden`] for another unit, and with [`AuthError::InvalidCredentials`] for another user.
    pub(crate) fn check_admission(&self, user: &User) -> Result<(), AuthError> {
        match self {
            Self::Unit(unit) => {
                let unit = unit.as_ref().or(user.default_unit.as_ref());
                let has_it = unit.is_some_and(|unit| user.units.contains(unit));
                if has_it {
                    return Ok(());
                }
                let available = user.units.clone();
                Err(AuthError::Forbidden(RefusalCause::OtherUnit { available }))
            }
            Self::User(id) => {
                let is_it = user.id.to_string().eq_ignore_ascii_case(id);
                is_it
                    .then_some(())
                    .ok_or(AuthError::InvalidCredentials(RefusalCause::OtherUser))
            }
        }
    }
}

impl LoginOrigin {
    /// Returns the user if the user may have what the login is for. Fails with [`AuthError::Forbidden`] if the
    /// user does not have the requested unit, and with [`AuthError::InvalidCredentials`] if another user is
    /// requested.
    pub(crate) fn check_admission(&self, user: User) -> Result<User, AuthError> {
        if let Some(requested) = &self.requested {
            requested.check_admission(&user)?;
        }
        Ok(user)
    }

    /// Creates the origin of a login in a dialect, without client, device tokens and requested access.
    pub fn new(realm: Realm, source: Option<ClientIp>) -> Self {
        Self {
            realm,
            source,
            client: None,
            device_tokens: Vec::new(),
            requested: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network() {
        for (address, host, network) in [
            ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
            (
                "2001:db8:1:2:3:4:5:6",
                "2001:db8:1:2::/64",
                "2001:db8:1::/48",
            ),
        ] {
            let source = ClientIp::from(address.parse::<IpAddr>().unwrap());
            assert_eq!(source.host(), host);
            assert_eq!(source.network(), network);
        }
    }
}
