//! Relative paths: each is relative to the folder of the file that it stands in.

use std::borrow::Cow;
use std::path::Path;

use ::config::{Map, Value, ValueKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Problem, Sections};

/// Settings that hold a path and are not called `…_file`.
const PATHS: [&str; 1] = ["directory.import"];

/// Settings that hold an address, which may have a path in it.
const ADDRESSES: [&str; 4] = [
    "tokens.store",
    "directory.url",
    "mail.transport",
    "audit.to",
];

/// What a path follows in an address.
const SCHEMES: [&str; 5] = ["embedded:", "sqlite://", "sqlite:", "folder:", "file:"];

/// Parameters of a PostgreSQL address that name a file.
const PARAMETERS: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// What stands in a parameter as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Makes every relative path of a layer absolute.
pub(super) fn resolve(
    section: &str,
    table: &mut Map<String, Value>,
    folder: &Path,
) -> Result<(), Problem> {
    for (name, value) in table {
        let key = if section.is_empty() {
            name.clone()
        } else {
            format!("{section}.{name}")
        };
        match &mut value.kind {
            ValueKind::Table(inner) => resolve(&key, inner, folder)?,
            ValueKind::String(text) if is_path(&key) => {
                *text = path(text, folder).map_err(|reason| Problem::new(key, reason))?;
            }
            ValueKind::String(text) if ADDRESSES.contains(&key.as_str()) => {
                *text = address(text, folder).map_err(|reason| Problem::new(key, reason))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes the paths of defaults that are in force absolute; those that a layer has set are by now.
pub(super) fn resolve_defaults(sections: &mut Sections, folder: &Path) -> Result<(), Problem> {
    let Sections {
        tokens,
        directory,
        jwt,
        ..
    } = sections;
    for (key, file, value) in [
        ("tokens.store", &tokens.store_file, &mut tokens.store),
        ("directory.url", &directory.url_file, &mut directory.url),
    ] {
        if file.is_none() {
            *value = secret_address(value, folder).map_err(|reason| Problem::new(key, reason))?;
        }
    }
    let signs = jwt.enabled && jwt.secret.is_none();
    for (key, is_in_force, file) in [
        (
            "tokens.pepper_file",
            tokens.pepper.is_none(),
            &mut tokens.pepper_file,
        ),
        ("jwt.secret_file", signs, &mut jwt.secret_file),
    ] {
        if is_in_force {
            refuse_abandoned(file, folder).map_err(|reason| Problem::new(key, reason))?;
        }
        *file = folder.join(&*file);
    }
    Ok(())
}

/// Returns an address whose paths are absolute. The error says why there is none.
pub(super) fn secret_address(text: &SecretString, folder: &Path) -> Result<SecretString, String> {
    address(text.expose_secret(), folder).map(SecretString::from)
}

fn is_path(key: &str) -> bool {
    key.ends_with("_file") || PATHS.contains(&key)
}

fn path(text: &str, folder: &Path) -> Result<String, String> {
    // Nothing is named by an empty text; the check of the setting says so where it must be.
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.trim().is_empty() {
        return Err("expected a path, and found white space".to_owned());
    }
    refuse_abandoned(Path::new(text), folder)?;
    let path = folder.join(text).into_os_string().into_string();
    path.map_err(|_| "the folder's name is not UTF-8: expected an absolute path".to_owned())
}

/// Refuses a file that is only where earlier releases looked for it, in the working directory: with an empty
/// file in its place, every session would end, or a directory have no users.
fn refuse_abandoned(file: &Path, folder: &Path) -> Result<(), String> {
    let path = folder.join(file);
    if path.exists() || !file.exists() {
        return Ok(());
    }
    Err(format!(
        "there is no {}, but there is {} in the working directory, where earlier releases looked for it: \
         move it, or set its absolute path",
        path.display(),
        file.display()
    ))
}

fn address(text: &str, folder: &Path) -> Result<String, String> {
    for scheme in SCHEMES {
        let Some(relative) = text.strip_prefix(scheme) else {
            continue;
        };
        if relative.is_empty() {
            break;
        }
        let kind = scheme.trim_end_matches("//");
        return Ok(format!("{kind}{}", path(relative, folder)?));
    }
    let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    match text.split_once('?') {
        Some((host, query)) if is_postgres => {
            let parameters: Result<Vec<_>, _> = query
                .split('&')
                .map(|parameter| postgres_parameter(parameter, folder))
                .collect();
            Ok(format!("{host}?{}", parameters?.join("&")))
        }
        _ => Ok(text.to_owned()),
    }
}

/// Leaves every parameter as it is written, but for relative paths.
fn postgres_parameter<'p>(parameter: &'p str, folder: &Path) -> Result<Cow<'p, str>, String> {
    let file = parameter
        .split_once('=')
        .filter(|(name, _)| PARAMETERS.contains(name))
        .and_then(|(name, file)| Some((name, percent_decode_str(file).decode_utf8().ok()?)))
        // A word of libpq's for the authorities that the system trusts.
        .filter(|(_, file)| {
            !file.is_empty() && file != "system" && Path::new(&**file).is_relative()
        });
    match file {
        Some((name, file)) => {
            let file = path(&file, folder)?;
            let file = utf8_percent_encode(&file, PLAIN);
            Ok(Cow::Owned(format!("{name}={file}")))
        }
        None => Ok(Cow::Borrowed(parameter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_in_addresses_begin_at_the_folder() {
        for (text, expected) in [
            ("embedded:data/t.redb", "embedded:/p/data/t.redb"),
            ("sqlite:data/d.db", "sqlite:/p/data/d.db"),
            ("sqlite://data/d.db", "sqlite:/p/data/d.db"),
            ("sqlite:///data/d.db", "sqlite:/data/d.db"),
            ("folder:mail", "folder:/p/mail"),
            ("file:../a.jsonl", "file:/p/../a.jsonl"),
            ("file:/a.jsonl", "file:/a.jsonl"),
            ("memory:", "memory:"),
            ("embedded:", "embedded:"),
            ("sqlite://", "sqlite://"),
            ("none", "none"),
            ("redis://h/0?x=data/y", "redis://h/0?x=data/y"),
            (
                "postgres://u:p%3Fw@h/d?sslrootcert=tls/ca.pem&sslmode=require",
                "postgres://u:p%3Fw@h/d?sslrootcert=/p/tls/ca.pem&sslmode=require",
            ),
            (
                "postgres://h/d?sslrootcert=%2Fetc%2Fca.pem&sslkey=a%20b",
                "postgres://h/d?sslrootcert=%2Fetc%2Fca.pem&sslkey=/p/a%20b",
            ),
            (
                "postgresql://h/d?sslrootcert=system",
                "postgresql://h/d?sslrootcert=system",
            ),
        ] {
            assert_eq!(address(text, Path::new("/p")).as_deref(), Ok(expected));
        }
    }
}
