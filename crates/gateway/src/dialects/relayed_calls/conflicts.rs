//! Calls with more than one token.

use actix_web::http::header::{AUTHORIZATION, COOKIE};
use actix_web::test::TestRequest;
use isogloss_bimplus::Bimplus;
use isogloss_crmcom::Crmcom;
use isogloss_memsource::Memsource;
use isogloss_tokenlogin::TokenLogin;
use serde_json::json;

use super::fixture::{Spelled, World};
use super::places::{FORM, MULTIPART, get, parts, post};
use super::stub_back_end::StubBackEnd;

/// A call with two tokens.
type Call = fn(&str, &str) -> TestRequest;

const JSON: &str = "application/json";

const BIMPLUS: [Call; 4] = [
    |one, other| {
        get(&format!("projects?api-token={other}"))
            .insert_header((AUTHORIZATION, format!("BimPlus {one}")))
    },
    |one, other| {
        get("projects")
            .append_header((AUTHORIZATION, format!("BimPlus {one}")))
            .append_header((AUTHORIZATION, format!("Bearer {other}")))
    },
    |one, other| get(&format!("projects?access_token={one}&api-token={other}")),
    |one, other| get(&format!("projects?access_token={one}&Access_Token={other}")),
];
const CRMCOM: [Call; 3] = [
    |one, other| get(&format!("contacts/list?token={one}&token={other}")),
    |one, other| {
        post(JSON, json!({"token": other}).to_string()).uri(&format!("/mount/work?token={one}"))
    },
    |one, other| {
        post(
            JSON,
            format!("{{\"token\": \"{one}\", \"token\": \"{other}\"}}"),
        )
    },
];
const TOKENLOGIN: [Call; 2] = [
    |one, other| {
        get(&format!(
            "Goals?APIKey=app-key&APIToken={one}&APIToken={other}"
        ))
    },
    |one, other| {
        get(&format!(
            "Goals?APIKey=app-key&APIToken={one}&apitoken={other}"
        ))
    },
];
const MEMSOURCE: [Call; 7] = [
    |one, other| {
        get(&format!("api2/v1/projects?token={one}"))
            .insert_header((AUTHORIZATION, format!("ApiToken {other}")))
    },
    |one, other| {
        get(&format!("project?token={one}"))
            .insert_header((COOKIE, format!("isogloss_session={other}")))
    },
    |one, other| {
        get("project").insert_header((
            COOKIE,
            format!("isogloss_session={one}; isogloss_session={other}"),
        ))
    },
    |one, other| {
        post(FORM, format!("token={other}")).uri(&format!("/mount/work?name=a&token={one}"))
    },
    |one, other| post(FORM, format!("token={one}&token={other}")),
    |one, other| {
        post(MULTIPART, parts(other)).insert_header((AUTHORIZATION, format!("ApiToken {one}")))
    },
    |one, other| {
        post(JSON, json!({"token": other}).to_string())
            .insert_header((AUTHORIZATION, format!("ApiToken {one}")))
    },
];

/// Sends each call with two live tokens, in both orders, with the same token twice, and with a malformed second one
/// that is refused.
async fn two_tokens_are_refused<D: Spelled>(calls: &[Call], refused: u16) {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let (one, other) = (world.token::<D>().await, world.token::<D>().await);
    for (index, call) in calls.iter().enumerate() {
        for call in [call(&one, &other), call(&other, &one)] {
            let reply = world.call::<D>(&back_end, call).await;
            assert_eq!(reply.status, refused, "{index}: {}", reply.body);
            assert_eq!(back_end.take_received(), [], "{index}");
        }
        let reply = world.call::<D>(&back_end, call(&one, &one)).await;
        let received = back_end.take_received();
        assert_eq!((reply.status, received.len()), (200, 1), "{index}");
        assert_eq!(received[0].user.as_deref(), Some("ada"), "{index}");
    }
}

#[actix_web::test]
async fn two_different_tokens_are_refused_and_one_token_twice_is_accepted() {
    two_tokens_are_refused::<Bimplus>(&BIMPLUS, 401).await;
    two_tokens_are_refused::<Crmcom>(&CRMCOM, 200).await;
    two_tokens_are_refused::<TokenLogin>(&TOKENLOGIN, 401).await;
    two_tokens_are_refused::<Memsource>(&MEMSOURCE, 401).await;
}

#[actix_web::test]
async fn two_spellings_of_one_token_are_one_token() {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let token = world.token::<Bimplus>().await;
    let dashed = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| token[range].to_uppercase());
    for call in BIMPLUS {
        let reply = world.call::<Bimplus>(&back_end, call(&token, &dashed.join("-")));
        assert_eq!(reply.await.status, 200);
    }
    assert_eq!(back_end.take_received().len(), BIMPLUS.len());
}

#[actix_web::test]
async fn a_malformed_token_beside_a_live_one_is_refused_in_a_place_of_its_own() {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let token = world.token::<Memsource>().await;
    let another_user = token.replacen("30-", "31-", 1);
    for malformed in ["None", "30-", &another_user] {
        for call in [MEMSOURCE[0], MEMSOURCE[3], MEMSOURCE[4], MEMSOURCE[5]] {
            for call in [call(&token, malformed), call(malformed, &token)] {
                let reply = world.call::<Memsource>(&back_end, call).await;
                assert_eq!(reply.status, 401, "{malformed}");
            }
        }
    }
    assert_eq!(back_end.take_received(), []);
}

#[actix_web::test]
async fn cookies_and_json_members_that_are_no_tokens_do_not_disturb_a_live_one() {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let token = world.token::<Memsource>().await;
    for call in [MEMSOURCE[1], MEMSOURCE[2], MEMSOURCE[6]] {
        let reply = world.call::<Memsource>(&back_end, call(&token, "node0-1"));
        assert_eq!(reply.await.status, 200);
    }
    assert_eq!(back_end.take_received().len(), 3);
    let alone = get("project").insert_header((COOKIE, "isogloss_session=node0-1"));
    let reply = world.call::<Memsource>(&back_end, alone).await;
    assert_eq!(reply.status, 401);
}
