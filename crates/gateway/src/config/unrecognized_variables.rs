//! Environment variables that look like settings but are not.

use super::environment::{PREFIX, SEPARATOR};
use super::schema::{keys, schema};
use super::sections;

/// Returns a warning for each environment variable that looks like a setting but has one underscore instead of
/// two, and so is not read. The warning names the variable that was probably meant, and no value.
pub(crate) fn unrecognized_variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<_> = names.collect();
    names.sort();
    of_names(names.iter().map(String::as_str))
}

/// Returns the warnings for variables with these names.
fn of_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut known = None;
    let lines = names.filter_map(|name| {
        let lower = name.to_ascii_lowercase();
        let rest = lower.strip_prefix(&format!("{}_", PREFIX.to_ascii_lowercase()))?;
        // Two underscores: it is read, and refused if there is no such setting.
        if rest.starts_with('_') {
            return None;
        }
        let section = sections::NAMES.iter().find_map(|section| {
            let below = rest.strip_prefix(section)?;
            (below.is_empty() || below.starts_with('_')).then_some(below)
        })?;
        let known = known.get_or_insert_with(variables);
        let meant = known
            .iter()
            .find(|variable| single(variable) == single(&lower));
        let hint = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None if is_of_kubernetes(section) => return None,
            None => format!(
                "names of settings begin with {PREFIX}{SEPARATOR}, with two underscores between levels, \
                 such as {PREFIX}{SEPARATOR}SERVER{SEPARATOR}BIND"
            ),
        };
        Some(format!(
            "the environment variable {name} is not a setting: {hint}"
        ))
    });
    lines.collect()
}

/// Returns the names of the variables of all settings.
fn variables() -> Vec<String> {
    let schema = schema();
    let keys = keys(&schema).into_iter();
    let variables = keys.map(|(key, _)| {
        let path = key.replace('.', SEPARATOR).to_uppercase();
        format!("{PREFIX}{SEPARATOR}{path}")
    });
    variables.collect()
}

/// Returns the name in lower case with each run of underscores replaced by one.
fn single(name: &str) -> String {
    let parts = name.split('_').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

/// Returns whether Kubernetes sets such a variable for a service called `isogloss-management` or similar.
fn is_of_kubernetes(rest: &str) -> bool {
    let rest = rest.trim_start_matches('_');
    ["port", "service_host", "service_port"]
        .iter()
        .filter_map(|name| rest.strip_prefix(name))
        .any(|below| below.is_empty() || below.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_that_was_meant_is_named() {
        for (name, meant) in [
            ("ISOGLOSS_TOKENS__STORE", "ISOGLOSS__TOKENS__STORE"),
            ("ISOGLOSS_TOKENS_STORE", "ISOGLOSS__TOKENS__STORE"),
            ("isogloss_tokens_store_file", "ISOGLOSS__TOKENS__STORE_FILE"),
            (
                "ISOGLOSS_DIALECTS_BIMPLUS_PATH",
                "ISOGLOSS__DIALECTS__BIMPLUS__PATH",
            ),
            (
                "ISOGLOSS_SUNSET_CRMCOM__THEN",
                "ISOGLOSS__SUNSET__CRMCOM__THEN",
            ),
            (
                "ISOGLOSS_SERVER_TLS_KEY_FILE",
                "ISOGLOSS__SERVER__TLS__KEY_FILE",
            ),
        ] {
            let line =
                format!("the environment variable {name} is not a setting: did you mean {meant}?");
            assert_eq!(of_names([name].into_iter()), [line]);
        }
        let unknown = of_names(["ISOGLOSS_TOKENS_COLOUR"].into_iter());
        assert!(
            unknown[0].contains("two underscores between levels"),
            "{unknown:?}"
        );
    }

    #[test]
    fn other_variables_are_no_matter_of_ours() {
        for name in [
            "ISOGLOSS__TOKENS__STORE",
            "ISOGLOSS__TOKENS_STORE",
            "ISOGLOSS_ROUNDS",
            "ISOGLOSS_SERVERS",
            "ISOGLOSS_MANAGEMENT_SERVICE_HOST",
            "ISOGLOSS_MANAGEMENT_PORT_8081_TCP_ADDR",
            "MYISOGLOSS_TOKENS_STORE",
            "ISOGLOSS",
        ] {
            assert_eq!(of_names([name].into_iter()), [""; 0], "{name}");
        }
    }
}
