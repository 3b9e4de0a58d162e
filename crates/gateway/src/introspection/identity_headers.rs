//! Headers that tell a service the user and the client of a request: our own, and those that the operator chose for
//! applications.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use isogloss_core::is_unprintable;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::identity::Identity;
use crate::config::{ForwardAuth, HeaderClaim, ValueEncoding};

/// The characters that are escaped in a value, besides all that are not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

const EMPTY: HeaderValue = HeaderValue::from_static("");

/// Our own headers, each with its claim.
const OWN: [(HeaderName, Option<HeaderClaim>); 17] = [
    own("x-isogloss-user", HeaderClaim::Id),
    own("x-isogloss-user-name", HeaderClaim::UserName),
    own("x-isogloss-user-number", HeaderClaim::Number),
    own("x-isogloss-email", HeaderClaim::Email),
    own("x-isogloss-organisation", HeaderClaim::Organisation),
    own("x-isogloss-organisation-id", HeaderClaim::OrganisationId),
    own("x-isogloss-unit", HeaderClaim::Unit),
    own("x-isogloss-role", HeaderClaim::Role),
    own("x-isogloss-dialect", HeaderClaim::Dialect),
    own("x-isogloss-client", HeaderClaim::Device),
    own("x-isogloss-application", HeaderClaim::Application),
    own("x-isogloss-team", HeaderClaim::Team),
    // Held a project that was not verified. Still sent, but empty, so that proxies which copy the header replace a
    // value that a client sent under that name.
    (HeaderName::from_static("x-isogloss-project"), None),
    own("x-isogloss-claimed-project", HeaderClaim::ClaimedProject),
    own("x-isogloss-actor", HeaderClaim::Actor),
    own("x-isogloss-expires", HeaderClaim::Expires),
    own("x-isogloss-jwt", HeaderClaim::Jwt),
];

const fn own(name: &'static str, claim: HeaderClaim) -> (HeaderName, Option<HeaderClaim>) {
    (HeaderName::from_static(name), Some(claim))
}

/// All identity headers. Cheap to clone; the default has no header that the operator chose.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdentityHeaders {
    chosen: Arc<[(HeaderName, HeaderClaim)]>,
    values: ValueEncoding,
}

impl IdentityHeaders {
    /// Returns our own headers and those of the settings, which were checked.
    pub(crate) fn new(settings: &ForwardAuth) -> Self {
        let chosen = settings.headers.iter();
        let chosen = chosen.filter_map(|(name, claim)| Some((name.parse().ok()?, *claim)));
        Self {
            chosen: chosen.collect(),
            values: settings.values,
        }
    }

    /// Returns whether the operator chose the header of that name, in lower case.
    pub(crate) fn is_chosen(&self, name: &str) -> bool {
        self.chosen.iter().any(|(chosen, _)| chosen == name)
    }

    /// Sets every header, with an empty value if there is none, so that a value that a client sent under such a name
    /// is always replaced. Without an identity, all values are empty, and `Authorization` is removed if the operator
    /// chose it.
    pub(crate) fn write(&self, headers: &mut HeaderMap, identity: Option<&Identity<'_>>) {
        headers.reserve(OWN.len() + self.chosen.len());
        for (name, claim) in OWN {
            let text = identity
                .zip(claim)
                .map(|(identity, claim)| identity.text(claim));
            headers.insert(name, text.map_or(EMPTY, |text| escaped(&text)));
        }
        for (name, claim) in self.chosen.iter() {
            let value = match identity {
                Some(identity) => self.encoded(&identity.text(*claim)),
                None => EMPTY,
            };
            if value.is_empty() && name == AUTHORIZATION {
                headers.remove(name);
            } else {
                headers.insert(name.clone(), value);
            }
        }
    }

    /// Returns the text as the value of a header that the operator chose.
    fn encoded(&self, text: &str) -> HeaderValue {
        match self.values {
            ValueEncoding::PercentEncoded => escaped(text),
            ValueEncoding::Utf8 => unchanged(text),
        }
    }
}

/// Returns the text as a header value, with the characters percent-encoded that a header cannot hold: names may
/// contain any character.
fn escaped(text: &str) -> HeaderValue {
    if text.is_empty() {
        return EMPTY;
    }
    // Most texts stay as they are, and to see that is much quicker than to encode them.
    let stays = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'%';
    let text = if text.bytes().all(stays) {
        text.into()
    } else {
        Cow::from(utf8_percent_encode(text, ESCAPED))
    };
    HeaderValue::from_str(&text).unwrap_or(EMPTY)
}

/// Returns the text as a header value in UTF-8, empty if it has a control character: without it, the text would be the
/// name of another user.
fn unchanged(text: &str) -> HeaderValue {
    if text.contains(is_unprintable) {
        return EMPTY;
    }
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or(EMPTY)
}

#[cfg(test)]
mod tests;
