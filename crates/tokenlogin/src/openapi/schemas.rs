//! Query parameters, bodies and responses that the code reads and writes member by member.

use utoipa::{IntoParams, ToSchema};

/// What every call may carry.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct Query {
    /// Status 200 for every outcome: `true`, `1`, `false`, `0`, or empty.
    #[param(rename = "suppressResponseCodes", nullable = false)]
    suppress_response_codes: Option<bool>,
    /// The members of the response, separated by commas.
    #[param(nullable = false)]
    fields: Option<String>,
}

#[derive(ToSchema)]
#[schema(example = json!({"userName": "sample", "password": "sample-demo", "deviceName": "tablet", "generateReAuthenticationToken": true}))]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read member by member")]
pub(super) struct AuthenticationInfo {
    user_name: String,
    password: String,
    /// Mandatory with `generateReAuthenticationToken`.
    #[schema(nullable = false)]
    device_name: Option<String>,
    #[schema(nullable = false)]
    generate_re_authentication_token: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read member by member")]
pub(super) struct TokenAuthentication {
    re_authentication_token: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is read member by member")]
pub(super) struct PasswordResetRequest {
    login_name: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is read member by member")]
pub(super) struct PasswordResetInformation {
    reset_key: String,
    password: String,
}

/// Members that `fields` does not name are absent.
#[derive(ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct LoginData {
    #[schema(nullable = false)]
    authenticated: Option<bool>,
    #[schema(nullable = false)]
    re_authentication_token: Option<String>,
    /// Null if the login was refused.
    me: Option<CurrentUser>,
    #[schema(nullable = false)]
    session_token: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct CurrentUser {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "FirstName")]
    first_name: String,
    #[serde(rename = "LastName")]
    last_name: String,
    #[serde(rename = "ImageURL")]
    image_url: String,
}

/// Members that `fields` does not name are absent.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct User {
    #[serde(rename = "UserID")]
    #[schema(nullable = false)]
    id: Option<String>,
    #[serde(rename = "FirstName")]
    #[schema(nullable = false)]
    first_name: Option<String>,
    #[serde(rename = "LastName")]
    #[schema(nullable = false)]
    last_name: Option<String>,
    #[serde(rename = "ImageURL")]
    #[schema(nullable = false)]
    image_url: Option<String>,
    #[serde(rename = "loginName")]
    #[schema(nullable = false)]
    login_name: Option<String>,
    #[serde(rename = "ImageSettings")]
    #[schema(nullable = false)]
    image_settings: Option<String>,
    #[serde(rename = "IsDeleted")]
    #[schema(nullable = false)]
    is_deleted: Option<bool>,
}

/// Members that `fields` does not name are absent.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct Company {
    #[serde(rename = "Name")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(rename = "ImageURL")]
    #[schema(nullable = false)]
    image_url: Option<String>,
    #[serde(rename = "SecuritySettings")]
    #[schema(nullable = false)]
    security_settings: Option<SecuritySettings>,
}

#[derive(ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct SecuritySettings {
    password_min_length: u32,
    password_duration: u32,
    password_special_characters: u32,
    password_must_have_mixed_case: bool,
    password_must_have_numeric: bool,
    number_of_passwords_before_reuse: u32,
}

/// An empty object.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}
