//! RFC 8693, token exchange.

use isogloss_testkit::Request;
use isogloss_testkit::dialects::{TestUser, TokenKind};
use serde_json::{Value, json};

use crate::introspection::{
    ACCESS_TOKEN, EXCHANGE, JWT, exchange, form, gateway, introspect, jwt, key, part, token,
};

#[test]
fn rfc_8693_2_1_what_is_required_must_be_there() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    for missing in ["grant_type", "subject_token", "subject_token_type"] {
        let answer = exchange(&gateway, &token, &[(missing, "")]);
        assert_eq!(answer.status, 400, "{missing}");
        assert_eq!(answer.json().unwrap()["error"], "invalid_request");
    }
}

#[test]
fn rfc_8693_2_1_an_actor_token_is_not_taken_nor_its_type() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    for actor in [("actor_token", "x"), ("actor_token_type", ACCESS_TOKEN)] {
        let answer = exchange(&gateway, &token, &[actor]);
        assert_eq!(answer.status, 400, "{actor:?}");
        assert_eq!(answer.json().unwrap()["error"], "invalid_request");
    }
}

#[test]
fn rfc_8693_2_1_the_scope_may_be_narrower_and_never_wider() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let granted = |subject: &str, more: &[(&str, &str)]| {
        let answer = exchange(&gateway, subject, more);
        let body = answer.json().unwrap();
        match body["access_token"].as_str() {
            Some(jwt) => {
                assert_eq!(part(jwt, 1)["scope"], body["scope"]);
                body["scope"].clone()
            }
            None => body["error"].clone(),
        }
    };
    assert_eq!(granted(&token, &[]), "read write admin");
    assert_eq!(
        granted(&token, &[("scope", "write  read write")]),
        "write read"
    );
    assert_eq!(granted(&token, &[("scope", "moon")]), "invalid_scope");
    // What a JWT does not have, no exchange of it gives.
    let narrow = jwt(&gateway, &token, &[("scope", "read")]);
    assert_eq!(granted(&narrow, &[]), "read");
    assert_eq!(granted(&narrow, &[("scope", "read")]), "read");
    assert_eq!(granted(&narrow, &[("scope", "admin")]), "invalid_scope");
}

#[test]
fn rfc_8693_2_1_several_audiences_and_resources_may_be_named() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let several = [("audience", "services"), ("resource", "archive")];
    let claims = part(&jwt(&gateway, &token, &several), 1);
    assert_eq!(claims["aud"], json!(["services", "archive"]));
    let one = part(&jwt(&gateway, &token, &several[1..]), 1);
    assert_eq!(one["aud"], "archive");
}

#[test]
fn rfc_8693_2_2_1_the_response_says_what_was_issued() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    for (requested, issued) in [
        (vec![], ACCESS_TOKEN),
        (vec![("requested_token_type", ACCESS_TOKEN)], ACCESS_TOKEN),
        (vec![("requested_token_type", JWT)], JWT),
    ] {
        let mut body = exchange(&gateway, &token, &requested).json().unwrap();
        let members = body.as_object_mut().unwrap();
        assert!(members.remove("access_token").unwrap().is_string());
        assert_eq!(
            body,
            json!({
                "issued_token_type": issued, "token_type": "Bearer", "expires_in": 300,
                "scope": "read write admin",
            })
        );
    }
}

#[test]
fn rfc_8693_2_2_2_each_refusal_has_its_error() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let dead = "35eb2b5e94b54d5aafa6b6a7b6e8de01";
    for (more, error) in [
        (vec![("subject_token", dead)], "invalid_request"),
        (
            vec![(
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:saml2",
            )],
            "invalid_request",
        ),
        (vec![("subject_token_type", "urn:x")], "invalid_request"),
        (vec![("audience", "elsewhere")], "invalid_target"),
        (vec![("resource", "https://elsewhere")], "invalid_target"),
        (
            vec![("audience", "archive"), ("audience", "elsewhere")],
            "invalid_target",
        ),
    ] {
        let answer = exchange(&gateway, &token, &more);
        assert_eq!(answer.status, 400, "{more:?}");
        assert_eq!(answer.json().unwrap()["error"], error, "{more:?}");
    }
}

#[test]
fn rfc_8693_3_the_type_of_the_subject_token_is_checked() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &token, &[]);
    let of_bimplus = "urn:isogloss:token-type:bimplus";
    let of_crmcom = "urn:isogloss:token-type:crmcom";
    for (subject, kind, status) in [
        (&token, ACCESS_TOKEN, 200),
        (&token, of_bimplus, 200),
        (&token, of_crmcom, 400),
        (&token, JWT, 400),
        (&of_jwt, ACCESS_TOKEN, 200),
        (&of_jwt, JWT, 200),
        (&of_jwt, of_bimplus, 400),
    ] {
        let answer = exchange(&gateway, subject, &[("subject_token_type", kind)]);
        assert_eq!(answer.status, status, "{kind}: {}", answer.text());
    }
    let elsewhere = exchange(&gateway, &of_jwt, &[("dialect", "crmcom")]);
    assert_eq!(elsewhere.status, 400);
}

#[test]
fn rfc_8693_3_a_jwt_is_exchanged_for_another_of_the_same_subject() {
    let gateway = gateway();
    let first = jwt(&gateway, &token(&gateway, "memsource"), &[]);
    let second = jwt(&gateway, &first, &[("audience", "archive")]);
    let (mut first, mut second) = (part(&first, 1), part(&second, 1));
    assert_eq!(second["aud"], "archive");
    assert_ne!(first["jti"], second["jti"]);
    for varies in ["aud", "jti", "iat", "exp"] {
        for claims in [&mut first, &mut second] {
            assert!(claims.as_object_mut().unwrap().remove(varies).is_some());
        }
    }
    assert_eq!(first, second);
}

#[test]
fn rfc_8693_4_1_the_administrator_who_acts_as_the_user_is_named() {
    let gateway = gateway();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let of = |kind| &tokens.iter().find(|held| held.kind == kind).unwrap().text;
    let own = introspect(&gateway, of(TokenKind::of("memsource", "access")));
    let acting = jwt(
        &gateway,
        of(TokenKind::of("memsource", "impersonation")),
        &[],
    );
    let claims = part(&acting, 1);
    assert_eq!(claims["username"], "linguist");
    assert_eq!(claims["act"], json!({"sub": own["sub"]}));
    assert_eq!(own["act"], Value::Null);
    // What a user may not do, the administrator may not do as the user.
    assert_eq!(claims["scope"], "read write");
}

#[test]
fn rfc_8693_2_2_2_a_key_gives_no_more_than_it_is_bound_to() {
    let gateway = gateway();
    let token = token(&gateway, "bimplus");
    let of_jwt = jwt(&gateway, &token, &[]);
    for (members, subject, error) in [
        (json!({"dialects": ["crmcom"]}), &token, "invalid_request"),
        (json!({"dialects": ["crmcom"]}), &of_jwt, "invalid_request"),
        // The JWT is for the audience "services".
        (
            json!({"audiences": ["archive"]}),
            &of_jwt,
            "invalid_request",
        ),
    ] {
        let key = key(&gateway, &members);
        let form = form(&[
            ("grant_type", EXCHANGE),
            ("subject_token_type", ACCESS_TOKEN),
            ("subject_token", subject),
            ("client_secret", &key),
        ]);
        let answer = Request::post("/token").form(form);
        let answer = answer.send(gateway.management()).unwrap();
        assert_eq!(answer.status, 400, "{members}");
        let body = answer.json().unwrap();
        assert_eq!(body["error"], error, "{members}");
        assert_eq!(body["error_description"], "the subject_token is not valid");
    }
}
