//! Refusals in the words of OpenAPI, from what they are in ours; and all documents by name.

use std::collections::BTreeMap;

use actix_web::ResponseError;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

use crate::{dialects, management};

/// Refusals by status, each described by all that it may mean.
pub(crate) fn by_status(
    refusals: &[impl ResponseError],
    schema: &str,
) -> BTreeMap<String, RefOr<Response>> {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for refusal in refusals {
        let meanings = told.entry(refusal.status_code().as_str().to_owned());
        meanings.or_default().push(refusal.to_string());
    }
    let responses = told.into_iter().map(|(status, meanings)| {
        let content = Content::new(Some(Ref::from_schema_name(schema)));
        let response = Response::builder().description(meanings.join("; "));
        let response = response.content("application/json", content).build();
        (status, response.into())
    });
    responses.collect()
}

/// Every document, by name: `management`, and each dialect where it is mounted by default.
pub fn documents() -> Vec<(&'static str, OpenApi)> {
    let mut documents = vec![("management", management::document())];
    documents.extend(dialects::documents());
    documents
}
