//! JWTs that are used again while most of their lifetime is left.

use super::*;

fn cached(jwts: &JwtSigner, claims: &TokenClaims<'_>, audience: &str, after: i64) -> SignedJwt {
    let now = NOW + time::Duration::seconds(after);
    let audience = [audience.to_owned()];
    jwts.sign_cached(claims, &audience, NOW + DAY, now).unwrap()
}

#[test]
fn a_jwt_is_used_again_while_more_than_half_of_its_lifetime_is_left() {
    let jwts = jwts([Some(SECRET), None, None]);
    let first = cached(&jwts, &identity(), "tms", 0);
    let again = cached(&jwts, &identity(), "tms", 149);
    assert_eq!(again.text, first.text);
    assert_eq!((first.expires_in, again.expires_in), (300, 151));
    let renewed = cached(&jwts, &identity(), "tms", 150);
    assert_ne!(renewed.text, first.text);
    assert_eq!(renewed.expires_in, 300);
    assert_eq!(cached(&jwts, &identity(), "tms", 151).text, renewed.text);
}

#[test]
fn a_jwt_is_used_again_for_the_same_token_claims_and_audience_only() {
    let jwts = jwts([Some(SECRET), None, None]);
    let first = cached(&jwts, &identity(), "tms", 0);
    let promoted = TokenClaims {
        role: "ADMIN",
        ..identity()
    };
    let other_token = TokenClaims {
        handle: TokenDigest::from([0x5a; 16]),
        ..identity()
    };
    for other in [
        cached(&jwts, &promoted, "tms", 1),
        cached(&jwts, &other_token, "tms", 1),
        cached(&jwts, &identity(), "archive", 1),
    ] {
        assert_ne!(other.text, first.text);
    }
    let audience = ["tms".to_owned()];
    let ends_at = NOW + Duration::from_secs(10);
    let ending = jwts.sign_cached(&identity(), &audience, ends_at, NOW);
    assert_eq!(ending.unwrap().expires_in, 10);
}

#[test]
fn a_jwt_of_the_key_before_is_not_used_again() {
    let jwts = jwts([Some(SECRET), None, None]);
    let audience = ["tms".to_owned()];
    let end_of_period = datetime!(2026-11-22 23:59:59 UTC);
    let sign = |now| jwts.sign_cached(&identity(), &audience, NOW + DAY, now);
    let before = sign(end_of_period).unwrap();
    let after = sign(end_of_period + Duration::from_secs(1)).unwrap();
    assert_ne!(kid(&before), kid(&after));
}
