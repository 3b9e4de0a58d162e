//! `isogloss explain` next to a running gateway.

use std::fs;

use isogloss_testkit::{Gateway, Request, TimeStep, totp_code};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{gateway, refusal_of};
use crate::shell::{Said, Shell};

struct Fixture {
    _folder: TempDir,
    shell: Shell,
    gateway: Gateway,
    more: Vec<String>,
}

impl Fixture {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let builder = gateway();
        let shell = Shell::beside(&builder, folder.path());
        let gateway = builder.folder(folder.path()).start().unwrap();
        let key_file = folder.path().join("key");
        fs::write(&key_file, "demo-admin-key\n").unwrap();
        let management = format!("http://{}", gateway.management());
        let key_file = key_file.to_str().unwrap().to_owned();
        Self {
            _folder: folder,
            shell,
            gateway,
            more: vec![
                "--management".to_owned(),
                management,
                "--key-file".to_owned(),
                key_file,
            ],
        }
    }

    /// Runs `isogloss explain` with a line of input.
    fn explain(&self, arguments: &[&str], input: &str) -> Said {
        let more = self.more.iter().map(String::as_str);
        let all: Vec<_> = ["explain"]
            .into_iter()
            .chain(arguments.iter().copied())
            .chain(more)
            .collect();
        self.shell.run_with(&all, &format!("{input}\n"))
    }

    fn log_in(&self, name: &str, password: &str) -> isogloss_testkit::Response {
        let login = json!({"user_id": name, "password": password});
        let login = Request::post("/v2/authorize").json(&login);
        login.send(self.gateway.public()).unwrap()
    }

    /// Returns the verdict of each step of a login that is tried.
    fn steps(&self, arguments: &[&str], password: &str) -> (String, Vec<(String, String)>) {
        let arguments = [arguments, &["--password-stdin", "--json"]].concat();
        let said = self.explain(&arguments, password);
        let trial: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let steps = trial["steps"].as_array().unwrap();
        let failing = steps.iter().filter(|step| step["verdict"] != "passes");
        let failing = failing.map(|step| (text(&step["step"]), text(&step["text"])));
        (text(&trial["verdict"]), failing.collect())
    }
}

#[test]
fn a_request_is_explained_by_its_identifier_its_user_and_its_source() {
    let f = Fixture::start();
    let refused = f.log_in("retired", "retired-demo");
    let id = refused.header("X-Request-Id").unwrap().to_owned();
    refusal_of(&f.gateway, &refused);
    let said = f.explain(&[&id], "").done();
    assert!(
        said.contains("disabled: The password is right, but the account is disabled."),
        "{said}"
    );
    assert!(said.contains("isogloss user enable"), "{said}");
    assert!(said.contains(&id), "{said}");
    for filter in [
        ["--user", "retired"],
        ["--user", "RETIRED@example.com"],
        ["--source", "127.0.0.1"],
    ] {
        let found = f
            .explain(&[&filter[..], &["--json", "--since", "1h"]].concat(), "")
            .json();
        assert_eq!(found[0]["cause"], "disabled", "{filter:?}");
    }
    let none = f.explain(&["--user", "sample"], "");
    assert_eq!((none.exit, none.out.as_str()), (Some(1), ""));
    assert!(
        none.err.contains("no refused request matches"),
        "{}",
        none.err
    );
    let until = f.explain(&["--until", "1h"], "");
    assert_eq!(until.exit, Some(1));
    let odd = f.explain(&["--since", "yesterday"], "");
    assert_eq!(odd.exit, Some(2), "{odd:?}");
}

#[test]
fn a_login_is_tried_step_by_step_and_leaves_no_trace() {
    let f = Fixture::start();
    let all_pass = ("passes".to_owned(), Vec::new());
    assert_eq!(
        f.steps(&["--try", "bimplus", "--user", "sample"], "sample-demo"),
        all_pass
    );
    for _ in 0..20 {
        let (verdict, steps) = f.steps(&["--try", "bimplus", "--user", "sample"], "wrong");
        assert_eq!((verdict.as_str(), &steps[0].0[..]), ("fails", "password"));
    }
    assert_eq!(
        f.steps(&["--try", "bimplus", "--user", "sample"], "sample-demo"),
        all_pass
    );

    let (_, steps) = f.steps(&["--try", "bimplus", "--user", "guarded"], "guarded-demo");
    assert_eq!(steps[0].0, "second factor");
    let code = totp_code("JBSWY3DPEHPK3PXP", TimeStep::Current).unwrap();
    let with_code = ["--try", "memsource", "--user", "guarded", "--code", &code];
    assert_eq!(f.steps(&with_code, "guarded-demo"), all_pass);
    // The code is not used up.
    let form = format!("userName=guarded&password=guarded-demo&code={code}");
    let login = Request::post("/web/api/v3/auth/login").form(form);
    assert_eq!(login.send(f.gateway.public()).unwrap().status, 200);

    let wrong_unit = [
        "--try",
        "crmcom",
        "--user",
        "mpadministrator",
        "--organisation",
        "crmdemo",
        "--unit",
        "11111111222222223333333344444444",
    ];
    let (_, steps) = f.steps(&wrong_unit, "1234");
    let names: Vec<_> = steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["organisation", "unit"]);
    assert!(
        steps[0].1.contains("differs in upper and lower case"),
        "{steps:?}"
    );
    assert!(
        steps[1].1.contains("EE63A82C4FEBE02FF34E90DD1EBA5ABE"),
        "{steps:?}"
    );
    let (_, steps) = f.steps(
        &["--try", "tokenlogin", "--user", "retired"],
        "retired-demo",
    );
    assert_eq!(steps, [("account".to_owned(), "disabled".to_owned())]);
    let (_, steps) = f.steps(&["--try", "tokenlogin", "--user", "nobody"], "x");
    assert_eq!(steps[0].0, "name");
}

#[test]
fn a_token_is_described_while_it_lives_and_after_its_end() {
    let f = Fixture::start();
    let answer = f.log_in("sample", "sample-demo").json().unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let said = f.explain(&["--token", "--token-stdin"], token).done();
    assert!(said.contains("The token is valid."), "{said}");
    assert!(said.contains("user sample"), "{said}");
    let logout = Request::new("DELETE", "/v2/authorize");
    let logout = logout.header("Authorization", format!("BimPlus {token}"));
    assert_eq!(logout.send(f.gateway.public()).unwrap().status, 200);
    let ended = loop {
        let said = f.explain(&["--token", "--token-stdin"], token);
        if said.out.contains("by its user") {
            break said;
        }
    };
    assert_eq!(ended.exit, Some(1));
    assert!(!f.gateway.log().iter().any(|line| line.contains(token)));
    let odd = f.explain(&["--token", "--token-stdin"], "no token at all");
    assert!(odd.refused().contains("has the format of no token"));
}
