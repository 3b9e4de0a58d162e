//! Users in CSV (RFC 4180): a heading, and one user a line.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::fields::{FIELDS, Mapping, set};
use super::{File, NewUser};
use crate::directory::EntryFault;

/// Parses the text. Returns the faults of all lines if there are any.
pub(super) fn parse(text: &str, mapping: &Mapping) -> Result<File, Vec<EntryFault>> {
    let text = text.trim_start_matches('\u{feff}');
    let heading = text.lines().next().unwrap_or_default();
    // What spreadsheets write where the comma separates decimals.
    let delimiter = if heading.contains(';') && !heading.contains(',') {
        b';'
    } else {
        b','
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(Trim::Headers)
        .flexible(true)
        .from_reader(text.as_bytes());
    let heading = match reader.headers() {
        Ok(heading) => heading.clone(),
        Err(_) => return Err(vec![fault(1, "", "is not CSV in UTF-8")]),
    };
    let columns = columns(&heading, mapping)?;
    let mut file = File::default();
    let mut faults = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(fault(line, "", "is not CSV in UTF-8"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match user(&record, &heading, &columns, mapping) {
            Ok(user) => file.users.push(user),
            Err((name, reason)) => faults.push(fault(line, &name, reason)),
        }
    }
    if faults.is_empty() {
        Ok(file)
    } else {
        Err(faults)
    }
}

/// Returns the field of each column that is read, by its place. Fails if the heading lacks a column, or has one that is
/// no field although nothing says which columns are read.
fn columns<'a>(
    heading: &StringRecord,
    mapping: &'a Mapping,
) -> Result<Vec<(usize, &'a str)>, Vec<EntryFault>> {
    let mut faults = Vec::new();
    let mut columns: Vec<(usize, &str)> = Vec::new();
    for (field, column) in &mapping.columns {
        match heading.iter().position(|name| name == column) {
            Some(place) => columns.push((place, field)),
            None => faults.push(fault(1, "", format!("has no column {column}"))),
        }
    }
    for (place, name) in heading.iter().enumerate() {
        if columns.iter().any(|(taken, _)| *taken == place) {
            continue;
        }
        let field = FIELDS.into_iter().find(|field| *field == name);
        match field.filter(|field| !mapping.columns.contains_key(*field)) {
            Some(field) => columns.push((place, field)),
            None if mapping.columns.is_empty() => {
                let reason = format!(
                    "the column {name} is no field: name columns like fields, or say which are read with --map"
                );
                faults.push(fault(1, "", reason));
            }
            None => {}
        }
    }
    if faults.is_empty() && !columns.iter().any(|(_, field)| *field == "user_name") {
        faults.push(fault(
            1,
            "",
            "has no column user_name: --map user_name=COLUMN",
        ));
    }
    if faults.is_empty() {
        Ok(columns)
    } else {
        Err(faults)
    }
}

/// Returns the user of a line. Fails with the user's name and a reason.
fn user(
    record: &StringRecord,
    heading: &StringRecord,
    columns: &[(usize, &str)],
    mapping: &Mapping,
) -> Result<NewUser, (String, String)> {
    let mut user = NewUser::default();
    let name = columns.iter().find(|(_, field)| *field == "user_name");
    let name = name.and_then(|(place, _)| record.get(*place));
    let name = name.unwrap_or_default().trim().to_owned();
    let wrong = |reason: String| (name.clone(), reason);
    if record.len() != heading.len() {
        let reason = format!("has {} cells, expected {}", record.len(), heading.len());
        return Err(wrong(reason));
    }
    for (place, field) in columns {
        let text = record.get(*place).unwrap_or_default();
        set(&mut user, field, text).map_err(wrong)?;
    }
    mapping.fill(&mut user).map_err(wrong)?;
    if user.user_name.is_empty() {
        return Err(wrong("has no user name".to_owned()));
    }
    Ok(user)
}

fn fault(line: u64, user: &str, reason: impl Into<String>) -> EntryFault {
    let entry = if user.is_empty() {
        format!("line {line}")
    } else {
        format!("line {line}, user {user}")
    };
    EntryFault {
        entry,
        reason: reason.into(),
        user: None,
    }
}
