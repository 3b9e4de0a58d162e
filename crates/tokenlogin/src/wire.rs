//! What travels: bodies in, answers out.

mod ordered_object;
pub(crate) mod requests;
pub(crate) mod responses;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

pub(crate) use self::ordered_object::Object;

/// A JSON answer; which JSON type it has is decided in `quirks`.
pub(crate) fn json(response: &mut HttpResponseBuilder, answer: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
        .body(serde_json::to_vec(answer).unwrap_or_default())
}
