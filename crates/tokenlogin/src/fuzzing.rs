//! The parsers of this crate for the fuzz targets in `tests/fuzz`.

use actix_web::http::header::{ACCEPT, HeaderValue};
use actix_web::test::TestRequest;

use crate::PasswordPolicy;
use crate::model::Model;
use crate::model_binding::BodyFormat;
use crate::model_state::ModelState;
use crate::query::{Fields, suppress_response_codes};
use crate::quirks::response_media_type;
use crate::wire::requests::{
    AuthenticationInfo, PasswordResetInformation, PasswordResetRequest, TokenAuthentication,
};

/// A member as text: `None` if it has another type, else the text, if there is one.
pub type Text = Option<Option<String>>;

/// Returns the named members of a JSON body as texts, each `None` if it has another type. `None` for a body that is
/// refused.
pub fn json_texts(body: &[u8], names: &[&'static str]) -> Option<Vec<Text>> {
    Model::parse(BodyFormat::Json, body)
        .ok()
        .map(|model| texts(model, names))
}

/// Returns a text for each name: the value of that member of the form, or an empty `Text` if the member is missing or
/// invalid, or the body is not a form.
pub fn form_texts(body: &[u8], names: &[&'static str]) -> Vec<Text> {
    let model = Model::parse(BodyFormat::Form, body).unwrap_or_default();
    texts(model, names)
}

fn texts(mut model: Model, names: &[&'static str]) -> Vec<Text> {
    let text = |name: &&'static str| {
        let mut state = ModelState::default();
        let text = model.text(name, &mut state);
        state.check("fuzzed").is_ok().then_some(text)
    };
    names.iter().map(text).collect()
}

/// Parses the body as each request of the dialect, as JSON and as a form.
pub fn requests(body: &[u8]) {
    for media in [BodyFormat::Json, BodyFormat::Form] {
        let model = || Model::parse(media, body).ok();
        let policy = PasswordPolicy {
            min_length: 3,
            special_characters: 1,
            mixed_case: true,
            numeric: true,
        };
        drop(model().map(AuthenticationInfo::try_from));
        drop(model().map(TokenAuthentication::try_from));
        drop(model().map(PasswordResetRequest::try_from));
        drop(model().map(|model| PasswordResetInformation::parse(model, &policy)));
    }
}

/// Returns those of `members` that a query requests, or all if it requests none of them.
pub fn fields<'a>(query: &str, members: &[&'a str]) -> Vec<&'a str> {
    Fields::parse(&request(query).to_http_request()).select(members)
}

/// Returns true if a query requests status 200 for every outcome. `None` if the value is not a boolean.
pub fn suppressed(query: &str) -> Option<bool> {
    suppress_response_codes(&request(query).to_http_request()).ok()
}

/// Returns the media type of the response to a request with this `Accept`.
pub fn response_media(accept: HeaderValue) -> &'static str {
    let request = TestRequest::default().insert_header((ACCEPT, accept));
    response_media_type(&request.to_srv_request())
}

fn request(query: &str) -> TestRequest {
    TestRequest::with_uri(&format!("/?{query}"))
}
