//! E-mails of BIMplus, and settings of BIMplus that are refused.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request, Response};
use serde_json::{Value, json};

const CLIENT: &str = "0864b512-1776-4a55-8ee5-2b19d7d9b7ea";

fn gateway(settings: &str) -> Gateway {
    let config = format!("[dialects.bimplus]\n{settings}\n[mail]\ntransport = \"folder:mail\"\n");
    let builder = Gateway::builder(crate::PROGRAM).config_text(config);
    builder.start().unwrap()
}

fn post(gateway: &Gateway, path: &str, body: &Value) -> Response {
    let request = Request::post(path).json(body);
    request.send(gateway.public()).unwrap()
}

/// Waits for `count` e-mails and returns them with unfolded lines.
fn letters(gateway: &Gateway, count: usize) -> Vec<String> {
    let folder = gateway.folder().join("mail");
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let letters: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
            .map(|path| fs::read_to_string(path).unwrap())
            .filter(|letter| letter.contains("do nothing."))
            .map(|letter| letter.replace("=\r\n", "").replace("=3D", "="))
            .collect();
        if letters.len() >= count || Instant::now() > patience {
            return letters;
        }
        sleep(Duration::from_millis(20));
    }
}

/// Returns the text between two others in an e-mail. Panics if one of them is missing.
fn between<'a>(letter: &'a str, before: &str, after: &str) -> &'a str {
    let rest = letter
        .split_once(before)
        .unwrap_or_else(|| panic!("{letter}"));
    rest.1
        .split_once(after)
        .unwrap_or_else(|| panic!("{letter}"))
        .0
}

#[test]
fn a_letter_logs_in_once_and_the_newest_of_its_kind_counts() {
    let gateway = gateway("portal_url = \"https://portal.example/app/\"");
    let forgot = json!({"user_id": "TEST@bimplus.net"});
    assert_eq!(post(&gateway, "/v2/auth-forgot", &forgot).text(), "{}");
    let [first] = &letters(&gateway, 1)[..] else {
        panic!()
    };
    assert!(first.contains("To: test@bimplus.net\r\n"), "{first}");
    let link = "https://portal.example/app/#/forgot_password?email=test%40bimplus.net&cross_token=";
    let first = between(first, link, "&forgot_password\r\n").to_owned();

    let admin = json!({"user_id": "admin", "password": "admin-demo"});
    let admin = post(&gateway, "/v2/authorize", &admin).json().unwrap();
    let admin = admin["access_token"].as_str().unwrap();
    let invite = json!({"user_id": "test@bimplus.net", "creator_user_id": CLIENT});
    let invite = Request::post("/v2/auth-forgot")
        .json(&invite)
        .header("Authorization", format!("BimPlus {admin}"))
        .send(gateway.public());
    assert_eq!(invite.unwrap().text(), "{}");
    letters(&gateway, 2);
    assert_eq!(post(&gateway, "/v2/auth-forgot", &forgot).text(), "{}");
    let all = letters(&gateway, 3);
    let resets = all.iter().filter(|letter| letter.contains(link));
    let mut resets = resets.map(|letter| between(letter, link, "&forgot_password\r\n"));
    let newest = resets.find(|token| *token != first).unwrap();
    let invitation = all
        .iter()
        .find(|letter| letter.contains("invited"))
        .unwrap();
    let link =
        "https://portal.example/app/#/accept_invitation?email=test%40bimplus.net&cross_token=";
    let second = between(invitation, link, "&accept_invitation\r\n");
    assert!(invitation.contains("within 7days"), "{invitation}");

    for (token, status) in [
        (first.as_str(), 401),
        (newest, 200),
        (newest, 401),
        (second, 200),
        (second, 401),
    ] {
        let response = post(
            &gateway,
            "/v2/cross-authorize",
            &json!({"cross_token": token}),
        );
        assert_eq!(response.status, status, "{}", response.text());
    }
}

#[test]
fn letters_go_to_nobody_else() {
    let gateway = gateway("portal_url = \"https://portal.example/\"");
    // Unknown, disabled, with a second factor, without an address; then a user who gets an e-mail.
    for user in [
        "nobody@example.com",
        "retired@example.com",
        "guarded@example.com",
        "mpadministrator",
        "linguist",
    ] {
        let response = post(&gateway, "/v2/auth-forgot", &json!({"user_id": user}));
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "{}"),
            "{user}"
        );
    }
    letters(&gateway, 1);
    // Once another e-mail has arrived, the others would have arrived, too.
    post(&gateway, "/v2/auth-forgot", &json!({"user_id": "linguist"}));
    let letters = letters(&gateway, 2);
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in letters {
        assert!(letter.contains("To: linguist@example.com\r\n"), "{letter}");
    }
}

#[test]
fn without_a_portal_no_letter_is_sent() {
    let gateway = gateway("portal_url = \"\"");
    let response = post(&gateway, "/v2/auth-forgot", &json!({"user_id": "linguist"}));
    assert_eq!((response.status, response.text().as_str()), (200, "{}"));
    assert!(gateway.logs("portal_url is not set"));
    assert!(
        fs::read_dir(gateway.folder().join("mail"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn bad_settings_are_refused_with_what_was_expected() {
    for (setting, expected) in [
        (
            "cors_origins = [\"app.example\"]",
            "origins like https://host[:port]",
        ),
        (
            "environment = \"Production\"",
            "expected Prod, Stage, Dev or LocalHost",
        ),
        (
            "team_link = \"id.example\"",
            "expected an http:// or https:// address",
        ),
        (
            "portal_url = \"portal.example\"",
            "expected an http:// or https:// address",
        ),
        ("logins_per_client = \"two\"", "expected many or one"),
    ] {
        let folder = tempfile::TempDir::new().unwrap();
        let config = format!("[dialects.bimplus]\n{setting}");
        let builder = Gateway::builder(crate::PROGRAM).config_text(config);
        let output = builder.command(folder.path()).unwrap().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        let key = setting.split_once(' ').unwrap().0;
        assert!(said.contains(&format!("dialects.bimplus.{key}")), "{said}");
        assert!(
            said.contains(expected) && said.lines().count() == 1,
            "{said}"
        );
    }
}
