//! Applying a directory file again undoes no later change.
//!
//! Also after rotations of the pepper, with older exports and other versions of the file, and after a move to
//! another database.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use isogloss_testkit::{Builder, Gateway, Postgres, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

const PEPPERS: [&str; 3] = [
    "the pepper of last year",
    "the pepper of this year",
    "the pepper of next year",
];

/// A directory for gateways and commands.
struct Place {
    folder: TempDir,
    url: String,
}

impl Place {
    fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}", folder.path().join("directory.db").display());
        Self { folder, url }
    }

    fn postgres(server: &Postgres) -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            url: server.new_database().unwrap(),
        }
    }

    fn builder(&self, pepper: &str) -> Builder {
        Gateway::builder(crate::PROGRAM)
            .folder(self.folder.path())
            .directory(&self.url)
            .env("ISOGLOSS__TOKENS__PEPPER", pepper)
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let serve = self
            .builder(PEPPERS[0])
            .command(self.folder.path())
            .unwrap();
        let settings = serve.get_envs();
        let mut child = Command::new(crate::PROGRAM)
            .current_dir(self.folder.path())
            .args(arguments)
            .envs(settings.filter_map(|(key, value)| Some((key, value?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn export(&self) -> String {
        self.run(&["directory", "export"], "")
    }

    /// Returns the export without the digest keys, which are encrypted again with each pepper, and without the times
    /// of last logins: clients log in between.
    fn content(&self) -> toml::Table {
        let mut content: toml::Table = toml::from_str(&self.export()).unwrap();
        content.remove("digest_keys");
        for user in content["users"].as_array_mut().unwrap() {
            user.as_table_mut().unwrap().remove("last_login_at");
        }
        content
    }

    fn import(&self, text: &str) -> Value {
        let file = self.folder.path().join("import.toml");
        fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        let said = self.run(&["directory", "import", &file, "--json"], "");
        serde_json::from_str(&said).unwrap()
    }

    /// Makes changes that contradict the demo's file.
    fn change(&self) {
        self.run(
            &["user", "set-password", "sample", "--password-stdin"],
            "newer\n",
        );
        self.run(&["user", "disable", "linguist"], "");
        self.run(&["user", "enable", "retired"], "");
        let enrol = [
            "user",
            "totp",
            "enrol",
            "guarded",
            "--unconfirmed",
            "--json",
        ];
        self.run(&enrol, "");
        self.run(&["key", "revoke", "demo", "--realm", "tokenlogin"], "");
    }
}

/// Checks that clients see the changes of [`Place::change`].
fn assert_changed(gateway: &Gateway) {
    gateway.wait_until_ready().unwrap();
    let login = |name: &str, password: &str| {
        let body = json!({"user_id": name, "password": password});
        let request = Request::post("/v2/authorize").json(&body);
        request.send(gateway.public()).unwrap().status
    };
    assert_eq!(login("sample", "sample-demo"), 401);
    assert_eq!(login("sample", "newer"), 200);
    assert_eq!(login("linguist", "linguist-demo"), 403);
    assert_eq!(login("retired", "retired-demo"), 200);
    let body = json!({"userName": "sample", "password": "newer", "deviceName": "d"});
    let by_key = Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(&body);
    let refused = by_key.send(gateway.public()).unwrap();
    assert_ne!(refused.status, 200, "{refused:?}");
}

fn nothing_comes_back_over_rotations(place: &Place) {
    let mut first = place.builder(PEPPERS[0]).start().unwrap();
    first.wait_until_ready().unwrap();
    first.terminate().unwrap();
    place.change();
    let before = place.content();

    let rotated = place.builder(PEPPERS[1]);
    let rotated = rotated.env("ISOGLOSS__TOKENS__PREVIOUS_PEPPER", PEPPERS[0]);
    let mut rotated = rotated.start().unwrap();
    assert_changed(&rotated);
    rotated.terminate().unwrap();
    // With the new pepper the file is still recognised as applied, but an edited copy is not. With a pepper whose
    // predecessor is not configured, the digest keys cannot be decrypted.
    let same = place.folder.path().join("same.toml");
    fs::write(&same, demo() + "\n# the same\n").unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo-directory.toml");
    for (pepper, file, said) in [
        (PEPPERS[1], &demo, None),
        (PEPPERS[1], &same, Some("applied the directory file")),
        (PEPPERS[2], &demo, Some("the directory file is not applied")),
    ] {
        let done = place.builder(pepper);
        let done = done.env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string());
        let mut done = done.start().unwrap();
        assert_changed(&done);
        done.terminate().unwrap();
        let log = done.log().join("\n");
        for message in [
            "applied the directory file",
            "the directory file is not applied",
        ] {
            assert_eq!(log.contains(message), said == Some(message), "{log}");
        }
        assert_eq!(log.contains("\"kept\":4"), file == &same, "{log}");
        assert_eq!(place.content(), before);
    }
}

#[test]
fn nothing_comes_back_over_rotations_with_sqlite() {
    nothing_comes_back_over_rotations(&Place::sqlite());
}

#[test]
fn nothing_comes_back_over_rotations_with_postgres() {
    let server = Postgres::start().unwrap();
    nothing_comes_back_over_rotations(&Place::postgres(&server));
}

#[test]
fn an_export_of_before_takes_nothing_back() {
    let place = Place::sqlite();
    place.import(&demo());
    let early = place.export();
    place.change();
    let before = place.export();
    let imported = place.import(&early);
    assert_eq!(
        (&imported["created"], &imported["updated"]),
        (&json!(0), &json!(0))
    );
    let kept = json!([
        {"entry": "user linguist", "what": "state"},
        {"entry": "user guarded", "what": "second factor"},
        {"entry": "user retired", "what": "state"},
        {"entry": "user sample", "what": "password"},
        {"entry": "tokenlogin key demo", "what": "revocation"},
    ]);
    assert_eq!(imported["kept"], kept);
    assert_eq!(place.export(), before);
}

#[test]
fn nothing_comes_back_by_moving_to_postgres_and_back() {
    let server = Postgres::start().unwrap();
    let from = Place::sqlite();
    from.import(&demo());
    from.change();
    let mut text = from.export();
    for to in [Place::postgres(&server), Place::sqlite()] {
        assert_eq!(to.import(&text)["kept"], json!([]));
        assert_eq!(to.content(), from.content());
        let mut gateway = to.builder(PEPPERS[0]).start().unwrap();
        assert_changed(&gateway);
        gateway.terminate().unwrap();
        assert!(gateway.logs("applied the directory file"));
        text = to.export();
        assert_eq!(to.content(), from.content());
    }
}

#[test]
fn a_file_that_becomes_what_it_was_before_is_applied_again() {
    let place = Place::sqlite();
    let file = place.folder.path().join("users.toml");
    let version = |first_name: &str| {
        format!(
            "organisations = [{{ name = 'ACME' }}]\n[[users]]\nuser_name = 'vera'\n\
             organisation = 'ACME'\npassword = 'vera-pw'\nfirst_name = '{first_name}'\n"
        )
    };
    for first_name in ["One", "Two", "One", "One"] {
        fs::write(&file, version(first_name)).unwrap();
        let gateway = place.builder(PEPPERS[0]);
        let gateway = gateway.env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string());
        let mut gateway = gateway.start().unwrap();
        gateway.wait_until_ready().unwrap();
        gateway.terminate().unwrap();
        let shown = place.run(&["user", "show", "vera", "--json"], "");
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["first_name"], first_name);
    }
}

fn demo() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join("config/demo-directory.toml")).unwrap()
}
