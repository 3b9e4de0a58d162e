//! The address of Redis: one server, sentinels, or a cluster.

use percent_encoding::percent_decode_str;
use redis::{ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo};

const SENTINEL_PORT: u16 = 26379;

/// Where Redis is.
pub(super) enum Address {
    /// One server, always at the same place.
    Server(ConnectionInfo),
    /// The primary that sentinels name.
    Sentinels(SentinelAddress),
    /// A cluster that these servers know.
    Cluster(Vec<ConnectionInfo>),
}

/// Whom to ask for the primary, and how to enter there.
pub(super) struct SentinelAddress {
    pub(super) sentinels: Vec<ConnectionInfo>,
    pub(super) name: String,
    pub(super) primary: RedisConnectionInfo,
    pub(super) tls: bool,
}

impl Address {
    /// Reads an address. Says nothing of why it could not: it may hold a password.
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
                let server = server(tls, user, single(hosts)?)?;
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
            "redis+cluster" | "rediss+cluster" if path.is_empty() && query.only_tls() => hosts
                .map(|host| server(tls, user, host))
                .collect::<Option<Vec<_>>>()
                .map(Self::Cluster),
            _ => None,
        }
    }
}

impl Address {
    /// Returns all that tells one data set from another: kind, servers, name and database.
    pub(super) fn place(&self) -> String {
        let of = |servers: &[ConnectionInfo]| {
            let places = servers.iter().map(|server| format!("{:?}", server.addr()));
            places.collect::<Vec<_>>().join(",")
        };
        match self {
            Self::Server(server) => {
                let database = server.redis_settings().db();
                format!("server {:?} {database}", server.addr())
            }
            Self::Sentinels(address) => {
                let (name, database) = (&address.name, address.primary.db());
                let sentinels = of(&address.sentinels);
                format!("sentinels {sentinels} {name} {database} {}", address.tls)
            }
            Self::Cluster(servers) => format!("cluster {}", of(servers)),
        }
    }
}

/// What stands after the question mark.
#[derive(Default)]
struct Query {
    tls: bool,
    database: i64,
    sentinel: RedisConnectionInfo,
}

impl Query {
    fn parse(text: &str) -> Option<Self> {
        let mut query = Self::default();
        query.sentinel = quiet(query.sentinel);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            // This is no form: a plus sign stands for itself, as it does before the host.
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

    fn only_tls(&self) -> bool {
        let sentinel = &self.sentinel;
        self.database == 0 && sentinel.username().is_none() && sentinel.password().is_none()
    }

    fn is_empty(&self) -> bool {
        self.only_tls() && !self.tls
    }
}

/// Whether there is a password after the user, who may be left out. The library would not log in as a user
/// without one, and `redis-cli` would take that user for the password.
fn has_password(user: &str) -> bool {
    user.split_once(':')
        .is_some_and(|(_, password)| !password.is_empty())
}

/// The library reads user, password, host and port.
fn server(tls: bool, user: Option<&str>, host: &str) -> Option<ConnectionInfo> {
    let scheme = if tls { "rediss" } else { "redis" };
    let at = if user.is_some() { "@" } else { "" };
    let user = user.unwrap_or_default();
    let server = format!("{scheme}://{user}{at}{host}").into_connection_info();
    let server = server.ok()?;
    let redis = quiet(server.redis_settings().clone());
    Some(server.set_redis_settings(redis))
}

/// Does not introduce itself with a command that an access list need not allow.
fn quiet(redis: RedisConnectionInfo) -> RedisConnectionInfo {
    redis.set_skip_set_lib_name()
}

fn single<'a>(mut hosts: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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
mod tests {
    use super::*;

    fn places(servers: &[ConnectionInfo]) -> Vec<String> {
        servers.iter().map(|one| one.addr().to_string()).collect()
    }

    fn login(redis: &RedisConnectionInfo) -> (Option<&str>, Option<&str>) {
        (redis.username(), redis.password())
    }

    #[test]
    fn a_server_has_user_password_port_and_database() {
        let Some(Address::Server(server)) = Address::parse("rediss://us%40er:p%2Fw@h:1234/5")
        else {
            panic!("not a server");
        };
        assert_eq!(server.addr().to_string(), "h:1234");
        let redis = server.redis_settings();
        assert_eq!(login(redis), (Some("us@er"), Some("p/w")));
        assert_eq!(redis.db(), 5);
    }

    #[test]
    fn sentinels_have_credentials_of_their_own() {
        let text = "redis+sentinel://user:pw@a,b:7,[::1]/my-primary\
            ?db=3&tls=true&sentinel_user=s&sentinel_password=s%26w";
        let Some(Address::Sentinels(address)) = Address::parse(text) else {
            panic!("no sentinels");
        };
        assert_eq!(places(&address.sentinels), ["a:26379", "b:7", "::1:26379"]);
        let sentinel = address.sentinels[2].redis_settings();
        assert_eq!(login(sentinel), (Some("s"), Some("s&w")));
        assert_eq!(login(&address.primary), (Some("user"), Some("pw")));
        assert_eq!(address.primary.db(), 3);
        assert_eq!((address.name.as_str(), address.tls), ("my-primary", true));
    }

    #[test]
    fn a_cluster_is_a_list_of_servers() {
        let Some(Address::Cluster(servers)) = Address::parse("rediss+cluster://u:p@a:1,b") else {
            panic!("no cluster");
        };
        assert_eq!(places(&servers), ["a:1", "b:6379"]);
        for server in servers {
            assert_eq!(login(server.redis_settings()), (Some("u"), Some("p")));
        }
    }

    #[test]
    fn credentials_are_no_part_of_the_place_and_all_else_is() {
        let place = |text: &str| Address::parse(text).unwrap().place();
        for (one, other) in [
            ("redis://a:1/2", "redis://u:p@a:1/2"),
            (
                "redis+sentinel://u:p@a/n?sentinel_password=s",
                "redis+sentinel://v:q@a/n?sentinel_password=t",
            ),
            ("redis+cluster://u:p@a,b", "redis+cluster://v:q@a,b"),
        ] {
            assert_eq!(place(one), place(other));
        }
        let all = [
            "redis://a",
            "redis://b",
            "redis://a:1",
            "redis://a/1",
            "rediss://a",
            "redis+sentinel://a/n",
            "redis+sentinel://a/m",
            "redis+sentinel://a/n?db=1",
            "redis+sentinel://a,b/n",
            "redis+cluster://a",
            "redis+cluster://a,b",
        ];
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert_ne!(place(one), place(other));
            }
        }
    }

    #[test]
    fn a_plus_sign_is_a_plus_sign_wherever_it_stands() {
        let text =
            "redis+sentinel://u+r:p+%2B@a/name?sentinel_user=s+r&sentinel_password=s+%2Bw=%20";
        let Some(Address::Sentinels(address)) = Address::parse(text) else {
            panic!("no sentinels");
        };
        let sentinel = address.sentinels[0].redis_settings();
        assert_eq!(login(sentinel), (Some("s+r"), Some("s++w= ")));
        assert_eq!(login(&address.primary), (Some("u+r"), Some("p++")));
    }

    #[test]
    fn a_password_needs_no_user() {
        let Some(Address::Server(server)) = Address::parse("redis://:p@h") else {
            panic!("not a server");
        };
        assert_eq!(login(server.redis_settings()), (None, Some("p")));
    }

    #[test]
    fn ipv6_literals_are_understood_in_every_form() {
        for (text, expected) in [
            ("redis://[::1]", "::1:6379"),
            ("redis://[::1]:7/2", "::1:7"),
            ("rediss://u:p@[2001:db8::1]:7", "2001:db8::1:7"),
            ("redis+cluster://u:p@[::1]:7,[::2]", "::1:7 ::2:6379"),
            ("redis+sentinel://u:p@[::1]:7,[::2]/name", "::1:7 ::2:26379"),
        ] {
            let found = match Address::parse(text) {
                Some(Address::Server(server)) => places(&[server]),
                Some(Address::Sentinels(address)) => places(&address.sentinels),
                Some(Address::Cluster(servers)) => places(&servers),
                None => panic!("{text}"),
            };
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_no_address() {
        for text in [
            "",
            "redis:",
            "redis://",
            "redis://host:port",
            "redis://host/x",
            "redis://a,b",
            "redis://host?tls=true",
            "rediss://host#insecure",
            "redis+unix:///run/redis",
            "redis+sentinel://a,b",
            "redis+sentinel://a,b/",
            "redis+sentinel://a,,b/name",
            "redis+sentinel://a/name/more",
            "redis+sentinel://a/name?tls=perhaps",
            "redis+sentinel://a/name?password=x",
            "redis+cluster://a/0",
            "redis+cluster://a?db=1",
            "redis+cluster://a?sentinel_user=x",
            "redis+cluster://",
            "redis://user@host",
            "redis://user:@host",
            "redis://@host",
            "redis://:@host",
            "redis+cluster://user@a,b",
            "redis+sentinel://user@a/name",
            "redis+sentinel://a/name?sentinel_user=s",
            "redis+sentinel://a/name?sentinel_p%61ssword=x",
            "redis+sentinel://a/name?tls",
            "redis://u:%FF@host",
            "redis+sentinel://a/name?sentinel_password=%FF",
            "redis://::1",
            "redis://::1:6379",
            "redis+sentinel://::1/name",
            "redis+cluster://[::1",
        ] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
