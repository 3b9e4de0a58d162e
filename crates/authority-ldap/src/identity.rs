//! What an entry says about a user.

use isogloss_core::authority::{Cause, CauseKind, Identity};
use uuid::Uuid;

use crate::filter::{is_attribute, is_guid};
use crate::message::Entry;
use crate::presets::Defaults;
use crate::{AttributeMap, LdapSettingsError};

/// The attributes that say that a user may not log in, whatever the kind of server.
const STATE: [&str; 3] = ["userAccountControl", "nsAccountLock", LOCKED_TIME];
/// When the password policy locked the user.
const LOCKED_TIME: &str = "pwdAccountLockedTime";
/// The bit of `userAccountControl` of disabled accounts.
const ACCOUNT_DISABLED: u32 = 2;

/// The names of the attributes that are read. An empty one is not.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) external_id: String,
    pub(crate) user_name: String,
    email: String,
    first_name: String,
    last_name: String,
    image_url: String,
    language: String,
    organisation: String,
    number: String,
}

impl Attributes {
    /// Returns the names of the settings, and for the others those of the preset. Fails if one is not the name of an
    /// attribute, or if there is none for the identifier.
    pub(crate) fn new(map: &AttributeMap, preset: &Defaults) -> Result<Self, LdapSettingsError> {
        let name = |name: &Option<String>, default: &str| {
            let name = name.as_deref().unwrap_or(default).trim();
            if name.is_empty() || is_attribute(name) {
                return Ok(name.to_owned());
            }
            Err(LdapSettingsError::Attribute(name.to_owned()))
        };
        let external_id = name(&map.external_id, preset.external_id)?;
        if external_id.is_empty() {
            return Err(LdapSettingsError::NoExternalId);
        }
        Ok(Self {
            external_id,
            user_name: name(&map.user_name, preset.user_name)?,
            email: name(&map.email, "mail")?,
            first_name: name(&map.first_name, "givenName")?,
            last_name: name(&map.last_name, "sn")?,
            image_url: name(&map.image_url, "")?,
            language: name(&map.language, "preferredLanguage")?,
            organisation: name(&map.organisation, "")?,
            number: name(&map.number, "")?,
        })
    }

    /// Returns what is asked of the server.
    pub(crate) fn wanted(&self) -> Vec<&str> {
        let named = [
            &self.external_id,
            &self.user_name,
            &self.email,
            &self.first_name,
            &self.last_name,
            &self.image_url,
            &self.language,
            &self.organisation,
            &self.number,
        ];
        let named = named.into_iter().map(String::as_str);
        named.filter(|name| !name.is_empty()).chain(STATE).collect()
    }

    /// Returns what an entry says about a user, except for groups. Fails if it has no identifier, or not one.
    pub(crate) fn identity(&self, entry: &Entry) -> Result<Identity, Cause> {
        let text = |name: &str| entry.text(name).map(str::to_owned);
        Ok(Identity {
            external_id: self.external_id(entry)?,
            user_name: text(&self.user_name),
            email: text(&self.email),
            first_name: text(&self.first_name),
            last_name: text(&self.last_name),
            image_url: text(&self.image_url),
            language: entry
                .text(&self.language)
                .map(most_preferred)
                .map(str::to_owned),
            role: None,
            organisation: text(&self.organisation),
            units: None,
            number: text(&self.number).and_then(|number| number.parse().ok()),
        })
    }

    /// Returns the identifier of the user in an entry. Fails if it has none, or several.
    pub(crate) fn external_id(&self, entry: &Entry) -> Result<String, Cause> {
        let name = &self.external_id;
        let mut values = entry.values(name);
        let (Some(value), None) = (values.next(), values.next()) else {
            // The service may not be permitted to read it.
            let detail = format!("the user's entry does not have one value of {name}");
            return Err(Cause::new(CauseKind::Configuration, detail));
        };
        let id = if is_guid(name) {
            let guid = <[u8; 16]>::try_from(value).ok();
            guid.map(|guid| Uuid::from_bytes_le(guid).to_string())
        } else {
            let text = str::from_utf8(value).ok().map(str::trim);
            text.filter(|text| !text.is_empty() && !text.contains(char::is_control))
                .map(str::to_owned)
        };
        let detail = || format!("the value of {name} in the user's entry is no identifier");
        id.ok_or_else(|| Cause::new(CauseKind::Response, detail()))
    }
}

/// Returns the first of the most preferred languages in a value of the format of `Accept-Language`, such as `de-AT` or
/// `de-AT, en;q=0.5`: RFC 2798, section 2.7.
fn most_preferred(list: &str) -> &str {
    let weighted = list.split(',').map(|item| {
        let (tag, parameter) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameter.trim().strip_prefix("q=");
        (
            tag.trim(),
            weight.map_or(Some(1.0), |text| text.parse::<f32>().ok()),
        )
    });
    let best = weighted.reduce(|best, other| if other.1 > best.1 { other } else { best });
    best.map_or(list, |(tag, _)| tag)
}

/// Returns whether an entry says that the user may not log in.
pub(crate) fn is_disabled(entry: &Entry) -> bool {
    let control = entry.text("userAccountControl");
    let control: Option<u32> = control.and_then(|number| number.parse().ok());
    control.is_some_and(|bits| bits & ACCOUNT_DISABLED != 0) || is_inactive(entry)
}

/// Returns whether the entry of FreeIPA or 389 Directory Server is inactive.
pub(crate) fn is_inactive(entry: &Entry) -> bool {
    let lock = entry.text("nsAccountLock");
    lock.is_some_and(|lock| lock.eq_ignore_ascii_case("true"))
}

/// Returns whether an entry says that the password policy locked the user. It may no longer: the server removes this
/// when the user binds after the lock's end.
pub(crate) fn was_locked(entry: &Entry) -> bool {
    entry.values(LOCKED_TIME).next().is_some()
}

/// Returns whether an administrator locked the user: draft-behera-ldap-password-policy, section 5.3.3. A lock after wrong
/// passwords has a time, and ends.
pub(crate) fn is_locked_for_ever(entry: &Entry) -> bool {
    entry.text(LOCKED_TIME) == Some("000001010000Z")
}

/// Returns what is known of a user, except for groups, for operators.
pub(crate) fn described(identity: &Identity) -> String {
    let texts = [
        ("external_id", Some(&identity.external_id)),
        ("user_name", identity.user_name.as_ref()),
        ("email", identity.email.as_ref()),
        ("first_name", identity.first_name.as_ref()),
        ("last_name", identity.last_name.as_ref()),
        ("image_url", identity.image_url.as_ref()),
        ("language", identity.language.as_ref()),
        ("organisation", identity.organisation.as_ref()),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(name, text)| Some(format!("{name} {}", text?)));
    let number = identity.number.map(|number| format!("number {number}"));
    texts.chain(number).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    fn entry(attributes: &[(&str, &[&[u8]])]) -> Entry {
        let owned = |values: &[&[u8]]| values.iter().map(|value| value.to_vec()).collect();
        let attributes = attributes
            .iter()
            .map(|(name, values)| ((*name).to_owned(), owned(values)));
        Entry {
            dn: "cn=x".to_owned(),
            attributes: attributes.collect(),
        }
    }

    #[test]
    fn guid_is_written_as_usual() {
        let names = Attributes::new(
            &AttributeMap::default(),
            &Preset::ActiveDirectory.defaults(),
        );
        let names = names.unwrap();
        let guid: Vec<u8> = (0..16).collect();
        let found = entry(&[("OBJECTGUID", &[&guid]), ("sAMAccountName", &[b"joe"])]);
        let identity = names.identity(&found).unwrap();
        assert_eq!(identity.external_id, "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(identity.user_name.as_deref(), Some("joe"));
    }

    #[test]
    fn entry_without_exactly_one_identifier_is_no_user() {
        let names = Attributes::new(&AttributeMap::default(), &Preset::Rfc2307.defaults()).unwrap();
        let cases: [(&[&[u8]], CauseKind); 5] = [
            (&[], CauseKind::Configuration),
            (&[b""], CauseKind::Configuration),
            (&[b"a", b"b"], CauseKind::Configuration),
            (&[b"\xff"], CauseKind::Response),
            (&[b"a\0"], CauseKind::Response),
        ];
        for (values, kind) in cases {
            let cause = names
                .identity(&entry(&[("entryUUID", values)]))
                .unwrap_err();
            assert_eq!(cause.kind, kind, "{values:?}");
        }
    }

    #[test]
    fn what_is_not_text_is_left_out() {
        let map = AttributeMap {
            email: Some(String::new()),
            number: Some("uidNumber".to_owned()),
            ..AttributeMap::default()
        };
        let names = Attributes::new(&map, &Preset::Rfc2307.defaults()).unwrap();
        let found = entry(&[
            ("entryUUID", &[b"a"]),
            ("mail", &[b"a@b.example"]),
            ("givenName", &[b"\xff", b" Zo\xc3\xab "]),
            ("sn", &[b" "]),
            ("uidNumber", &[b"12"]),
        ]);
        let identity = names.identity(&found).unwrap();
        assert_eq!(identity.email, None);
        assert_eq!(identity.first_name.as_deref(), Some("Zoë"));
        assert_eq!((identity.last_name, identity.number), (None, Some(12)));
    }

    #[test]
    fn the_most_preferred_language_of_a_list_counts() {
        for (list, expected) in [
            ("de-AT", "de-AT"),
            ("de, en", "de"),
            ("en;q=0.5, de-AT, fr;q=0.8", "de-AT"),
            ("en; q=0.5,fr;q=0.8", "fr"),
            ("en;q=x, fr;q=0.1", "fr"),
            ("", ""),
        ] {
            assert_eq!(most_preferred(list), expected, "{list}");
        }
    }

    #[test]
    fn disabled_accounts_are_recognised() {
        for (name, value, expected) in [
            ("userAccountControl", "512", false),
            ("userAccountControl", "514", true),
            ("nsAccountLock", "TRUE", true),
            ("nsAccountLock", "false", false),
        ] {
            let found = entry(&[(name, &[value.as_bytes()])]);
            assert_eq!(is_disabled(&found), expected, "{name} {value}");
        }
        for (time, is_for_ever) in [(b"000001010000Z", true), (b"202611301200Z", false)] {
            let locked = entry(&[(LOCKED_TIME, &[time])]);
            assert!(was_locked(&locked));
            assert_eq!(is_locked_for_ever(&locked), is_for_ever);
        }
    }
}
