//! Claims of a user.

use std::fmt;

use isogloss_core::authority::{Cause, CauseKind};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The identifier of the user at the provider.
pub(crate) const SUB: &str = "sub";

/// The claims of an ID token or of userinfo.
#[derive(Clone)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// Returns a claim. In a path with dots, each part is the name of a claim in an object; names that contain dots
    /// themselves are found, too. `None` if it is absent or null.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        find(&self.0, path).filter(|value| !value.is_null())
    }

    /// Returns the identifier of the user.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if there is none.
    pub(crate) fn sub(&self) -> Result<&str, Cause> {
        let sub = self.get(SUB).and_then(Value::as_str);
        sub.filter(|sub| !sub.is_empty())
            .ok_or_else(|| Cause::new(CauseKind::Response, "the claim sub is missing"))
    }

    /// Returns the claims with those of userinfo which they lack.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if those are of another user: OpenID Connect Core 1.0, 5.3.2.
    pub(crate) fn joined(mut self, userinfo: Self) -> Result<Self, Cause> {
        if self.sub()? != userinfo.sub()? {
            let detail = "userinfo is about another user than the ID token";
            return Err(Cause::new(CauseKind::Response, detail));
        }
        join(&mut self.0, userinfo.0);
        Ok(self)
    }
}

/// Reads an object in which no claim is there twice.
impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Claims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object in which no claim is there twice")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Claims, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = members.next_entry()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim is there twice"));
                    }
                }
                Ok(Claims(claims))
            }
        }

        deserializer.deserialize_map(Once)
    }
}

/// Adds the members that an object lacks, in its objects, too.
fn join(own: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (own.get_mut(&name), value) {
            (Some(Value::Object(own)), Value::Object(more)) => join(own, more),
            (Some(value), more) if value.is_null() => *value = more,
            (Some(_), _) => {}
            (None, value) => {
                own.insert(name, value);
            }
        }
    }
}

fn find<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let inner = || {
        path.match_indices('.').find_map(|(place, _)| {
            let (name, rest) = (path.get(..place)?, path.get(place + 1..)?);
            find(object.get(name)?.as_object()?, rest)
        })
    };
    object.get(path).or_else(inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        Claims(value.as_object().unwrap().clone())
    }

    #[test]
    fn paths_lead_into_objects_and_names_with_dots_are_found() {
        let claims = claims(&json!({
            "realm_access": {"roles": ["pm"]},
            "resource_access": {"www.example.com": {"roles": [1]}},
            "https://example.com/org": "A",
            "empty": null,
        }));
        assert_eq!(claims.get("realm_access.roles"), Some(&json!(["pm"])));
        let client = claims.get("resource_access.www.example.com.roles");
        assert_eq!(client, Some(&json!([1])));
        assert_eq!(claims.get("https://example.com/org"), Some(&json!("A")));
        for absent in [
            "empty",
            "realm_access.other",
            "roles",
            "",
            ".",
            "realm_access.",
        ] {
            assert_eq!(claims.get(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_claim_that_is_there_twice_is_refused() {
        assert!(serde_json::from_str::<Claims>(r#"{"sub": "1", "a": 2}"#).is_ok());
        assert!(serde_json::from_str::<Claims>(r#"{"sub": "1", "sub": "2"}"#).is_err());
        assert!(serde_json::from_str::<Claims>(r#"["sub"]"#).is_err());
    }

    #[test]
    fn userinfo_adds_what_is_missing_and_changes_nothing() {
        let own = claims(&json!({"sub": "1", "a": "own", "o": {"x": 1}}));
        let more = claims(&json!({"sub": "1", "a": "other", "b": "more", "o": {"x": 2, "y": 3}}));
        let joined = own.joined(more).unwrap();
        assert_eq!(joined.get("a"), Some(&json!("own")));
        assert_eq!(joined.get("b"), Some(&json!("more")));
        assert_eq!(joined.get("o"), Some(&json!({"x": 1, "y": 3})));
    }

    #[test]
    fn userinfo_of_another_user_is_refused() {
        let own = || claims(&json!({"sub": "1"}));
        assert!(own().joined(claims(&json!({"sub": "2"}))).is_err());
        assert!(own().joined(claims(&json!({}))).is_err());
    }
}
