//! All OpenAPI documents by name.

use utoipa::openapi::OpenApi;

use crate::{dialects, management};

/// Returns name and content of every document: `management`, and each dialect at its default path.
pub fn documents() -> Vec<(&'static str, OpenApi)> {
    let mut documents = vec![("management", management::document())];
    documents.extend(dialects::documents());
    documents
}
