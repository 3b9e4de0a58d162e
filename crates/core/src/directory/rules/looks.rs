//! Look-alikes: different login names that people read as the same.
//!
//! They have the same skeleton (UTS #39, section 4). Login names of only ASCII characters are never look-alikes:
//! `rn` and `m`, or `l` and `1`, are too common in existing names.

use unicode_security::skeleton;

use crate::directory::looks::Login;
use crate::names::login_form;

/// Returns the look of a login name, as it is stored: equal for look-alikes, and for all normal forms of one name.
/// A release with newer Unicode tables must clear the stored looks.
pub fn look(login: &str) -> String {
    skeleton(login).collect()
}

/// Returns why a user cannot have a login name because of another user's; `None` if the two can be distinguished.
pub(in crate::directory) fn conflict(login: &str, other: &Login) -> Option<String> {
    let owner = &other.owner.user_name;
    if login_form(login) == login_form(&other.login) {
        return Some(same_login(owner));
    }
    if login.is_ascii() && other.login.is_ascii() || look(login) != look(&other.login) {
        return None;
    }
    let (login, other) = (shown(login), shown(&other.login));
    Some(format!(
        "the login {login} looks like {other}, of user {owner}"
    ))
}

/// Returns why a user who is exempt from the rules cannot have a login name because of another user's; `None`
/// unless both are exactly the same text.
pub(in crate::directory) fn exact_conflict(login: &str, other: &Login) -> Option<String> {
    (login == other.login).then(|| same_login(&other.owner.user_name))
}

fn same_login(owner: &str) -> String {
    format!("user {owner} logs in by the same name or e-mail address")
}

/// Returns the look of an organisation's name, without regard to case.
pub(in crate::directory) fn look_of_organisation(name: &str) -> String {
    look(&login_form(name))
}

/// Returns why an organisation cannot have a name because of another one's, by the rule for login names; `None` if
/// the two can be distinguished.
pub(in crate::directory) fn organisation_conflict(name: &str, other: &str) -> Option<String> {
    let is_same = login_form(name) == login_form(other);
    let is_ascii = name.is_ascii() && other.is_ascii();
    let looks_alike = look_of_organisation(name) == look_of_organisation(other);
    let (name, other) = (shown(name), shown(other));
    (is_same || !is_ascii && looks_alike)
        .then(|| format!("the name {name} looks like that of the organisation {other}"))
}

/// Returns a login name as people read it, followed by the code points that distinguish it from its look-alikes.
pub(in crate::directory) fn shown(login: &str) -> String {
    if login.is_ascii() {
        return login.to_owned();
    }
    let mut points = String::new();
    for character in login.chars() {
        if character.is_ascii() {
            points.push(character);
        } else {
            points.extend(character.escape_unicode());
        }
    }
    format!("{login} ({points})")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::directory::change::UserRef;

    fn reason(login: &str, other: &str) -> Option<String> {
        let owner = UserRef {
            id: Uuid::nil(),
            user_name: "other".to_owned(),
        };
        let login_of_other = Login {
            login: other.to_owned(),
            owner,
        };
        conflict(login, &login_of_other)
    }

    #[test]
    fn look_alikes_of_other_scripts_are_told_apart_by_code_point() {
        assert_eq!(
            reason("\u{430}dmin", "admin").as_deref(),
            Some("the login \u{430}dmin (\\u{430}dmin) looks like admin, of user other")
        );
        for (login, other) in [
            // Cyrillic alone, Greek, full width, a zero-width space, a dotless i.
            ("\u{440}\u{430}\u{443}", "pay"),
            ("pay", "\u{440}\u{430}\u{443}"),
            ("b\u{3bf}b", "bob"),
            ("\u{ff42}ob", "bob"),
            ("ad\u{200b}min", "admin"),
            ("adm\u{131}n", "admin"),
            ("m\u{43e}rn", "rnom"),
        ] {
            assert!(reason(login, other).is_some(), "{login} {other}");
            assert!(reason(other, login).is_some(), "{other} {login}");
        }
    }

    #[test]
    fn ascii_names_and_accents_are_no_look_alikes() {
        for (login, other) in [
            ("rn", "m"),
            ("l", "1"),
            ("paul", "pau1"),
            ("o", "0"),
            ("muller", "m\u{fc}ller"),
            ("zoe", "zo\u{e9}"),
            ("\u{438}\u{432}\u{430}\u{43d}", "ivan"),
        ] {
            assert_eq!(reason(login, other), None, "{login} {other}");
            assert_eq!(reason(other, login), None, "{other} {login}");
        }
    }

    #[test]
    fn names_of_organisations_are_told_apart_in_any_case() {
        assert_eq!(
            organisation_conflict("\u{41e}", "o").as_deref(),
            Some("the name \u{41e} (\\u{41e}) looks like that of the organisation o")
        );
        assert_eq!(
            organisation_conflict("ACME", "Acme").as_deref(),
            Some("the name ACME looks like that of the organisation Acme")
        );
        for other in ["O1", "0", "Ol", "\u{d6}"] {
            assert_eq!(organisation_conflict("O", other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_the_same_in_every_normal_form() {
        let same = "user other logs in by the same name or e-mail address";
        assert_eq!(reason("zo\u{e9}", "zoe\u{301}").as_deref(), Some(same));
        assert_eq!(look("zo\u{e9}"), look("zoe\u{301}"));
    }

    #[test]
    fn stored_looks_are_those_of_the_tables_of_unicode_18() {
        let changed = "newer tables: a migration must set the column look of logins to NULL";
        assert_eq!(unicode_security::UNICODE_VERSION, (18, 0, 0), "{changed}");
    }
}
