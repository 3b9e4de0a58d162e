//! Checks what a directory file says of a user's authority.

use super::super::NewUser;
use crate::directory::Patch;
use crate::directory::wanted::WantedLink;
use crate::names::tidy;

/// Returns the link that the file sets for a user. Fails with a reason if it sets an identifier and no authority.
pub(super) fn link(user: &NewUser) -> Result<WantedLink, &'static str> {
    let patch = |text: &Option<String>| match text.as_deref() {
        None => Patch::Keep,
        Some("") => Patch::Remove,
        Some(text) => Patch::Set(text.to_owned()),
    };
    let authority = user.authority.as_deref().map(tidy);
    let link = WantedLink {
        authority: patch(&authority),
        external_id: patch(&user.external_id),
        adopted: user.adopted,
    };
    match (&link.authority, &link.external_id) {
        (Patch::Remove, Patch::Set(_)) => Err("the external id needs an authority"),
        _ => Ok(link),
    }
}
