//! The rules for the link between a user and an authority.

use super::{LONGEST_NAME, check_required, check_text, tidy_if_any};
use crate::directory::UserEntry;

const AUTHORITY: &str = "the authority";
const EXTERNAL_ID: &str = "the external id";

/// Brings the link to an authority into its stored form, if it differs from the known entry's. The identifier stays as
/// the authority spells it. Fails with a reason if a value breaks a rule, or if there is an identifier without an
/// authority.
pub(in crate::directory) fn normalize_link(
    user: &mut UserEntry,
    known: Option<&UserEntry>,
) -> Result<(), String> {
    if known.is_none_or(|known| known.authority != user.authority) {
        user.authority = tidy_if_any(user.authority.as_deref());
        let authority = user.authority.as_deref();
        authority.map_or(Ok(()), |name| check_required(AUTHORITY, name))?;
        authority.map_or(Ok(()), |name| check_text(AUTHORITY, name, LONGEST_NAME))?;
    }
    if known.is_none_or(|known| known.external_id != user.external_id) {
        user.external_id = user.external_id.take().filter(|id| !id.is_empty());
        let id = user.external_id.as_deref();
        id.map_or(Ok(()), |id| check_text(EXTERNAL_ID, id, LONGEST_NAME))?;
    }
    if user.authority.is_some() {
        return Ok(());
    }
    user.adopted = false;
    user.accepted_at = None;
    if user.external_id.is_some() {
        return Err(format!("{EXTERNAL_ID} needs an authority"));
    }
    Ok(())
}
