mod files;
mod reuse;
mod stored;
mod verification;

use std::time::Duration;

use ::ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use isogloss_core::TokenDigest;
use serde_json::Value;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);
const DAY: Duration = Duration::from_hours(24);
const SECRET: &str = "a secret of at least thirty-two bytes";
const OTHER: &str = "another secret, of thirty-two bytes";

fn settings(algorithm: JwtAlgorithm) -> Settings {
    Settings {
        issuer: "https://login.example.com".to_owned(),
        audience: "tms".to_owned(),
        audiences: vec!["archive".to_owned()],
        algorithm,
        key_lifetime: DAY,
        ..Settings::default()
    }
}

/// Returns the secrets, the current one first, then the previous and the next one.
fn secrets(all: [Option<&str>; 3]) -> JwtSecrets {
    let [current, previous, next] = all.map(|secret| secret.map(Into::into));
    JwtSecrets {
        current,
        previous,
        next,
    }
}

fn signer(settings: &Settings, all: [Option<&str>; 3]) -> JwtSigner {
    let files = KeyFiles::read(settings).unwrap();
    JwtSigner::new(settings, &secrets(all), files, Duration::ZERO)
}

/// Returns a signer that needs no directory.
fn jwts(all: [Option<&str>; 3]) -> JwtSigner {
    signer(&settings(JwtAlgorithm::EdDsa), all)
}

fn identity() -> TokenClaims<'static> {
    TokenClaims::of_linguist("linguist")
}

/// Returns a JWT that is signed at `now`, from a token that expires a day later.
fn signed(jwts: &JwtSigner, now: OffsetDateTime) -> SignedJwt {
    let audience = [jwts.audience().to_owned()];
    jwts.sign(&identity(), &audience, now + DAY, now).unwrap()
}

fn part(jwt: &SignedJwt, index: usize) -> Value {
    let part = jwt.text.split('.').nth(index).unwrap();
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn kid(jwt: &SignedJwt) -> Value {
    part(jwt, 0)["kid"].clone()
}

/// Returns whether another library than the gateway's finds that a key has signed the message.
fn has_signed(key: &Value, message: &[u8], signature: &[u8]) -> bool {
    let member = |name: &str| BASE64URL_NOPAD.decode(key[name].as_str().unwrap().as_bytes());
    let verified = match key["kty"].as_str().unwrap() {
        "RSA" => {
            let (n, e) = (member("n").unwrap(), member("e").unwrap());
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        }
        "EC" => {
            let point = [vec![4], member("x").unwrap(), member("y").unwrap()].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
        }
        "OKP" => UnparsedPublicKey::new(&ED25519, member("x").unwrap()).verify(message, signature),
        kind => panic!("{kind}"),
    };
    verified.is_ok()
}

/// Returns whether the JWT names one of the keys, and is signed with that key.
fn fits(jwt: &SignedJwt, keys: &[Value]) -> bool {
    let (message, signature) = jwt.text.rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let named = keys.iter().find(|key| key["kid"] == kid(jwt));
    named.is_some_and(|key| {
        key["alg"] == part(jwt, 0)["alg"] && has_signed(key, message.as_bytes(), &signature)
    })
}

fn published(jwts: &JwtSigner, now: OffsetDateTime) -> Vec<Value> {
    jwts.published(now).unwrap()
}

#[test]
fn a_jwt_says_who_it_is_about_whom_it_is_for_and_until_when() {
    let jwts = jwts([Some(SECRET), None, None]);
    let jwt = signed(&jwts, NOW);
    let keys = published(&jwts, NOW);
    let header = json!({ "alg": "EdDSA", "kid": keys[0]["kid"], "typ": "at+jwt" });
    assert_eq!(part(&jwt, 0), header);
    let claims = part(&jwt, 1);
    assert_eq!(claims["iss"], "https://login.example.com");
    assert_eq!(claims["aud"], "tms");
    assert_eq!(claims["username"], "linguist");
    assert_eq!(claims["iat"], NOW.unix_timestamp());
    assert_eq!(claims["exp"], NOW.unix_timestamp() + 300);
    assert_eq!(claims["sid"], identity().handle.to_string());
    assert_eq!(jwt.expires_in, 300);
    assert!(fits(&jwt, &keys));
    assert_ne!(part(&signed(&jwts, NOW), 1)["jti"], claims["jti"]);
}

#[test]
fn a_jwt_never_outlives_its_token() {
    let jwts = jwts([Some(SECRET), None, None]);
    let audience = ["tms".to_owned(), "archive".to_owned()];
    let ends_at = NOW + Duration::from_secs(7);
    let jwt = jwts.sign(&identity(), &audience, ends_at, NOW).unwrap();
    assert_eq!(jwt.expires_in, 7);
    assert_eq!(part(&jwt, 1)["aud"], json!(["tms", "archive"]));
}

#[test]
fn a_jwt_is_valid_for_the_greatest_age_at_most() {
    let settings = settings(JwtAlgorithm::EdDsa);
    for (max_age, lifetime) in [(0, 300), (60, 60), (3_600, 300)] {
        let secrets = secrets([Some(SECRET), None, None]);
        let max_age = Duration::from_secs(max_age);
        let jwts = JwtSigner::new(&settings, &secrets, KeyFiles::default(), max_age);
        assert_eq!(signed(&jwts, NOW).expires_in, lifetime);
        assert_eq!(i64::try_from(jwts.lifetime().as_secs()), Ok(lifetime));
    }
}

#[test]
fn gateways_with_one_secret_have_the_same_keys() {
    let only = [Some(SECRET), None, None];
    let (here, there) = (jwts(only), jwts(only));
    assert_eq!(published(&here, NOW), published(&there, NOW));
    assert!(fits(&signed(&here, NOW), &published(&there, NOW)));
    let stranger = jwts([Some(OTHER), None, None]);
    assert!(!fits(&signed(&here, NOW), &published(&stranger, NOW)));
}

#[test]
fn derived_keys_are_those_of_earlier_releases() {
    let secret = "0123456789abcdef0123456789abcdef";
    let keys = published(&jwts([Some(secret), None, None]), NOW);
    // HMAC-SHA-256 of `isogloss jwt ed25519` and the number of the period, 20779, as the seed.
    assert_eq!(keys[0]["x"], "UL8kzOB02vWlpRmhH9QsG56fcK18MtsR5RnjO3ul9lo");
    assert_eq!(
        keys[0]["kid"],
        "b3-P_pxxSuclbB5JvwlYWt_WEXoJDb1HAuRVLG5rZsA"
    );
}

#[test]
fn a_key_is_published_before_it_signs_and_after() {
    let jwts = jwts([Some(SECRET), None, None]);
    let now = signed(&jwts, NOW);
    assert_ne!(kid(&now), kid(&signed(&jwts, NOW + DAY)));
    for (moment, known) in [
        (NOW - DAY * 2, false),
        (NOW - DAY, true),
        (NOW, true),
        (NOW + DAY, true),
        (NOW + DAY * 2, false),
    ] {
        assert_eq!(fits(&now, &published(&jwts, moment)), known, "{moment}");
    }
}

#[test]
fn the_keys_of_the_previous_and_the_next_secret_are_published_and_do_not_sign() {
    let before = signed(&jwts([Some(OTHER), None, None]), NOW);
    for all in [
        [Some(SECRET), Some(OTHER), None],
        [Some(SECRET), None, Some(OTHER)],
    ] {
        let rotated = jwts(all);
        let keys = published(&rotated, NOW);
        assert_eq!(keys.len(), 6);
        assert!(fits(&before, &keys));
        assert_ne!(kid(&before), kid(&signed(&rotated, NOW)));
    }
    let alone = jwts([Some(SECRET), None, None]);
    assert!(!fits(&before, &published(&alone, NOW)));
}
