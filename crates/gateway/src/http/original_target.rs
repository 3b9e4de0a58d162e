//! The target of a request as the client sent it: the router changes slashes in it.

use actix_web::HttpMessage as _;
use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;

/// The target that a client sent.
struct OriginalTarget(Uri);

/// Saves the target of a request.
pub(super) fn save(request: &ServiceRequest) {
    let target = OriginalTarget(request.uri().clone());
    request.extensions_mut().insert(target);
}

/// Replaces the target of a request by the saved one, if there is one. Routes that are matched later are not affected: the
/// router has a path of its own.
pub(super) fn restore(request: &mut ServiceRequest) {
    let saved = request.extensions_mut().remove::<OriginalTarget>();
    if let Some(OriginalTarget(target)) = saved {
        request.head_mut().uri = target;
    }
}
