//! Bytes that parsers often handle wrong, and where they are inserted.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Name and value, encoded as in a body or a query.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

const PIECES: [&[u8]; 26] = [
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"%",
    b"%00",
    b"%ff",
    b"+",
    b"\xff",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\"",
    b"'",
    b"\\",
    b"\\u",
    b"{",
    b"[",
    b"}",
    b"&",
    b"=",
    b"/",
    b"/*",
    b"--x",
    b": ",
    b",",
    b"99999999999999999999",
];

/// Returns the names that a dialect reads in bodies and queries.
fn names(dialect: &str) -> &'static [&'static str] {
    match dialect {
        "bimplus" => &[
            "user_id",
            "password",
            "remember_me",
            "remember_me_token",
            "remeber_me_token",
            "client_id",
            "application_id",
            "cross_token",
            "creator_user_id",
            "access_token",
            "api-token",
        ],
        "crmcom" => &[
            "username",
            "password",
            "organisation",
            "organization",
            "unit",
            "access_token_identifier",
            "authentication_code",
            "identifier",
            "pass_code",
            "token",
        ],
        "tokenlogin" => &[
            "APIKey",
            "APIToken",
            "fields",
            "suppressResponseCodes",
            "userName",
            "password",
            "deviceName",
            "generateReAuthenticationToken",
            "reAuthenticationToken",
            "LoginName",
            "ResetKey",
        ],
        _ => &[
            "userName", "username", "password", "code", "userUid", "token", "url",
        ],
    }
}

/// Generates any bytes, fewer than `end`.
pub(super) fn bytes(end: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..end)
}

pub(super) fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => select(&PIECES).prop_map(<[u8]>::to_vec),
        1 => bytes(8),
        1 => (select(&PIECES), 0..2000_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

/// Generates a name that the dialect reads, in various cases.
pub(super) fn name(dialect: &str) -> impl Strategy<Value = String> + Clone + use<> {
    (select(names(dialect)), 0..4_u8).prop_map(|(name, case)| match case {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        _ => name.to_owned(),
    })
}

/// Generates these bytes with up to three places removed, replaced or inserted.
pub(crate) fn damaged(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![2 => Just(0), 2 => Just(1), 2 => 0..40_usize, 1 => Just(usize::MAX)];
    vec((any::<Index>(), length, piece()), 1..4).prop_map(move |places| {
        let mut bytes = bytes.clone();
        for (place, length, piece) in places {
            let start = place.index(bytes.len() + 1);
            let end = start.saturating_add(length).min(bytes.len());
            bytes.splice(start..end, piece);
        }
        bytes
    })
}

/// Generates these pairs with up to three of them removed, renamed, changed or added.
pub(super) fn edited(
    pairs: Vec<Pair>,
    name: impl Strategy<Value = Vec<u8>>,
    value: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<Pair>> {
    let edit = (any::<Index>(), option::of(name), option::of(value));
    vec(edit, 0..4).prop_map(move |edits| {
        let mut pairs = pairs.clone();
        for (place, name, value) in edits {
            let place = place.index(pairs.len() + 1);
            match (name, value, pairs.get_mut(place)) {
                (Some(name), Some(value), _) => pairs.insert(place, (name, value)),
                (Some(name), None, Some(pair)) => pair.0 = name,
                (None, Some(value), Some(pair)) => pair.1 = value,
                (None, None, Some(_)) => drop(pairs.remove(place)),
                (_, _, None) => {}
            }
        }
        pairs
    })
}
