//! A directory that is unreachable is "unavailable", never "signed out".

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Postgres};

use super::{CONSOLE, Tab, sign_in};

#[test]
fn without_the_directory_the_console_is_unavailable_and_sessions_stay() {
    let mut postgres = Postgres::start().unwrap();
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(CONSOLE)
        .directory(postgres.new_database().unwrap())
        .env("ISOGLOSS__DIRECTORY__TIMEOUT", "1s")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    let tab = Tab::open(&gateway, "demo-admin-key");
    let token = tab.form_token();
    postgres.stop().unwrap();
    for path in [
        "/console",
        "/console/people",
        "/console/sessions?user=linguist",
    ] {
        let response = tab.get(path);
        assert_eq!(response.status, 503, "{path}: {}", response.text());
        assert_eq!(response.header("Retry-After"), Some("1"), "{path}");
        assert!(
            response.text().contains("Sessions at the console stay"),
            "{path}"
        );
    }
    let form = [("form_token", token.as_str())];
    assert_eq!(tab.post_as_is("/console/sign-out", &form).status, 503);
    let response = sign_in(&gateway, "demo-admin-key");
    assert_eq!(response.status, 503);
    assert!(response.header("Set-Cookie").is_none());
    postgres.start_again().unwrap();
    wait_until("the directory is back", || {
        tab.get("/console/people").status == 200
    })
    .unwrap();
}
