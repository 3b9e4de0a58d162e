//! What a refusal of each dialect looks like, whatever its reason.

pub(crate) use isogloss_testkit::dialects::shown;

use isogloss_testkit::Response;
use isogloss_testkit::dialects::dialect;

/// Whether this is a refusal in the dialect's own words: status, media type and the body's members.
pub(crate) fn check(name: &str, response: &Response) -> Result<(), String> {
    dialect(name).check_error(response)
}
