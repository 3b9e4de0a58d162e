use std::time::Duration;

use isogloss_core::TokenDigest;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use time::macros::datetime;
use uuid::Uuid;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);
const HOUR: Duration = Duration::from_hours(1);
const SECRET: &str = "a secret of at least thirty-two bytes";

fn jwts(secrets: &[&str]) -> JwtSigner {
    let settings = Settings {
        issuer: "https://login.example.com".to_owned(),
        audience: "tms".to_owned(),
        audiences: vec!["archive".to_owned()],
        key_lifetime: HOUR,
        ..Settings::default()
    };
    let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).into()).collect();
    JwtSigner::new(&settings, &secrets)
}

fn identity() -> TokenClaims<'static> {
    TokenClaims {
        sub: Uuid::nil(),
        username: "linguist",
        number: 35,
        email: None,
        organisation: "CRMDEMO",
        organisation_id: Uuid::nil(),
        role: "LINGUIST",
        dialect: "memsource",
        client_id: None,
        application: None,
        unit: None,
        team: None,
        claimed: None,
        act: None,
        jti: TokenDigest::from([0xa5; 16]),
    }
}

/// Returns a JWT that is signed at `now`, from a token that expires a day later.
fn signed(jwts: &JwtSigner, now: OffsetDateTime) -> SignedJwt {
    let audience = [jwts.audience().to_owned()];
    jwts.sign(&identity(), &audience, now + HOUR * 24, now)
}

fn part(jwt: &SignedJwt, index: usize) -> Value {
    let part = jwt.text.split('.').nth(index).unwrap();
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Returns whether the JWT names one of the keys, and is signed with that key.
fn fits(jwt: &SignedJwt, keys: &[Value]) -> bool {
    let (message, signature) = jwt.text.rsplit_once('.').unwrap();
    let named = keys.iter().find(|key| key["kid"] == part(jwt, 0)["kid"]);
    named.is_some_and(|key| {
        let key = BASE64URL_NOPAD.decode(key["x"].as_str().unwrap().as_bytes());
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        UnparsedPublicKey::new(&ED25519, key.unwrap())
            .verify(message.as_bytes(), &signature)
            .is_ok()
    })
}

#[test]
fn a_jwt_says_who_it_is_about_whom_it_is_for_and_until_when() {
    let jwts = jwts(&[SECRET]);
    let jwt = signed(&jwts, NOW);
    assert_eq!(part(&jwt, 0)["alg"], "EdDSA");
    let claims = part(&jwt, 1);
    assert_eq!(claims["iss"], "https://login.example.com");
    assert_eq!(claims["aud"], "tms");
    assert_eq!(claims["username"], "linguist");
    assert_eq!(claims["iat"], NOW.unix_timestamp());
    assert_eq!(claims["exp"], NOW.unix_timestamp() + 300);
    assert_eq!(jwt.expires_in, 300);
    assert!(fits(&jwt, &jwts.published(NOW)));
}

#[test]
fn a_jwt_never_outlives_its_token() {
    let jwts = jwts(&[SECRET]);
    let audience = ["tms".to_owned(), "archive".to_owned()];
    let ends_at = NOW + Duration::from_secs(7);
    let jwt = jwts.sign(&identity(), &audience, ends_at, NOW);
    assert_eq!(jwt.expires_in, 7);
    assert_eq!(part(&jwt, 1)["aud"], json!(["tms", "archive"]));
}

#[test]
fn gateways_with_one_secret_have_the_same_keys() {
    let (here, there) = (jwts(&[SECRET]), jwts(&[SECRET]));
    assert_eq!(here.published(NOW), there.published(NOW));
    assert!(fits(&signed(&here, NOW), &there.published(NOW)));
    let stranger = jwts(&["another secret of thirty-two bytes!"]);
    assert!(!fits(&signed(&here, NOW), &stranger.published(NOW)));
}

#[test]
fn a_key_is_published_before_it_signs_and_after() {
    let jwts = jwts(&[SECRET]);
    let now = signed(&jwts, NOW);
    let later = signed(&jwts, NOW + HOUR);
    assert_ne!(part(&now, 0)["kid"], part(&later, 0)["kid"]);
    for (moment, known) in [
        (NOW - HOUR * 2, false),
        (NOW - HOUR, true),
        (NOW, true),
        (NOW + HOUR, true),
        (NOW + HOUR * 2, false),
    ] {
        assert_eq!(fits(&now, &jwts.published(moment)), known, "{moment}");
    }
}

#[test]
fn the_keys_of_the_secret_before_are_published() {
    let before = signed(&jwts(&["the secret before, of thirty-two bytes"]), NOW);
    let rotated = jwts(&[SECRET, "the secret before, of thirty-two bytes"]);
    assert!(fits(&before, &rotated.published(NOW)));
    assert_ne!(
        part(&before, 0)["kid"],
        part(&signed(&rotated, NOW), 0)["kid"]
    );
    let forgot = jwts(&[SECRET]);
    assert!(!fits(&before, &forgot.published(NOW)));
}
