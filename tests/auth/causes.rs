//! The true causes of refusals, as an observer of the request learns them.

use futures_util::future::LocalBoxFuture;
use isogloss_core::{ObservedRefusal, ObservedRequest, RequestedAccess};
use secrecy::ExposeSecret as _;

use super::*;

/// Runs a request that is refused, and returns the last refusal that was observed.
fn observed<'a, T>(
    work: impl Future<Output = Result<T, AuthError>> + 'a,
) -> LocalBoxFuture<'a, ObservedRefusal> {
    let work = Box::pin(work);
    Box::pin(async move {
        let (outcome, seen) = ObservedRequest::observe(None, work).await;
        assert!(outcome.is_err());
        *seen.refusal.unwrap()
    })
}

/// Returns cause and detail of a refusal.
fn cause(refusal: &ObservedRefusal) -> (&str, &str) {
    let detail = refusal.detail.as_deref();
    (&refusal.cause, detail.unwrap_or_default())
}

#[tokio::test]
async fn of_passwords_and_accounts() {
    let f = fixture().await;
    let ada = f.user("ada").await;
    let log_in = |credentials: Credentials| {
        let auth = f.auth.clone();
        async move { observed(auth.login(credentials)).await }
    };
    let unknown = log_in(credentials("Nobody", "x")).await;
    assert_eq!(cause(&unknown), ("unknown_name", ""));
    assert_eq!(unknown.user, None);
    assert_eq!(unknown.name.unwrap().expose_secret(), "Nobody");
    let wrong = log_in(credentials("ADA", "x")).await;
    assert_eq!(cause(&wrong), ("wrong_password", ""));
    assert_eq!(wrong.user, Some(ada.id));
    assert_eq!(wrong.dialect.as_deref(), Some("here"));
    let disabled = log_in(credentials("retired", "retired-pw")).await;
    assert_eq!(cause(&disabled), ("disabled", ""));
    let elsewhere = Credentials {
        organisation: Some(OrganisationName::Exact("OTHER".to_owned())),
        ..credentials("ada", "ada-pw")
    };
    assert_eq!(
        cause(&log_in(elsewhere).await),
        ("other_organisation", "ACME")
    );
    let with = |requested| Credentials {
        origin: LoginOrigin {
            requested: Some(requested),
            ..ORIGIN
        },
        ..credentials("ada", "ada-pw")
    };
    let unit = with(RequestedAccess::Unit(Some("U2".to_owned())));
    assert_eq!(cause(&log_in(unit).await), ("other_unit", "U1"));
    let user = with(RequestedAccess::User("another".to_owned()));
    assert_eq!(cause(&log_in(user).await), ("other_user", ""));

    f.directory
        .set_password(ada.id, "$9$unknown")
        .await
        .unwrap();
    let unusable = log_in(credentials("ada", "ada-pw")).await;
    assert_eq!(
        cause(&unusable),
        ("unusable_hash", "the hash is not a known password hash")
    );
}

#[tokio::test]
async fn of_second_factors() {
    let f = fixture().await;
    let with = |code: Option<&str>| {
        let auth = f.auth.clone();
        let credentials = Credentials {
            factor: SecondFactor::Code(code.map(Into::into)),
            ..credentials("guarded", "guarded-pw")
        };
        async move { auth.login(credentials).await }
    };
    assert_eq!(cause(&observed(with(None)).await).0, "code_missing");
    assert_eq!(cause(&observed(with(Some("000000"))).await).0, "code_wrong");
    assert_eq!(
        cause(&observed(with(Some("abcd-efgh-2345"))).await).0,
        "code_wrong"
    );
    // The code of the first half minute, RFC 6238.
    let code = "287082";
    with(Some(code)).await.unwrap();
    assert_eq!(cause(&observed(with(Some(code))).await).0, "code_used");
}

#[tokio::test]
async fn of_cards_and_keys() {
    let f = fixture().await;
    let here = OrganisationName::Exact("ACME".to_owned());
    let card = |pass_code: &str| AccessCard::Identifier {
        identifier: "card".to_owned(),
        pass_code: pass_code.into(),
    };
    let wrong = observed(f.auth.login_by_card(card("54321"), &here, &ORIGIN)).await;
    assert_eq!(cause(&wrong), ("unknown_card", ""));
    assert_eq!(wrong.user, Some(f.user("ada").await.id));
    assert_eq!(wrong.name.unwrap().expose_secret(), "card");
    let key = |key: &'static str| {
        let auth = f.auth.clone();
        async move { observed(auth.login_by_key(key, &ORIGIN)).await }
    };
    assert_eq!(cause(&key("none").await), ("unknown_key", ""));
    assert_eq!(cause(&key("app-key").await), ("key_without_user", ""));
    assert_eq!(cause(&key("off-key").await), ("disabled", ""));
    let (found, seen) = ObservedRequest::observe(None, f.auth.key(HERE, "none")).await;
    assert!(found.unwrap().is_none());
    assert_eq!(cause(&seen.refusal.unwrap()), ("unknown_key", ""));
}

#[tokio::test]
async fn of_tokens() {
    let f = fixture().await;
    let validate = |token: &Token, purpose| {
        let (auth, token) = (f.auth.clone(), token.clone());
        async move { observed(auth.validate(&token, &[purpose])).await }
    };
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let other = validate(&issued.token, Purpose::Remember).await;
    assert_eq!(cause(&other), ("other_purpose", ""));
    assert_eq!(other.handle, Some(issued.session.digest));
    assert_eq!(other.user, Some(issued.session.user.id));
    let once = f.token("ada", Terms::new(Purpose::Handover, HOUR)).await;
    f.auth.redeem(&once.token, Purpose::Handover).await.unwrap();
    let again = validate(&once.token, Purpose::Handover).await;
    assert_eq!(cause(&again).0, "used_again");

    f.clock.advance(HOUR);
    let expired = validate(&issued.token, Purpose::Access).await;
    let detail = "1970-01-01T01:00:59.000Z";
    assert_eq!(cause(&expired), ("token_expired", detail));
    f.tokens.sweep(f.auth.now()).await.unwrap();
    f.clock.advance(HOUR * 48);
    let unknown = validate(&issued.token, Purpose::Access).await;
    assert_eq!(cause(&unknown), ("unknown_token", ""));
    assert_eq!(unknown.handle, Some(issued.session.digest));

    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let filter = SessionFilter {
        user: Some(issued.session.user.id),
        ..SessionFilter::default()
    };
    f.auth.end_sessions(&filter).await.unwrap();
    let ended = validate(&issued.token, Purpose::Access).await;
    assert_eq!(cause(&ended).0, "unknown_token");
}

#[tokio::test]
async fn a_text_of_several_dialects_keeps_the_cause_that_says_more() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    f.clock.advance(HOUR);
    let unknown = Token::from_hex(THERE, "00000000000000000000000000000000").unwrap();
    let both = async {
        f.auth
            .validate(&issued.token, &[Purpose::Access])
            .await
            .unwrap_err();
        f.auth.validate(&unknown, &[Purpose::Access]).await
    };
    assert_eq!(cause(&observed(both).await).0, "token_expired");
}

#[tokio::test]
async fn a_request_that_succeeds_has_none() {
    let f = fixture().await;
    let login = f.auth.login(credentials("ada", "ada-pw"));
    let (outcome, seen) = ObservedRequest::observe(None, Box::pin(login)).await;
    outcome.unwrap();
    assert!(seen.refusal.is_none());
}
