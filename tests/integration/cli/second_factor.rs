//! `isogloss user totp`, without a gateway and next to a running one.

use std::net::SocketAddr;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Gateway, Request, TimeStep, totp_code};
use serde_json::{Deserializer, Value, json};
use tempfile::TempDir;

use crate::shell::{Shell, demo};

fn shell() -> (TempDir, Shell) {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    shell.import_demo().done();
    (folder, shell)
}

fn status(shell: &Shell, user: &str) -> Value {
    shell
        .run(&["user", "totp", "status", user, "--json"])
        .json()
}

/// Returns the code that confirms the secret in this line of output, `None` if the line has none.
fn code(line: &str) -> Option<String> {
    let secret = line.strip_prefix("Secret: ")?;
    totp_code(secret.trim(), TimeStep::Current).ok()
}

/// Sends a Memsource login and returns the status.
fn login(public: SocketAddr, user: &str, code: &str) -> u16 {
    let form = format!("userName={user}&password={user}-demo&code={code}");
    let request = Request::post("/web/api/v3/auth/login").form(form);
    request.send(public).unwrap().status
}

fn recovery_codes(said: &Value) -> Vec<String> {
    let codes = said["recovery_codes"].as_array().unwrap().iter();
    codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn it_is_switched_on_by_a_code_of_the_secret_that_is_shown() {
    let (_folder, shell) = shell();
    let enrol = ["user", "totp", "enrol", "linguist", "--code-stdin"];
    let out = shell.run_replying(&enrol, code).done();
    let url = "\notpauth://totp/Isogloss:linguist?secret=";
    assert!(
        out.contains(url) && out.contains("&issuer=Isogloss&"),
        "{out}"
    );
    assert!(out.contains('█') && out.contains('▀'), "{out}");
    let codes = out
        .lines()
        .filter(|line| line.starts_with("  ") && line.len() == 16);
    assert_eq!(codes.count(), 10, "{out}");
    let shown_status = status(&shell, "linguist");
    assert_eq!(
        (&shown_status["state"], &shown_status["recovery_codes_left"]),
        (&json!("on"), &json!(10))
    );
    assert!(shown_status["since"].as_str().unwrap().ends_with('Z'));
    assert!(shown_status["last_used"].is_string());
    let shown = shell.run(&["user", "show", "linguist", "--json"]).json();
    assert_eq!(shown["second_factor"], shown_status);
    let text = shell.run(&["user", "totp", "status", "linguist"]).done();
    assert!(text.contains("state = \"on\"\n"), "{text}");

    let issuer = ["--issuer", "A & B: C", "--no-qr"];
    let out = shell
        .run_replying(&[&enrol[..], &issuer].concat(), code)
        .done();
    assert!(
        out.contains("otpauth://totp/A%20%26%20B%3A%20C:linguist?secret="),
        "{out}"
    );
    assert!(!out.contains('█'), "{out}");
}

#[test]
fn without_a_code_of_the_secret_nothing_changes() {
    let (_folder, shell) = shell();
    let before = shell.run(&["directory", "export"]).done();
    for (user, reply) in [
        ("linguist", "000000"),
        ("guarded", ""),
        ("guarded", "letters"),
    ] {
        let enrol = ["user", "totp", "enrol", user, "--code-stdin"];
        let said = shell.run_with(&enrol, &format!("{reply}\n"));
        assert_eq!(said.exit, Some(1), "{said:?}");
        let refusal =
            format!("isogloss: {user}: the code does not match the secret: nothing has changed\n");
        assert_eq!(said.err, refusal);
        assert!(!said.out.contains("Recovery codes"));
    }
    // There is no terminal to prompt at.
    let said = shell.run(&["user", "totp", "enrol", "linguist"]);
    assert_eq!(said.exit, Some(1), "{said:?}");
    assert!(said.err.contains("use --code-stdin"), "{said:?}");
    assert_eq!(shell.run(&["directory", "export"]).done(), before);
}

#[test]
fn programs_get_the_secret_before_the_code_and_the_recovery_codes_after_it() {
    let (_folder, shell) = shell();
    let enrol = ["user", "totp", "enrol", "linguist", "--json"];
    let reply = |line: &str| {
        let (_, rest) = line.split_once("\"secret\": \"")?;
        totp_code(rest.split('"').next()?, TimeStep::Current).ok()
    };
    let out = shell
        .run_replying(&[&enrol[..], &["--code-stdin"]].concat(), reply)
        .done();
    let documents: Vec<Value> = Deserializer::from_str(&out)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    let [first, second] = &documents[..] else {
        panic!("{out}")
    };
    assert!(
        first["url"]
            .as_str()
            .unwrap()
            .contains(first["secret"].as_str().unwrap())
    );
    assert_eq!(recovery_codes(second).len(), 10);

    let said = shell.run(&[&enrol[..], &["--unconfirmed"]].concat()).json();
    assert_eq!(said["secret"].as_str().unwrap().len(), 32);
    assert_eq!(recovery_codes(&said).len(), 10);
    assert_ne!(said["secret"], first["secret"]);
    assert!(status(&shell, "linguist")["last_used"].is_null());
}

#[test]
fn switching_on_ends_tokens_and_switching_off_leaves_them() {
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).folder(folder.path());
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.start().unwrap();
    gateway.wait_until_ready().unwrap();
    let public = gateway.public();
    let token = |form: String| {
        let request = Request::post("/web/api/v3/auth/login").form(form);
        let answer = request.send(public).unwrap().json().unwrap();
        answer["token"].as_str().unwrap().to_owned()
    };
    let who = |token: &str| {
        let request = Request::get(format!("/web/api/v3/auth/whoAmI?token={token}"));
        request.send(public).unwrap().status
    };
    let before = token("userName=linguist&password=linguist-demo".to_owned());
    assert_eq!(who(&before), 200);
    let enrol = [
        "user",
        "totp",
        "enrol",
        "linguist",
        "--unconfirmed",
        "--json",
    ];
    let said = shell.run(&enrol).json();
    assert_eq!(who(&before), 401);
    for dialect in dialects() {
        let (_, token) = dialect.login(public, "linguist", "linguist-demo").unwrap();
        assert!(token.is_none(), "{}", dialect.name);
    }
    let secret = said["secret"].as_str().unwrap();
    assert_eq!(
        login(
            public,
            "linguist",
            &totp_code(secret, TimeStep::Current).unwrap()
        ),
        200
    );
    assert_eq!(
        login(
            public,
            "linguist",
            &totp_code(secret, TimeStep::Previous).unwrap()
        ),
        403
    );
    let codes = recovery_codes(&said);
    assert_eq!(login(public, "linguist", &codes[0].to_uppercase()), 200);
    assert_eq!(login(public, "linguist", &codes[0]), 403);
    assert_eq!(status(&shell, "linguist")["recovery_codes_left"], 9);
    assert!(gateway.logs("a recovery code was used in place of a second factor"));

    let fresh = shell
        .run(&["user", "totp", "recovery-codes", "linguist", "--json"])
        .json();
    let fresh = recovery_codes(&fresh);
    assert_eq!(login(public, "linguist", &codes[1]), 403);
    let form = format!("userName=linguist&password=linguist-demo&code={}", fresh[0]);
    let after = token(form);
    let said = shell.run(&["user", "totp", "disable", "linguist"]).done();
    assert_eq!(said, "linguist: the second factor is off\n");
    assert_eq!(who(&after), 200);
    assert_eq!(login(public, "linguist", ""), 200);
}

#[test]
fn what_is_off_has_nothing_to_take_away() {
    let (_folder, shell) = shell();
    for command in ["disable", "recovery-codes"] {
        let refused = shell.run(&["user", "totp", command, "linguist"]).refused();
        assert_eq!(refused, "linguist: the second factor is off");
    }
    assert_eq!(status(&shell, "linguist"), json!({"state": "off"}));
    for command in ["enrol", "disable", "recovery-codes", "status"] {
        let refused = shell.run(&["user", "totp", command, "nobody"]).refused();
        assert_eq!(refused, "nobody: no such user");
    }
    // A second factor that comes from the directory file.
    let expected = json!({"state": "on", "recovery_codes_left": 0});
    assert_eq!(status(&shell, "guarded"), expected);
    let out = shell
        .run(&["user", "totp", "recovery-codes", "guarded"])
        .done();
    assert!(
        out.starts_with("guarded: the previous recovery codes have ended\n"),
        "{out}"
    );
    assert_eq!(status(&shell, "guarded")["recovery_codes_left"], 10);
}

#[test]
fn it_moves_with_the_directory_and_outlives_the_file_it_is_not_in() {
    let (_folder, shell) = shell();
    let enrol = [
        "user",
        "totp",
        "enrol",
        "linguist",
        "--unconfirmed",
        "--json",
    ];
    let said = shell.run(&enrol).json();
    let exported = shell.run(&["directory", "export"]).done();
    for code in recovery_codes(&said) {
        assert!(!exported.contains(&code));
    }
    let again = shell
        .run(&["directory", "import", &demo(), "--json"])
        .json();
    assert_eq!(
        again,
        json!({"created": 0, "updated": 0, "unchanged": 18, "kept": [], "erased": []})
    );
    assert_eq!(shell.run(&["directory", "export"]).done(), exported);

    let there = TempDir::new().unwrap();
    let other = Shell::alone(there.path());
    other.write("users.toml", &exported);
    other.run(&["directory", "import", "users.toml"]).done();
    assert_eq!(other.run(&["directory", "export"]).done(), exported);
    assert_eq!(status(&other, "linguist")["recovery_codes_left"], 10);
}

#[test]
fn the_commands_of_the_manual_work_as_printed() {
    let (_folder, shell) = shell();
    let section = include_str!("../../../docs/second-factor.md");
    let commands = section
        .lines()
        .filter_map(|line| line.strip_prefix("isogloss "));
    let mut id = String::new();
    let mut ran = 0;
    for command in commands {
        // The label is the only argument in quotes.
        let quoted = command.split('"').enumerate();
        let mut arguments: Vec<_> = quoted
            .flat_map(|(index, part)| match index % 2 {
                0 => part.split_whitespace().collect(),
                _ => vec![part],
            })
            .map(|argument| if argument == "ID" { &id } else { argument })
            .collect();
        if arguments.contains(&"enrol") {
            // The test has no terminal.
            arguments.push("--code-stdin");
        }
        let out = shell.run_replying(&arguments, code).done();
        ran += 1;
        if let Some((_, rest)) = out.split_once("application password ") {
            rest.split(' ').next().unwrap().clone_into(&mut id);
        }
    }
    assert_eq!(ran, 7);
}
