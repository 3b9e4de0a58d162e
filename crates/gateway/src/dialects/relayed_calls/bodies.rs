//! Bodies of relayed calls: what is searched, and what the back end receives.

use std::io;

use actix_web::error::PayloadError;
use actix_web::http::header::{AUTHORIZATION, CONTENT_ENCODING};
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use isogloss_crmcom::Crmcom;
use isogloss_dialect::Dialect;
use isogloss_memsource::{Memsource, Settings};
use serde_json::json;

use super::fixture::{World, in_chunks};
use super::places::{FORM, MULTIPART, parts, post};
use super::stub_back_end::StubBackEnd;

const LIMIT: usize = 1000;

fn back_end() -> StubBackEnd {
    StubBackEnd {
        limit: LIMIT,
        ..StubBackEnd::default()
    }
}

/// Returns a body in chunks of that size.
fn chunks(body: &str, size: usize) -> Vec<Result<Bytes, PayloadError>> {
    let chunks = body.as_bytes().chunks(size);
    chunks
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect()
}

/// Sends a body in chunks of several sizes. Returns whether the back end received it, which it does byte for byte.
async fn arrives<D: Dialect<Settings: Default>>(world: &World, media: &str, body: &str) -> bool {
    let back_end = back_end();
    let outcomes = [1, 7, LIMIT, body.len()].map(|size| (size, chunks(body, size)));
    let mut arrived = Vec::new();
    for (size, chunks) in outcomes {
        let request = in_chunks(post(media, ""), chunks);
        let settings = D::Settings::default();
        world.call_with::<D>(&settings, &back_end, request).await;
        let received = back_end.take_received();
        let received: Vec<_> = received.iter().map(|call| &call.body[..]).collect();
        assert!(
            received.is_empty() || received == [body.as_bytes()],
            "{size}"
        );
        arrived.push(!received.is_empty());
    }
    assert!(arrived.iter().all(|one| *one == arrived[0]), "{arrived:?}");
    arrived[0]
}

#[actix_web::test]
async fn searched_bodies_arrive_byte_for_byte_however_they_are_cut() {
    let world = World::new().await;
    let token = world.token::<Memsource>().await;
    let form = format!("&&a=%zz+\u{e9};b&token={token}&a");
    assert!(arrives::<Memsource>(&world, FORM, &form).await);
    assert!(arrives::<Memsource>(&world, MULTIPART, &parts(&token)).await);
    let token = world.token::<Crmcom>().await;
    let json = format!("\u{feff} {{ \"a\" :1e5, \"token\":\"{token}\"}}\r\n");
    assert!(arrives::<Crmcom>(&world, "application/json", &json).await);
}

#[actix_web::test]
async fn tokens_before_the_limit_are_found_in_longer_forms_and_parts() {
    let world = World::new().await;
    let token = world.token::<Memsource>().await;
    let filling = "x".repeat(LIMIT);
    let form = format!("token={token}&text={filling}");
    assert!(arrives::<Memsource>(&world, FORM, &form).await);
    let form = format!("text={filling}&token={token}");
    assert!(!arrives::<Memsource>(&world, FORM, &form).await);
    let (head, foot) = parts(&token)
        .split_once("-- a --")
        .map(|(head, foot)| (head.to_owned(), foot.to_owned()))
        .unwrap();
    let body = format!("{head}{filling}{foot}");
    assert!(arrives::<Memsource>(&world, MULTIPART, &body).await);
    let late = "--line\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
    let body = format!("{late}{filling}\r\n{}", parts(&token));
    assert!(!arrives::<Memsource>(&world, MULTIPART, &body).await);
}

#[actix_web::test]
async fn a_token_that_the_limit_cuts_is_no_token() {
    let world = World::new().await;
    let token = world.token::<Memsource>().await;
    for cut in 1..token.len() {
        let filling = "x".repeat(LIMIT - "a=&token=".len() - cut);
        let form = format!("a={filling}&token={token}");
        assert!(!arrives::<Memsource>(&world, FORM, &form).await, "{cut}");
    }
    let filling = "x".repeat(LIMIT - "a=&token=".len() - token.len());
    let form = format!("a={filling}&token={token}");
    assert_eq!(form.len(), LIMIT);
    assert!(arrives::<Memsource>(&world, FORM, &form).await);
}

#[actix_web::test]
async fn json_is_searched_as_a_whole_or_not_at_all() {
    let world = World::new().await;
    let token = world.token::<Crmcom>().await;
    let body = |length: usize| {
        let body = json!({"token": token, "z": ""}).to_string();
        let filling = "x".repeat(length - body.len());
        json!({"token": token, "z": filling}).to_string()
    };
    assert!(arrives::<Crmcom>(&world, "application/json", &body(LIMIT)).await);
    assert!(!arrives::<Crmcom>(&world, "application/json", &body(LIMIT + 1)).await);
    for broken in [
        "{\"token\": \"TOKEN\"",
        "{\"token\": \"TOKEN\"}}",
        "[\"TOKEN\"]",
        "{'token': 'TOKEN'}",
    ] {
        let broken = broken.replace("TOKEN", &token);
        assert!(
            !arrives::<Crmcom>(&world, "application/json", &broken).await,
            "{broken}"
        );
    }
}

#[actix_web::test]
async fn bodies_that_are_not_searched_arrive_byte_for_byte() {
    let world = World::new().await;
    let back_end = back_end();
    let token = world.token::<Memsource>().await;
    let authorized =
        |request: TestRequest| request.insert_header((AUTHORIZATION, format!("ApiToken {token}")));
    let bytes: Vec<u8> = (0..=255).cycle().take(10 * LIMIT).collect();
    for (media, encoding) in [
        ("application/octet-stream", "identity"),
        ("application/zip", "identity"),
        ("application/json", "identity"),
        (FORM, "gzip"),
        (MULTIPART, "br"),
        ("multipart/form-data", "identity"),
        ("application/json", "gzip, br"),
    ] {
        let request = authorized(post(media, "")).insert_header((CONTENT_ENCODING, encoding));
        let reply = world
            .call::<Memsource>(&back_end, request.set_payload(bytes.clone()))
            .await;
        let received = back_end.take_received();
        assert_eq!(
            (reply.status, received.len()),
            (200, 1),
            "{media} {encoding}"
        );
        assert_eq!(received[0].body, bytes, "{media} {encoding}");
    }
}

#[actix_web::test]
async fn compressed_bodies_are_not_searched() {
    let world = World::new().await;
    let back_end = back_end();
    let token = world.token::<Memsource>().await;
    for (encoding, status) in [
        ("", 200),
        ("Identity", 200),
        ("gzip", 401),
        ("x, identity", 401),
    ] {
        let request = post(FORM, format!("token={token}"));
        let request = request.insert_header((CONTENT_ENCODING, encoding));
        let reply = world.call::<Memsource>(&back_end, request).await;
        assert_eq!(reply.status, status, "{encoding}");
    }
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_an_error_of_the_dialect() {
    let world = World::new().await;
    let back_end = back_end();
    let token = world.token::<Memsource>().await;
    let late = || PayloadError::Io(io::ErrorKind::TimedOut.into());
    for length in [10, 10 * LIMIT] {
        let filling = "x".repeat(length);
        for (error, status) in [(PayloadError::Incomplete(None), 400), (late(), 408)] {
            let mut chunks = chunks(&format!("token={token}&a={filling}"), 100);
            chunks.push(Err(error));
            let request = in_chunks(post(FORM, ""), chunks);
            let reply = world
                .call_with::<Memsource>(&Settings::default(), &back_end, request)
                .await;
            assert_eq!(reply.status, status, "{length}: {}", reply.body);
            assert!(reply.body.contains("InvalidArguments"), "{}", reply.body);
        }
    }
    assert_eq!(back_end.take_received(), []);
}
