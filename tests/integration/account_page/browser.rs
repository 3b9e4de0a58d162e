//! The account page in a browser without JavaScript.

use isogloss_testkit::Request;
use isogloss_testkit::dialects::dialects;
use serde_json::json;

use super::{GOOD, Site, WEAK};
use crate::browser::browse;

/// The person in the browser.
const SCRIPT: &str = include_str!("browser.mjs");

#[test]
fn people_set_passwords_in_a_browser_without_javascript_and_log_in_through_every_dialect() {
    let site = Site::start("", |builder| builder);
    let hostile = "<script>document.title='owned'</script>";
    site.add(
        "eve",
        &json!({"email": "eve@example.com", "first_name": hostile}),
    );
    site.add(
        "mia",
        &json!({"email": "mia@example.com", "last_name": hostile}),
    );
    site.add("<b>bob", &json!({"email": "bob@example.com"}));
    let (eve, mia) = (site.invite("eve", 1), site.invite("mia", 2));
    let bob = site.invite("bob@example.com", 3);
    let seen = browse(
        SCRIPT,
        &json!({
            "site": format!("http://{}", site.gateway.public()),
            "eve": eve, "mia": mia, "bob": bob,
            "weak": WEAK, "good": GOOD,
        }),
    );

    // The link of a forgotten password, requested in the browser.
    let emails = site.mail.wait_for(4).unwrap();
    assert!(
        emails[3].contains("To: linguist@example.com"),
        "{}",
        emails[3]
    );
    assert_eq!(seen["scripts"], json!(0), "{seen}");
    assert_eq!(seen["complaints"], json!([]), "{seen}");
    assert_eq!(seen["bob"], json!("<b>bob"), "{seen}");
    let refusal = seen["refusal"].as_str().unwrap();
    assert!(
        refusal.starts_with("The password is too easy to guess. "),
        "{seen}"
    );
    assert_eq!(seen["again"], json!("This link is not valid"), "{seen}");
    assert_eq!(seen["widths"], json!([]), "wider than 360 pixels: {seen}");

    for dialect in dialects() {
        let (response, token) = dialect.login(site.gateway.public(), "eve", GOOD).unwrap();
        assert!(token.is_some(), "{}: {response:?}", dialect.name);
    }
    let codes = seen["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10, "{seen}");
    let login = |code: Option<&str>| {
        let body = json!({"userName": "mia", "password": GOOD, "code": code});
        let request = Request::post("/web/api/v3/auth/login").json(&body);
        request.send(site.gateway.public()).unwrap().status
    };
    assert_ne!(login(None), 200, "the second factor is on");
    assert_eq!(login(codes[0].as_str()), 200, "a recovery code works");
    assert_ne!(login(codes[0].as_str()), 200, "and works once");
}
