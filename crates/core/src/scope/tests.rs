//! Tests of scopes.

use super::*;

#[test]
fn what_is_listed_is_allowed_and_nothing_else() {
    let scopes = Scopes::named("admin", &["users:read", "keys:write"]).unwrap();
    for scope in Scope::ALL {
        let listed = matches!(scope, Scope::UsersRead | Scope::KeysWrite);
        assert_eq!(scopes.allow(scope), listed, "{scope:?}");
        assert!(Scopes::ALL.allow(scope), "{scope:?}");
    }
}

#[test]
fn no_list_is_wider_than_all_and_all_is_wider_than_any() {
    let few = Scopes::named("admin", &["users:read"]).unwrap();
    let more = Scopes::named("admin", &["users:read", "keys:write"]).unwrap();
    assert!(few.are_within(&more) && few.are_within(&Scopes::ALL));
    assert!(!more.are_within(&few) && !Scopes::ALL.are_within(&more));
}

#[test]
fn nothing_listed_and_unknown_names_are_refused() {
    let refusal = |realm: &str, names: &[&str]| Scopes::named(realm, names).unwrap_err();
    assert_eq!(refusal("admin", &[]), UnknownScope::Empty);
    assert_eq!(
        refusal("introspection", &["users:read"]).to_string(),
        "users:read: no such scope of the realm introspection, expected one of \
         tokens:introspect, tokens:exchange"
    );
    assert_eq!(
        refusal("bimplus", &["users:read"]).to_string(),
        "keys of the realm bimplus have no scopes"
    );
}

#[test]
fn an_unknown_stored_name_allows_nothing() {
    for stored in ["moons:read", "", "scope:moons:read dialect:bimplus"] {
        let scopes = Scopes::from_stored(Some(stored));
        assert!(!Scope::ALL.into_iter().any(|scope| scopes.allow(scope)));
        assert_eq!(scopes.to_stored().as_deref(), Some(stored));
    }
}

fn limits(dialects: &[&str], audiences: &[&str]) -> KeyLimits {
    let names = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        (!names.is_empty()).then_some(names)
    };
    KeyLimits::new("introspection", names(dialects), names(audiences)).unwrap()
}

#[test]
fn limits_are_stored_with_the_scopes() {
    let introspect = Scopes::named("introspection", &["tokens:introspect"]).unwrap();
    for (scopes, stored) in [
        (Scopes::ALL, None),
        (introspect.clone(), Some("tokens:introspect")),
        (
            Scopes::ALL.with_limits(limits(&["memsource", "bimplus"], &[])),
            Some("dialect:memsource dialect:bimplus"),
        ),
        (
            introspect.with_limits(limits(&["bimplus"], &["https://archive.example/", "b"])),
            Some(
                "scope:tokens:introspect dialect:bimplus audience:https://archive.example/ audience:b",
            ),
        ),
    ] {
        assert_eq!(scopes.to_stored().as_deref(), stored);
        assert_eq!(Scopes::from_stored(stored), scopes);
    }
}

#[test]
fn a_release_without_limits_takes_no_word_of_a_limited_key_for_a_scope() {
    let scopes = Scopes::named("introspection", &["tokens:introspect", "tokens:exchange"]);
    let scopes = scopes.unwrap().with_limits(limits(&["bimplus"], &[]));
    let stored = scopes.to_stored().unwrap();
    assert!(
        stored
            .split(' ')
            .all(|word| !Scope::ALL.iter().any(|scope| scope.name() == word)),
        "{stored}"
    );
}

#[test]
fn limits_leave_the_scopes_and_make_them_narrower() {
    let all = Scopes::ALL.with_limits(limits(&["bimplus"], &["archive"]));
    assert!(all.allow(Scope::TokensIntrospect) && !all.are_all());
    assert!(all.are_within(&Scopes::ALL) && !Scopes::ALL.are_within(&all));
    let one = Scopes::named("introspection", &["tokens:exchange"]).unwrap();
    assert!(!one.are_within(&all));
    assert!(
        one.with_limits(limits(&["bimplus"], &["archive"]))
            .are_within(&all)
    );
}
