//! `/token` according to RFC 8693, and its results.

use data_encoding::BASE64URL_NOPAD;
use isogloss_testkit::dialects::{TestUser, TokenKind};
use isogloss_testkit::{Gateway, Response};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

use crate::introspection::token_extraction::{carried, dialect, speaks};
use crate::introspection::{gateway, key_set, post};

const GRANT: (&str, &str) = (
    "grant_type",
    "urn:ietf:params:oauth:grant-type:token-exchange",
);
const OF_ANY_DIALECT: (&str, &str) = (
    "subject_token_type",
    "urn:ietf:params:oauth:token-type:access_token",
);

fn exchange(gateway: &Gateway, form: &[(&str, &str)]) -> Response {
    let mut all = vec![GRANT, OF_ANY_DIALECT];
    all.retain(|(name, _)| !form.iter().any(|(other, _)| other == name));
    all.extend(form);
    post(gateway, "/token", &all)
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

/// Returns the claims. Panics unless one of the published keys has signed them.
fn claims(gateway: &Gateway, jwt: &str) -> Value {
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let published = key_set(gateway).json().unwrap();
    let keys = published["keys"].as_array().unwrap();
    let header = decoded(header);
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("at+jwt"))
    );
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let member = |name: &str| BASE64URL_NOPAD.decode(key[name].as_str().unwrap().as_bytes());
    let (n, e) = (member("n").unwrap(), member("e").unwrap());
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let key = RsaPublicKeyComponents { n, e };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
        .unwrap();
    decoded(claims)
}

#[test]
fn a_live_token_of_any_dialect_is_exchanged_for_a_jwt_that_the_keys_fit() {
    let gateway = gateway();
    for held in TestUser::admin().every_token(gateway.public()).unwrap() {
        let own_type = format!("urn:isogloss:token-type:{}", dialect(held.kind));
        let as_carried = carried(&held).swap_remove(0);
        for form in [
            vec![("subject_token", &*held.text)],
            vec![("subject_token", as_carried.text())],
            vec![
                ("subject_token", &held.text),
                ("subject_token_type", &own_type),
            ],
            vec![("subject_token", &held.text), ("audience", "archive")],
        ] {
            let answer = exchange(&gateway, &form);
            let body = answer.json().unwrap();
            if !speaks(held.kind) {
                assert_eq!(answer.status, 400, "{:?}", held.kind);
                assert_eq!(body["error"], "invalid_request");
                continue;
            }
            assert_eq!(answer.status, 200, "{form:?}");
            assert_eq!(answer.header("Cache-Control"), Some("no-store"));
            assert_eq!(
                body["issued_token_type"],
                "urn:ietf:params:oauth:token-type:access_token"
            );
            assert_eq!(body["token_type"], "Bearer");
            assert_eq!(body["expires_in"], 300);
            let claims = claims(&gateway, body["access_token"].as_str().unwrap());
            let named = form.iter().find(|(name, _)| *name == "audience");
            assert_eq!(claims["aud"], named.map_or("services", |(_, named)| named));
            assert_eq!(claims["iss"], "https://login.example.com");
            assert_eq!(claims["dialect"], dialect(held.kind));
            assert_eq!(claims["organisation"], "CRMDEMO");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_the_words_of_the_standard() {
    let gateway = gateway();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let token = &tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "access"))
        .unwrap()
        .text;
    let token = ("subject_token", &**token);
    for (form, error) in [
        (vec![], "invalid_request"),
        (
            vec![token, ("grant_type", "password")],
            "unsupported_grant_type",
        ),
        (
            vec![token, ("subject_token_type", "urn:x")],
            "invalid_request",
        ),
        (
            vec![
                token,
                ("subject_token_type", "urn:isogloss:token-type:klingon"),
            ],
            "invalid_request",
        ),
        (
            vec![
                token,
                ("subject_token_type", "urn:isogloss:token-type:crmcom"),
            ],
            "invalid_request",
        ),
        (
            vec![
                token,
                (
                    "requested_token_type",
                    "urn:ietf:params:oauth:token-type:saml2",
                ),
            ],
            "invalid_request",
        ),
        (vec![token, ("audience", "elsewhere")], "invalid_target"),
        (
            vec![
                token,
                ("audience", "archive"),
                ("resource", "https://elsewhere"),
            ],
            "invalid_target",
        ),
        (vec![token, ("actor_token", "x")], "invalid_request"),
        (
            vec![("subject_token", "35eb2b5e94b54d5aafa6b6a7b6e8de01")],
            "invalid_request",
        ),
    ] {
        let answer = exchange(&gateway, &form);
        assert_eq!(answer.status, 400, "{form:?}");
        assert_eq!(answer.json().unwrap()["error"], error, "{form:?}");
    }
}

#[test]
fn without_jwts_there_is_nothing_to_exchange_for_and_no_key() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    let answer = exchange(&gateway, &[("subject_token", "x")]);
    assert_eq!(answer.json().unwrap()["error"], "unsupported_grant_type");
    assert_eq!(key_set(&gateway).json().unwrap(), json!({"keys": []}));
}

#[test]
fn the_secret_is_made_at_the_first_start_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("jwt-secret");
    let start = || {
        Gateway::builder(crate::PROGRAM)
            .config_text("[jwt]\nenabled = true\nissuer = \"a\"\naudience = \"b\"")
            .env("ISOGLOSS__JWT__SECRET_FILE", secret.display().to_string())
            .directory(format!("sqlite:{}", folder.path().join("d.db").display()))
            .start()
            .unwrap()
    };
    let first = start();
    assert!(first.logs("created a JWT secret"));
    let second = start();
    let keys = key_set(&first).json().unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert_eq!(keys, key_set(&second).json().unwrap());
    assert!(
        second
            .log()
            .iter()
            .all(|line| !line.contains("created a JWT secret"))
    );
}
