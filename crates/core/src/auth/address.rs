//! Tokens that were sent by e-mail: they are bound to the address to which the e-mail was sent.

use super::Auth;
use crate::names::login_form;
use crate::pepper::Pepper;
use crate::store::Record;
use crate::token_digest::TokenDigest;
use crate::user::User;

impl Auth {
    /// Returns the digest of an e-mail address for the record of a token, keyed with the current pepper.
    pub(super) fn address_digest(&self, user: &User, address: &str) -> TokenDigest {
        digest(&self.components.peppers.current, user, address)
    }

    /// Returns whether the user still has the e-mail address to which the token was sent. `true` for tokens that
    /// were not sent by e-mail.
    pub(super) fn has_bound_address(&self, user: &User, record: &Record) -> bool {
        let Some(sent_to) = record.address else {
            return true;
        };
        user.address().is_some_and(|address| {
            let mut peppers = self.components.peppers.each();
            peppers.any(|pepper| digest(pepper, user, address) == sent_to)
        })
    }
}

/// Returns the keyed digest of an address of a user, the same in upper and lower case.
fn digest(pepper: &Pepper, user: &User, address: &str) -> TokenDigest {
    let address = login_form(address);
    pepper.digest_of(&[b"address", user.id.as_bytes(), address.as_bytes()])
}
