//! The GUIDs by which clients know teams and whether a user has the team that a client names.

use std::collections::HashSet;

use isogloss_core::User;
use uuid::Uuid;

use crate::ids::Id;

/// Names the derived ids. The id of every team whose unit has another one than a GUID depends on it.
const NAMESPACE: Uuid = Uuid::from_u128(0x7b1f_6d0e_52c4_4a9b_9e37_0c58_d2a6_41f3);

/// Returns the GUID of each unit, in their order; no two are equal.
///
/// The .NET SDK rejects a user with any team whose id is not a GUID, but a unit's id may be any text.
/// A unit's id that is a GUID, in any spelling, is the team's. Any other, and the zero GUID, has a
/// GUID of version 5 that is derived from it and is the same at every time and place.
///
/// Where two units would be one team (two spellings of one GUID, or an id that is the derived GUID of
/// another unit), the first one keeps it: GUIDs before other texts, then by spelling. The other one
/// has a further derived GUID. Only the units of one user are compared, so in that case alone two users
/// may know one unit by two ids.
pub(crate) fn guids(units: &[&str]) -> Vec<Uuid> {
    let mut order: Vec<_> = (0..units.len()).collect();
    order.sort_by_key(|&index| (as_guid(units[index]).is_none(), units[index]));
    let mut guids = vec![Uuid::nil(); units.len()];
    let mut taken = HashSet::new();
    for index in order {
        let unit = units[index];
        let mut guid = as_guid(unit).unwrap_or_else(|| Uuid::new_v5(&NAMESPACE, unit.as_bytes()));
        while !taken.insert(guid) {
            guid = Uuid::new_v5(&guid, unit.as_bytes());
        }
        guids[index] = guid;
    }
    guids
}

/// Returns a unit's id as a GUID. `None` if it is not one, or zero.
fn as_guid(unit: &str) -> Option<Uuid> {
    Uuid::try_parse(unit).ok().filter(|guid| !guid.is_nil())
}

/// A team that a user has.
#[derive(Debug, PartialEq)]
pub(crate) struct Membership {
    /// The id that clients know it by.
    pub(crate) id: Uuid,
    /// Its unit. `None` for the team of a whole organisation.
    pub(crate) unit: Option<String>,
}

impl Membership {
    /// Returns the user's team with that id, in any spelling of its GUID or of the unit's id. `None` if the user has no
    /// such team.
    pub(crate) fn find(user: &User, wanted: &Id) -> Option<Self> {
        if user.units.is_empty() {
            let id = user.organisation.id;
            return (wanted.guid == Some(id)).then_some(Self { id, unit: None });
        }
        let units: Vec<_> = user.units.iter().map(String::as_str).collect();
        let guids = guids(&units);
        let by_guid = guids.iter().position(|guid| wanted.guid == Some(*guid));
        let found = by_guid.or_else(|| units.iter().position(|unit| *unit == wanted.text));
        found.map(|index| Self {
            id: guids[index],
            unit: Some(units[index].to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_body::JsonObject;
    use crate::teams::tests::user;

    const HEAD: &str = "EE63A82C4FEBE02FF34E90DD1EBA5ABE";

    fn id(text: &str) -> Id {
        let body = serde_json::json!({"team_id": text}).to_string();
        let mut members = JsonObject::parse(body.as_bytes()).unwrap();
        Id::parse(&mut members, "team_id").unwrap().unwrap()
    }

    fn texts(guids: &[Uuid]) -> Vec<String> {
        guids.iter().map(Uuid::to_string).collect()
    }

    #[test]
    fn derived_guids_are_the_same_in_every_release() {
        let derived = guids(&["HQ", "", "00000000-0000-0000-0000-000000000000"]);
        assert_eq!(
            texts(&derived),
            [
                "f2e14907-5449-5662-8fc8-9580f77b15fb",
                "a7c12390-d17d-59ca-af16-98625ebd5954",
                "f773b25d-238b-54c6-a572-a38dfc5a5605",
            ]
        );
        assert!(derived.iter().all(|guid| guid.get_version_num() == 5));
    }

    #[test]
    fn a_guid_in_any_spelling_stays_what_it_is() {
        let expected = "ee63a82c-4feb-e02f-f34e-90dd1eba5abe";
        for spelling in [HEAD, expected, &expected.to_uppercase()] {
            assert_eq!(texts(&guids(&[spelling])), [expected]);
        }
    }

    #[test]
    fn two_units_are_two_teams_whatever_their_ids_and_their_order() {
        let hq = guids(&["HQ"])[0];
        let (simple, dashed) = (hq.simple().to_string(), hq.to_string());
        let units = ["HQ", &simple, &dashed];
        let ids = guids(&units);
        let different: HashSet<_> = ids.iter().collect();
        assert_eq!(different.len(), 3);
        let mut reversed = guids(&[units[2], units[1], units[0]]);
        reversed.reverse();
        assert_eq!(reversed, ids);
    }

    #[test]
    fn a_team_is_found_by_the_id_that_clients_know_and_by_the_units() {
        let mut user = user();
        user.units = vec![HEAD.to_owned(), "HQ".to_owned()];
        let hq = guids(&[HEAD, "HQ"])[1];
        for spelling in [
            hq.to_string(),
            hq.simple().to_string().to_uppercase(),
            "HQ".to_owned(),
        ] {
            let found = Membership::find(&user, &id(&spelling)).unwrap();
            assert_eq!(
                (found.id, found.unit.as_deref()),
                (hq, Some("HQ")),
                "{spelling}"
            );
        }
        for other in [
            "hq",
            "7",
            "0b7b3d1c-2a5e-4f60-89ab-cdef01234567",
            &user.organisation.id.to_string(),
        ] {
            assert_eq!(Membership::find(&user, &id(other)), None, "{other}");
        }
    }

    #[test]
    fn a_user_without_units_has_the_team_of_the_organisation_alone() {
        let user = user();
        let organisation = user.organisation.id;
        let found = Membership::find(&user, &id(&organisation.simple().to_string()));
        assert_eq!(
            found,
            Some(Membership {
                id: organisation,
                unit: None
            })
        );
        assert_eq!(Membership::find(&user, &id(HEAD)), None);
    }
}
