//! Valid and invalid addresses of every kind.

use super::*;

fn places(servers: &[ConnectionInfo]) -> Vec<String> {
    servers.iter().map(|one| one.addr().to_string()).collect()
}

fn login(redis: &RedisConnectionInfo) -> (Option<&str>, Option<&str>) {
    (redis.username(), redis.password())
}

#[test]
fn a_server_has_user_password_port_and_database() {
    let Some(Address::Server(server)) = Address::parse("rediss://us%40er:p%2Fw@h:1234/5") else {
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
    let data_set = |text: &str| Address::parse(text).unwrap().data_set();
    for (one, other) in [
        ("redis://a:1/2", "redis://u:p@a:1/2"),
        (
            "redis+sentinel://u:p@a/n?sentinel_password=s",
            "redis+sentinel://v:q@a/n?sentinel_password=t",
        ),
        ("redis+cluster://u:p@a,b", "redis+cluster://v:q@a,b"),
    ] {
        assert_eq!(data_set(one), data_set(other));
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
            assert_ne!(data_set(one), data_set(other));
        }
    }
}

#[test]
fn a_plus_sign_is_a_plus_sign_wherever_it_stands() {
    let text = "redis+sentinel://u+r:p+%2B@a/name?sentinel_user=s+r&sentinel_password=s+%2Bw=%20";
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
