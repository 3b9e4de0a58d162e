//! A secret and its `_file` form: the later layer counts, and one layer may have only one of them.

use crate::config::error_location::Place;

/// Returns every secret with a valid value.
fn pairs() -> [(&'static str, &'static str, String); 8] {
    let long = "long enough for a pepper and for a secret";
    [
        ("tokens", "store", "memory:".to_owned()),
        ("tokens", "pepper", long.to_owned()),
        ("tokens", "previous_pepper", long.to_owned()),
        ("directory", "url", "sqlite:directory.db".to_owned()),
        ("mail", "transport", "none".to_owned()),
        ("jwt", "secret", long.to_owned()),
        ("jwt", "previous_secret", long.to_owned()),
        ("jwt", "next_secret", long.to_owned()),
    ]
}

fn variable(section: &str, key: &str) -> String {
    format!("ISOGLOSS__{section}__{key}").to_uppercase()
}

#[test]
fn the_environment_wins_over_the_other_form_in_a_file() {
    for (section, key, good) in pairs() {
        let place = Place::new();
        place.write("good", &good);
        // Only the effective form is read, so the error in the other one does not matter.
        place.write("a.toml", format!("[{section}]\n{key}_file = \"missing\""));
        let arguments = ["config", "check", "--config", "a.toml"];
        let said = place.run(&arguments, &[(&variable(section, key), &good)]);
        assert_eq!(said.exit, Some(0), "{section}.{key}: {said:?}");

        place.write("a.toml", format!("[{section}]\n{key} = \"x\""));
        let file = variable(section, &format!("{key}_file"));
        let said = place.run(&arguments, &[(&file, "good")]);
        assert_eq!(said.exit, Some(0), "{section}.{key}_file: {said:?}");
    }
}

#[test]
fn a_later_file_wins_over_the_other_form_in_an_earlier_one() {
    for (section, key, good) in pairs() {
        let place = Place::new();
        place.write("good", &good);
        place.write("bad", "x");
        let check = |first: String, second: String| {
            place.write("first.toml", format!("[{section}]\n{first}"));
            place.write("second.toml", format!("[{section}]\n{second}"));
            let files = ["config", "check", "-c", "first.toml", "-c", "second.toml"];
            place.run(&files, &[]).exit
        };
        let value = |value: &str| format!("{key} = \"{value}\"");
        let file = |name: &str| format!("{key}_file = \"{name}\"");
        for (first, second, exit) in [
            (value("x"), file("good"), 0),
            (file("bad"), value(&good), 0),
            (value(&good), file("bad"), 2),
            (file("good"), value("x"), 2),
        ] {
            let said = format!("{section}: {first}, then {second}");
            assert_eq!(check(first, second), Some(exit), "{said}");
        }
    }
}

#[test]
fn both_forms_in_one_layer_are_refused() {
    for (section, key, good) in pairs() {
        let place = Place::new();
        place.write("good", &good);
        place.write(
            "a.toml",
            format!("[{section}]\n{key} = \"{good}\"\n{key}_file = \"good\""),
        );
        let said = place.run(&["config", "check", "--config", "a.toml"], &[]);
        let both = format!(
            "{section}.{key}: {section}.{key}_file is set as well, expected only one of them"
        );
        said.assert_refused(&format!("{both} (in a.toml)"));
        let file = variable(section, &format!("{key}_file"));
        let said = place.run(
            &["config", "check"],
            &[(&variable(section, key), &good), (&file, "good")],
        );
        said.assert_refused(&format!("{both} (in the environment)"));
    }
}
