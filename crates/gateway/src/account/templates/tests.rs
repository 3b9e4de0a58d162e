use std::fs;

use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn load(files: &[(&str, &str)]) -> Result<Templates, String> {
    Templates::load(folder(files).path()).map_err(|error| error.to_string())
}

fn render(
    templates: &Templates,
    kind: AccountLink,
    languages: &[&str],
    user: &User,
) -> RenderedEmail {
    let languages = languages.iter().map(|tag| Language::parse(tag).unwrap());
    let languages: Vec<_> = languages.collect();
    let values = EmailValues {
        user,
        link: "https://login.example.com/account/password/0a",
        issuer: "Example",
        lifetime: Duration::from_hours(1),
    };
    templates.render(kind, languages.iter(), &values).unwrap()
}

const GERMAN: [(&str, &str); 2] = [
    (
        "reset.de.txt",
        "Subject: Passwort\r\n\r\nHallo {{ user_name }}: {{ link }}\r\n",
    ),
    (
        "reset.de.html",
        "<p>{{ user_name }} <a href=\"{{ link }}\">hier</a>",
    ),
];

#[test]
fn without_a_folder_there_are_english_templates() {
    let templates = Templates::load(Path::new("")).unwrap();
    let user = files::sample_user();
    for kind in [AccountLink::Invitation, AccountLink::Reset] {
        let email = render(&templates, kind, &["de"], &user);
        assert!(email.subject.ends_with("Example"), "{email:?}");
        assert!(email.text.starts_with("Hello Ada,\n"), "{email:?}");
        assert!(email.text.contains("within 60 minutes"), "{email:?}");
        assert!(email.html.unwrap().contains("Hello Ada"));
    }
}

#[test]
fn the_first_language_that_there_is_counts() {
    let templates = load(&GERMAN).unwrap();
    let user = files::sample_user();
    for (languages, expected) in [
        (&["de"][..], "Passwort"),
        (&["DE-at"], "Passwort"),
        (&["fr", "de", "en"], "Passwort"),
        (&["en", "de"], "Your password for Example"),
        (&["fr"], "Your password for Example"),
        (&[], "Your password for Example"),
    ] {
        let email = render(&templates, AccountLink::Reset, languages, &user);
        assert_eq!(email.subject, expected, "{languages:?}");
    }
    // There is no German invitation.
    let email = render(&templates, AccountLink::Invitation, &["de"], &user);
    assert_eq!(email.subject, "Your invitation to Example");
}

#[test]
fn a_hostile_name_is_escaped_in_html_and_stays_in_the_text() {
    let user = User {
        user_name: "<script>alert(1)</script>\"'&".to_owned(),
        first_name: String::new(),
        ..files::sample_user()
    };
    for templates in [
        Templates::load(Path::new("")).unwrap(),
        load(&GERMAN).unwrap(),
    ] {
        let email = render(&templates, AccountLink::Reset, &["de"], &user);
        let html = email.html.unwrap();
        assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(
            email.text.contains("<script>alert(1)</script>\"'&"),
            "{}",
            email.text
        );
    }
}

#[test]
fn an_english_text_replaces_the_built_in_html_too() {
    let templates = load(&[("reset.en.txt", "Subject: Own\n\n{{ link }}\n")]).unwrap();
    let email = render(&templates, AccountLink::Reset, &[], &files::sample_user());
    assert_eq!((email.subject.as_str(), email.html), ("Own", None));
}

#[test]
fn what_cannot_be_used_is_refused_with_the_file_and_what_was_expected() {
    let text = "Subject: A\n\n{{ link }}";
    for (name, content, expected) in [
        (
            "rest.de.txt",
            text,
            "rest.de.txt: expected a name like invitation.en.txt",
        ),
        ("reset.txt", text, "reset.txt: expected a name like"),
        (
            "reset.german.txt",
            text,
            "reset.german.txt: expected a name like",
        ),
        (
            "reset.de.txt",
            "Subject: A\n\n{{ link",
            "reset.de.txt: line 3: ",
        ),
        (
            "reset.de.txt",
            "Subject: A\n\n{{ link }} {{ nmae }}",
            "reset.de.txt: line 3: undefined value",
        ),
        (
            "reset.de.txt",
            "Hello\n\n{{ link }}",
            "reset.de.txt: expected a first line like `Subject: ",
        ),
        (
            "reset.de.txt",
            "Subject:\n\n{{ link }}",
            "reset.de.txt: expected a first line",
        ),
        (
            "reset.de.txt",
            "Subject: A\n\nB",
            "reset.de.txt: expected {{ link }}",
        ),
        (
            "reset.de.html",
            "<a href=\"{{ link }}\">",
            "reset.de.html: needs reset.de.txt",
        ),
    ] {
        let said = load(&[(name, content)]).err().unwrap_or_default();
        assert!(said.contains(expected), "{name}: {said}");
    }
    let missing = Templates::load(Path::new("/nonexistent")).err().unwrap();
    assert!(
        missing.to_string().starts_with("/nonexistent: "),
        "{missing}"
    );
    // Files of editors and the like.
    assert!(
        load(&[
            ("README.md", "x"),
            (".reset.de.txt", "x"),
            ("reset.de.txt~", "x")
        ])
        .is_ok()
    );
}
