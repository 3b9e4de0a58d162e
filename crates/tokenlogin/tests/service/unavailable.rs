//! With an unreachable store or too many logins, the response is never "not logged in".

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use isogloss_core::store::SessionLimits;
use isogloss_store_redis::{RedisSettings, RedisStore};
use serde_json::json;

use crate::fixture::{Plan, World};

const SOME_TOKEN: &str = "b930e0179baf4f919caeab28328190a3";

#[actix_web::test]
async fn a_store_that_is_away_is_503() {
    let settings = RedisSettings {
        connections: 1,
        timeout: Duration::from_secs(5),
        ..RedisSettings::at("redis://127.0.0.1:1")
    };
    let world = World::of(Plan {
        tokens: Arc::new(RedisStore::new(&settings, SessionLimits::default()).unwrap()),
        ..Plan::default()
    })
    .await;
    let answers = [
        world.login("ada", "ada-password").await,
        world.token_login(SOME_TOKEN).await,
        world
            .with_token(Method::POST, "Authentication/Logout", SOME_TOKEN)
            .await,
        world.request_reset("ada").await,
        world.request_reset("nobody").await,
        world.finish_reset(SOME_TOKEN, "brand new").await,
        world.with_token(Method::GET, "Users/Me", SOME_TOKEN).await,
        world.with_token(Method::GET, "Company", SOME_TOKEN).await,
    ];
    for answer in answers {
        let unavailable = json!({"Message": "The service is unavailable."});
        assert_eq!((answer.status, answer.body), (503, unavailable));
    }
}

#[actix_web::test]
async fn too_many_logins_are_told_when_to_retry_also_with_status_200() {
    let world = World::of(Plan {
        queue: 1,
        bcrypt_cost: 8,
        ..Plan::default()
    })
    .await;
    for (query, status) in [("", 503), ("&suppressResponseCodes=true", 200)] {
        let login = || {
            let body = json!({"userName": "ada", "password": "ada-password"});
            let request = TestRequest::post().set_json(body);
            world.send(request, "Authentication/Login", query)
        };
        let answers = join_all((0..32).map(|_| login())).await;
        let mut refused = 0;
        for answer in answers {
            if answer.headers.contains_key("Retry-After") {
                let message = json!({"Message": "The service is unavailable."});
                assert_eq!((answer.status, answer.body), (status, message));
                refused += 1;
            } else {
                answer.session();
            }
        }
        assert!(refused > 0);
    }
}
