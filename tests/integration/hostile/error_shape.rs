//! The format of error responses in each dialect, whatever their reason.

pub(crate) use isogloss_testkit::dialects::shown;

use isogloss_testkit::Response;
use isogloss_testkit::dialects::dialect;

/// Checks that the response is an error in the dialect's format: status, media type and the body's members.
pub(crate) fn check(name: &str, response: &Response) -> Result<(), String> {
    dialect(name).check_error(response)
}
