//! The readers of this crate for the fuzz targets in `tests/fuzz`, which see no others of its insides.

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

/// What a member is read as: nothing if it is of a wrong type, and then the text, if there is any.
pub type Text = Option<Option<String>>;

/// The members of those names in a JSON body, as texts; nothing for a body that is refused.
pub fn json_texts(body: &[u8], names: &[&'static str]) -> Option<Vec<Text>> {
    Model::parse(BodyFormat::Json, body)
        .ok()
        .map(|model| texts(model, names))
}

/// The members of those names in a form, as texts.
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

/// Reads the body as each request that the dialect knows.
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

/// Which of the members a query asks for.
pub fn fields<'a>(query: &str, members: &[&'a str]) -> Vec<&'a str> {
    Fields::parse(&request(query).to_http_request()).select(members)
}

/// Whether a query asks for status 200 in any case; nothing if it says neither yes nor no.
pub fn suppressed(query: &str) -> Option<bool> {
    suppress_response_codes(&request(query).to_http_request()).ok()
}

/// The media type of the answer to a request with that `Accept`.
pub fn answer_media(accept: HeaderValue) -> &'static str {
    let request = TestRequest::default().insert_header((ACCEPT, accept));
    response_media_type(&request.to_srv_request())
}

fn request(query: &str) -> TestRequest {
    TestRequest::with_uri(&format!("/?{query}"))
}
