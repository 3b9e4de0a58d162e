//! `/introspect` according to RFC 7662.

use isogloss_testkit::dialects::{TestUser, TokenKind};
use isogloss_testkit::{Gateway, Redis, Request, Store};
use serde_json::{Value, json};

use crate::introspection::token_extraction::{Carried, carried, dialect, speaks};
use crate::introspection::{builder, gateway, introspect};

#[test]
fn a_live_token_tells_whom_it_speaks_for_in_every_form_it_is_received_in() {
    let gateway = gateway();
    for held in TestUser::admin().every_token(gateway.public()).unwrap() {
        let mut forms = vec![held.text.clone()];
        for carried in carried(&held) {
            forms.push(carried.text().to_owned());
            if let Carried::Query(query) = carried {
                forms.push(format!("https://tms.example.com/a/b?{query}"));
            }
        }
        for form in &forms {
            let answer = introspect(&gateway, form);
            if !speaks(held.kind) {
                assert_eq!(answer, json!({"active": false}), "{:?}", held.kind);
                continue;
            }
            assert_eq!(answer["active"], true, "{:?} {form}", held.kind);
            assert_eq!(answer["dialect"], dialect(held.kind), "{form}");
            assert_eq!(answer["organisation"], "CRMDEMO", "{form}");
        }
    }
}

#[test]
fn what_is_known_of_a_token_is_told_and_nothing_else() {
    let gateway = gateway();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let of = |kind| {
        let held = tokens.iter().find(|held| held.kind == kind).unwrap();
        introspect(&gateway, &held.text)
    };
    let mut bimplus = of(TokenKind::of("bimplus", "access"));
    let life = bimplus["exp"].as_i64().unwrap() - bimplus["iat"].as_i64().unwrap();
    // Services may use the response for five minutes, although the token lives longer.
    assert!((300..3600).contains(&life), "{life}");
    assert_eq!(bimplus["jti"].as_str().unwrap().len(), 26);
    let members = bimplus.as_object_mut().unwrap();
    for varies in ["exp", "iat", "jti", "sub", "organisation_id", "device"] {
        assert!(members.remove(varies).is_some(), "{varies}");
    }
    assert_eq!(
        bimplus,
        json!({
            "active": true, "token_type": "BimPlus", "username": "admin", "number": 30,
            "email": "admin@example.com", "organisation": "CRMDEMO", "role": "ADMIN",
            "dialect": "bimplus", "client_id": "bimplus", "scope": "read write admin",
        })
    );
    assert_eq!(
        of(TokenKind::of("crmcom", "access"))["unit"],
        "EE63A82C4FEBE02FF34E90DD1EBA5ABE"
    );
    let impersonation = of(TokenKind::of("memsource", "impersonation"));
    assert_eq!(impersonation["username"], "linguist");
    assert_eq!(
        impersonation["act"]["sub"],
        of(TokenKind::of("memsource", "access"))["sub"]
    );
    assert_eq!(of(TokenKind::of("memsource", "access"))["act"], Value::Null);
}

/// Redeems a cross token of `admin` with that team and project, and returns the access token.
fn handover(gateway: &Gateway, team: &str, project: &str) -> String {
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let cross = tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "cross"));
    let body = json!({"cross_token": cross.unwrap().text, "team_id": team, "project_id": project});
    let handover = Request::post("/v2/cross-authorize").json(&body);
    let answer = handover.send(gateway.public()).unwrap();
    assert_eq!(answer.status, 200, "{team}");
    answer.json().unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_team_of_the_user_is_vouched_for_and_a_project_is_the_clients_claim() {
    let gateway = gateway();
    let team = "ee63a82c-4feb-e02f-f34e-90dd1eba5abe";
    let unit = "EE63A82C4FEBE02FF34E90DD1EBA5ABE";
    for spelling in [team, unit] {
        let token = handover(&gateway, spelling, "P-1");
        let answer = introspect(&gateway, &token);
        let found = (
            &answer["team"],
            &answer["unit"],
            &answer["claimed"],
            &answer["project"],
        );
        let claimed = json!({"project": "P-1"});
        assert_eq!(found, (&json!(team), &json!(unit), &claimed, &Value::Null));
        let forwarded = Request::get("/forward-auth/bimplus")
            .header("Authorization", format!("BimPlus {token}"))
            .send(gateway.management())
            .unwrap();
        let header = |name| forwarded.header(name);
        assert_eq!(header("X-Isogloss-Team"), Some(team));
        assert_eq!(header("X-Isogloss-Unit"), Some(unit));
        assert_eq!(header("X-Isogloss-Claimed-Project"), Some("P-1"));
        assert_eq!(header("X-Isogloss-Project"), Some(""));
    }
}

#[test]
fn a_team_that_the_user_does_not_have_is_told_nowhere() {
    let gateway = gateway();
    let organisation = introspect(&gateway, &handover(&gateway, "", ""))["organisation_id"].clone();
    // Invented, of another organisation, and of the organisation of a user who has units.
    for team in [
        "7",
        "11111111-2222-2222-3333-333344444444",
        organisation.as_str().unwrap(),
    ] {
        let token = handover(&gateway, team, "P-1");
        let answer = introspect(&gateway, &token);
        assert_eq!(
            (&answer["team"], &answer["unit"]),
            (&Value::Null, &Value::Null)
        );
        assert!(
            !answer.to_string().contains(&format!("\"{team}\""))
                || team == answer["organisation_id"]
        );
        let forwarded = Request::get("/forward-auth/bimplus")
            .header("Authorization", format!("BimPlus {token}"))
            .send(gateway.management())
            .unwrap();
        assert_eq!(forwarded.header("X-Isogloss-Team"), Some(""), "{team}");
    }
}

#[test]
fn the_cookie_of_login_to_session_opens_it_and_its_csrf_token_is_its_handle() {
    let gateway = gateway();
    let body = json!({"userName": "linguist", "password": "linguist-demo", "rememberMe": true});
    let login = Request::post("/web/api2/v3/auth/loginToSession").json(&body);
    let login = login.send(gateway.public()).unwrap();
    let set = login.header("Set-Cookie").unwrap().to_owned();
    let login = login.json().unwrap();
    let cookie = login["cookie"].as_str().unwrap();
    assert!(set.starts_with(&format!("{cookie}; HttpOnly; ")), "{set}");
    let answer = introspect(&gateway, cookie);
    assert_eq!(answer["username"], "linguist");
    assert_eq!(answer["jti"], login["csrfToken"]);
    let forwarded = Request::get("/forward-auth/memsource")
        .header("Cookie", format!("a=b; {cookie}"))
        .send(gateway.management())
        .unwrap();
    assert_eq!(forwarded.status, 200);
    assert_eq!(forwarded.header("X-Isogloss-User-Name"), Some("linguist"));
}

#[test]
fn a_dead_token_is_not_active_and_nothing_more_is_said() {
    let gateway = gateway();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let ended = tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "access"));
    let ended = &ended.unwrap().text;
    let revoke =
        Request::new("DELETE", "/v2/authorize").header("Authorization", format!("BimPlus {ended}"));
    assert_eq!(revoke.send(gateway.public()).unwrap().status, 200);
    let others = [
        "35eb2b5e94b54d5aafa6b6a7b6e8de01",
        "x",
        "?",
        "BimPlus ",
        "30-",
        "token=",
        "\u{e9}\r\n",
    ];
    for dead in others.into_iter().chain([&**ended]) {
        assert_eq!(
            introspect(&gateway, dead),
            json!({"active": false}),
            "{dead}"
        );
    }
    // A Memsource token with the number of another user is invalid.
    let memsource = tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("memsource", "access"));
    let (_, digits) = memsource.unwrap().text.split_once('-').unwrap();
    assert_eq!(
        introspect(&gateway, &format!("35-{digits}")),
        json!({"active": false})
    );
}

#[test]
fn of_a_token_that_is_kept_near_the_same_is_told_until_it_ends() {
    let redis = Redis::start().unwrap();
    // Otherwise, the expiry moves with the time of the request.
    let gateway = builder()
        .config_text("[introspection]\nmax_age = \"0s\"")
        .store(Store::Redis(redis.url()));
    let gateway = gateway.start().unwrap();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    for held in &tokens {
        let at_first = introspect(&gateway, &held.text);
        assert_eq!(at_first["active"], speaks(held.kind), "{:?}", held.kind);
        for _ in 0..2 {
            assert_eq!(
                introspect(&gateway, &held.text),
                at_first,
                "{:?}",
                held.kind
            );
        }
    }
    let of = |kind| &tokens.iter().find(|held| held.kind == kind).unwrap().text;
    let dead = json!({"active": false});
    let (_, digits) = of(TokenKind::of("memsource", "access"))
        .split_once('-')
        .unwrap();
    assert_eq!(introspect(&gateway, &format!("35-{digits}")), dead);
    let ended = of(TokenKind::of("bimplus", "access"));
    let revoke =
        Request::new("DELETE", "/v2/authorize").header("Authorization", format!("BimPlus {ended}"));
    assert_eq!(revoke.send(gateway.public()).unwrap().status, 200);
    assert_eq!(introspect(&gateway, ended), dead);
}
