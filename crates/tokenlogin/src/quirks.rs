//! What depends on the request, for every outcome: the status with `suppressResponseCodes`, and which of the
//! two JSON media types the response has.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    Accept, CACHE_CONTROL, CONTENT_TYPE, Header as _, HeaderValue, REFERRER_POLICY,
};
use actix_web::middleware::Next;
use isogloss_dialect::back_end::Relayed;

use crate::model_binding::media_type;
use crate::query::suppress_response_codes;

/// Sets status, media type and headers of a response as the request requires. It is middleware for every route of the
/// dialect, and for its responses to unknown paths. Those of a back end only get the status. `Err` only if the
/// wrapped route returns one.
pub(crate) async fn adapt_response<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let suppress = suppress_response_codes(request.request()).unwrap_or(false);
    let media_type = response_media_type(&request);
    let mut response = next.call(request).await?;
    let is_relayed = response.response().extensions().contains::<Relayed>();
    if suppress && !(is_relayed && describes_transfer(response.status())) {
        *response.response_mut().status_mut() = StatusCode::OK;
    }
    if is_relayed {
        return Ok(response);
    }
    let headers = response.headers_mut();
    // An empty response has no media type.
    if headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    // The developer's key and the session token are in the address.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Returns true for a status that says what the message is, and not how the call ended: with another status, a client
/// would take a part, or an unchanged document without its body, for the whole.
fn describes_transfer(status: StatusCode) -> bool {
    status.is_informational()
        || matches!(
            status,
            StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
        )
}

/// Returns the JSON media type of the response: the one in `Accept`, else that of the request, else `application/json`.
pub(crate) fn response_media_type(request: &ServiceRequest) -> &'static str {
    const APPLICATION: &str = "application/json; charset=utf-8";
    const TEXT: &str = "text/json; charset=utf-8";

    let accepted = Accept::parse(request.request()).map(|accept| accept.ranked());
    for media in accepted.iter().flatten() {
        match media.essence_str() {
            "application/json" | "application/*" | "*/*" => return APPLICATION,
            "text/json" | "text/*" => return TEXT,
            _ => {}
        }
    }
    if media_type(request.request()) == "text/json" {
        TEXT
    } else {
        APPLICATION
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_answers_type_follows_accept_then_the_request() {
        for (accept, sent, answered) in [
            (None, "application/json", "application/json"),
            (None, "text/json; charset=utf-8", "text/json"),
            (
                None,
                "application/x-www-form-urlencoded",
                "application/json",
            ),
            (Some("text/json"), "application/json", "text/json"),
            (Some("application/json"), "text/json", "application/json"),
            (Some("*/*"), "text/json", "application/json"),
            (Some("text/html, application/xml"), "text/json", "text/json"),
            (
                Some("text/html, text/json;q=0.5, application/json;q=0.1"),
                "application/json",
                "text/json",
            ),
            (Some("rubbish"), "application/json", "application/json"),
        ] {
            let mut request = TestRequest::post().insert_header((CONTENT_TYPE, sent));
            if let Some(accept) = accept {
                request = request.insert_header(("Accept", accept));
            }
            let expected = format!("{answered}; charset=utf-8");
            assert_eq!(
                response_media_type(&request.to_srv_request()),
                expected,
                "{accept:?} {sent}"
            );
        }
    }
}
