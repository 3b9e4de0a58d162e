//! The parameters of an address, completed from the environment and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use super::known_parameters::Use::{Honoured, Only, Refused};
use super::known_parameters::{ALL, VARIABLES};
use super::{AddressError, Place};

/// A function that returns the value of an environment variable; `None` if it is not set.
pub(super) type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// The parameters that the library reads from an address.
const OF_LIBRARY: [&str; 9] = [
    "dbname",
    "user",
    "password",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// The decoded parts of an address, completed from the environment.
#[derive(Default)]
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
    /// The parameters whose values come from the environment.
    from_environment: BTreeSet<&'static str>,
}

impl Parameters {
    /// Returns whether the parameter exists, supported or not.
    pub(super) fn knows(name: &str) -> bool {
        ALL.iter().any(|(known, _)| *known == name) || is_option(name)
    }

    /// Sets a parameter. A later value replaces an earlier one.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), value);
    }

    /// Sets the parameters that the address omits from the environment. A configured `ca_file` overrides
    /// `PGSSLROOTCERT`. Fails if a variable is not UTF-8.
    pub(super) fn complete(
        &mut self,
        environment: Environment<'_>,
        ca_file: Option<&Path>,
    ) -> Result<(), AddressError> {
        for (variable, name) in VARIABLES {
            let is_set = match name {
                "sslrootcert" => ca_file.is_some(),
                "sslmode" => self.get("ssl").is_some(),
                _ => false,
            };
            let value = environment(variable).filter(|value| !value.is_empty());
            let Some(value) = value.filter(|_| !is_set && self.get(name).is_none()) else {
                continue;
            };
            let value = value.into_string();
            let value = value.map_err(|_| AddressError::part(variable, "expected UTF-8"))?;
            self.set(name, value);
            self.from_environment.insert(name);
        }
        Ok(())
    }

    /// Returns the name of the environment variable that a parameter's value comes from, or else the name of the
    /// parameter.
    pub(super) fn origin(&self, part: String) -> String {
        let is_read = self.from_environment.contains(part.as_str());
        let mut variables = VARIABLES
            .iter()
            .filter(|(_, name)| is_read && *name == part);
        match variables.next() {
            Some((variable, _)) => (*variable).to_owned(),
            None => part,
        }
    }

    /// Returns the value of a parameter; `None` if it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns the comma-separated values of a parameter, with `None` for an omitted one. Empty if the parameter
    /// is not set.
    pub(super) fn list(&self, name: &str) -> Vec<Option<String>> {
        let Some(text) = self.get(name) else {
            return Vec::new();
        };
        let values = text.split(',').map(str::to_owned);
        values
            .map(|value| (!value.is_empty()).then_some(value))
            .collect()
    }

    /// Fails for the first unsupported value, with the name of its parameter. Otherwise sets `sslmode` if only
    /// `ssl` is set.
    pub(super) fn check(&mut self) -> Result<(), AddressError> {
        for (name, value) in &self.values {
            let found = ALL.iter().find(|(known, _)| known == name);
            let reason = match found {
                Some((_, Refused(reason))) => reason,
                Some((_, Only(values, reason)))
                    if !value.is_empty() && !values.contains(&value.as_str()) =>
                {
                    reason
                }
                Some((_, Honoured | Only(..))) | None => continue,
            };
            return Err(AddressError::part(name, *reason));
        }
        if let Some(capacity) = self.get("statement-cache-capacity")
            && capacity.parse::<usize>().is_err()
        {
            let reason = "expected a whole number";
            return Err(AddressError::part("statement-cache-capacity", reason));
        }
        if self.get("ssl").is_some() && self.get("sslmode").is_none() {
            self.set("sslmode", "require".to_owned());
        }
        Ok(())
    }

    /// Puts `options` before those of the address, which override them.
    pub(super) fn prepend_options(&mut self, options: String) {
        let all = match self.get("options") {
            Some(own) => format!("{options} {own}"),
            None => options,
        };
        self.set("options", all);
    }

    /// Returns an address that the library parses as intended: form-encoded, because it decodes parameters as
    /// forms.
    pub(super) fn for_library(&self, place: &Place) -> String {
        const BEFORE: &str = "postgres:///?";
        let mut query = form_urlencoded::Serializer::for_suffix(BEFORE.to_owned(), BEFORE.len());
        for (name, value) in [("host", &place.host), ("port", &place.port)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for (name, value) in &self.values {
            let is_read = OF_LIBRARY.contains(&name.as_str()) || is_option(name);
            let is_system = name == "sslrootcert" && value == "system";
            if is_read && !is_system && !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// Returns whether the name is a run-time parameter of the server, as sqlx writes it:
/// `options[search_path]=isogloss`.
fn is_option(name: &str) -> bool {
    name.strip_prefix("options[")
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with(']'))
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}
