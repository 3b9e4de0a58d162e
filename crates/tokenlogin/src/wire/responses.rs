//! Responses, as the vendor's help pages show them.

use isogloss_core::{IssuedToken, Organisation, User};

use super::ordered_object::{Object, Value};
use crate::password_policy::PasswordPolicy;

/// Returns the `LoginData` of a successful login.
pub(crate) fn authenticated(session: &IssuedToken, re_authentication_token: String) -> Object {
    Object::from([
        ("Authenticated", true.into()),
        ("ReAuthenticationToken", re_authentication_token.into()),
        ("Me", current_user(&session.session.user).into()),
        ("SessionToken", session.token.hex().into()),
    ])
}

/// Returns the `LoginData` of a refused login.
pub(crate) fn rejected_login() -> Object {
    Object::from([
        ("Authenticated", false.into()),
        ("ReAuthenticationToken", "".into()),
        ("Me", Value::Null),
        ("SessionToken", "".into()),
    ])
}

/// Returns a `CurrentUser`, the member `Me` of `LoginData`.
fn current_user(user: &User) -> Object {
    Object::from([
        ("ID", user.id.to_string().into()),
        ("FirstName", user.first_name.as_str().into()),
        ("LastName", user.last_name.as_str().into()),
        ("ImageURL", user.image_url.as_str().into()),
    ])
}

/// Returns a `User`, the response of `Users/Me`.
pub(crate) fn user(user: &User) -> Object {
    Object::from([
        ("UserID", user.id.to_string().into()),
        ("FirstName", user.first_name.as_str().into()),
        ("LastName", user.last_name.as_str().into()),
        ("ImageURL", user.image_url.as_str().into()),
        ("loginName", user.user_name.as_str().into()),
        ("ImageSettings", "".into()),
        ("IsDeleted", false.into()),
    ])
}

/// Returns a `Company` with its security settings. The age of passwords and former passwords are not stored, so both
/// limits are zero, which means that there are none.
pub(crate) fn company(organisation: &Organisation, policy: &PasswordPolicy) -> Object {
    let settings = Object::from([
        ("PasswordMinLength", policy.min_length.into()),
        ("PasswordDuration", 0.into()),
        (
            "PasswordSpecialCharacters",
            policy.special_characters.into(),
        ),
        ("PasswordMustHaveMixedCase", policy.mixed_case.into()),
        ("PasswordMustHaveNumeric", policy.numeric.into()),
        ("NumberOfPasswordsBeforeReuse", 0.into()),
    ]);
    Object::from([
        ("Name", organisation.name.as_str().into()),
        ("ImageURL", "".into()),
        ("SecuritySettings", settings.into()),
    ])
}
