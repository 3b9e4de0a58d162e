//! Tests of the mapping.

use isogloss_core::Role;
use serde_json::json;

use super::*;

fn rule(value: &str, role: Option<Role>, organisation: Option<&str>, units: &[&str]) -> GroupRule {
    GroupRule {
        group: value.to_owned(),
        role,
        organisation: organisation.map(str::to_owned),
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
    }
}

fn claims(value: Value) -> Claims {
    serde_json::from_value(value).unwrap()
}

fn identity(map: ClaimMap, rules: Vec<GroupRule>, of: Value) -> Result<Identity, Cause> {
    Mapping::new(map, rules).unwrap().identity(&claims(of))
}

#[test]
fn standard_claims_describe_a_user() {
    let all = json!({
        "sub": "5", "preferred_username": "kim", "email": "kim@example.com", "email_verified": true,
        "given_name": "Kim", "family_name": "Lee", "picture": "https://example.com/kim.png", "locale": "de_AT", "roles": ["admin"],
    });
    let expected = Identity {
        external_id: "5".to_owned(),
        user_name: Some("kim".to_owned()),
        email: Some("kim@example.com".to_owned()),
        first_name: Some("Kim".to_owned()),
        last_name: Some("Lee".to_owned()),
        image_url: Some("https://example.com/kim.png".to_owned()),
        language: Some("de_AT".to_owned()),
        ..Identity::default()
    };
    assert_eq!(
        identity(ClaimMap::default(), vec![], all).unwrap(),
        expected
    );
}

#[test]
fn configured_claims_replace_the_standard_ones() {
    let map = ClaimMap {
        external_id: Some("oid".to_owned()),
        email: Some(String::new()),
        organisation: Some("company.name".to_owned()),
        number: Some("no".to_owned()),
        ..ClaimMap::default()
    };
    let all = json!({
        "sub": "5", "oid": "o-5", "email": "kim@example.com", "company": {"name": ["A"]}, "no": "42",
    });
    let identity = identity(map, vec![], all).unwrap();
    assert_eq!(identity.external_id, "o-5");
    assert_eq!(identity.email, None);
    assert_eq!(identity.organisation.as_deref(), Some("A"));
    assert_eq!(identity.number, Some(42));
}

#[test]
fn an_address_that_is_not_verified_is_left_out() {
    let all = json!({"sub": "5", "email": "kim@example.com", "email_verified": false});
    let identity = identity(ClaimMap::default(), vec![], all).unwrap();
    assert_eq!(identity.email, None);
}

#[test]
fn a_locale_of_another_type_fails_no_login() {
    for (locale, expected) in [
        (json!(7), Some("7")),
        (json!({"de": 1}), Some("{\"de\":1}")),
        (json!(["de", "fr"]), Some("[\"de\",\"fr\"]")),
        (json!(["de"]), Some("de")),
        (json!([]), None),
    ] {
        let all = json!({"sub": "5", "locale": locale});
        let identity = identity(ClaimMap::default(), vec![], all).unwrap();
        assert_eq!(identity.language.as_deref(), expected, "{locale}");
    }
}

#[test]
fn claims_of_another_type_are_refused() {
    let map = || ClaimMap {
        number: Some("no".to_owned()),
        ..ClaimMap::default()
    };
    for wrong in [
        json!({}),
        json!({"sub": ""}),
        json!({"sub": 5}),
        json!({"sub": "5", "email": ["a", "b"]}),
        json!({"sub": "5", "preferred_username": {"a": 1}}),
        json!({"sub": "5", "no": 1.5}),
        json!({"sub": "5", "no": "x"}),
        json!({"sub": "5", "roles": [1]}),
        json!({"sub": "5", "roles": true}),
    ] {
        let rules = vec![rule("pm", Some(Role::Admin), None, &[])];
        let cause = identity(map(), rules, wrong.clone()).unwrap_err();
        assert_eq!(cause.kind, CauseKind::Response, "{wrong}");
    }
}

#[test]
fn most_powerful_role_wins_and_units_add_up() {
    let rules = || {
        vec![
            rule("a", Some(Role::Linguist), Some("A"), &["1", "2"]),
            rule("b", Some(Role::ProjectManager), Some("B"), &["2", "3"]),
            rule("c", Some(Role::ProjectManager), Some("C"), &[]),
            rule("d", None, Some("D"), &["4"]),
        ]
    };
    let with = |roles: Value| {
        let all = json!({"sub": "5", "roles": roles});
        identity(ClaimMap::default(), rules(), all).unwrap()
    };
    let all = with(json!(["d", "c", "b", "a"]));
    assert_eq!(all.role, Some(Role::ProjectManager));
    assert_eq!(all.organisation.as_deref(), Some("B"));
    assert_eq!(all.units.unwrap(), ["1", "2", "3", "4"]);
    let one = with(json!("d"));
    assert_eq!(
        (one.role, one.organisation.as_deref()),
        (Some(Role::Linguist), Some("D"))
    );
    let none = with(json!([]));
    assert_eq!((none.role, none.organisation), (Some(Role::Linguist), None));
    assert_eq!(none.units, Some(vec![]));
}

#[test]
fn userinfo_is_needed_for_a_name_or_a_configured_claim_that_is_missing() {
    let map = ClaimMap {
        email: Some("mail".to_owned()),
        ..ClaimMap::default()
    };
    let default = Mapping::new(ClaimMap::default(), vec![]).unwrap();
    let configured = Mapping::new(map, vec![]).unwrap();
    let rules = vec![rule("a", None, None, &["1"])];
    let with_rules = Mapping::new(ClaimMap::default(), rules).unwrap();
    let name = claims(json!({"sub": "5", "preferred_username": "kim"}));
    assert!(default.is_satisfied_by(&name));
    assert!(!configured.is_satisfied_by(&name));
    assert!(!with_rules.is_satisfied_by(&name));
    assert!(!default.is_satisfied_by(&claims(json!({"sub": "5"}))));
}
