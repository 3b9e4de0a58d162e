//! Every response parsed as the vendor's .NET SDK parses it, for any content of the directory.
//!
//! The SDK throws at a member of another type, and its login dialog takes that for a user without teams.

mod fixture;
mod routes;
mod sdk;
mod strategies;

use std::collections::HashSet;
use std::time::Duration;

use isogloss_core::{IssuedToken, Purpose, Terms, Unit, User};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::fixture::World;
use self::strategies::{sent_id, text, units, user};
use crate::configurations::{Configurations, Environment};
use crate::ids::Id;
use crate::json_body::JsonObject;
use crate::profile::Profile;
use crate::requests::AuthorizeRequest;
use crate::team_ids::Membership;
use crate::teams::Team;
use crate::wire::{AccessTokenResponse, CrossTokenResponse, RememberMeResponse, TokenInformation};
use crate::{REALM, Settings};

const CASES: u32 = 10_000;

/// Serializes a response and parses it into the SDK's type. `Err` if the SDK would throw.
fn read<T: DeserializeOwned>(body: &impl Serialize) -> Result<T, TestCaseError> {
    let wire = serde_json::to_string(body).map_err(|error| fail(&error))?;
    serde_json::from_str(&wire)
        .map_err(|error| TestCaseError::fail(format!("{error}: {wire:.400}")))
}

fn fail(error: &dyn std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn user_with_units() -> impl Strategy<Value = (User, Vec<Unit>)> {
    units().prop_flat_map(|units| user(&units).prop_map(move |user| (user, units.clone())))
}

fn id(text: &str) -> Option<Id> {
    let body = json!({ "team_id": text }).to_string();
    let mut members = JsonObject::parse(body.as_bytes()).ok()?;
    Id::parse(&mut members, "team_id").ok()?
}

/// Checks that different units are different teams, and that each id that a client sends back finds its team. `Err` if
/// not.
fn check_teams(user: &User, teams: &[sdk::Team]) -> Result<(), TestCaseError> {
    let ids: HashSet<_> = teams.iter().map(|team| team.id).collect();
    let slugs: HashSet<_> = teams.iter().map(|team| &team.slug).collect();
    prop_assert_eq!((ids.len(), slugs.len()), (teams.len(), teams.len()));
    prop_assert_eq!(teams.len(), user.units.len().max(1));
    for (index, team) in teams.iter().enumerate() {
        let sdk::Guid(guid) = team.id;
        for spelling in [guid.to_string(), guid.simple().to_string().to_uppercase()] {
            // Zeros count as no id; only an organisation of that id has them.
            let Some(id) = id(&spelling) else {
                prop_assert!(user.units.is_empty() && guid.is_nil());
                continue;
            };
            let unit = user.units.get(index).cloned();
            prop_assert_eq!(
                Membership::find(user, &id),
                Some(Membership { id: guid, unit })
            );
        }
    }
    Ok(())
}

#[test]
fn the_sdk_reads_user_and_teams_of_any_directory() {
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));
    let checked = runner.run(&user_with_units(), |(user, units)| {
        let teams: Vec<sdk::Team> = read(&Team::all(&user, units.clone()))?;
        check_teams(&user, &teams)?;
        let profile = Profile::new(&user, Team::all(&user, units));
        let profile: sdk::User = read(&profile)?;
        let of_profile: Vec<_> = profile.teams.iter().map(|one| one.team.id).collect();
        let of_teams: Vec<_> = teams.iter().map(|team| team.id).collect();
        prop_assert_eq!(of_profile, of_teams);
        Ok(())
    });
    checked.unwrap();
}

/// Issues and returns tokens of the purposes that responses contain, with lifetimes from a second to a hundred
/// years.
async fn tokens(world: &World) -> Vec<IssuedToken> {
    let user = world.auth.find_without_second_factor("ada").await;
    let user = user.unwrap().unwrap();
    let mut tokens = Vec::new();
    for purpose in [Purpose::Access, Purpose::Remember, Purpose::Handover] {
        for seconds in [1, 300, 28_800, 2_592_000, 3_155_760_000] {
            for client in [
                None,
                Some("0864b512-1776-4a55-8ee5-2b19d7d9b7ea"),
                Some("a machine"),
            ] {
                let terms = Terms {
                    client: client.map(str::to_owned),
                    ..Terms::new(purpose, Duration::from_secs(seconds))
                };
                tokens.push(world.auth.issue(REALM, &user, terms).await.unwrap());
            }
        }
    }
    tokens
}

#[actix_web::test]
async fn the_sdk_reads_every_answer_to_a_login() {
    let world = World::new(&json!({
        "organisations": [{"name": "Acme"}],
        "users": [{"user_name": "ada", "organisation": "Acme", "password": "ada-pw"}],
    }))
    .await;
    let tokens = tokens(&world).await;
    let token = || (0..tokens.len()).prop_map(|index| &tokens[index]);
    let ids = (sent_id(), sent_id());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));
    let strategy = (ids, token(), token(), proptest::bool::ANY);
    let checked = runner.run(&strategy, |((client, application), access, remember, fresh)| {
        let ids = || {
            let body = json!({
                "user_id": "a", "password": "b", "client_id": client, "application_id": application,
            });
            let members = JsonObject::parse(body.to_string().as_bytes()).map_err(|error| fail(&error))?;
            let request = AuthorizeRequest::parse(members, &Settings::default());
            request.map(|request| request.ids).map_err(|error| fail(&error))
        };
        let client = |id: Option<Id>| id.unwrap_or_else(Id::generate);
        let plain: sdk::Login = read(&AccessTokenResponse::new(access, client(ids()?.client)))?;
        prop_assert!(!plain.client_id.0.is_nil() && plain.token_type == "BimPlus");
        let sent = ids()?;
        let remember = fresh.then_some(remember);
        let answer = RememberMeResponse::new(access, remember, client(sent.client), sent.application);
        let remembered: sdk::Login = read(&answer)?;
        prop_assert!(!remembered.client_id.0.is_nil() && remembered.token_type == "BimPlus");
        let _: sdk::Cross = read(&CrossTokenResponse::new(access))?;
        let _: sdk::Information =
            read(&TokenInformation::new(&access.session, access.returned_at))?;
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn the_sdk_reads_the_configurations_of_any_setting() {
    let environments = prop_oneof![
        Just((Environment::Prod, sdk::Environment::Prod)),
        Just((Environment::Stage, sdk::Environment::Stage)),
        Just((Environment::Dev, sdk::Environment::Dev)),
        Just((Environment::LocalHost, sdk::Environment::LocalHost)),
    ];
    let link = || text().prop_map(|text| format!("https://id.example/{text}").try_into().ok());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));
    let checked = runner.run(&(environments, link()), |((environment, read_as), link)| {
        let settings = Settings {
            environment,
            forgot_password_link: link.unwrap_or_default(),
            ..Settings::default()
        };
        let answer: sdk::Configurations = read(&Configurations::new(&settings))?;
        prop_assert_eq!(answer.environment, read_as);
        Ok(())
    });
    checked.unwrap();
}
