//! RFC 9068, JWTs as access tokens.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use isogloss_testkit::Request;
use serde_json::{Value, json};

use crate::introspection::{gateway, introspect, jwt, part, token};

#[test]
fn rfc_9068_2_1_the_header_says_that_it_is_an_access_token_and_names_its_key() {
    let gateway = gateway();
    let of_jwt = jwt(&gateway, &token(&gateway, "bimplus"), &[]);
    let header = part(&of_jwt, 0);
    assert_eq!(header["typ"], "at+jwt");
    let keys = Request::get("/.well-known/jwks.json");
    let keys = keys.send(gateway.management()).unwrap().json().unwrap();
    let keys = keys["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!(key["alg"], header["alg"]);
    assert_ne!(header["alg"], "none");
}

#[test]
fn rfc_9068_2_2_every_jwt_has_the_required_claims() {
    let gateway = gateway();
    let mut identifiers = BTreeSet::new();
    for dialect in ["bimplus", "crmcom", "tokenlogin", "memsource"] {
        let token = token(&gateway, dialect);
        for _ in 0..3 {
            let claims = part(&jwt(&gateway, &token, &[]), 1);
            for text in ["iss", "aud", "sub", "client_id", "jti", "sid"] {
                assert!(claims[text].is_string(), "{dialect} {text}");
            }
            for number in ["exp", "iat"] {
                assert!(claims[number].is_i64(), "{dialect} {number}");
            }
            assert!(identifiers.insert(claims["jti"].to_string()));
        }
    }
}

#[test]
fn rfc_9068_2_2_3_the_scopes_are_those_of_the_subject() {
    let gateway = gateway();
    let claims = part(&jwt(&gateway, &token(&gateway, "crmcom"), &[]), 1);
    assert_eq!(claims["scope"], "read write admin");
}

/// Returns the JWT with other members in its header (0) or its claims (1), and the old signature.
fn changed(jwt: &str, index: usize, change: &Value) -> String {
    let mut parts: Vec<_> = jwt.split('.').map(str::to_owned).collect();
    let mut members = part(jwt, index);
    let all = members.as_object_mut().unwrap();
    all.extend(change.as_object().unwrap().clone());
    parts[index] = BASE64URL_NOPAD.encode(members.to_string().as_bytes());
    parts.join(".")
}

#[test]
fn rfc_9068_4_a_jwt_that_the_gateway_has_not_signed_is_not_valid() {
    let gateway = gateway();
    let of_jwt = jwt(&gateway, &token(&gateway, "bimplus"), &[]);
    let (unsigned, _) = of_jwt.rsplit_once('.').unwrap();
    for forged in [
        changed(&of_jwt, 0, &json!({"alg": "none"})),
        changed(&of_jwt, 0, &json!({"typ": "JWT"})),
        changed(&of_jwt, 0, &json!({"kid": "x"})),
        changed(&of_jwt, 1, &json!({"scope": "read write admin moon"})),
        changed(&of_jwt, 1, &json!({"exp": 4_102_444_800_i64})),
        format!("{unsigned}."),
        unsigned.to_owned(),
        format!("{of_jwt}.x"),
    ] {
        let inactive = json!({"active": false});
        assert_eq!(introspect(&gateway, &forged), inactive, "{forged}");
    }
    assert_eq!(introspect(&gateway, &of_jwt)["active"], true);
}
