//! The teams of a user: the units of the organisation.

use isogloss_core::{Unit, User};
use serde::Serialize;
use uuid::Uuid;

use crate::team_ids::guids;

/// A team, with the members that the .NET SDK and the web SDK read.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Team {
    slug: String,
    name: String,
    displayname: String,
    /// The organisation: the directory knows no other owner, and clients read a GUID.
    #[schema(value_type = String)]
    owner: Uuid,
    status: &'static str,
    #[serde(rename = "teamWorksConnection")]
    works_connection: (),
    data_storage_status: (),
    ismyteam: bool,
    rights: (),
    #[schema(value_type = String)]
    id: Uuid,
}

impl Team {
    /// Returns a team for each unit, in their order, or one team for the organisation if there is no unit.
    pub(crate) fn all(user: &User, units: Vec<Unit>) -> Vec<Self> {
        let owner = user.organisation.id;
        if units.is_empty() {
            return vec![Self::new(&[], owner, owner, user.organisation.name.clone())];
        }
        let ids: Vec<_> = units.iter().map(|unit| unit.id.as_str()).collect();
        let guids = guids(&ids);
        let mut teams = Vec::with_capacity(units.len());
        for (guid, Unit { id, name }) in guids.into_iter().zip(units) {
            let name = if name.is_empty() { id } else { name };
            let team = Self::new(&teams, owner, guid, name);
            teams.push(team);
        }
        teams
    }

    fn new(others: &[Self], owner: Uuid, id: Uuid, name: String) -> Self {
        Self {
            slug: unique_slug(others, &name, id),
            displayname: name.clone(),
            name,
            owner,
            status: "Active",
            works_connection: (),
            data_storage_status: (),
            ismyteam: true,
            rights: (),
            id,
        }
    }
}

/// Returns a path segment from the name that no other team has: `head-office` for `Head office`.
fn unique_slug(others: &[Team], name: &str, id: Uuid) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let mut slug = match words.join("-").to_lowercase() {
        none if none.is_empty() => id.to_string(),
        slug => slug,
    };
    while others.iter().any(|other| other.slug == slug) {
        slug = format!("{slug}-{id}");
    }
    slug
}

#[cfg(test)]
pub(crate) mod tests {
    use isogloss_core::{Organisation, Role, UserState};
    use serde_json::json;

    use super::*;

    pub(crate) fn user() -> User {
        User {
            id: Uuid::nil(),
            number: 1,
            user_name: "a".to_owned(),
            email: None,
            first_name: String::new(),
            last_name: String::new(),
            image_url: String::new(),
            language: None,
            role: Role::Linguist,
            organisation: Organisation {
                id: Uuid::from_u128(7),
                name: "ACME Ltd.".to_owned(),
            },
            units: Vec::new(),
            default_unit: None,
            state: UserState::Active,
            generation: 0,
        }
    }

    fn slugs_and_ids(units: &[(&str, &str)]) -> Vec<(String, Uuid)> {
        let units = units.iter().map(|(id, name)| Unit {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
        });
        let teams = Team::all(&user(), units.collect());
        teams.into_iter().map(|team| (team.slug, team.id)).collect()
    }

    #[test]
    fn a_user_without_units_is_in_the_team_of_the_organisation() {
        let teams = Team::all(&user(), Vec::new());
        let expected = json!([{
            "slug": "acme-ltd",
            "name": "ACME Ltd.",
            "displayname": "ACME Ltd.",
            "owner": "00000000-0000-0000-0000-000000000007",
            "status": "Active",
            "teamWorksConnection": null,
            "dataStorageStatus": null,
            "ismyteam": true,
            "rights": null,
            "id": "00000000-0000-0000-0000-000000000007",
        }]);
        assert_eq!(serde_json::to_value(teams).unwrap(), expected);
    }

    #[test]
    fn ids_of_units_become_guids() {
        let teams = slugs_and_ids(&[
            ("EE63A82C4FEBE02FF34E90DD1EBA5ABE", "Head"),
            ("unit 2", "Branch"),
        ]);
        let ids = guids(&["EE63A82C4FEBE02FF34E90DD1EBA5ABE", "unit 2"]);
        let expected = [("head", ids[0]), ("branch", ids[1])];
        assert_eq!(teams, expected.map(|(slug, id)| (slug.to_owned(), id)));
    }

    #[test]
    fn slugs_are_never_empty_and_never_the_same() {
        let ids = guids(&["1", "2", "3", "4", "5"]);
        let taken = format!("b ro {}", ids[1]);
        let units = [
            ("1", "Büro"),
            ("5", &*taken),
            ("2", "b-RO"),
            ("3", ""),
            ("4", "東京"),
        ];
        let teams = slugs_and_ids(&units);
        let slugs: Vec<_> = teams.into_iter().map(|(slug, _)| slug).collect();
        let of_fifth = format!("b-ro-{}", ids[1]);
        let of_second = format!("b-ro-{}-{}", ids[1], ids[1]);
        let expected = ["b-ro", &of_fifth, &of_second, "3", &ids[3].to_string()];
        assert_eq!(slugs, expected);
    }
}
