//! Client and application ids: usually GUIDs, echoed as sent, equal in every spelling of a GUID.

use isogloss_core::ClientIdentity;
use uuid::Uuid;

use crate::error::Error;
use crate::json_body::JsonObject;

/// The longest id that is accepted, in characters.
const MAX_ID_CHARS: usize = 128;

/// An id that a client sent.
pub(crate) struct Id {
    /// The id as it was sent.
    pub(crate) text: String,
    /// The id as a GUID; `None` if it is not one.
    pub(crate) guid: Option<Uuid>,
}

impl Id {
    /// Removes and parses an id member. `None` if it is absent, empty or the zero GUID; `Err` if it has another type,
    /// more than 128 characters, or control characters.
    pub(crate) fn parse(
        members: &mut JsonObject,
        name: &'static str,
    ) -> Result<Option<Self>, Error> {
        let Some(text) = members.text(name)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let printable = text.chars().all(|c| !c.is_control());
        if text.chars().count() > MAX_ID_CHARS || !printable {
            return Err(Error::Invalid(name));
        }
        let guid = Uuid::try_parse(&text).ok();
        Ok((guid != Some(Uuid::nil())).then_some(Self { text, guid }))
    }

    /// Returns a random GUID, for a client that sends no id.
    pub(crate) fn generate() -> Self {
        let guid = ClientIdentity::unnamed();
        Self {
            text: guid.to_string(),
            guid: Some(guid),
        }
    }

    /// Returns the form in which ids are compared and stored: a GUID with dashes in lower case, any other id as sent.
    pub(crate) fn canonical(&self) -> String {
        match self.guid {
            Some(guid) => guid.to_string(),
            None => self.text.clone(),
        }
    }
}
