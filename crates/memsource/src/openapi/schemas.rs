//! Parameters, bodies and responses that the code has as other types.

use utoipa::{IntoParams, ToSchema};

use crate::wire::{OrganizationResponse, UserResponse};

/// Parameters, and members of `api2`'s body as far as it has them.
#[derive(ToSchema, IntoParams)]
#[schema(example = json!({"userName": "linguist", "password": "linguist-demo"}))]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct Login {
    /// Mandatory, here or in the body. Version 2 also accepts `username`.
    #[schema(nullable = false)]
    user_name: Option<String>,
    /// Mandatory, here or in the body.
    #[schema(nullable = false)]
    password: Option<String>,
    /// The code of the second factor.
    #[schema(nullable = false)]
    code: Option<String>,
}

#[derive(ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct LoginOther {
    /// The token of an administrator; here, in the body, or in the header.
    #[schema(nullable = false)]
    token: Option<String>,
    /// The user to log in as. Mandatory, here or in the body.
    #[schema(nullable = false)]
    user_name: Option<String>,
}

#[derive(ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct Bearer {
    /// The token; here, in a body, or in the header.
    #[schema(nullable = false)]
    token: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct ByToken {
    /// A token of `loginOther`, which is valid once.
    token: String,
    /// A path of this host, or an address at one of `redirect_origins`.
    url: Option<String>,
}

#[derive(ToSchema)]
#[schema(example = json!({"userName": "linguist", "password": "linguist-demo"}))]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read as another type")]
pub(super) struct LoginBody {
    user_name: String,
    password: String,
    /// The code of the second factor.
    code: Option<String>,
    user_uid: Option<String>,
}

#[derive(ToSchema)]
#[schema(example = json!({"userName": "linguist", "password": "linguist-demo", "rememberMe": true}))]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read as another type")]
pub(super) struct SessionBody {
    user_name: String,
    password: String,
    /// Whether the browser keeps the cookie when it is closed.
    remember_me: Option<bool>,
    /// The code of the second factor.
    two_factor_code: Option<i32>,
    user_uid: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read as another type")]
pub(super) struct LoginOtherBody {
    user_name: String,
    user_uid: Option<String>,
}

/// All members with `who_am_i_extras`, else only `user`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WhoAmIAnswer)]
#[expect(dead_code, reason = "it is written as another type")]
pub(super) struct WhoAmI {
    user: UserResponse<'static>,
    csrf_token: Option<()>,
    #[schema(nullable = false)]
    organization: Option<OrganizationResponse<'static>>,
}
