//! The dialects this gateway knows. A further one is one entry in [`all`].

mod mount;

use ::config::{ConfigError, Value};
use isogloss_bimplus::behind as bimplus;
use isogloss_crmcom::behind as crmcom;
use isogloss_memsource::behind as memsource;
use isogloss_tokenlogin::behind as tokenlogin;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::OpenApi;

pub use self::mount::Mount;
use self::mount::{Case, Joined, Life, Seam, below};

/// Every dialect: its name, where it is mounted by default, how its routes compare, how long its
/// tokens are meant to live, its routes.
pub(crate) fn all() -> Vec<Dialect> {
    use Case::{Blind, Sensitive};
    use Life::{Remembered, Session};

    vec![
        dialect(
            isogloss_bimplus::NAME,
            "/v2",
            (Sensitive, Remembered),
            Seam {
                configure: isogloss_bimplus::configure,
                forward_auth: bimplus::forward_auth,
                openapi: isogloss_bimplus::openapi,
                presented: bimplus::presented,
                read: bimplus::read,
                token_type: bimplus::TOKEN_TYPE,
            },
        ),
        dialect(
            isogloss_crmcom::NAME,
            "/crmapi/rest/v2",
            (Sensitive, Session),
            Seam {
                configure: isogloss_crmcom::configure,
                forward_auth: crmcom::forward_auth,
                openapi: isogloss_crmcom::openapi,
                presented: crmcom::presented,
                read: crmcom::read,
                token_type: crmcom::TOKEN_TYPE,
            },
        ),
        dialect(
            isogloss_tokenlogin::NAME,
            "/api/v1",
            (Blind, Remembered),
            Seam {
                configure: isogloss_tokenlogin::configure,
                forward_auth: tokenlogin::forward_auth,
                openapi: isogloss_tokenlogin::openapi,
                presented: tokenlogin::presented,
                read: tokenlogin::read,
                token_type: tokenlogin::TOKEN_TYPE,
            },
        ),
        dialect(
            isogloss_memsource::NAME,
            "/web",
            (Sensitive, Session),
            Seam {
                configure: isogloss_memsource::configure,
                forward_auth: memsource::forward_auth,
                openapi: isogloss_memsource::openapi,
                presented: memsource::presented,
                read: memsource::read,
                token_type: memsource::TOKEN_TYPE,
            },
        ),
    ]
}

/// What every dialect serves where it is mounted by default, by name, in the words of OpenAPI.
pub(crate) fn documents() -> Vec<(&'static str, OpenApi)> {
    let documents = all().into_iter().map(|dialect| {
        let document = (dialect.openapi)();
        (dialect.name, below(document, dialect.default_path))
    });
    documents.collect()
}

/// The names of all dialects.
pub(crate) fn names() -> Vec<&'static str> {
    all().into_iter().map(|dialect| dialect.name).collect()
}

/// The realms whose keys are public identifiers of applications, and no credentials.
pub(crate) fn public_key_realms() -> [&'static str; 1] {
    [isogloss_bimplus::NAME]
}

/// What each dialect's table may hold: its name, its default path, and the schema of its settings.
pub(crate) fn schemas(
    generator: &mut SchemaGenerator,
) -> Vec<(&'static str, &'static str, Schema)> {
    let dialects = all().into_iter();
    dialects
        .map(|dialect| {
            (
                dialect.name,
                dialect.default_path,
                (dialect.schema)(generator),
            )
        })
        .collect()
}

/// The dialect of that name, or all of them, and which of them are switched on; else all names.
pub(crate) fn served(mounts: &[Mount], only: Option<&str>) -> Result<Vec<(String, bool)>, String> {
    let wanted = names()
        .into_iter()
        .filter(|name| only.is_none_or(|only| only == *name));
    let is_on = |name: &str| mounts.iter().any(|mount| mount.name == name);
    let found: Vec<_> = wanted.map(|name| (name.to_owned(), is_on(name))).collect();
    if found.is_empty() {
        return Err(names().join(", "));
    }
    Ok(found)
}

/// A dialect as it is known before anything is configured.
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    pub(crate) default_path: &'static str,
    case: Case,
    life: Life,
    schema: fn(&mut SchemaGenerator) -> Schema,
    openapi: fn() -> OpenApi,
    read: Box<dyn Fn(Value) -> Result<Configured, ConfigError>>,
}

impl Dialect {
    /// Mounts it at `path` with the settings of its table.
    pub(crate) fn mount(&self, path: String, settings: Value) -> Result<Mount, ConfigError> {
        let Configured { settings, joined } = (self.read)(settings)?;
        Ok(Mount {
            name: self.name,
            path,
            settings,
            case: self.case,
            life: self.life,
            joined,
        })
    }
}

struct Configured {
    settings: serde_json::Value,
    joined: Joined,
}

fn dialect<S>(
    name: &'static str,
    default_path: &'static str,
    (case, life): (Case, Life),
    seam: Seam<S>,
) -> Dialect
where
    S: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static,
{
    let openapi = seam.openapi;
    let read = move |table: Value| {
        let settings: S = table.try_deserialize()?;
        Ok(Configured {
            settings: serde_json::to_value(&settings).unwrap_or_default(),
            joined: seam.join(settings),
        })
    };
    Dialect {
        name,
        default_path,
        case,
        life,
        schema: S::json_schema,
        openapi,
        read: Box::new(read),
    }
}
