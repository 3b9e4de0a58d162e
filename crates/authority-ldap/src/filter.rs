//! Search filters: RFC 4515.

use isogloss_core::authority::{Cause, CauseKind};
use ldap3::asn1::Tag;
use ldap3::{ldap_escape, parse_filter};
use uuid::Uuid;

use crate::LdapSettingsError;

const LOGIN: &str = "{login}";

/// The filter that finds a user, with a place for the login name.
#[derive(Debug)]
pub(crate) struct UserFilter {
    template: String,
}

impl UserFilter {
    /// Parses a filter. Fails if it is none, or does not compare an attribute with the login name.
    pub(crate) fn new(template: &str) -> Result<Self, LdapSettingsError> {
        let mut template = template.trim().to_owned();
        if !template.starts_with('(') {
            template = format!("({template})");
        }
        if !template.contains(LOGIN) {
            return Err(LdapSettingsError::FilterWithoutLogin(template));
        }
        let filter = Self { template };
        // As it finds one user, and as it finds all.
        if parse(&filter.with("x")).is_none() {
            return Err(LdapSettingsError::Filter(filter.template));
        }
        if parse(&filter.with("*")).is_none() {
            return Err(LdapSettingsError::FilterWithoutLogin(filter.template));
        }
        Ok(filter)
    }

    /// Returns the filter for a login name, in which no character means anything but itself. Fails if it cannot be
    /// parsed.
    pub(crate) fn by_login(&self, login: &str) -> Result<Tag, Cause> {
        parse_or_cause(&self.with(&ldap_escape(login)))
    }

    /// Returns the filter for an identifier, whatever the login name is. The other conditions still apply. Fails if
    /// the identifier is not one of the attribute.
    pub(crate) fn by_external_id(&self, attribute: &str, id: &str) -> Result<Tag, Cause> {
        let value = if is_guid(attribute) {
            let guid = Uuid::try_parse(id).map_err(|_| {
                let detail = format!("the identifier of the user is no {attribute}");
                Cause::new(CauseKind::Configuration, detail)
            })?;
            escape_bytes(&guid.to_bytes_le())
        } else {
            ldap_escape(id).into_owned()
        };
        parse_or_cause(&format!("(&({attribute}={value}){})", self.with("*")))
    }

    /// Returns the filter for all users.
    pub(crate) fn everybody(&self) -> Result<Tag, Cause> {
        parse_or_cause(&self.with("*"))
    }

    /// Returns the filter for all users who also fulfil another condition. Fails if it cannot be parsed.
    pub(crate) fn everybody_in(&self, condition: &str) -> Result<Tag, Cause> {
        parse_or_cause(&format!("(&{}{condition})", self.with("*")))
    }

    fn with(&self, value: &str) -> String {
        self.template.replace(LOGIN, value)
    }
}

/// Returns the filter for entries of which one of the attributes has one of the values. Fails if it cannot be parsed.
pub(crate) fn any(pairs: &[(&str, &str)]) -> Result<Tag, Cause> {
    let filters = pairs.iter();
    let filters =
        filters.map(|(attribute, value)| format!("({attribute}={})", ldap_escape(*value)));
    parse_or_cause(&format!("(|{})", filters.collect::<String>()))
}

/// Returns the filter for every entry.
pub(crate) fn exists() -> Result<Tag, Cause> {
    parse_or_cause("(objectClass=*)")
}

/// Returns whether the values of an attribute are GUIDs of Active Directory: 16 bytes, the first three numbers with
/// their least significant byte first.
pub(crate) fn is_guid(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case("objectGUID")
}

/// Returns whether a text can be the name of an attribute: RFC 4512, section 2.5.
pub(crate) fn is_attribute(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';');
    !name.is_empty() && name.bytes().all(is_part)
}

fn escape_bytes(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"))
}

fn parse(filter: &str) -> Option<Tag> {
    parse_filter(filter).ok()
}

/// Parses a filter. Fails if it is none.
pub(crate) fn parse_or_cause(filter: &str) -> Result<Tag, Cause> {
    // Not the filter itself: it holds what a client typed.
    let detail = "the filter cannot be parsed with this login name";
    parse(filter).ok_or_else(|| Cause::new(CauseKind::Configuration, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_a_login_mean_themselves() {
        let filter = UserFilter::new("(&(objectClass=person)(uid={login}))").unwrap();
        for (login, escaped) in [
            ("*", r"\2a"),
            (r"a\", r"a\5c"),
            ("x)(uid=*", r"x\29\28uid=\2a"),
            ("Zoë 漢", "Zoë 漢"),
            ("a\0b", r"a\00b"),
        ] {
            let expected = parse(&format!("(&(objectClass=person)(uid={escaped}))"));
            assert_eq!(filter.by_login(login).ok(), expected, "{login}");
        }
    }

    #[test]
    fn identifier_replaces_the_login_and_no_other_condition() {
        let filter =
            UserFilter::new("(&(employeeType=in)(|(uid={login})(mail={login}@a.example)))");
        let by_id = filter.unwrap().by_external_id("entryUUID", "a*");
        let expected = r"(&(entryUUID=a\2a)(&(employeeType=in)(|(uid=*)(mail=*@a.example))))";
        assert_eq!(by_id.ok(), parse(expected));
    }

    #[test]
    fn guid_is_searched_by_its_bytes() {
        let filter = UserFilter::new("(cn={login})").unwrap();
        let guid = "00112233-4455-6677-8899-aabbccddeeff";
        let expected = r"(&(objectGUID=\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff)(cn=*))";
        assert_eq!(
            filter.by_external_id("objectGUID", guid).ok(),
            parse(expected)
        );
        let cause = filter.by_external_id("objectguid", "joe").unwrap_err();
        assert_eq!(cause.kind, CauseKind::Configuration);
    }

    #[test]
    fn filter_without_parentheses_is_as_good() {
        let filter = UserFilter::new(" uid={login} ").unwrap();
        assert_eq!(filter.by_login("a").ok(), parse("(uid=a)"));
        let by_id = filter.by_external_id("entryUUID", "1");
        assert_eq!(by_id.ok(), parse("(&(entryUUID=1)(uid=*))"));
    }

    #[test]
    fn filters_that_find_nobody_in_particular_are_refused() {
        for filter in [
            "(uid=*)",
            "(uid={login",
            "(cn:caseExactMatch:={login})",
            "({login}=x)",
        ] {
            assert!(UserFilter::new(filter).is_err(), "{filter}");
        }
    }
}
