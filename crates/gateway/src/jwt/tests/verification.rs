//! Our own JWTs, when a service asks about them.

use super::*;

fn changed(jwt: &SignedJwt, index: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut value = part(jwt, index);
    change(&mut value);
    let mut parts: Vec<_> = jwt.text.split('.').map(str::to_owned).collect();
    parts[index] = encoded(&value);
    parts.join(".")
}

/// Returns a JWT with that header and these claims that the signer's key has signed.
fn forged(jwts: &JwtSigner, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let key = jwts.keys.signing_key(NOW).unwrap();
    let signature = key.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}

#[test]
fn a_jwt_of_a_published_key_verifies_until_it_expires() {
    let jwts = jwts([Some(SECRET), None, None]);
    let jwt = signed(&jwts, NOW);
    let verified = jwts.verify(&jwt.text, NOW).unwrap();
    assert_eq!(Value::Object(verified.claims), part(&jwt, 1));
    assert_eq!(verified.handle, identity().handle);
    let last = NOW + Duration::from_secs(299);
    assert!(jwts.verify(&jwt.text, last).is_some());
    let end = NOW + Duration::from_mins(5);
    assert!(jwts.verify(&jwt.text, end).is_none());
}

#[test]
fn what_no_published_key_has_signed_does_not_verify() {
    let jwts = jwts([Some(SECRET), None, None]);
    let jwt = signed(&jwts, NOW);
    let stranger = jwts_of(OTHER);
    let (message, _) = jwt.text.rsplit_once('.').unwrap();
    for text in [
        signed(&stranger, NOW).text,
        changed(&jwt, 1, |claims| claims["role"] = "ADMIN".into()),
        changed(&jwt, 0, |header| header["alg"] = "none".into()),
        changed(&jwt, 0, |header| header["kid"] = "x".into()),
        format!("{message}."),
        message.to_owned(),
        format!("{}.x", jwt.text),
        format!("{}=", jwt.text),
        format!(" {}", jwt.text),
        "..".to_owned(),
        String::new(),
    ] {
        assert!(jwts.verify(&text, NOW).is_none(), "{text}");
    }
}

fn jwts_of(secret: &str) -> JwtSigner {
    jwts([Some(secret), None, None])
}

#[test]
fn what_our_key_has_signed_and_is_no_jwt_of_ours_does_not_verify() {
    let jwts = jwts_of(SECRET);
    let jwt = signed(&jwts, NOW);
    let (header, claims) = (part(&jwt, 0), part(&jwt, 1));
    assert!(jwts.verify(&forged(&jwts, &header, &claims), NOW).is_some());
    let with = |value: &Value, name: &str, new: Value| {
        let mut value = value.clone();
        value[name] = new;
        value
    };
    for (header, claims) in [
        (with(&header, "typ", "JWT".into()), claims.clone()),
        (with(&header, "alg", "RS256".into()), claims.clone()),
        (with(&header, "crit", json!(["x"])), claims.clone()),
        (
            header.clone(),
            with(&claims, "iss", "https://elsewhere".into()),
        ),
        (header.clone(), with(&claims, "exp", "never".into())),
        (header.clone(), with(&claims, "exp", Value::Null)),
        (header.clone(), with(&claims, "sid", "x".into())),
        (header.clone(), with(&claims, "sid", Value::Null)),
    ] {
        let text = forged(&jwts, &header, &claims);
        assert!(jwts.verify(&text, NOW).is_none(), "{header} {claims}");
    }
}
