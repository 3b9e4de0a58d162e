//! Model binding as in ASP.NET Web API: from a body in JSON by Newtonsoft's rules, or from a form.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use isogloss_dialect::{parse_lenient, read_body, utf8_text};

use crate::error::Error;
use crate::model::Model;

impl Model {
    /// Parses the members of a body. `Err` if it should be JSON and is not.
    pub(crate) fn parse(media: BodyFormat, body: &[u8]) -> Result<Self, Error> {
        match media {
            BodyFormat::Form => Ok(form_urlencoded::parse(body).collect()),
            BodyFormat::Json => Self::parse_json(body).ok_or_else(|| {
                let text = "The body is not valid JSON.".to_owned();
                Error::Model(vec![(String::new(), text)])
            }),
        }
    }

    /// Parses the members of a JSON body, by the rules of Newtonsoft's parser; a blank body has none. `None` if it is
    /// not JSON.
    fn parse_json(body: &[u8]) -> Option<Self> {
        let text = utf8_text(body)?;
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        parse_lenient(text)
    }
}

/// The format of a body.
#[derive(Clone, Copy)]
pub(crate) enum BodyFormat {
    Json,
    Form,
}

impl FromRequest for Model {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = media_type(request);
        let body = read_body(request, payload);
        Box::pin(async move {
            let body = body.await?;
            let media = match media_type.as_str() {
                "application/json" | "text/json" => BodyFormat::Json,
                "application/x-www-form-urlencoded" => BodyFormat::Form,
                "" if body.is_empty() => BodyFormat::Json,
                _ => return Err(Error::MediaType(media_type)),
            };
            Self::parse(media, &body)
        })
    }
}

/// Returns the media type of a request without parameters, in lower case. Empty if there is none.
pub(crate) fn media_type(request: &HttpRequest) -> String {
    let value = request.headers().get(CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    isogloss_dialect::media_type(value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_state::ModelState;

    fn text(media: BodyFormat, body: &str) -> Option<String> {
        let mut state = ModelState::default();
        Model::parse(media, body.as_bytes())
            .ok()?
            .text("userName", &mut state)
    }

    #[test]
    fn newtonsofts_leniency_is_ours() {
        for body in [
            r#"{"userName": "ä"}"#,
            r#"{"USERNAME": "ä",}"#,
            "{'username': 'ä' /* who */}",
            r#"{"userName": "x", "username": "ä"}"#,
            r#"{"userName": "\u00e4", "more": [{}]}"#,
        ] {
            assert_eq!(text(BodyFormat::Json, body).as_deref(), Some("ä"), "{body}");
        }
        assert_eq!(
            text(BodyFormat::Json, r#"{"userName": 7}"#).as_deref(),
            Some("7")
        );
        assert_eq!(
            text(BodyFormat::Form, "UserName=%C3%A4+b").as_deref(),
            Some("ä b")
        );
    }

    #[test]
    fn what_is_no_object_binds_to_nothing() {
        for body in [
            "", " ", "null", "[1, 2]", "\"text\"", "7", "-7", "0.5", "true",
        ] {
            let mut state = ModelState::default();
            let mut model = Model::parse(BodyFormat::Json, body.as_bytes())
                .ok()
                .unwrap();
            assert_eq!(model.text("userName", &mut state), None, "{body}");
        }
    }

    #[test]
    fn broken_json_is_an_error() {
        let deep = "[".repeat(60_000);
        for body in ["{", "{\"a\"", "userName=x", "}{", &deep] {
            assert!(
                Model::parse(BodyFormat::Json, body.as_bytes()).is_err(),
                "{body:.9}"
            );
        }
        assert!(Model::parse(BodyFormat::Json, b"{\"a\": \"\xff\"}").is_err());
    }
}
