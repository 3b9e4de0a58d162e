//! Directory files that are refused as a whole.

use super::{counts, place};

const ONE_GOOD_USER: &str = r#"
[[organisations]]
name = "CRMDEMO"
default_unit = "EE63A82C4FEBE02FF34E90DD1EBA5ABE"
units = [{ id = "EE63A82C4FEBE02FF34E90DD1EBA5ABE", name = "Renamed" }]
[[users]]
user_name = "eve"
organisation = "CRMDEMO"
password = "hush-hush"
"#;

#[test]
fn a_file_with_a_bad_entry_is_refused_whole() {
    let (_folder, shell) = place();
    shell.import_demo().done();
    let before = shell.run(&["directory", "export"]).done();
    let user = "\n[[users]]\nuser_name = \"mallory\"\n";
    for (bad, reason) in [
        (
            format!("{user}organisation = \"NOWHERE\"\npassword = \"hush-hush\""),
            "there is no organisation NOWHERE",
        ),
        (format!("{user}organisation = \"CRMDEMO\""), "user mallory"),
        (
            format!("{user}organisation = \"CRMDEMO\"\npassword = \"\""),
            "a password cannot be empty",
        ),
        (
            format!("{user}organisation = \"CRMDEMO\"\npassword_hash = \"hush-hush\""),
            "user mallory",
        ),
        (
            format!(
                "{user}organisation = \"CRMDEMO\"\npassword = \"hush-hush\"\npassword_hash = \"x\""
            ),
            "user mallory",
        ),
        (
            format!("{user}organisation = \"CRMDEMO\"\npassword = \"hush-hush\"\nnumber = 30"),
            "the same number",
        ),
        (
            format!("{user}organisation = \"CRMDEMO\"\npassword = \"hush-hush\"\nemail = \"EVE\""),
            "not like name@example.com",
        ),
        (
            format!("{user}organisation = \"CRMDEMO\"\npassword = \"hush-hush\"\nunits = [\"X\"]"),
            "has no unit X",
        ),
        (
            format!(
                "{user}organisation = \"CRMDEMO\"\npassword = \"hush-hush\"\ntotp_secret = \"hush-hush!\""
            ),
            "not base32",
        ),
        (
            format!(
                "{user}organisation = \"CRMDEMO\"\npassword = \"hush-hush\"\npasswrd = \"hush-hush\""
            ),
            "unknown field `passwrd`",
        ),
        (
            format!("{user}organisation = \"CRMDEMO\"\npassword = [\"hush-hush\"]"),
            "expected a string",
        ),
        (
            "\n[[keys]]\nrealm = \"crmcom\"\nuser = \"nobody\"\nkey = \"hush-hush\"\nallow_weak = true".to_owned(),
            "there is no user nobody",
        ),
        (
            "\n[[keys]]\nrealm = \"crmcom\"".to_owned(),
            "needs either key or digest",
        ),
        ("\n[[users\npassword = \"hush-hush\"".to_owned(), "line "),
    ] {
        shell.write("bad.toml", &format!("{ONE_GOOD_USER}{bad}"));
        let refused = shell.run(&["directory", "import", "bad.toml"]).refused();
        assert!(refused.starts_with("bad.toml"), "{refused}");
        assert!(refused.contains(reason), "{bad}: {refused}");
        assert!(!refused.contains("hush"), "{refused}");
        assert_eq!(shell.run(&["directory", "export"]).done(), before, "{bad}");
    }
    let missing = shell
        .run(&["directory", "import", "missing.toml"])
        .refused();
    assert!(missing.starts_with("missing.toml: "), "{missing}");
    shell.write("good.toml", ONE_GOOD_USER);
    let counted = counts(&shell, "good.toml");
    assert_eq!(
        counted["created"], 1,
        "only the valid part is applied: {counted}"
    );
}

#[test]
fn a_card_or_key_that_can_be_guessed_is_refused_unless_it_is_allowed() {
    let (_folder, shell) = place();
    shell.import_demo().done();
    let users = "[[users]]\nuser_name = \"ada\"\norganisation = \"CRMDEMO\"\npassword = \"a password\"\n\
                 access_cards = [{ code = \"90210\" }]\n";
    let keys = "[[keys]]\nrealm = \"crmcom\"\nlabel = \"shop\"\nkey = \"abc\"\n";
    let reason = "can be guessed: take 16 random characters or more, or set allow_weak = true for one \
                  that is in use already";
    for (text, entry, what, mark) in [
        (
            users,
            "user ada, access card 1",
            ", code",
            "\"90210\", allow_weak = true",
        ),
        (keys, "crmcom key shop", "", "\"abc\"\nallow_weak = true"),
    ] {
        shell.write("weak.toml", text);
        let refused = shell.run(&["directory", "import", "weak.toml"]).refused();
        let expected = format!("weak.toml was not applied: {entry}{what}: {reason}");
        assert_eq!(refused, expected);
        let warned = format!("isogloss: warning: {entry}: can be guessed\n");
        let marked = text.replace("\"90210\"", mark).replace("\"abc\"", mark);
        shell.write("marked.toml", &marked);
        shell.run(&["directory", "import", "marked.toml"]).done();
        let again = shell.run(&["directory", "import", "weak.toml"]);
        assert_eq!(
            (again.exit, again.err),
            (Some(0), warned),
            "it is there already"
        );
    }
    let ids = keys.replace("crmcom", "bimplus");
    shell.write("ids.toml", &ids);
    shell.run(&["directory", "import", "ids.toml"]).done();
}
