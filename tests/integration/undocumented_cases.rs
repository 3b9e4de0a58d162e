//! Where a vendor's documents are silent, the dialect's README says what Isogloss does, and what shows it.

use std::fs;
use std::path::Path;

const HEADING: &str = "# Where the documents are silent";
const HEADER: [&str; 3] = ["question", "our answer", "shown by"];
/// Beginning of the second cell of a row without anything to show.
const NOT_YET: &str = "not yet";

/// Returns the cells of the table below the heading, without its first two lines.
fn rows(readme: &str) -> Result<Vec<[&str; 3]>, String> {
    let section = readme.lines().skip_while(|line| *line != HEADING).skip(1);
    let mut table = section
        .take_while(|line| !line.starts_with("# "))
        .filter(|line| line.starts_with('|'))
        .map(cells);
    if table.next() != Some(Ok(HEADER)) {
        return Err(format!("no table {HEADER:?} under `{HEADING}`"));
    }
    let rows: Vec<_> = table.skip(1).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Err(format!("nothing is under `{HEADING}`"));
    }
    Ok(rows)
}

fn cells(line: &str) -> Result<[&str; 3], String> {
    let inner = line
        .strip_prefix('|')
        .and_then(|line| line.strip_suffix('|'));
    let cells: Vec<_> = inner.unwrap_or(line).split('|').map(str::trim).collect();
    <[&str; 3]>::try_from(cells).map_err(|_| format!("not three cells: {line}"))
}

/// Returns what is wrong in a README. A name with a slash is a file of ours, any other is a conversation.
fn faults(
    readme: &str,
    is_conversation: impl Fn(&str) -> bool,
    is_file: impl Fn(&str) -> bool,
) -> Vec<String> {
    let rows = match rows(readme) {
        Ok(rows) => rows,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    for [question, answer, shown_by] in rows {
        let names: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
        let (files, conversations): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| name.contains('/'));
        if conversations.is_empty() && !answer.starts_with(NOT_YET) {
            faults.push(format!("{question}: no conversation shows it"));
        }
        let missing = files.into_iter().filter(|name| !is_file(name));
        let missing = missing.chain(
            conversations
                .into_iter()
                .filter(|name| !is_conversation(name)),
        );
        faults.extend(missing.map(|name| format!("{question}: there is no {name}")));
    }
    faults
}

#[test]
fn every_silence_is_answered_and_every_answer_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for folder in fs::read_dir(root.join("tests/exchanges")).unwrap() {
        let folder = folder.unwrap();
        let dialect = folder.file_name().into_string().unwrap();
        let readme = root.join(format!("crates/{dialect}/README.md"));
        let readme = fs::read_to_string(readme).unwrap();
        let is_conversation = |name: &str| folder.path().join(format!("{name}.toml")).is_file();
        let faults = faults(&readme, is_conversation, |name| root.join(name).is_file());
        found.extend(
            faults
                .into_iter()
                .map(|fault| format!("{dialect}: {fault}")),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn faults_are_found() {
    let table = "# Before\n\n| question | our answer | shown by |\n| --- | --- | --- |\n| other | table | |\n\n\
                 # Where the documents are silent\n\nWords.\n\n";
    let head = "| question | our answer | shown by |\n| --- | --- | --- |\n";
    let good = "| one? | so | `here` |\n| two? | so | `here`, `tests/here.rs` |\n| three? | not yet: four | |\n";
    for (text, expected) in [
        (format!("{table}{head}{good}"), &[][..]),
        (
            format!("{table}{head}{good}| five? | so | |\n"),
            &["five?: no conversation shows it"],
        ),
        (
            format!("{table}{head}| five? | so | `tests/here.rs` |\n{good}"),
            &["five?: no conversation shows it"],
        ),
        (
            format!("{table}{head}{good}| five? | so | `here`, `there`, `tests/there.rs` |\n"),
            &[
                "five?: there is no tests/there.rs",
                "five?: there is no there",
            ],
        ),
        (
            format!("{table}{head}{good}| five? | so |\n"),
            &["not three cells: | five? | so |"],
        ),
        (
            format!("{table}{head}\n# After\n{good}"),
            &["nothing is under `# Where the documents are silent`"],
        ),
        (
            format!("{head}{good}"),
            &[
                "no table [\"question\", \"our answer\", \"shown by\"] under `# Where the documents are silent`",
            ],
        ),
    ] {
        assert_eq!(
            faults(&text, |name| name == "here", |name| name == "tests/here.rs"),
            expected
        );
    }
}
