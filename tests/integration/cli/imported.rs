//! `isogloss directory import`: other formats, previews, and all faults at once.

mod schema;

use std::fs;

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use crate::shell::Shell;

const REALM: &str = include_str!("imported/realm.json");

fn show(shell: &Shell, name: &str) -> Value {
    shell.run(&["user", "show", name, "--json"]).json()
}

#[test]
fn a_preview_prints_each_change_and_changes_nothing() {
    let (folder, shell) = Shell::with_demo();
    let file = folder.path().join("users.toml");
    fs::write(
        &file,
        "organisations = [{ name = 'NEW' }]\n\
         users = [{ user_name = 'kim', organisation = 'NEW', password = 'secret-of-kim', email = 'kim@example.com' },\n\
         { user_name = 'admin', first_name = 'Other', disabled = true }]\n\
         keys = [{ realm = 'introspection', label = 'orders', key = 'a-long-and-random-key-4711' }]\n",
    )
    .unwrap();
    let before = shell.run(&["directory", "export"]).out;
    let import = ["directory", "import", file.to_str().unwrap()];
    let preview = shell.run(&[&import[..], &["--dry-run"]].concat());
    assert_eq!(preview.exit, Some(0), "{preview:?}");
    let lines: Vec<_> = preview.out.lines().collect();
    assert_eq!(lines[0], "create organisation NEW", "{preview:?}");
    assert!(
        lines[1].starts_with("create user kim: number "),
        "{preview:?}"
    );
    assert!(
        lines[1].contains("email \"kim@example.com\""),
        "{preview:?}"
    );
    assert!(lines[1].ends_with(", password"), "{preview:?}");
    assert!(
        lines[2].starts_with("update user admin: first_name ")
            && lines[2].ends_with("-> \"Other\", disabled false -> true"),
        "{preview:?}"
    );
    assert_eq!(lines[3], "create introspection key orders", "{preview:?}");
    assert_eq!(lines[4], "would be: 3 created, 1 updated, 0 unchanged");
    assert!(!preview.out.contains("secret-of-kim") && !preview.out.contains("$2"));
    assert_eq!(shell.run(&["directory", "export"]).out, before);
    let done = shell.run(&import);
    assert!(
        done.out.starts_with("3 created, 1 updated, 0 unchanged"),
        "{done:?}"
    );
}

#[test]
fn all_faults_of_a_file_are_listed_and_nothing_is_changed() {
    let (folder, shell) = Shell::with_demo();
    let file = folder.path().join("users.toml");
    fs::write(
        &file,
        "users = [{ user_name = 'kim', organisation = 'CRMDEMO', password = 'secret-of-kim' },\n\
         { user_name = 'one', organisation = 'NOWHERE', password = 'secret-of-one' },\n\
         { user_name = 'two', organisation = 'CRMDEMO', role = 'KING', password = 'secret-of-two' },\n\
         { user_name = 'three', organisation = 'CRMDEMO' },\n\
         { user_name = 'four', organisation = 'CRMDEMO', password = 'secret-of-four', email = 'no address' },\n\
         { user_name = 'five', organisation = 'CRMDEMO', password_hash = 'not-a-hash' }]\n",
    )
    .unwrap();
    let refused = shell.run(&["directory", "import", file.to_str().unwrap()]);
    assert_eq!(refused.exit, Some(1));
    let lines: Vec<_> = refused.err.lines().map(str::trim).collect();
    assert!(
        lines[0].ends_with("was not applied: 5 faults:"),
        "{refused:?}"
    );
    for name in ["one", "two", "three", "four", "five"] {
        let start = format!("user {name}: ");
        assert!(
            lines.iter().any(|line| line.starts_with(&start)),
            "{refused:?}"
        );
    }
    assert_eq!(shell.run(&["user", "show", "kim"]).exit, Some(1));

    // Those that are no users at all, too.
    fs::write(
        &file,
        "[[users]]\nuser_name = 'kim'\npasswrd = 'hush-hush'\n[[users]]\nuser_name = 'lee'\ndisabled = 'no'\n",
    )
    .unwrap();
    let refused = shell
        .run(&["directory", "import", file.to_str().unwrap()])
        .err;
    assert!(
        refused.contains("line 3: unknown field `passwrd`"),
        "{refused}"
    );
    assert!(
        refused.contains("users[1] (lee): expected a boolean"),
        "{refused}"
    );
    assert!(!refused.contains("hush"), "{refused}");
}

#[test]
fn users_in_csv_are_imported_from_a_pipe() {
    let (_folder, shell) = Shell::with_demo();
    let import = |text: &str, more: &[&str]| {
        let command = [&["directory", "import", "-", "--format", "csv"], more].concat();
        shell.run_with(&command, text)
    };
    let text = "Login;Mail;Surname;Desk;units;language\n\
                kim;kim@example.com;\"Lee; the \"\"first\"\"\";17;;de_AT\n\
                lee;;Kim;18;;\n";
    let options = [
        "--map",
        "user_name=Login",
        "--map",
        "email=Mail",
        "--map",
        "last_name=Surname",
        "--set",
        "organisation=CRMDEMO",
        "--set",
        "password=none",
    ];
    let done = import(text, &options).done();
    assert!(done.starts_with("2 created, 0 updated"), "{done}");
    assert_eq!(show(&shell, "kim")["last_name"], "Lee; the \"first\"");
    assert_eq!(show(&shell, "kim")["email"], "kim@example.com");
    assert_eq!(show(&shell, "kim")["language"], "de-AT");
    let again = import(text, &options).done();
    assert!(
        again.starts_with("0 created, 0 updated, 2 unchanged"),
        "{again}"
    );
    // An empty cell says nothing, two quotes clear.
    import("user_name,email,last_name\nkim,,\"\"\"\"\"\"\n", &[]).done();
    let kim = show(&shell, "kim");
    assert_eq!(
        (&kim["email"], &kim["last_name"]),
        (&json!("kim@example.com"), &json!(""))
    );

    let refused = import(
        "user_name,number,disabled,language\na,x,no,\nb,1\n,2,no,\nc,3,perhaps,\nd,4,no,german\n",
        &[],
    );
    let lines: Vec<_> = refused.err.lines().map(str::trim).collect();
    assert_eq!(lines[0], "isogloss: 5 faults:", "{refused:?}");
    assert_eq!(lines[1], "line 2, user a: number is not a whole number");
    assert_eq!(lines[2], "line 3, user b: has 2 cells, expected 4");
    assert_eq!(lines[3], "line 4: has no user name");
    assert_eq!(lines[4], "line 5, user c: disabled is not true or false");
    assert_eq!(
        lines[5],
        "line 6, user d: the language is no language tag, expected one such as de, de-AT or zh-Hant"
    );
    let refused = import("user_name,shoe_size\na,43\n", &[]).refused();
    assert!(
        refused.starts_with("line 1: the column shoe_size is no field"),
        "{refused}"
    );
}

#[test]
fn users_of_keycloak_log_in_with_their_passwords() {
    let builder = Gateway::builder(crate::PROGRAM);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let shell = Shell::beside(&builder, gateway.folder());
    fs::write(gateway.folder().join("realm.json"), REALM).unwrap();
    let file = gateway.folder().join("realm.json");
    let import = |more: &[&str]| {
        let command = [
            "directory",
            "import",
            file.to_str().unwrap(),
            "--format",
            "keycloak",
        ];
        let options = [
            "--set",
            "organisation=CRMDEMO",
            "--role",
            "managers=PROJECT_MANAGER",
            "--role",
            "/staff=LINGUIST",
        ];
        shell.run(&[&command[..], &options, more].concat())
    };
    let done = import(&[]);
    assert!(done.out.starts_with("3 created, 0 updated"), "{done:?}");
    let login = |name: &str, password: &str| {
        let body = json!({"user_id": name, "password": password});
        let login = Request::post("/v2/authorize").json(&body);
        login.send(gateway.public()).unwrap().status
    };
    assert_eq!(login("kim", "geheim-von-kim"), 200);
    assert_eq!(login("kim@example.com", "geheim-von-lee"), 401);
    let kim = show(&shell, "kim");
    assert_eq!(
        (&kim["role"], &kim["language"]),
        (&json!("PROJECT_MANAGER"), &json!("de"))
    );
    assert_eq!(show(&shell, "lee")["state"], "disabled");
    // Who has a second factor there has it here.
    assert_ne!(login("mia", "geheim-von-kim"), 200);
    assert_eq!(
        shell.run(&["user", "show", "service-account-robot"]).exit,
        Some(1)
    );

    // What was decided here stays: the hash that the login replaced, a password, a disabled user.
    shell.run(&["user", "enable", "lee"]).done();
    assert_eq!(login("lee", "geheim-von-lee"), 200);
    let again = import(&[]);
    assert!(
        again.out.starts_with("0 created, 0 updated, 3 unchanged"),
        "{again:?}"
    );
    assert!(again.out.contains("user lee: state"), "{again:?}");
    let replaced = import(&["--state=replace"]);
    assert!(
        replaced.out.starts_with("0 created, 1 updated"),
        "{replaced:?}"
    );
    assert_ne!(login("lee", "geheim-von-lee"), 200);
    // Users of an OpenID provider are linked by the identifier in its tokens.
    import(&["--set", "authority=sso"]);
    let kim = show(&shell, "kim");
    assert_eq!(
        kim["external_id"], "0b7a1c52-6f0e-4a57-9f39-0d8b8f6b1c01",
        "{kim}"
    );
}

#[test]
fn a_user_who_was_renamed_is_found_by_the_identifier_at_the_authority() {
    let (_folder, shell) = Shell::with_demo();
    let import = |name: &str| {
        let text = format!(
            "users = [{{ user_name = '{name}', organisation = 'CRMDEMO', authority = 'corp', external_id = '7' }}]"
        );
        shell.run_with(&["directory", "import", "-"], &text).done()
    };
    assert!(import("kim").starts_with("1 created"));
    let id = show(&shell, "kim")["id"].clone();
    assert!(import("kim.lee").starts_with("0 created, 1 updated"));
    assert_eq!(show(&shell, "kim.lee")["id"], id);
    assert_eq!(shell.run(&["user", "show", "kim"]).exit, Some(1));
}
