//! The bodies of requests and responses.

mod ordered_object;
pub(crate) mod requests;
pub(crate) mod responses;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

pub(crate) use self::ordered_object::Object;

/// Returns a JSON response. The middleware in `quirks` replaces the media type if the request requires `text/json`.
pub(crate) fn json(response: &mut HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
        .body(serde_json::to_vec(body).unwrap_or_default())
}
