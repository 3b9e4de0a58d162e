//! Which calls need a token, and which go to the back end at all.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use isogloss_bimplus::Bimplus;
use isogloss_crmcom::Crmcom;
use isogloss_dialect::back_end::TokenPolicy;
use isogloss_memsource::Memsource;
use isogloss_tokenlogin::TokenLogin;

use super::fixture::{Spelled, World};
use super::places::{FORM, get, post};
use super::stub_back_end::StubBackEnd;

/// Returns the status of the response, and the users of the calls that the back end received.
async fn outcome(
    policy: TokenPolicy,
    call: TestRequest,
    world: &World,
) -> (u16, Vec<Option<String>>) {
    let back_end = StubBackEnd {
        policy,
        ..StubBackEnd::default()
    };
    let reply = world.call::<Memsource>(&back_end, call).await;
    let received = back_end.take_received().into_iter();
    (reply.status, received.map(|call| call.user).collect())
}

#[actix_web::test]
async fn the_policy_decides_about_calls_without_a_token() {
    use TokenPolicy::{Optional, Public, Required};
    let world = World::new().await;
    let token = world.token::<Memsource>().await;
    let ada = || (200, vec![Some("ada".to_owned())]);
    let anonymous = || (200, vec![None]);
    let refused = || (401, Vec::new());
    let dead = format!("x?token=30-{}", "0".repeat(32));
    let live = format!("x?token={token}");
    for (policy, query, expected) in [
        (Required, "x", refused()),
        (Required, "x?token=", refused()),
        (Required, &dead, refused()),
        (Required, "x?token=30", refused()),
        (Required, &live, ada()),
        (Optional, "x", anonymous()),
        (Optional, "x?token=", anonymous()),
        (Optional, &dead, refused()),
        (Optional, "x?token=30", refused()),
        (Optional, &live, ada()),
        (Public, "x", anonymous()),
        (Public, &dead, anonymous()),
        (Public, "x?token=30", anonymous()),
        (Public, &live, anonymous()),
    ] {
        let outcome = outcome(policy, get(query), &world).await;
        assert_eq!(outcome, expected, "{policy:?} {query}");
    }
    let call = post(FORM, format!("token={token}"));
    assert_eq!(outcome(Optional, call, &world).await, ada());
    let call = post(FORM, "name=a");
    assert_eq!(outcome(Optional, call, &world).await, anonymous());
}

#[actix_web::test]
async fn without_a_token_a_call_of_tokenlogin_still_needs_the_key_of_a_developer() {
    let world = World::new().await;
    let back_end = StubBackEnd {
        policy: TokenPolicy::Optional,
        ..StubBackEnd::default()
    };
    for (query, status) in [
        ("", 401),
        ("?APIKey=", 401),
        ("?APIKey=other", 401),
        ("?APIToken=&APIKey=other", 401),
        ("?apikey=app-key", 200),
        ("?APIKey=app-key&APIToken=", 200),
    ] {
        let reply = world
            .call::<TokenLogin>(&back_end, get(&format!("Goals{query}")))
            .await;
        let received = back_end.take_received();
        assert_eq!(
            (reply.status, received.len()),
            (status, usize::from(status == 200)),
            "{query}"
        );
        assert!(received.iter().all(|call| call.user.is_none()), "{query}");
    }
}

/// Sends calls to a path with a route, to its other methods, and to other paths. Only the latter two are relayed,
/// unless the back end claims the path.
async fn own_routes_are_not_relayed<D: Spelled>((method, path): (Method, &str)) {
    let world = World::new().await;
    let mut back_end = StubBackEnd {
        policy: TokenPolicy::Public,
        ..StubBackEnd::default()
    };
    let call = |method: &Method| {
        let path = format!("/mount{path}");
        TestRequest::default().method(method.clone()).uri(&path)
    };
    world.call::<D>(&back_end, call(&method)).await;
    assert_eq!(back_end.take_received(), []);
    let reply = world.call::<D>(&back_end, call(&Method::PATCH)).await;
    assert_eq!((reply.status, back_end.take_received().len()), (200, 1));
    let reply = world.call::<D>(&back_end, get("other//path;a/")).await;
    let received = back_end.take_received();
    assert_eq!((reply.status, received.len()), (200, 1));
    assert_eq!(received[0].path, "/mount/other//path;a/");
    let claimed = format!("/mount{path}");
    back_end.claimed = claimed.leak();
    let reply = world.call::<D>(&back_end, call(&method)).await;
    assert_eq!((reply.status, back_end.take_received().len()), (200, 1));
}

#[actix_web::test]
async fn calls_without_a_route_and_claimed_calls_go_to_the_back_end() {
    own_routes_are_not_relayed::<Bimplus>((Method::POST, "/authorize")).await;
    own_routes_are_not_relayed::<Crmcom>((Method::POST, "/authentication/token")).await;
    own_routes_are_not_relayed::<TokenLogin>((Method::POST, "/Authentication/Login")).await;
    own_routes_are_not_relayed::<Memsource>((Method::POST, "/api/v3/auth/login")).await;
    own_routes_are_not_relayed::<Memsource>((Method::POST, "/api2/v1/auth/login")).await;
    own_routes_are_not_relayed::<Memsource>((Method::GET, "/login/authByToken")).await;
}
