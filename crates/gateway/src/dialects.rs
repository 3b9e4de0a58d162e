//! The dialects that this gateway knows. A further one is one entry in [`ALL`].

mod entry;
mod mount;
#[cfg(test)]
mod relayed_calls;

use isogloss_bimplus::Bimplus;
use isogloss_crmcom::Crmcom;
use isogloss_memsource::Memsource;
use isogloss_tokenlogin::TokenLogin;
use schemars::{Schema, SchemaGenerator};
use utoipa::openapi::OpenApi;

pub(crate) use self::entry::Entry;
pub use self::mount::Mount;
use self::mount::below;

/// Every dialect.
pub(crate) const ALL: &[Entry] = &[
    Entry::of::<Bimplus>(),
    Entry::of::<Crmcom>(),
    Entry::of::<TokenLogin>(),
    Entry::of::<Memsource>(),
];

/// Returns name and OpenAPI document of every dialect, at its default path.
pub(crate) fn documents() -> Vec<(&'static str, OpenApi)> {
    let documents = ALL
        .iter()
        .map(|entry| (entry.name, below((entry.openapi)(), entry.default_path)));
    documents.collect()
}

/// Returns the names of all dialects.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|entry| entry.name).collect()
}

/// Returns the realms whose keys are public identifiers of applications, and not credentials.
pub(crate) fn public_key_realms() -> Vec<&'static str> {
    let public = ALL.iter().filter(|entry| entry.has_public_keys);
    public.map(|entry| entry.name).collect()
}

/// Returns the name, the default path and the schema of the settings of each dialect.
pub(crate) fn schemas(
    generator: &mut SchemaGenerator,
) -> Vec<(&'static str, &'static str, Schema)> {
    let schemas = ALL
        .iter()
        .map(|entry| (entry.name, entry.default_path, (entry.schema)(generator)));
    schemas.collect()
}

/// Returns the dialect named `only`, or all of them for `None`, and whether each is enabled.
///
/// # Errors
/// The names of all dialects, separated by commas, if no dialect has that name.
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
