//! The dialects of this repository, each as its `testing.toml` describes it to the suites.

mod description;
mod request_template;
mod requests;
mod route;
mod shape;
mod test_user;
mod tokens;
mod unavailable;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use self::description::Description;
pub use self::request_template::RequestTemplate;
pub use self::requests::{message, shown};
pub use self::route::{Body, Documented, Route};
pub use self::shape::{Extent, Success};
pub use self::test_user::TestUser;
pub use self::tokens::{Carried, HeldToken, ProtectedRequest, TokenKind};
use crate::{Request, Response, Result};

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A dialect as a client knows it.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// As in the configuration, and as the folder of its crate.
    pub name: &'static str,
    /// The path below which its routes are.
    pub mount: &'static str,
    description: &'static Description,
}

/// Returns every dialect, mounted where it is by default, in the order of their names.
///
/// # Panics
/// If a description cannot be read; the message names the file.
pub fn dialects() -> &'static [Dialect] {
    static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
        let folders = fs::read_dir(CRATES).unwrap();
        let folders = folders.map(|folder| folder.unwrap().path());
        let mut dialects: Vec<_> = folders
            .filter(|folder| folder.join("testing.toml").is_file())
            .map(|folder| Dialect::read(&folder))
            .collect();
        dialects.sort_by_key(|dialect| dialect.name);
        dialects
    });
    &DIALECTS
}

/// Returns the dialect with the name `name`, mounted where it is by default.
///
/// # Panics
/// If there is no such dialect.
pub fn dialect(name: &str) -> Dialect {
    let found = dialects().iter().find(|dialect| dialect.name == name);
    *found.unwrap_or_else(|| {
        panic!("crates/{name} has no testing.toml: see docs/adding-a-dialect.md")
    })
}

impl Dialect {
    fn read(folder: &Path) -> Self {
        let file = folder.join("testing.toml");
        let text = fs::read_to_string(&file).unwrap();
        let description: Description =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let description: &Description = Box::leak(Box::new(description));
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap();
        Self {
            name: Box::leak(name.to_owned().into_boxed_str()),
            mount: &description.mount,
            description,
        }
    }

    /// Returns the same dialect, mounted at the path `mount`.
    #[must_use]
    pub fn at(self, mount: &str) -> Self {
        let mount = Box::leak(mount.to_owned().into_boxed_str());
        Self { mount, ..self }
    }

    /// Returns whether letter case does not matter in the mount path and the routes of the dialect.
    pub fn ignores_case(&self) -> bool {
        self.description.ignores_case
    }

    /// Returns the path of the file `name` in the folder of the dialect's crate.
    pub fn file(&self, name: &str) -> PathBuf {
        Path::new(CRATES).join(self.name).join(name)
    }

    /// Returns a login of that user, with the developer's key and the organisation of the demo.
    pub fn request(&self, user: &str, password: &str) -> Request {
        let test_user = TestUser {
            name: user.to_owned(),
            password: password.to_owned(),
            ..TestUser::admin()
        };
        test_user.fill(self, &self.description.login)
    }

    /// Logs in. Returns the response, and the token if it has one.
    ///
    /// # Errors
    /// A connection that fails, or a response that is not HTTP.
    pub fn login(
        &self,
        authority: impl Display,
        user: &str,
        password: &str,
    ) -> Result<(Response, Option<String>)> {
        let response = self.request(user, password).send(authority)?;
        let token = self.token_of(&response);
        Ok((response, token))
    }

    /// Returns the token in the response to a login. `None` if there is none.
    pub fn token_of(&self, response: &Response) -> Option<String> {
        let body = response.json().unwrap_or_default();
        let first = self.description.tokens.first()?;
        let token = body.pointer(&first.at).and_then(Value::as_str);
        token.filter(|token| !token.is_empty()).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_described() {
        // A test of the gateway holds this file to what it knows.
        let reference = include_str!("../../../config/isogloss.toml");
        let reference: toml::Table = reference.parse().unwrap();
        for (name, table) in reference["dialects"].as_table().unwrap() {
            let path = table["path"].as_str();
            assert_eq!(path, Some(dialect(name).mount), "{name}");
        }
        for dialect in dialects() {
            let name = dialect.name;
            assert!(reference["dialects"].get(name).is_some(), "{name}");
            assert!(dialect.routes().next().is_some(), "{name} has no routes");
        }
    }
}
