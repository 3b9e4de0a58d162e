//! The response to `GET user`: a description of the caller.

use isogloss_core::User;
use serde::Serialize;
use uuid::Uuid;

use crate::teams::Team;

/// The user, as documented. Members that the directory does not have are empty, as in the vendor's sample.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    teams: Vec<Membership>,
    #[schema(value_type = String)]
    id: Uuid,
    email: String,
    status: &'static str,
    firstname: String,
    lastname: String,
    company: String,
    fullname: String,
    displayname: String,
    info: &'static str,
    phone_work: &'static str,
    phone_home: &'static str,
    fax: &'static str,
    mobile: &'static str,
    birth_date: &'static str,
    has_accepted_terms: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Membership {
    team: Team,
}

impl Profile {
    /// Returns the description of a user in these teams.
    pub(crate) fn new(user: &User, teams: Vec<Team>) -> Self {
        let fullname = full_name(user);
        let displayname = format!("{fullname} [{}]", user.organisation.name);
        Self {
            teams: teams.into_iter().map(|team| Membership { team }).collect(),
            id: user.id,
            email: user.address().unwrap_or_default().to_owned(),
            status: "Active",
            firstname: user.first_name.clone(),
            lastname: user.last_name.clone(),
            company: user.organisation.name.clone(),
            fullname,
            displayname,
            info: "",
            phone_work: "",
            phone_home: "",
            fax: "",
            mobile: "",
            birth_date: "",
            has_accepted_terms: true,
        }
    }
}

/// Returns first and last name, or the user name if both are empty.
fn full_name(user: &User) -> String {
    let names = format!("{} {}", user.first_name, user.last_name);
    match names.trim() {
        "" => user.user_name.clone(),
        names => names.to_owned(),
    }
}
