//! ID tokens: OpenID Connect Core 1.0, sections 2 and 3.1.3.7.

use isogloss_core::authority::{Cause, CauseKind};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::Value;

use crate::claims::Claims;
use crate::keys::{Keys, Verified};

/// The algorithms of signatures that are accepted: none that works with a secret, and never none at all.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How much the clocks of the provider and of this machine may differ, in seconds.
const LEEWAY: u64 = 60;

/// The result of a verification.
pub(crate) enum Verification {
    /// The token is valid.
    Valid(Verified),
    /// None of the keys has made the signature. The provider may have newer ones.
    UnknownKey,
}

/// Verifies signature, issuer, audience and time of an ID token.
///
/// # Errors
///
/// A [`Cause`] if the token is not valid. Its text has nothing of the token.
pub(crate) fn verify(
    token: &str,
    keys: &Keys,
    issuer: &str,
    client_id: &str,
) -> Result<Verification, Cause> {
    let header = decode_header(token).map_err(|_| invalid("cannot be read"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(invalid("is signed with an algorithm that is not accepted"));
    }
    if header.crit.is_some() {
        return Err(invalid("has extensions that must be understood"));
    }
    let mut validation = Validation::new(header.alg);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    for key in keys.candidates(header.kid.as_deref(), header.alg) {
        match decode::<Claims>(token, key, &validation) {
            Ok(decoded) => {
                check_parties(&decoded.claims, client_id)?;
                return Ok(Verification::Valid(Verified(decoded.claims)));
            }
            Err(error) if is_of_the_key(error.kind()) => {}
            Err(error) => return Err(invalid(problem(error.kind()))),
        }
    }
    Ok(Verification::UnknownKey)
}

/// Checks what the library leaves open: one issuer, and that the token was issued for us if it is for several clients.
fn check_parties(claims: &Claims, client_id: &str) -> Result<(), Cause> {
    if !claims.get("iss").is_some_and(Value::is_string) {
        return Err(invalid("names no issuer"));
    }
    let is_for_others = claims
        .get("aud")
        .and_then(Value::as_array)
        .is_some_and(|all| all.len() > 1);
    match claims.get("azp") {
        Some(party) if party.as_str() == Some(client_id) => Ok(()),
        Some(_) => Err(invalid("was issued for another client")),
        None if is_for_others => Err(invalid("is for several clients")),
        None => Ok(()),
    }
}

/// Returns the cause that an ID token is not valid.
pub(crate) fn invalid(problem: &str) -> Cause {
    Cause::new(CauseKind::Response, format!("the ID token {problem}"))
}

/// Returns whether another key may fit.
fn is_of_the_key(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidSignature
            | ErrorKind::InvalidKeyFormat
            | ErrorKind::InvalidRsaKey(_)
            | ErrorKind::InvalidEcdsaKey
            | ErrorKind::InvalidEddsaKey
    )
}

fn problem(kind: &ErrorKind) -> &'static str {
    if matches!(kind, ErrorKind::InvalidIssuer) {
        "is of another issuer"
    } else if matches!(kind, ErrorKind::InvalidAudience) {
        "is for another client"
    } else if matches!(kind, ErrorKind::ExpiredSignature) {
        "has expired: compare the clocks"
    } else if matches!(kind, ErrorKind::ImmatureSignature) {
        "is not valid yet: compare the clocks"
    } else {
        "is not valid"
    }
}
