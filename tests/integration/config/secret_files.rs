//! Files that hold one secret, as editors and shells of several systems write them.

use crate::config::error_location::Place;

const PAIRS: [(&str, &str, &str); 8] = [
    ("tokens", "store", "memory:"),
    ("tokens", "pepper", "a pepper of 32 bytes or more, yes"),
    (
        "tokens",
        "previous_pepper",
        "a pepper of 32 bytes or more, yes",
    ),
    ("directory", "url", "sqlite:directory.db"),
    ("mail", "transport", "none"),
    ("jwt", "secret", "a secret of 32 bytes or more, yes"),
    (
        "jwt",
        "previous_secret",
        "a secret of 32 bytes or more, yes",
    ),
    ("jwt", "next_secret", "a secret of 32 bytes or more, yes"),
];

#[test]
fn a_byte_order_mark_and_white_space_are_no_part_of_a_secret() {
    for (section, key, good) in PAIRS {
        let place = Place::new();
        place.write("a.toml", format!("[{section}]\n{key}_file = \"secret\""));
        for content in [
            format!("\u{feff}{good}"),
            format!(" {good}\t\r\n\r\n"),
            format!("\u{feff}\n{good} \n"),
        ] {
            place.write("secret", &content);
            let said = place.run(&["config", "check", "--config", "a.toml"], &[]);
            assert_eq!(said.exit, Some(0), "{section}.{key}: {content:?}: {said:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_of_its_key_and_the_file() {
    for (section, key, _) in PAIRS {
        let place = Place::new();
        let file = place.path().join("secret");
        place.write("a.toml", format!("[{section}]\n{key}_file = \"secret\""));
        let empty = "expected a secret, but the file is empty";
        for (content, expected) in [
            (&b""[..], empty),
            (b" \r\n", empty),
            (b"\xef\xbb\xbf\n", empty),
            // UTF-16, as a Windows shell writes it.
            (
                b"\xff\xfem\0e\0",
                "expected text in UTF-8, found other bytes",
            ),
        ] {
            place.write("secret", content);
            let said = place.run(&["config", "check", "--config", "a.toml"], &[]);
            let file = file.display();
            said.assert_refused(&format!(
                "{section}.{key}_file: {file}: {expected} (in a.toml)"
            ));
        }
        place.write("secret", "geheim");
        let said = place.run(&["config", "check", "--config", "a.toml"], &[]);
        let named = format!("isogloss: {section}.{key}_file: ");
        assert!(said.err.starts_with(&named), "{said:?}");
        assert!(!said.err.contains("geheim"), "{said:?}");
    }
}

#[test]
fn a_byte_order_mark_before_a_configuration_is_taken() {
    let place = Place::new();
    place.write("a.toml", "\u{feff}[server]\nbody_limit = 7\n");
    let shown = place.shown(&["a.toml"], &[]);
    assert_eq!(shown["server"]["body_limit"], 7);
}

#[test]
fn what_is_wrong_with_the_place_that_a_file_names_is_told_of_the_key_of_that_file() {
    for (key, address) in [
        ("tokens.store_file", "embedded:folder"),
        ("directory.url_file", "sqlite:folder"),
        ("mail.transport_file", "folder:file"),
    ] {
        let place = Place::new();
        std::fs::create_dir(place.path().join("folder")).unwrap();
        place.write("file", "");
        place.write("address", address);
        place.write(
            "a.toml",
            format!("{key} = 'address'\n[server]\nbind = '127.0.0.1:0'\n[management]\nbind = '127.0.0.1:0'\n"),
        );
        let said = place.run(&["serve", "--config", "a.toml"], &[]);
        let last = said.err.lines().last().unwrap();
        assert!(last.starts_with(&format!("isogloss: {key}: ")), "{said:?}");
        assert_eq!(said.exit, Some(1), "{said:?}");
    }
}
