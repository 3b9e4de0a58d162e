//! Timestamps in directory files: RFC 3339, or an empty text for none.

use serde::{Deserialize as _, Deserializer, de::Error as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::directory::Patch;

/// Returns [`Patch::Set`] for a timestamp, and [`Patch::Remove`] for an empty text. Fails for any other text.
pub(super) fn or_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Patch<OffsetDateTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(Patch::Remove);
    }
    let moment = OffsetDateTime::parse(&text, &Rfc3339);
    moment
        .map(Patch::Set)
        .map_err(|_| D::Error::custom("expected a timestamp like 2027-01-01T00:00:00Z, or \"\""))
}
