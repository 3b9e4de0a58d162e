//! The address of Redis: one server, sentinels, or a cluster.

use percent_encoding::percent_decode_str;
use redis::{ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo};

const SENTINEL_PORT: u16 = 26379;

/// The address of Redis.
pub(super) enum Address {
    /// One server, always at the same address.
    Server(ConnectionInfo),
    /// The primary that sentinels name.
    Sentinels(SentinelAddress),
    /// A cluster, by the addresses of some servers.
    Cluster(Vec<ConnectionInfo>),
}

/// The sentinels that name the primary, and how to log in to it.
pub(super) struct SentinelAddress {
    pub(super) sentinels: Vec<ConnectionInfo>,
    pub(super) name: String,
    pub(super) primary: RedisConnectionInfo,
    pub(super) tls: bool,
}

impl Address {
    /// Parses the address of a server, of sentinels or of a cluster. `None` if it is not valid; no reason is
    /// given, as the text may contain a password.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if rest.contains('#') {
            return None;
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        if !user.is_none_or(has_password) {
            return None;
        }
        let query = Query::parse(query)?;
        let tls = scheme.starts_with("rediss") || query.tls;
        let hosts = hosts.split(',');
        match scheme {
            "redis" | "rediss" if query.is_empty() => {
                let database = path.parse::<u16>().ok();
                if database.is_none() && !path.is_empty() {
                    return None;
                }
                let server = server(tls, user, only_host(hosts)?)?;
                let redis = server.redis_settings().clone();
                let redis = redis.set_db(database.unwrap_or_default().into());
                Some(Self::Server(server.set_redis_settings(redis)))
            }
            "redis+sentinel" | "rediss+sentinel" if is_name(path) => {
                let mut sentinels = Vec::new();
                for host in hosts {
                    let host = with_port(host, SENTINEL_PORT);
                    let sentinel = server(tls, None, &host)?;
                    sentinels.push(sentinel.set_redis_settings(query.sentinel.clone()));
                }
                let primary = server(tls, user, "primary")?;
                let primary = primary.redis_settings().clone().set_db(query.database);
                Some(Self::Sentinels(SentinelAddress {
                    sentinels,
                    name: path.to_owned(),
                    primary,
                    tls,
                }))
            }
            "redis+cluster" | "rediss+cluster" if path.is_empty() && query.has_only_tls() => hosts
                .map(|host| server(tls, user, host))
                .collect::<Option<Vec<_>>>()
                .map(Self::Cluster),
            _ => None,
        }
    }
}

impl Address {
    /// Returns a text that is the same for two addresses only if they lead to the same data: kind, servers,
    /// name and database, without credentials.
    pub(super) fn data_set(&self) -> String {
        let addresses = |servers: &[ConnectionInfo]| {
            let listed = servers.iter().map(|server| format!("{:?}", server.addr()));
            listed.collect::<Vec<_>>().join(",")
        };
        match self {
            Self::Server(server) => {
                let database = server.redis_settings().db();
                format!("server {:?} {database}", server.addr())
            }
            Self::Sentinels(address) => {
                let (name, database) = (&address.name, address.primary.db());
                let sentinels = addresses(&address.sentinels);
                format!("sentinels {sentinels} {name} {database} {}", address.tls)
            }
            Self::Cluster(servers) => format!("cluster {}", addresses(servers)),
        }
    }
}

/// The parameters after the question mark.
#[derive(Default)]
struct Query {
    tls: bool,
    database: i64,
    sentinel: RedisConnectionInfo,
}

impl Query {
    fn parse(text: &str) -> Option<Self> {
        let mut query = Self::default();
        query.sentinel = without_client_setinfo(query.sentinel);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            // Not form-encoded: a plus sign stands for itself, as it does before the host.
            let (key, value) = pair.split_once('=')?;
            let value = percent_decode_str(value).decode_utf8().ok()?;
            match key {
                "tls" => query.tls = value.parse().ok()?,
                "db" => query.database = value.parse::<u16>().ok()?.into(),
                "sentinel_user" => query.sentinel = query.sentinel.set_username(value),
                "sentinel_password" => query.sentinel = query.sentinel.set_password(value),
                _ => return None,
            }
        }
        let sentinel = &query.sentinel;
        let has_password = sentinel
            .password()
            .is_some_and(|password| !password.is_empty());
        (has_password || sentinel.username().is_none()).then_some(query)
    }

    fn has_only_tls(&self) -> bool {
        let sentinel = &self.sentinel;
        self.database == 0 && sentinel.username().is_none() && sentinel.password().is_none()
    }

    fn is_empty(&self) -> bool {
        self.has_only_tls() && !self.tls
    }
}

/// Returns whether `user` (`name:password`, where the name may be empty) has a password. An address without
/// one is refused: the library would not log in as a user without a password, and `redis-cli` would take the
/// name for the password.
fn has_password(user: &str) -> bool {
    user.split_once(':')
        .is_some_and(|(_, password)| !password.is_empty())
}

/// Parses user, password, host and port with the library's parser. `None` if the parser refuses them.
fn server(tls: bool, user: Option<&str>, host: &str) -> Option<ConnectionInfo> {
    let scheme = if tls { "rediss" } else { "redis" };
    let separator = if user.is_some() { "@" } else { "" };
    let user = user.unwrap_or_default();
    let server = format!("{scheme}://{user}{separator}{host}").into_connection_info();
    let server = server.ok()?;
    let redis = without_client_setinfo(server.redis_settings().clone());
    Some(server.set_redis_settings(redis))
}

/// Returns the settings with `CLIENT SETINFO` switched off: an access list need not allow that command.
fn without_client_setinfo(redis: RedisConnectionInfo) -> RedisConnectionInfo {
    redis.set_skip_set_lib_name()
}

fn only_host<'a>(mut hosts: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = hosts.next()?;
    hosts.next().is_none().then_some(first)
}

fn is_name(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    !path.is_empty() && path.chars().all(allowed)
}

fn with_port(host: &str, port: u16) -> String {
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.ends_with(']'));
    if has_port || host.is_empty() {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests;
