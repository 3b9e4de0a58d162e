//! Secrets as `config show` prints them.

use secrecy::SecretString;
use serde::Serializer;

use super::backend_url::without_password;

/// Serializes a secret as `***`. Fails only if the serializer fails.
#[expect(clippy::ref_option, reason = "serde calls it like this")]
pub(super) fn masked<S: Serializer>(
    _: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

/// Serializes an address with its password masked. Fails only if the serializer fails.
pub(super) fn masked_address<S: Serializer>(
    address: &SecretString,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&without_password(address))
}
