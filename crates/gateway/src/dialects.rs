//! The dialects this gateway knows. A further one is one entry in [`all`].

use std::sync::Arc;

use ::config::{Map, Value, ValueKind};
use actix_web::web::ServiceConfig;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

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
            isogloss_bimplus::configure,
        ),
        dialect(
            isogloss_crmcom::NAME,
            "/crmapi/rest/v2",
            (Sensitive, Session),
            isogloss_crmcom::configure,
        ),
        dialect(
            isogloss_tokenlogin::NAME,
            "/api/v1",
            (Blind, Remembered),
            isogloss_tokenlogin::configure,
        ),
        dialect(
            isogloss_memsource::NAME,
            "/web",
            (Sensitive, Session),
            isogloss_memsource::configure,
        ),
    ]
}

/// The names of all dialects.
pub(crate) fn names() -> Vec<&'static str> {
    all().into_iter().map(|dialect| dialect.name).collect()
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

/// A dialect that the configuration has switched on.
#[derive(Clone)]
pub struct Mount {
    /// The dialect's name.
    pub name: &'static str,
    /// The path below which its routes are.
    pub path: String,
    /// Its settings with every default, for people to read.
    pub settings: serde_json::Value,
    case: Case,
    life: Life,
    configure: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

impl Mount {
    /// The path as a pattern of the router.
    pub(crate) fn pattern(&self) -> String {
        match self.case {
            Case::Sensitive => self.path.clone(),
            Case::Blind => {
                let segments = self.path.split('/').skip(1).enumerate();
                segments.fold(String::new(), |pattern, (index, segment)| {
                    format!("{pattern}/{{_mount{index}:(?i:{segment})}}")
                })
            }
        }
    }

    /// Whether some of its tokens are to outlive sessions.
    pub(crate) fn remembers(&self) -> bool {
        self.life == Life::Remembered
    }

    /// Adds the dialect's routes.
    pub(crate) fn configure(&self, cfg: &mut ServiceConfig) {
        (self.configure)(cfg);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Blind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Users log in again now and then.
    Session,
    /// Devices hold tokens for weeks instead.
    Remembered,
}

struct Dialect {
    name: &'static str,
    default_path: &'static str,
    case: Case,
    life: Life,
    schema: fn(&mut SchemaGenerator) -> Schema,
    read: Box<dyn Fn(Value) -> Result<Configured, Problem>>,
}

struct Configured {
    settings: serde_json::Value,
    configure: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

fn dialect<S>(
    name: &'static str,
    default_path: &'static str,
    (case, life): (Case, Life),
    configure: fn(&S, &mut ServiceConfig),
) -> Dialect
where
    S: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static,
{
    let read = move |table: Value| {
        let settings: S = config::read(&format!("dialects.{name}"), table)?;
        Ok(Configured {
            settings: serde_json::to_value(&settings).unwrap_or_default(),
            configure: Arc::new(move |cfg: &mut ServiceConfig| configure(&settings, cfg)),
        })
    };
    Dialect {
        name,
        default_path,
        case,
        life,
        schema: S::json_schema,
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
    let Configured {
        settings,
        configure,
    } = (dialect.read)(rest)?;
    Ok(enabled.then_some(Mount {
        name,
        path,
        settings,
        case: dialect.case,
        life: dialect.life,
        configure,
    }))
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn is_path(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/')
            .all(|segment| !segment.is_empty() && segment.chars().all(allowed))
    })
}
