//! Authorisation of `/admin`: requests need a key of the realm `admin`.

use isogloss_core::Realm;

use super::api_error::ApiError;
use crate::http::api_key::{ApiKey, BearerRealm, KeyRealm};

/// An administrator with a valid key.
pub(super) type AdminKey = ApiKey<AdminRealm>;

/// The realm `admin`, of the keys of administrators.
pub(super) struct AdminRealm;

impl KeyRealm for AdminRealm {
    const REALM: Realm = Realm::new("admin");
}

impl BearerRealm for AdminRealm {
    type Error = ApiError;
}
