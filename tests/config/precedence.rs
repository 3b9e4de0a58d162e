//! A value and the file that holds it: the later layer counts, and one layer has one of them.

use crate::place::Place;

/// Every secret, and a good value for it.
fn pairs() -> [(&'static str, &'static str, String); 7] {
    let long = "long enough for a pepper and for a secret";
    [
        ("tokens", "store", "memory:".to_owned()),
        ("tokens", "pepper", long.to_owned()),
        ("tokens", "previous_pepper", long.to_owned()),
        ("directory", "url", "sqlite:directory.db".to_owned()),
        ("mail", "transport", "none".to_owned()),
        ("jwt", "secret", long.to_owned()),
        ("jwt", "previous_secret", long.to_owned()),
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
        // What counts is read, and the other one is wrong.
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
        place.write("value.toml", format!("[{section}]\n{key} = \"{good}\""));
        place.write("file.toml", format!("[{section}]\n{key}_file = \"good\""));
        for (form, bad) in [("value", format!("{key}_file")), ("file", key.to_owned())] {
            place.write("bad.toml", format!("[{section}]\n{bad} = \"x\""));
            let form = format!("{form}.toml");
            let check = |files: [&str; 2]| {
                place.run(&["config", "check", "-c", files[0], "-c", files[1]], &[])
            };
            let said = check(["bad.toml", &form]);
            assert_eq!(said.exit, Some(0), "{section}.{bad}: {said:?}");
            // A value that any text can be is good; the file is not there.
            let said = check([&form, "bad.toml"]);
            assert_eq!(said.exit, Some(2), "{section}.{bad}: {said:?}");
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
        let both =
            format!("{section}.{key}: set beside {section}.{key}_file, expected only one of them");
        said.assert_refused(&format!("{both} (in a.toml)"));
        let file = variable(section, &format!("{key}_file"));
        let said = place.run(
            &["config", "check"],
            &[(&variable(section, key), &good), (&file, "good")],
        );
        said.assert_refused(&format!("{both} (in the environment)"));
    }
}
