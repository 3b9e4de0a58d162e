//! What the causes of refused requests mean, and what operators can do, in sentences.

mod by_authority;
mod login;

use isogloss_core::RefusalCause;
use isogloss_core::refusals::RefusedRequest;

use self::by_authority::authority_sentences;
use self::login::login_sentences;

/// What a cause means.
pub(crate) struct Explanation {
    /// What happened.
    pub(crate) text: String,
    /// What to do. `None` if there is nothing to do.
    pub(crate) advice: Option<&'static str>,
}

/// Returns what the cause of a refused request means.
pub(crate) fn explain(request: &RefusedRequest) -> Explanation {
    let detail = request.detail.as_deref().unwrap_or_default();
    let of_authority = request
        .judged_by
        .as_deref()
        .and_then(|authority| authority_sentences(authority, &request.cause, detail));
    let (text, advice) = of_authority
        .or_else(|| login_sentences(&request.cause, detail))
        .or_else(|| of_token(&request.cause, detail))
        .unwrap_or_else(|| of_request(request, detail));
    Explanation { text, advice }
}

/// Returns what a cause means that is not that of a refused request.
pub(crate) fn explain_cause(cause: &RefusalCause) -> String {
    let detail = cause.detail().unwrap_or_default();
    let sentences =
        login_sentences(cause.name(), &detail).or_else(|| of_token(cause.name(), &detail));
    sentences.map_or_else(|| cause.name().to_owned(), |(text, _)| text)
}

type Sentences = (String, Option<&'static str>);

/// Returns what the cause of a refused token means. `None` for other causes.
fn of_token(cause: &str, detail: &str) -> Option<Sentences> {
    let (text, advice) = match cause {
        "no_token" | "no_credentials" if detail.is_empty() => (
            "The request has no token or key, or a text that cannot be one.".to_owned(),
            Some("Check that a proxy in between passes the client's headers, cookies and query on."),
        ),
        "no_token" | "no_credentials" => (
            format!("The request has no token or key, or a text that cannot be one: {detail}."),
            Some("Check that a proxy in between passes the client's headers, cookies and query on."),
        ),
        "unknown_token" => (
            "The token is unknown: it was never issued, was ended, or expired some time ago.".to_owned(),
            Some("Look for its end in the events of the token; without audit.database there are none."),
        ),
        "token_expired" => (
            format!("The token expired at {detail}."),
            Some("The client must log in again; see isogloss sunset report for clients that expect a longer lifetime."),
        ),
        "other_purpose" => (
            "The token is for another purpose, such as a remember-me token in place of an access token.".to_owned(),
            None,
        ),
        "used_again" => (
            "The one-time token was used before.".to_owned(),
            Some("A client repeats requests, or a third party has read the token on its way: see the audit log."),
        ),
        "user_changed" => (
            "The user of the token is gone or disabled, was logged out everywhere, or has another e-mail address now.".to_owned(),
            Some("The client must log in again; enable the user with isogloss user enable if the account is disabled."),
        ),
        "actor_changed" => (
            "The administrator may not act as the user any more, or the session has ended in which that began.".to_owned(),
            None,
        ),
        _ => return None,
    };
    Some((text, advice))
}

/// Returns what a cause means that the gateway found in the request itself.
fn of_request(request: &RefusedRequest, detail: &str) -> Sentences {
    let with = |text: &str| match detail {
        "" => format!("{text}."),
        detail => format!("{text}: {detail}."),
    };
    match request.cause.as_str() {
        "invalid_request" => (
            with("The request is invalid"),
            Some(
                "The client sends something else than the dialect expects: compare with docs/openapi.",
            ),
        ),
        "no_route" if request.dialect.is_none() => (
            format!("The path {} belongs to no dialect.", request.route),
            Some(
                "Compare with the paths of dialects in isogloss config show; a proxy may have changed the path.",
            ),
        ),
        "no_route" => (
            format!("The dialect has no route {}.", request.route),
            Some("The client may call other services of the vendor: see docs/whole-host.md."),
        ),
        "method_not_allowed" => (
            format!(
                "The route {} has no method {}.",
                request.route, request.method
            ),
            Some(
                "A redirect may have turned a POST into a GET: let the client use https in its address.",
            ),
        ),
        "body_too_slow" => ("The body did not arrive in time.".to_owned(), None),
        "body_too_large" => (
            "The body is too large.".to_owned(),
            Some("See server.body_limit."),
        ),
        "media_type" => (
            with("The body is of another media type than the dialect accepts"),
            None,
        ),
        "not_allowed" => (with("This is not allowed"), None),
        "client_blocked" => (
            "The client is blocked.".to_owned(),
            Some("See sunset.<dialect>.cut_off."),
        ),
        "shut_down" => (
            "The dialect is shut down.".to_owned(),
            Some("See sunset.<dialect>.then."),
        ),
        "brownout" => (
            format!("The dialect is in a planned brownout until {detail}."),
            Some("See sunset.<dialect>.brownouts."),
        ),
        "unavailable" => (
            with("A store or an authority could not be queried"),
            Some("Run isogloss doctor."),
        ),
        other => (with(other), None),
    }
}
