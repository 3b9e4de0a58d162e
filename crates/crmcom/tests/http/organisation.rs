//! How the organisation of a login is compared.

use isogloss_crmcom::{OrganisationMatch, Settings};
use serde_json::{Value, json};

use crate::fixture::{Fixture, Reply};

/// Logs ada in by password and by both kinds of access token.
async fn log_in(
    fixture: &Fixture,
    organisation_match: OrganisationMatch,
    name: &str,
) -> [Reply; 3] {
    let settings = Settings {
        organisation_match,
        ..Settings::default()
    };
    let password = json!({"username": "ada", "password": "ada-pw", "organisation": name});
    let card =
        |identifier: Value| json!({"organisation": name, "access_token_identifier": identifier});
    let code = card(json!({"authentication_code": "open-sesame"}));
    let pass_code = card(json!({"identifier": "card", "pass_code": "12345"}));
    let send = |body| fixture.post(&settings, "token", body);
    [
        send(password).await,
        send(code).await,
        send(pass_code).await,
    ]
}

fn assert_refused(replies: &[Reply]) {
    let codes: Vec<_> = replies.iter().map(Reply::code).collect();
    let card = "SECURITY.INVALIDACCESSTOKENEXCEPTION";
    assert_eq!(
        codes,
        ["SECURITY.INVALIDUSERCREDENTIALSEXCEPTION", card, card]
    );
}

fn assert_admitted(replies: &[Reply]) {
    let codes: Vec<_> = replies.iter().map(Reply::code).collect();
    assert_eq!(codes, ["OK"; 3]);
}

#[actix_web::test]
async fn the_organisation_is_compared_letter_for_letter_unless_any_case_will_do() {
    let fixture = Fixture::new().await;
    for name in ["ACME", "acme", "aCMe"] {
        assert_refused(&log_in(&fixture, OrganisationMatch::Exact, name).await);
        assert_admitted(&log_in(&fixture, OrganisationMatch::AnyCase, name).await);
    }
    assert_admitted(&log_in(&fixture, OrganisationMatch::Exact, "Acme").await);
}

#[actix_web::test]
async fn another_organisation_is_refused_in_any_case() {
    let fixture = Fixture::new().await;
    for name in ["Bare", "Acme ", "Acm", "*"] {
        for organisation_match in [OrganisationMatch::Exact, OrganisationMatch::AnyCase] {
            assert_refused(&log_in(&fixture, organisation_match, name).await);
        }
    }
}
