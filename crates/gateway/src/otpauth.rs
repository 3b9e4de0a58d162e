//! The URL by which authenticator apps take the secret of a second factor.

use isogloss_core::{TotpSecret, User};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Returns the `otpauth` URL for authenticator apps. Issuer and user name are percent-encoded: apps do not
/// agree on `+` for a space, nor on a label with a colon.
pub(crate) fn url(issuer: &str, user: &User, secret: &TotpSecret) -> String {
    let issuer = utf8_percent_encode(issuer, NON_ALPHANUMERIC);
    let account = utf8_percent_encode(&user.user_name, NON_ALPHANUMERIC);
    let secret = secret.expose();
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}
