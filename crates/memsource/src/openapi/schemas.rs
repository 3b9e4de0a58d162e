//! Parameters, bodies and answers that the code has as other types.

use utoipa::{IntoParams, ToSchema};

use crate::wire::{OrganizationResponse, UserResponse};

/// Parameters, and members of `api2`'s body as far as it has them.
#[derive(ToSchema, IntoParams)]
#[schema(example = json!({"userName": "linguist", "password": "linguist-demo"}))]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct Login {
    /// Mandatory, there or in the body. `username` will do in v2.
    #[schema(nullable = false)]
    user_name: Option<String>,
    /// Mandatory, there or in the body.
    #[schema(nullable = false)]
    password: Option<String>,
    /// Of the second factor.
    #[schema(nullable = false)]
    code: Option<String>,
}

#[derive(ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct LoginOther {
    /// An administrator's, there, in the body, or in the header.
    #[schema(nullable = false)]
    token: Option<String>,
    /// The user to log in as. Mandatory, there or in the body.
    #[schema(nullable = false)]
    user_name: Option<String>,
}

#[derive(ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct Bearer {
    /// There, in a body, or in the header.
    #[schema(nullable = false)]
    token: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "they are read one by one")]
pub(super) struct ByToken {
    /// One of `loginOther`, for one use.
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
    /// Of the second factor.
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
    /// Of the second factor.
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

/// With `who_am_i_extras`, all of it.
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
