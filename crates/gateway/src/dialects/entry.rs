//! A dialect that this gateway knows, before its settings are read.

use std::sync::Arc;

use config::{ConfigError as LibraryError, Value};
use isogloss_dialect::route::PathCase;
use isogloss_dialect::{Dialect, TokenLifetimeClass};
use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use utoipa::openapi::OpenApi;

use super::mount::{Configured, Mount};

/// Properties of a dialect that do not depend on its settings.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) default_path: &'static str,
    pub(super) has_public_keys: bool,
    pub(super) openapi: fn() -> OpenApi,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    mount: fn(String, Value) -> Result<Mount, LibraryError>,
}

impl Entry {
    pub(super) const fn of<D: Dialect>() -> Self {
        Self {
            name: D::NAME,
            default_path: D::DEFAULT_PATH,
            has_public_keys: D::HAS_PUBLIC_KEYS,
            openapi: D::openapi,
            schema: D::Settings::json_schema,
            mount: mount::<D>,
        }
    }

    /// Returns the dialect with the settings of that table, mounted at that path.
    ///
    /// # Errors
    /// A key is unknown, or a value is invalid for its setting.
    pub(crate) fn mount(&self, path: String, settings: Value) -> Result<Mount, LibraryError> {
        (self.mount)(path, settings)
    }
}

fn mount<D: Dialect>(path: String, table: Value) -> Result<Mount, LibraryError> {
    let settings: D::Settings = table.try_deserialize()?;
    Ok(Mount {
        name: D::NAME,
        path,
        settings: serde_json::to_value(&settings).unwrap_or_default(),
        back_end: Arc::default(),
        ignores_case: D::PATH_CASE == PathCase::Insensitive,
        has_long_lived_tokens: D::TOKEN_LIFETIME == TokenLifetimeClass::Remembered,
        dialect: Arc::new(Configured::<D>(settings)),
    })
}
