//! Responses of the routes, to requests as the SDK sends them.

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::web::Data;
use actix_web::{App, Error, rt};
use isogloss_core::directory::is_invisible;
use isogloss_core::{BearerToken, Token, Unit, is_unprintable};
use isogloss_dialect::Dialect as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fixture::World;
use super::sdk;
use super::strategies::{text, units};
use crate::{Bimplus, REALM, Settings};

const CASES: usize = 40;
const CLIENT: &str = "0864b512-1776-4a55-8ee5-2b19d7d9b7ea";

/// Of a name that an import lets in, in characters.
const LONGEST_NAME: usize = 255;

/// Names and units of a directory whose only user is ada.
#[derive(Debug)]
struct Content {
    organisation: String,
    names: [String; 2],
    units: Vec<Unit>,
}

impl Content {
    fn any() -> impl Strategy<Value = Self> {
        (text(), text(), text(), units()).prop_map(|(organisation, first, last, units)| Self {
            organisation: name(&format!("o{organisation}")),
            names: [name(&first), name(&last)],
            units: units
                .into_iter()
                .map(|unit| Unit {
                    id: name(&unit.id),
                    name: name(&unit.name),
                })
                .filter(|unit| !unit.id.is_empty())
                .collect(),
        })
    }

    fn file(&self) -> Value {
        let ids: Vec<_> = self.units.iter().map(|unit| &unit.id).collect();
        let units: Vec<_> = self
            .units
            .iter()
            .map(|unit| json!({"id": unit.id, "name": unit.name}))
            .collect();
        json!({
            "organisations": [{"name": self.organisation, "units": units}],
            "users": [{
                "user_name": "ada", "password": "ada-pw", "organisation": self.organisation,
                "first_name": self.names[0], "last_name": self.names[1], "units": ids,
            }],
        })
    }
}

/// Returns the text as an import accepts it: trimmed, in one line, without characters that cannot be printed or seen.
fn name(text: &str) -> String {
    let printable = text
        .chars()
        .filter(|c| !is_unprintable(*c) && !is_invisible(*c));
    let line: String = printable.take(LONGEST_NAME).collect();
    line.trim().to_owned()
}

/// Sends a request and returns the response in the SDK's type. Panics if the SDK would throw.
async fn ask<S, B, T>(app: &S, request: TestRequest, token: Option<&sdk::Guid>) -> T
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
    T: DeserializeOwned,
{
    let request = match token {
        Some(token) => request.insert_header((AUTHORIZATION, format!("BimPlus {}", token.0))),
        None => request,
    };
    let body = call_and_read_body(app, request.to_request()).await;
    let wire = String::from_utf8_lossy(&body);
    serde_json::from_str(&wire).unwrap_or_else(|error| panic!("{error}: {wire:.400}"))
}

async fn connect(content: &Content) {
    let world = World::new(&content.file()).await;
    let settings = Settings::default();
    let app = App::new()
        .app_data(Data::new(world.auth.clone()))
        .configure(|cfg| Bimplus::configure(&settings, None, cfg));
    let app = init_service(app).await;
    let get = |path: &str| TestRequest::get().uri(path);
    let post = |path: &str, body: Value| TestRequest::post().uri(path).set_json(body);

    let all: sdk::Configurations = ask(&app, get("/configurations"), None).await;
    assert_eq!(all.environment, sdk::Environment::Prod);
    let body = json!({"user_id": "ada", "password": "ada-pw", "client_id": CLIENT});
    let plain: sdk::Login = ask(&app, post("/authorize", body), None).await;
    let body = json!({
        "user_id": "ada", "password": "ada-pw", "client_id": null, "remember_me": true,
        "application_id": "00000000-0000-0000-0000-000000000000",
    });
    let login: sdk::Login = ask(&app, post("/authorize", body), None).await;
    let body = json!({
        "user_id": null, "password": null, "client_id": login.client_id.0, "remember_me": true,
        "application_id": CLIENT, "remember_me_token": login.remember_me_token,
    });
    let renewed: sdk::Login = ask(&app, post("/authorize", body), None).await;
    for token in [plain.access_token, login.access_token, renewed.access_token] {
        let _: sdk::Information = ask(&app, get("/authorize"), Some(&token)).await;
    }
    let token = Some(&renewed.access_token);
    let user: sdk::User = ask(&app, get("/user"), token).await;
    let teams: Vec<sdk::Team> = ask(&app, get("/teams"), token).await;
    assert_eq!(user.teams.len(), teams.len());
    for team in teams {
        let cross: sdk::Cross = ask(&app, post("/cross-token", Value::Null), token).await;
        let body = json!({"cross_token": cross.token, "team_id": team.id.0});
        let opened: sdk::Login = ask(&app, post("/cross-authorize", body), None).await;
        let opened = Token::from_guid(REALM, &opened.access_token.0.to_string()).unwrap();
        let session = world
            .auth
            .validate_bearer(&BearerToken::access(opened))
            .await
            .unwrap();
        assert_eq!(session.team(), Some(team.id.0.to_string().as_str()));
    }
}

#[actix_web::test]
async fn the_sdk_connects_to_any_directory() {
    let mut runner = TestRunner::default();
    for _ in 0..CASES {
        let content = Content::any().new_tree(&mut runner).unwrap().current();
        connect(&content).await;
        rt::task::yield_now().await;
    }
}
