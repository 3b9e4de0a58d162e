//! Texts in records. Clients name themselves by GUIDs, which take half the space as bytes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An optional text. It is stored as a GUID only if that yields exactly the same spelling: any other, such as
/// one in mixed case or in brackets, stays a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Text<'t> {
    #[default]
    None,
    Plain(&'t str),
    /// `0106c8ba-ad46-7c08-e26f-026852cb7525`
    Dashed([u8; 16]),
    /// `0106C8BA-AD46-7C08-E26F-026852CB7525`
    UpperDashed([u8; 16]),
    /// `0106c8baad467c08e26f026852cb7525`
    Bare([u8; 16]),
    /// `0106C8BAAD467C08E26F026852CB7525`
    UpperBare([u8; 16]),
}

type Room = [u8; Uuid::encode_buffer().len()];

impl<'t> Text<'t> {
    /// Returns the form of a GUID that yields exactly this text. `None` if the text is no GUID, or in another
    /// spelling.
    fn guid(text: &str) -> Option<Self> {
        let guid = Uuid::try_parse(text).ok()?.into_bytes();
        let spellings = [Self::Dashed, Self::UpperDashed, Self::Bare, Self::UpperBare];
        spellings
            .into_iter()
            .map(|spelling| spelling(guid))
            .find(|spelt| spelt.read(&mut Uuid::encode_buffer()) == Some(text))
    }

    /// Returns the text; a GUID is written to `room`. `None` if there is no text.
    fn read<'r>(self, room: &'r mut Room) -> Option<&'r str>
    where
        't: 'r,
    {
        let guid = Uuid::from_bytes;
        match self {
            Self::None => None,
            Self::Plain(text) => Some(text),
            Self::Dashed(bytes) => Some(guid(bytes).hyphenated().encode_lower(room)),
            Self::UpperDashed(bytes) => Some(guid(bytes).hyphenated().encode_upper(room)),
            Self::Bare(bytes) => Some(guid(bytes).simple().encode_lower(room)),
            Self::UpperBare(bytes) => Some(guid(bytes).simple().encode_upper(room)),
        }
    }
}

impl<'t> From<&'t Option<String>> for Text<'t> {
    fn from(text: &'t Option<String>) -> Self {
        let Some(text) = text else {
            return Self::None;
        };
        Self::guid(text).unwrap_or(Self::Plain(text))
    }
}

impl From<Text<'_>> for Option<String> {
    fn from(text: Text<'_>) -> Self {
        text.read(&mut Uuid::encode_buffer()).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> usize {
        let text = Some(text.to_owned());
        let stored = Text::from(&text);
        assert_eq!(Option::from(stored), text);
        postcard::to_allocvec(&stored).unwrap().len()
    }

    #[test]
    fn guids_take_seventeen_bytes_and_are_spelt_as_they_were() {
        for text in [
            "0106c8ba-ad46-7c08-e26f-026852cb7525",
            "0106C8BA-AD46-7C08-E26F-026852CB7525",
            "0106c8baad467c08e26f026852cb7525",
            "0106C8BAAD467C08E26F026852CB7525",
            "01068888-4646-7008-5265-026852007525",
            "00000000000000000000000000000000",
        ] {
            assert_eq!(size(text), 17, "{text}");
        }
    }

    #[test]
    fn other_spellings_stay_texts() {
        for text in [
            "",
            "0106C8ba-ad46-7c08-e26f-026852cb7525",
            "0106c8baad467c08e26f026852cB7525",
            "0106c8baad46-7c08-e26f-026852cb7525-",
            "01-06c8baad46-7c08-e26f026852-cb7525",
            "{0106c8ba-ad46-7c08-e26f-026852cb7525}",
            "urn:uuid:0106c8ba-ad46-7c08-e26f-026852cb7525",
            " 0106c8baad467c08e26f026852cb7525",
            "0106c8baad467c08e26f026852cb752g",
            "０106c8baad467c08e26f026852cb7",
        ] {
            assert_eq!(size(text), 2 + text.len(), "{text}");
        }
    }

    #[test]
    fn what_is_nearly_a_guid_is_read_as_it_was() {
        const GUID: &str = "0106c8ba-AD46-7c08-e26f-026852cb7525";
        for spelt in [GUID.to_owned(), GUID.to_lowercase(), GUID.replace('-', "")] {
            for at in 0..spelt.len() {
                for put in ["", "-", "C", "c", "--", "{", "\u{e9}"] {
                    let mut text = spelt.clone();
                    text.replace_range(at..=at, put);
                    size(&text);
                    text.insert_str(at, &spelt[at..=at]);
                    size(&text);
                }
            }
        }
    }
}
