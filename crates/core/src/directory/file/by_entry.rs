//! Finds all entries of a file that have another structure than expected.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{FileKey, FileOrganisation, NewUser, without_values};

/// Returns a line for each entry that cannot be read, in the order of the file.
pub(super) fn problems(file: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    of_list::<FileOrganisation>(file, "organisations", &mut problems);
    of_list::<NewUser>(file, "users", &mut problems);
    of_list::<FileKey>(file, "keys", &mut problems);
    problems
}

fn of_list<T: DeserializeOwned>(file: &Value, list: &str, problems: &mut Vec<String>) {
    let entries = file.get(list).and_then(Value::as_array);
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        if let Err(error) = T::deserialize(entry) {
            let mut names = ["user_name", "name", "label"].into_iter();
            let name = names.find_map(|name| entry.get(name)?.as_str());
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            let reason = without_values(&error.to_string());
            problems.push(format!("{list}[{index}]{name}: {reason}"));
        }
    }
}
