use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::*;
use crate::jwt::TokenClaims;

fn claims(username: &str) -> TokenClaims<'_> {
    TokenClaims::of_linguist(username)
}

fn chosen(values: ValueEncoding, headers: &[(&str, HeaderClaim)]) -> IdentityHeaders {
    let headers = headers.iter();
    let headers = headers.map(|(name, claim)| ((*name).to_owned(), *claim));
    IdentityHeaders::new(&ForwardAuth {
        values,
        headers: headers.collect::<BTreeMap<_, _>>(),
    })
}

/// Returns the headers of a user, after a client has sent others.
fn written(headers: &IdentityHeaders, username: &str, jwt: Option<&str>) -> HeaderMap {
    let mut map = sent();
    let identity = Identity {
        claims: &claims(username),
        expires_at: OffsetDateTime::UNIX_EPOCH,
        jwt,
    };
    headers.write(&mut map, Some(&identity));
    map
}

fn sent() -> HeaderMap {
    let mut map = HeaderMap::new();
    for name in [
        "remote-user",
        "remote-email",
        "authorization",
        "x-isogloss-user",
    ] {
        for value in ["forged", "forged, too"] {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
    }
    map
}

fn all<'m>(map: &'m HeaderMap, name: &str) -> Vec<&'m [u8]> {
    map.get_all(name).map(HeaderValue::as_bytes).collect()
}

#[test]
fn a_value_cannot_end_its_header() {
    for (text, percent_encoded, utf8) in [
        ("J\u{fc}rgen", "J%C3%BCrgen", "J\u{fc}rgen"),
        (
            "a\r\nX-Isogloss-Role: ADMIN",
            "a%0D%0AX-Isogloss-Role: ADMIN",
            "",
        ),
        ("ad\u{0}min", "ad%00min", ""),
        ("ad\tmin", "ad%09min", ""),
        ("admin\u{85}", "admin%C2%85", ""),
        ("ad\u{202e}nim", "ad%E2%80%AEnim", ""),
        ("100 %", "100 %25", "100 %"),
        ("", "", ""),
    ] {
        assert_eq!(escaped(text), percent_encoded);
        assert_eq!(unchanged(text).as_bytes(), utf8.as_bytes());
    }
}

#[test]
fn every_chosen_header_is_set_once_and_our_own_stay_encoded() {
    let names = [
        ("Remote-User", HeaderClaim::UserName),
        ("Remote-Email", HeaderClaim::Email),
        ("Authorization", HeaderClaim::Bearer),
    ];
    let utf8 = chosen(ValueEncoding::Utf8, &names);
    let map = written(&utf8, "J\u{fc}rgen", Some("a.b.c"));
    assert_eq!(all(&map, "remote-user"), ["J\u{fc}rgen".as_bytes()]);
    assert_eq!(all(&map, "remote-email"), [b""]);
    assert_eq!(all(&map, "authorization"), [b"Bearer a.b.c"]);
    assert_eq!(all(&map, "x-isogloss-user-name"), [b"J%C3%BCrgen"]);
    assert_eq!(map.len(), OWN.len() + names.len());
    let encoded = chosen(ValueEncoding::PercentEncoded, &names);
    let map = written(&encoded, "J\u{fc}rgen", Some("a.b.c"));
    assert_eq!(all(&map, "remote-user"), [b"J%C3%BCrgen"]);
}

#[test]
fn without_an_identity_nothing_of_what_a_client_sent_stays() {
    let headers = chosen(
        ValueEncoding::Utf8,
        &[
            ("Remote-User", HeaderClaim::UserName),
            ("Authorization", HeaderClaim::Bearer),
        ],
    );
    let mut map = sent();
    headers.write(&mut map, None);
    assert_eq!(all(&map, "remote-user"), [b""]);
    assert_eq!(all(&map, "x-isogloss-user"), [b""]);
    assert!(!map.contains_key(AUTHORIZATION));
    // Not chosen, so a matter of the client.
    assert_eq!(all(&map, "remote-email").len(), 2);
}

#[test]
fn the_page_lists_every_header_for_ingress_nginx() {
    let page = include_str!("../../../../../docs/reverse-proxies.md");
    let mut lines = page.lines();
    let list = lines.find(|line| line.contains("auth-response-headers: "));
    let (_, list) = list.unwrap().split_once("headers: ").unwrap();
    let listed: Vec<_> = list.split(", ").map(str::to_ascii_lowercase).collect();
    let own = OWN.map(|(name, _)| name.as_str().to_owned());
    for name in &own {
        assert!(listed.contains(name), "{name}");
    }
    assert_eq!(listed.len(), own.len());
}
