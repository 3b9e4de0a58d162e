//! The table `dialects`: which dialects are switched on, and where they are mounted.

use ::config::{Map, Value, ValueKind};

use super::back_end::{self, BackEndSettings};
use super::error::{self, ConfigError};
use super::jwt::Jwt;
use crate::dialects::{self, Entry, Mount};

/// Returns the enabled dialects, the longest path first. Fails if the table has an unknown dialect, an invalid
/// setting, or two dialects or their back ends at one path. `jwt` are the settings of JWTs that back ends may get.
pub(super) fn read(mut tables: Map<String, Value>, jwt: &Jwt) -> Result<Vec<Mount>, ConfigError> {
    let mut mounts: Vec<Mount> = Vec::new();
    for dialect in dialects::ALL {
        let Some(table) = tables.remove(dialect.name) else {
            continue;
        };
        if let Some(mount) = read_one(dialect, table, jwt)? {
            if let Some(other) = mounts.iter().find(|other| same(&other.path, &mount.path)) {
                let key = format!("dialects.{}.path", mount.name);
                let reason = format!("{} is taken by {}", mount.path, other.name);
                return Err(ConfigError::new(key, reason));
            }
            mounts.push(mount);
        }
    }
    if let Some(unknown) = tables.into_keys().next() {
        let names = dialects::names().join(", ");
        let reason = format!("no such dialect, expected one of {names}");
        return Err(ConfigError::new(format!("dialects.{unknown}"), reason));
    }
    back_end::check_paths(&mounts)?;
    mounts.sort_by_key(|mount| std::cmp::Reverse(mount.path.len()));
    Ok(mounts)
}

/// Returns the dialect with its settings, or `None` if it is not enabled. Fails if its table has an invalid setting.
fn read_one(dialect: &Entry, table: Value, jwt: &Jwt) -> Result<Option<Mount>, ConfigError> {
    let section = format!("dialects.{}", dialect.name);
    let mut table = table
        .into_table()
        .map_err(|error| ConfigError::from_library(&section, error))?;
    let enabled = match table.remove("enabled") {
        Some(value) => value
            .into_bool()
            .map_err(|error| ConfigError::from_library(&format!("{section}.enabled"), error))?,
        None => true,
    };
    let path = match table.remove("path") {
        Some(value) => value
            .into_string()
            .map_err(|error| ConfigError::from_library(&format!("{section}.path"), error))?,
        None => dialect.default_path.to_owned(),
    };
    if !is_path(&path) {
        let reason = format!(
            "{path:?} is not a valid path: expected /segment/segment of letters, digits, '-', '.', '_' and '~'"
        );
        return Err(ConfigError::new(format!("{section}.path"), reason));
    }
    let back_end = BackEndSettings::take(&section, &mut table)?;
    let rest = Value::new(None, ValueKind::Table(table));
    let mount = dialect
        .mount(path, rest)
        .map_err(|error| error::section_error(&section, error))?
        .with_back_end(back_end);
    mount.back_end().check(&mount, jwt)?;
    Ok(enabled.then_some(mount))
}

/// Returns whether two paths are equal in any case.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Returns whether the text can be the path of a dialect: each of its segments follows a `/`, consists of ASCII
/// letters, digits, `-`, `.`, `_` and `~`, and is not empty, `.` or `..`.
fn is_path(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.chars().all(allowed))
    })
}
