//! E-mails to a folder or to a mail server, and what a user can do with the tokens in them.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Builder, Gateway, MailServer, Request, Response};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(30);
const ACTIONS: &str = "/api/v1/Authentication";

/// Returns a builder with the most detailed log level. Even that logs nothing of an e-mail's content.
fn gateway() -> Builder {
    Gateway::builder(crate::PROGRAM).env("ISOGLOSS__LOGGING__LEVEL", "trace")
}

fn assert_unlogged(gateway: &Gateway, secrets: &[&str]) {
    let log = gateway.log().join("\n");
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

fn call(server: SocketAddr, action: &str, body: &serde_json::Value) -> Response {
    let path = format!("{ACTIONS}/{action}?APIKey=demo-api-key");
    Request::post(path).json(body).send(server).unwrap()
}

fn ask_for_reset(server: SocketAddr, name: &str) -> Response {
    call(server, "RequestPasswordReset", &json!({"LoginName": name}))
}

fn log_in(server: SocketAddr, password: &str) -> u16 {
    let body = json!({"userName": "sample", "password": password});
    call(server, "Login", &body).status
}

/// Waits for that many e-mails in a folder and returns them.
fn letters(folder: &Path, many: usize) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let files = fs::read_dir(folder).into_iter().flatten();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        // A file that is being written has no body yet.
        let is_whole = |text: &String| {
            let body = text.split_once("\r\n\r\n");
            body.is_some_and(|(_, body)| body.ends_with('\n'))
        };
        let whole: Vec<_> = texts.filter(is_whole).collect();
        if whole.len() >= many {
            return whole;
        }
        assert!(Instant::now() < deadline, "{} e-mails arrived", whole.len());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the reset key in an e-mail: the only 32 consecutive hexadecimal digits.
fn key(letter: &str) -> String {
    let words = letter.split(|c: char| !c.is_ascii_hexdigit());
    let keys: Vec<_> = words.filter(|word| word.len() == 32).collect();
    assert_eq!(keys.len(), 1, "{letter}");
    keys[0].to_owned()
}

#[test]
fn letter_in_a_folder_sets_a_new_password() {
    let gateway = gateway().start().unwrap();
    let server = gateway.public();
    let unknown = ask_for_reset(server, "nobody@example.com");
    let known = ask_for_reset(server, "sample@example.com");
    assert_eq!((unknown.status, unknown.body), (known.status, known.body));
    let letters = letters(&gateway.folder().join("data/mail"), 1);
    assert_eq!(letters.len(), 1);
    assert!(
        letters[0].contains("To: sample@example.com"),
        "{}",
        letters[0]
    );

    let reset = json!({"ResetKey": key(&letters[0]), "Password": "a new one"});
    assert_eq!(call(server, "FinishPasswordReset", &reset).status, 200);
    assert_eq!(call(server, "FinishPasswordReset", &reset).status, 401);
    assert_eq!(
        (log_in(server, "sample-demo"), log_in(server, "a new one")),
        (401, 200)
    );
    assert_unlogged(
        &gateway,
        &[&key(&letters[0]), "a new one", "sample@example.com"],
    );
}

#[test]
fn letter_goes_to_a_mail_server() {
    for host in ["127.0.0.1", "[::1]"] {
        let server = MailServer::start(host).unwrap();
        let gateway = gateway()
            .env(
                "ISOGLOSS__MAIL__TRANSPORT",
                format!("smtp://{}", server.address()),
            )
            .env("ISOGLOSS__MAIL__FROM", "Help <help@example.com>")
            .start()
            .unwrap();
        assert_eq!(ask_for_reset(gateway.public(), "sample").status, 200);
        let letter = server.wait_for(1).unwrap().remove(0);
        assert!(letter.contains("From: Help <help@example.com>"), "{letter}");
        assert!(letter.contains("To: sample@example.com"), "{letter}");
        assert_unlogged(&gateway, &[&key(&letter), "sample@example.com"]);
    }
}

#[test]
fn link_of_a_letter_logs_in_once() {
    let gateway = gateway().start().unwrap();
    let server = gateway.public();
    let forgotten =
        Request::post("/v2/auth-forgot").json(&json!({"user_id": "sample@example.com"}));
    assert_eq!(forgotten.send(server).unwrap().status, 200);
    let letters = letters(&gateway.folder().join("data/mail"), 1);
    let token = key(&unfolded(&letters[0]));
    assert_eq!((swap(server, &token), swap(server, &token)), (200, 401));
    assert_unlogged(&gateway, &[&token, "sample@example.com"]);
}

/// Unfolds the lines of an e-mail, which end with `=`.
fn unfolded(letter: &str) -> String {
    letter
        .replace("=\r\n", "")
        .replace("=\n", "")
        .replace("=3D", "=")
}

/// Redeems the token of a link to BIMplus, and returns the status.
fn swap(server: SocketAddr, token: &str) -> u16 {
    let body = json!({"cross_token": token});
    let request = Request::post("/v2/cross-authorize").json(&body);
    request.send(server).unwrap().status
}

/// Requests an invitation in the name of an administrator, with the access token of `inviter`. The response is the
/// same in all cases.
fn invite(server: SocketAddr, user: &str, inviter: Option<&str>) {
    let admin = "6d0dfe60-0ee9-4b6b-9ce4-1ea2a39d1a46";
    let body = json!({"user_id": user, "creator_user_id": admin});
    let mut request = Request::post("/v2/auth-forgot").json(&body);
    if let Some(token) = inviter {
        request = request.header("Authorization", format!("BimPlus {token}"));
    }
    let answer = request.send(server).unwrap();
    assert_eq!((answer.status, answer.json().unwrap()), (200, json!({})));
}

fn access_token(server: SocketAddr, user: &str, password: &str) -> String {
    let body = json!({"user_id": user, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    let answer = request.send(server).unwrap().json().unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn only_those_who_may_invite() {
    let gateway = gateway().start().unwrap();
    let server = gateway.public();
    let folder = gateway.folder().join("data/mail");
    let admin = access_token(server, "admin", "admin-demo");
    let linguist = access_token(server, "linguist", "linguist-demo");
    let outsider = access_token(server, "outsider", "outsider-demo");
    let ended = access_token(server, "admin", "admin-demo");
    let delete = Request::new("DELETE", "/v2/authorize");
    let delete = delete.header("Authorization", format!("BimPlus {ended}"));
    assert_eq!(delete.send(server).unwrap().status, 200);

    invite(server, "test@bimplus.net", Some(&admin));
    let invitation = unfolded(&letters(&folder, 1)[0]);
    assert!(invitation.contains("You are invited"), "{invitation}");
    assert!(invitation.contains("accept_invitation"), "{invitation}");
    assert!(invitation.contains("within 7days"), "{invitation}");
    let invitation = key(&invitation);

    let may_not = [None, Some(&linguist), Some(&outsider), Some(&ended)];
    let users = ["sample", "test@bimplus.net", "linguist", "admin"];
    for (user, inviter) in users.into_iter().zip(may_not) {
        invite(server, user, inviter.map(String::as_str));
    }
    let all = letters(&folder, 5);
    let invitations = all.iter().filter(|one| one.contains("You are invited"));
    assert_eq!(invitations.count(), 1, "{all:?}");
    let resets = all.iter().map(|one| unfolded(one));
    let resets =
        resets.filter(|one| one.contains("forgot_password") && one.contains("within 1day"));
    assert_eq!(resets.count(), 4, "{all:?}");
    // An e-mail that any client may request does not end the invitation.
    assert_eq!(swap(server, &invitation), 200);
}

#[test]
fn letters_end_with_the_address_they_were_sent_to() {
    let gateway = gateway().start().unwrap();
    let server = gateway.public();
    let folder = gateway.folder().join("data/mail");
    let body = json!({"user_id": "sample@example.com"});
    let forgotten = Request::post("/v2/auth-forgot").json(&body);
    assert_eq!(forgotten.send(server).unwrap().status, 200);
    let link = key(&unfolded(&letters(&folder, 1)[0]));
    ask_for_reset(server, "sample");
    let both = letters(&folder, 2);
    let reset = both.iter().map(|one| key(&unfolded(one)));
    let reset = reset.into_iter().find(|key| *key != link).unwrap();

    let edit = Request::new("PATCH", "/admin/users/sample")
        .header("Authorization", "Bearer demo-admin-key")
        .json(&json!({"email": "sample@example.org"}));
    assert_eq!(edit.send(gateway.management()).unwrap().status, 200);
    assert_eq!(swap(server, &link), 401);
    let finish = json!({"ResetKey": reset, "Password": "a new one"});
    assert_eq!(call(server, "FinishPasswordReset", &finish).status, 401);
    assert_eq!(log_in(server, "sample-demo"), 200);
}

#[test]
fn mail_server_that_is_away_is_the_operators_trouble_not_the_clients() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let gateway = gateway()
        .env(
            "ISOGLOSS__MAIL__TRANSPORT",
            format!("smtp://127.0.0.1:{port}"),
        )
        .start()
        .unwrap();
    assert_eq!(ask_for_reset(gateway.public(), "sample").status, 200);
    assert!(gateway.logs("was not sent"));
}

/// Starts a gateway that sends an e-mail to that listener, which does not respond yet.
fn sending_to(listener: &TcpListener, shutdown_timeout: &str) -> Gateway {
    let address = listener.local_addr().unwrap();
    let gateway = gateway()
        .env("ISOGLOSS__MAIL__TRANSPORT", format!("smtp://{address}"))
        .env("ISOGLOSS__SERVER__SHUTDOWN_TIMEOUT", shutdown_timeout)
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    assert_eq!(ask_for_reset(gateway.public(), "sample").status, 200);
    gateway
}

#[test]
fn a_letter_that_was_acknowledged_is_sent_before_the_gateway_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut gateway = sending_to(&listener, "30s");
    gateway.ask_to_stop().unwrap();
    // When the management listener is closed, the workers that received the request have ended.
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(gateway.management()).is_ok() {
        assert!(Instant::now() < deadline, "connections are still accepted");
        thread::sleep(Duration::from_millis(5));
    }
    // Without the e-mail it would have ended by then.
    thread::sleep(Duration::from_secs(3));
    let letter = MailServer::on(listener).unwrap().wait_for(1).unwrap();
    let letter = &letter[0];
    assert!(letter.contains("To: sample@example.com"), "{letter}");
    assert_eq!(gateway.wait().unwrap().code(), Some(0));
    assert!(!gateway.log().join("\n").contains("gave up"));
}

#[test]
fn letters_that_cannot_be_sent_before_the_end_are_counted_and_not_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut gateway = sending_to(&listener, "1s");
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
    let log = gateway.log();
    let line = log
        .iter()
        .find(|line| line.contains("gave up requests and e-mails"));
    let line: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(
        (&line["level"], &line["fields"]["letters"]),
        (&json!("WARN"), &json!(1))
    );
    assert_unlogged(&gateway, &["sample@example.com"]);
}
