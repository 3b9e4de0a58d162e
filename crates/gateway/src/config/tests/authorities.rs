//! `[[authorities]]`: what is read, and how secrets are kept.

mod files;
mod refused;

use std::time::Duration;

use isogloss_core::Role;
use isogloss_core::authority::{AuthorityMode, MatchBy, MaxDisable, UnknownUsers};

use super::of_text;

const LDAP: &str = "\
[[authorities]]
name = 'corp'
kind = 'ldap'
organisation = 'A'
[authorities.ldap]
urls = ['ldaps://dc1.example.com']
base = 'dc=example,dc=com'
";

const HTTP: &str = "\
[[authorities]]
name = 'shop'
kind = 'http'
organisation = 'A'
[authorities.http]
url = 'https://shop.example.com/login'
secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
";

/// Returns the text with a line after the one that begins with `after`.
fn with(text: &str, after: &str, line: &str) -> String {
    assert!(text.contains(after), "{after}");
    text.replacen(after, &format!("{line}\n{after}"), 1)
}

#[test]
fn defaults_are_the_ones_of_the_reference() {
    let config = of_text(LDAP).unwrap();
    let settings = config.sections.authorities[0].settings();
    assert_eq!(settings.mode, AuthorityMode::Delegate);
    assert_eq!(settings.unknown_users, UnknownUsers::Create);
    assert_eq!(settings.match_by, None);
    assert_eq!(settings.highest_role, Role::Linguist);
    assert_eq!(settings.trust, Duration::ZERO);
    assert_eq!(settings.trust_while_unavailable, Duration::ZERO);
    assert_eq!(settings.timeout, Duration::from_secs(5));
    assert_eq!(settings.concurrency, 16);
    assert_eq!(settings.attempts.tries, 3);
    assert_eq!(settings.attempts.refill, Duration::from_mins(15));
    assert_eq!(settings.attempts.longest_lock, Duration::from_mins(15));
    assert_eq!(settings.sync, Duration::ZERO);
    assert_eq!(settings.max_disable, MaxDisable::Percent(10));
}

#[test]
fn every_setting_is_passed_on() {
    let text = with(
        &with(
            LDAP,
            "[authorities.ldap]",
            "mode = 'delegate'\nusers = 'known'\nhighest_role = 'ADMIN'\nmatch = 'email'\ntrust = '1h'\n\
             trust_while_unavailable = '8h'\ntimeout = '2s'\nconcurrency = 3\nattempts = 2\nattempts_refill = '1h'\n\
             sync = '15m'\nmax_disable = '5%'",
        ),
        "base =",
        "groups = [{ group = 'cn=a,dc=example,dc=com', role = 'ADMIN', organisation = 'B' }]",
    );
    let config = of_text(&text).unwrap();
    let settings = config.sections.authorities[0].settings();
    assert_eq!(settings.unknown_users, UnknownUsers::Known);
    assert_eq!(settings.highest_role, Role::Admin);
    assert_eq!(settings.match_by, Some(MatchBy::Email));
    assert_eq!(settings.trust, Duration::from_hours(1));
    assert_eq!(settings.trust_while_unavailable, Duration::from_hours(8));
    assert_eq!(settings.timeout, Duration::from_secs(2));
    assert_eq!((settings.concurrency, settings.attempts.tries), (3, 2));
    assert_eq!(settings.sync, Duration::from_mins(15));
    assert_eq!(settings.max_disable, MaxDisable::Percent(5));
    assert_eq!(settings.organisation.as_deref(), Some("A"));
    assert_eq!(settings.mapped_organisations, ["B"]);
    assert!(!settings.any_organisation);
}

#[test]
fn an_authority_with_an_attribute_for_organisations_is_one_of_any_organisation() {
    let text = with(LDAP, "base =", "attributes.organisation = 'o'");
    assert!(
        of_text(&text).unwrap().sections.authorities[0]
            .settings()
            .any_organisation
    );
    let hook = of_text(HTTP).unwrap().sections.authorities[0].settings();
    assert_eq!(hook.any_organisation, hook.organisation.is_none());
}

#[test]
fn the_order_of_the_file_stays() {
    let config = of_text(&format!("{HTTP}{LDAP}")).unwrap();
    let names: Vec<_> = config
        .sections
        .authorities
        .iter()
        .map(|one| &*one.name)
        .collect();
    assert_eq!(names, ["shop", "corp"]);
}

#[test]
fn secrets_are_masked_and_differ_for_a_reload() {
    let text = |secret: &str| {
        let lines = format!("bind_dn = 'cn=a,dc=example,dc=com'\nbind_password = '{secret}'");
        of_text(&with(LDAP, "base =", &lines)).unwrap()
    };
    let (one, other) = (text("hunter2"), text("hunter3"));
    let shown = one.show().unwrap();
    assert!(shown.contains("bind_password = \"***\""), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{:?}", one.sections).contains("hunter2"));
    assert_eq!(one.sections.difference(&other.sections), ["authorities"]);
    assert_eq!(one.sections.difference(&text("hunter2").sections), [""; 0]);
    let given = shown
        .replace("bind_password = \"***\"", "bind_password = \"hunter2\"")
        .replace("transport = \"***\"", "transport = \"none\"");
    let shown_again = of_text(&given).unwrap();
    assert_eq!(shown_again.show().unwrap(), shown);
}
