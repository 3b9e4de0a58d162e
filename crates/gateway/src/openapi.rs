//! All OpenAPI documents by name.

use utoipa::openapi::OpenApi;

use crate::{dialects, management};

/// Every document, by name: `management`, and each dialect where it is mounted by default.
pub fn documents() -> Vec<(&'static str, OpenApi)> {
    let mut documents = vec![("management", management::document())];
    documents.extend(dialects::documents());
    documents
}
