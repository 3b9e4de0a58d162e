//! Tokens that were sent in letters: they are bound to the address that the letter went to.

use super::Auth;
use crate::names::login_form;
use crate::pepper::Pepper;
use crate::store::Record;
use crate::token_digest::TokenDigest;
use crate::user::User;

impl Auth {
    /// Returns what a record keeps of an address.
    pub(super) fn address_digest(&self, user: &User, address: &str) -> TokenDigest {
        digest(&self.0.peppers.current, user, address)
    }

    /// Returns whether the user still has the address that the token was sent to, if it was sent.
    pub(super) fn is_still_addressed(&self, user: &User, record: &Record) -> bool {
        let Some(sent_to) = record.address else {
            return true;
        };
        user.address().is_some_and(|address| {
            let mut peppers = self.0.peppers.each();
            peppers.any(|pepper| digest(pepper, user, address) == sent_to)
        })
    }
}

/// An address is the same in any case.
fn digest(pepper: &Pepper, user: &User, address: &str) -> TokenDigest {
    let address = login_form(address);
    pepper.digest_of(&[b"address", user.id.as_bytes(), address.as_bytes()])
}
