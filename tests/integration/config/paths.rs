//! Relative paths in files, in the environment and in defaults.
//!
//! In a file they are relative to that file, in the environment to the working directory, and in defaults to the
//! first file.

use std::fs;

use serde_json::{Value, json};

use crate::config::error_location::Place;

/// Returns the effective paths.
fn paths(shown: &Value) -> [Value; 6] {
    [
        "/tokens/store",
        "/tokens/pepper_file",
        "/directory/url",
        "/directory/import",
        "/mail/transport",
        "/audit/to",
    ]
    .map(|pointer| shown.pointer(pointer).cloned().unwrap())
}

const ALL: &str = "\
[tokens]
store = \"embedded:a/t\"
pepper_file = \"a/p\"
[directory]
url = \"sqlite:a/d\"
import = \"a/i\"
[mail]
transport = \"folder:a/m\"
[audit]
to = \"file:a/l\"
";

fn expected(folder: &str) -> [Value; 6] {
    let schemes = ["embedded:", "", "sqlite:", "", "folder:", "file:"];
    let names = ["t", "p", "d", "i", "m", "l"];
    std::array::from_fn(|at| json!(format!("{}{folder}/a/{}", schemes[at], names[at])))
}

#[test]
fn paths_in_a_file_are_relative_to_that_file() {
    let place = Place::new();
    fs::create_dir(place.path().join("p")).unwrap();
    place.write("p/x.toml", ALL);
    let folder = place.path().join("p").display().to_string();
    assert_eq!(paths(&place.shown(&["p/x.toml"], &[])), expected(&folder));
    // An earlier file does not affect paths in a later one.
    place.write("first.toml", "");
    let shown = place.shown(&["first.toml", "p/x.toml"], &[]);
    assert_eq!(paths(&shown), expected(&folder));
}

#[test]
fn paths_in_the_environment_are_relative_to_the_working_directory() {
    let place = Place::new();
    fs::create_dir(place.path().join("p")).unwrap();
    place.write("p/x.toml", "");
    let here = place.path().display().to_string();
    let shown = place.shown(
        &["p/x.toml"],
        &[
            ("ISOGLOSS__TOKENS__STORE", "embedded:a/t"),
            ("ISOGLOSS__TOKENS__PEPPER_FILE", "a/p"),
            ("ISOGLOSS__DIRECTORY__URL", "sqlite:a/d"),
            ("ISOGLOSS__DIRECTORY__IMPORT", "a/i"),
            ("ISOGLOSS__MAIL__TRANSPORT", "folder:a/m"),
            ("ISOGLOSS__AUDIT__TO", "file:a/l"),
        ],
    );
    assert_eq!(paths(&shown), expected(&here));
}

#[test]
fn paths_of_defaults_are_relative_to_the_first_file_and_else_to_the_working_directory() {
    let place = Place::new();
    fs::create_dir(place.path().join("p")).unwrap();
    place.write("p/x.toml", "");
    place.write("second.toml", "");
    let here = place.path().display().to_string();
    for (files, folder) in [
        (&[][..], here.clone()),
        (&["p/x.toml", "second.toml"], format!("{here}/p")),
        (&["second.toml", "p/x.toml"], here),
    ] {
        let shown = place.shown(files, &[]);
        let found = [
            shown["tokens"]["store"].clone(),
            shown["tokens"]["pepper_file"].clone(),
            shown["directory"]["url"].clone(),
            shown["jwt"]["secret_file"].clone(),
        ];
        let expected = [
            format!("embedded:{folder}/data/tokens.redb"),
            format!("{folder}/data/pepper"),
            format!("sqlite:{folder}/data/directory.db"),
            format!("{folder}/data/jwt-secret"),
        ];
        assert_eq!(found, expected.map(Value::from), "{files:?}");
    }
}

#[test]
fn a_command_from_another_folder_opens_the_directory_of_the_file() {
    let place = Place::new();
    fs::create_dir(place.path().join("p")).unwrap();
    place.write("p/x.toml", "[passwords]\nbcrypt_cost = 4\n");
    place.write("users.toml", "[[organisations]]\nname = \"acme\"\n");
    let imported = place.run(
        &["directory", "import", "users.toml", "-c", "p/x.toml"],
        &[],
    );
    assert_eq!(imported.exit, Some(0), "{imported:?}");
    assert!(place.path().join("p/data/directory.db").exists());
    assert!(!place.path().join("data").exists());
}

/// Returns the message about a file that exists only where earlier releases looked for it.
fn abandoned(place: &Place, key: &str, file: &str) -> String {
    let path = place.path().join("p").join(file);
    format!(
        "{key}: {} does not exist, but {file} exists in the working directory, where earlier releases looked \
         for it: move it, or set its absolute path",
        path.display()
    )
}

#[test]
fn a_default_is_refused_while_the_file_of_an_earlier_release_is_in_the_working_directory() {
    let place = Place::new();
    fs::create_dir_all(place.path().join("p/data")).unwrap();
    fs::create_dir_all(place.path().join("data")).unwrap();
    place.write(
        "p/x.toml",
        "jwt = { enabled = true, issuer = 'i', audience = 'a' }",
    );
    let arguments = ["config", "check", "--config", "p/x.toml"];
    for (key, file) in [
        ("tokens.store", "data/tokens.redb"),
        ("tokens.pepper_file", "data/pepper"),
        ("directory.url", "data/directory.db"),
        ("jwt.secret_file", "data/jwt-secret"),
    ] {
        place.write(file, "the secret of an earlier release");
        let said = place.run(&arguments, &[]);
        said.assert_refused(&abandoned(&place, key, file));
        // After it is moved, the file is found.
        fs::rename(place.path().join(file), place.path().join("p").join(file)).unwrap();
        assert_eq!(place.run(&arguments, &[]).exit, Some(0), "{key}");
    }
}

#[test]
fn a_path_of_a_file_is_refused_while_what_it_named_before_is_in_the_working_directory() {
    for (key, scheme) in [
        ("tokens.store", "embedded:"),
        ("tokens.pepper_file", ""),
        ("directory.url", "sqlite:"),
        ("directory.import", ""),
        ("mail.transport", "folder:"),
        ("audit.to", "file:"),
    ] {
        let place = Place::new();
        fs::create_dir_all(place.path().join("p")).unwrap();
        place.write("there", "the secret of an earlier release");
        place.write("p/x.toml", format!("{key} = '{scheme}there'"));
        let arguments = ["config", "check", "--config", "p/x.toml"];
        let said = place.run(&arguments, &[]);
        let expected = abandoned(&place, key, "there");
        said.assert_refused(&format!("{expected} (in p/x.toml)"));
        let absolute = place.path().join("there").display().to_string();
        place.write("p/x.toml", format!("{key} = '{scheme}{absolute}'"));
        assert_eq!(place.run(&arguments, &[]).exit, Some(0), "{key}");
        // Only the value of the last layer counts.
        place.write("p/x.toml", format!("{key} = '{scheme}there'"));
        let variable = format!("ISOGLOSS__{}", key.replace('.', "__").to_uppercase());
        let later = format!("{scheme}{absolute}");
        let said = place.run(&arguments, &[(&variable, &later)]);
        assert_eq!(said.exit, Some(0), "{said:?}");
    }
}

#[test]
fn an_address_in_a_secret_file_is_relative_to_that_file() {
    let place = Place::new();
    fs::create_dir_all(place.path().join("p/s")).unwrap();
    place.write("p/s/url", "sqlite:d.db");
    place.write(
        "p/x.toml",
        "[directory]\nurl_file = \"s/url\"\n[passwords]\nbcrypt_cost = 4\n",
    );
    place.write("users.toml", "[[organisations]]\nname = \"acme\"\n");
    let imported = place.run(
        &["directory", "import", "users.toml", "-c", "p/x.toml"],
        &[],
    );
    assert_eq!(imported.exit, Some(0), "{imported:?}");
    assert!(place.path().join("p/s/d.db").exists());
}
