//! Bodies of the type `multipart/form-data`.

use std::convert::Infallible;

use actix_web::web::Bytes;
use futures_util::future::ready;
use futures_util::stream::once;
use multer::Multipart;

use crate::error::Error;

/// Parses a `multipart/form-data` body into names and values, in their order. A file is a value like any other. `Err`
/// if the body is malformed, or if a part has no name or is not UTF-8.
pub(crate) async fn parse_parts(
    content_type: &str,
    body: Bytes,
) -> Result<Vec<(String, String)>, Error> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| Error::Malformed)?;
    let body = once(ready(Ok::<_, Infallible>(body)));
    let mut multipart = Multipart::new(body, boundary);
    let mut parts = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(|_| Error::Malformed)? {
        let name = part.name().ok_or(Error::Malformed)?.to_owned();
        let value = part.bytes().await.map_err(|_| Error::Malformed)?;
        let value = String::from_utf8(value.into()).map_err(|_| Error::Malformed)?;
        parts.push((name, value));
    }
    Ok(parts)
}
