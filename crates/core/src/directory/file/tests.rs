//! How files are parsed, and what their errors say.

use super::*;

fn refusal(name: &str, text: &str) -> String {
    File::parse(Path::new(name), text).unwrap_err().to_string()
}

#[test]
fn the_place_and_the_expectation_are_told_and_no_value() {
    assert_eq!(
        refusal("d.toml", "[[users]]\nuser_name = \"a\"\npassword = 4711\n"),
        "d.toml: line 3: expected a string"
    );
    assert_eq!(
        refusal(
            "d.json",
            r#"{"users": [{"user_name": "a", "password": 4711}]}"#
        ),
        "d.json: line 1, column 46: expected a string at line 1 column 46"
    );
    let unknown = refusal("d.toml", "[[users]]\npasswrd = \"hush-hush\"\n");
    assert!(
        unknown.starts_with("d.toml: line 2: unknown field `passwrd`, expected"),
        "{unknown}"
    );
    assert!(!unknown.contains("hush"));
    let broken = refusal("d.toml", "[[users]]\npassword = \"hush-hush\n");
    assert!(!broken.contains("hush"), "{broken}");
}
