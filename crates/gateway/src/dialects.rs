//! The dialects this gateway knows. A further one is one entry in [`all`].

mod mount;

use ::config::{Map, Value, ValueKind};
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
use crate::config::{self, Problem};

/// Every dialect: its name, where it is mounted by default, how its routes compare, how long its
/// tokens are meant to live, its routes.
fn all() -> Vec<Dialect> {
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

struct Dialect {
    name: &'static str,
    default_path: &'static str,
    case: Case,
    life: Life,
    schema: fn(&mut SchemaGenerator) -> Schema,
    openapi: fn() -> OpenApi,
    read: Box<dyn Fn(Value) -> Result<Configured, Problem>>,
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
        let settings: S = config::read(&format!("dialects.{name}"), table)?;
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

/// Reads the table `dialects`: what is switched on, the longest path first.
pub(crate) fn read(mut tables: Map<String, Value>) -> Result<Vec<Mount>, Problem> {
    let mut mounts: Vec<Mount> = Vec::new();
    for dialect in all() {
        let Some(table) = tables.remove(dialect.name) else {
            continue;
        };
        if let Some(mount) = read_one(&dialect, table)? {
            if let Some(other) = mounts.iter().find(|other| same(&other.path, &mount.path)) {
                let key = format!("dialects.{}.path", mount.name);
                let reason = format!("{} is taken by {}", mount.path, other.name);
                return Err(Problem::new(key, reason));
            }
            mounts.push(mount);
        }
    }
    if let Some(unknown) = tables.into_keys().next() {
        let names = names().join(", ");
        let reason = format!("no such dialect, expected one of {names}");
        return Err(Problem::new(format!("dialects.{unknown}"), reason));
    }
    mounts.sort_by_key(|mount| std::cmp::Reverse(mount.path.len()));
    Ok(mounts)
}

fn read_one(dialect: &Dialect, table: Value) -> Result<Option<Mount>, Problem> {
    let name = dialect.name;
    let section = format!("dialects.{name}");
    let mut table = table
        .into_table()
        .map_err(|error| Problem::of(&section, error))?;
    let enabled = match table.remove("enabled") {
        Some(value) => value
            .into_bool()
            .map_err(|error| Problem::of(&format!("{section}.enabled"), error))?,
        None => true,
    };
    let path = match table.remove("path") {
        Some(value) => value
            .into_string()
            .map_err(|error| Problem::of(&format!("{section}.path"), error))?,
        None => dialect.default_path.to_owned(),
    };
    if !is_path(&path) {
        let reason = format!(
            "{path:?} is no path: expected /segment/segment of letters, digits, '-', '.', '_' and '~'"
        );
        return Err(Problem::new(format!("{section}.path"), reason));
    }
    let rest = Value::new(None, ValueKind::Table(table));
    let Configured { settings, joined } = (dialect.read)(rest)?;
    Ok(enabled.then_some(Mount {
        name,
        path,
        settings,
        case: dialect.case,
        life: dialect.life,
        joined,
    }))
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn is_path(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.chars().all(allowed))
    })
}
