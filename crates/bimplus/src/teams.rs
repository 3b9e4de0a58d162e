//! The teams of a user: the units of the organisation.

use isogloss_core::{Unit, User};
use serde::Serialize;
use uuid::Uuid;

/// A team, with the members that the .NET SDK and the web SDK read.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Team {
    slug: String,
    name: String,
    displayname: String,
    owner: &'static str,
    status: &'static str,
    #[serde(rename = "teamWorksConnection")]
    works_connection: (),
    data_storage_status: (),
    ismyteam: bool,
    rights: (),
    id: String,
}

impl Team {
    /// A team for each unit, in their order; one for the organisation if there is none.
    pub(crate) fn all(user: &User, units: Vec<Unit>) -> Vec<Self> {
        let mut teams = Vec::new();
        for Unit { id, name } in units {
            let id = Uuid::try_parse(&id).map_or(id, |guid| guid.to_string());
            let team = Self::new(&teams, id, name);
            teams.push(team);
        }
        if teams.is_empty() {
            let organisation = &user.organisation;
            let id = organisation.id.to_string();
            teams.push(Self::new(&[], id, organisation.name.clone()));
        }
        teams
    }

    fn new(others: &[Self], id: String, name: String) -> Self {
        let name = if name.is_empty() { id.clone() } else { name };
        Self {
            slug: slug(others, &name, &id),
            displayname: name.clone(),
            name,
            owner: "",
            status: "Active",
            works_connection: (),
            data_storage_status: (),
            ismyteam: true,
            rights: (),
            id,
        }
    }
}

/// The name as a path segment that no other team has: `Head office` is `head-office`.
fn slug(others: &[Team], name: &str, id: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let slug = match words.join("-").to_lowercase() {
        none if none.is_empty() => id.to_owned(),
        slug => slug,
    };
    let is_taken = |slug: &str| others.iter().any(|other| other.slug == slug);
    if is_taken(&slug) {
        format!("{slug}-{id}")
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use isogloss_core::{Organisation, Role, UserState};
    use serde_json::json;

    use super::*;

    fn user() -> User {
        User {
            id: Uuid::nil(),
            number: 1,
            user_name: "a".to_owned(),
            email: None,
            first_name: String::new(),
            last_name: String::new(),
            image_url: String::new(),
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

    fn slugs_and_ids(units: &[(&str, &str)]) -> Vec<(String, String)> {
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
            "owner": "",
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
    fn ids_of_32_digits_become_guids_and_others_stay() {
        let expected = [
            ("head", "ee63a82c-4feb-e02f-f34e-90dd1eba5abe"),
            ("branch", "unit 2"),
        ];
        let teams = slugs_and_ids(&[
            ("EE63A82C4FEBE02FF34E90DD1EBA5ABE", "Head"),
            ("unit 2", "Branch"),
        ]);
        assert_eq!(teams, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn slugs_are_never_empty_and_never_the_same() {
        let teams = slugs_and_ids(&[("1", "Büro"), ("2", "b-RO"), ("3", ""), ("4", "東京")]);
        let slugs: Vec<_> = teams.into_iter().map(|(slug, _)| slug).collect();
        assert_eq!(slugs, ["b-ro", "b-ro-2", "3", "4"]);
    }
}
