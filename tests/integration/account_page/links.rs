//! What a link does, and when it ends.

use isogloss_testkit::{Request, Response, TimeStep, totp_code};
use serde_json::json;

use super::{GOOD, Site, WEAK, link};

/// Returns the values of a header in a response.
fn header<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let headers = response.headers.iter();
    let values = headers.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    values.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn an_invitation_sets_a_password_once_and_enrols_a_second_factor() {
    let site = Site::start("", |builder| builder);
    let email = json!({"email": "eve@example.com", "first_name": "<script>alert(1)</script>"});
    site.add("eve", &email);
    let path = site.invite("eve", 1);
    let email = super::unfolded(&site.mail.emails()[0]);
    assert!(email.contains("To: eve@example.com"), "{email}");
    assert!(
        email.contains("Subject: Your invitation to Example & Co"),
        "{email}"
    );
    assert!(email.contains("multipart/alternative"), "{email}");
    assert!(email.contains("Hello &lt;script&gt;alert"), "{email}");

    // Programs that scan e-mails open the link, too.
    for _ in 0..2 {
        let form = site.get(&path);
        assert_eq!(form.status, 200);
        let policy = header(&form, "content-security-policy")[0];
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.ends_with("form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
        assert_eq!(header(&form, "cache-control"), ["no-store"]);
        assert_eq!(header(&form, "referrer-policy"), ["no-referrer"]);
        assert!(header(&form, "set-cookie").is_empty());
        assert!(!form.text().contains("<script"), "{}", form.text());
    }
    for (password, repeat, reason) in [
        (WEAK, WEAK, "The password is too easy to guess."),
        ("short", "short", "at least 10 characters"),
        (
            "eve-tundra-violin",
            "eve-tundra-violin-",
            "The two passwords differ.",
        ),
        (
            "crmdemo tundra violin",
            "crmdemo tundra violin",
            "must not contain your name",
        ),
    ] {
        let refused = site.post(&path, &[("password", password), ("repeat", repeat)]);
        assert_eq!(refused.status, 422, "{password}");
        let page = refused.text();
        assert!(page.contains(reason), "{page}");
        assert!(
            page.contains("aria-describedby=\"password-hint password-error\""),
            "{page}"
        );
        assert!(!page.contains(password), "{page}");
    }
    assert_eq!(site.login("eve", GOOD), 401);

    let set = site.set_password(&path, GOOD);
    assert_eq!(set.status, 303, "{}", set.text());
    assert_eq!(site.login("eve", GOOD), 200);
    assert_eq!(site.get(&path).status, 410);
    assert_eq!(
        site.set_password(&path, "another violin 72 kettle").status,
        410
    );
    assert_eq!(site.login("eve", GOOD), 200);

    let next = header(&set, "location")[0].replace("..", "/account");
    let form = site.get(&next).text();
    let (_, secret) = form.split_once("id=\"secret\">").unwrap();
    let secret = &secret[..32];
    assert!(form.contains("src=\"data:image/svg+xml;base64,"), "{form}");
    let wrong = site.post(&next, &[("code", "12345")]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains(secret),
        "another secret: {}",
        wrong.text()
    );
    let code = totp_code(secret, TimeStep::Current).unwrap();
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let on = site.post(&next, &[("code", &spaced)]);
    assert_eq!(on.status, 200, "{}", on.text());
    let page = on.text();
    assert_eq!(page.matches("<li><code>").count(), 10, "{page}");
    assert_eq!(site.post(&next, &[("code", &code)]).status, 410);
    assert_eq!(
        site.login("eve", GOOD),
        403,
        "BIMplus refuses users with a second factor"
    );

    // A reset leaves the second factor on, and offers no other one.
    site.request_link("eve@example.com");
    let reset = link(&site.mail.wait_for(2).unwrap()[1]);
    let set = site.set_password(&reset, "another violin 72 kettle");
    assert_eq!(set.status, 200, "{}", set.text());
    assert_eq!(site.login("eve", "another violin 72 kettle"), 403);
}

#[test]
fn a_link_ends_with_a_newer_one_of_its_kind_and_with_every_change_of_the_password() {
    let site = Site::start("", |builder| builder);
    site.add("eve", &json!({"email": "eve@example.com"}));
    let first = site.invite("eve", 1);
    let second = site.invite("eve", 2);
    assert_eq!(
        (site.get(&first).status, site.get(&second).status),
        (410, 200)
    );
    // A request by anyone does not end an invitation.
    site.request_link("eve");
    let reset = link(&site.mail.wait_for(3).unwrap()[2]);
    assert_eq!(
        (site.get(&second).status, site.get(&reset).status),
        (200, 200)
    );
    assert_eq!(site.set_password(&reset, GOOD).status, 303);
    assert_eq!(
        (site.get(&second).status, site.get(&reset).status),
        (410, 410)
    );

    let third = site.invite("eve", 4);
    let edit = json!({"email": "eve@example.org"});
    assert_eq!(site.admin("PATCH", "/eve", Some(&edit)).status, 200);
    assert_eq!(site.get(&third).status, 410, "the address has changed");
    let fourth = site.invite("eve", 5);
    let edit = json!({"authority": "corp"});
    assert_eq!(site.admin("PATCH", "/eve", Some(&edit)).status, 200);
    assert_eq!(
        site.get(&fourth).status,
        410,
        "an authority judges the password now"
    );
    assert_eq!(
        site.set_password(&fourth, "another violin 72 kettle")
            .status,
        410
    );
}

#[test]
fn tokens_of_links_are_in_no_log_and_every_use_is_audited() {
    let site = Site::start("[logging]\naccess_to = \"file:access.log\"\n", |builder| {
        builder
    });
    site.add("eve", &json!({"email": "eve@example.com"}));
    let path = site.invite("eve", 1);
    let token = path.rsplit('/').next().unwrap();
    site.get(&path);
    // As a mail program mangles it.
    assert_eq!(site.get(&format!("{path}/more")).status, 404);
    let delete = Request::new("DELETE", path.as_str());
    assert_eq!(delete.send(site.gateway.public()).unwrap().status, 405);
    site.set_password(&path, WEAK);
    site.request_link("eve");
    let reset = link(&site.mail.wait_for(2).unwrap()[1]);
    assert_eq!(site.set_password(&path, GOOD).status, 303);
    site.set_password(&reset, GOOD);

    let events = site.events("reset_password", 3);
    let outcomes: Vec<_> = events
        .iter()
        .map(|event| (event["outcome"].as_str(), event["reason"].as_str()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Some("refused"), Some("password")),
            (Some("done"), None),
            (Some("refused"), Some("token"))
        ]
    );
    assert!(
        events.iter().all(|event| event["source"] == "127.0.0.1"),
        "{events:?}"
    );
    let invited = site.events("invite_user", 1);
    assert!(
        invited[0]["actor"].as_str().unwrap().starts_with("key "),
        "{invited:?}"
    );
    assert_eq!(site.events("letter", 1)[0]["outcome"], "done");

    let access = std::fs::read_to_string(site.gateway.folder().join("access.log")).unwrap();
    assert!(access.contains("/account/password/{token}"), "{access}");
    let log = site.gateway.log().join("\n");
    for secret in [
        token,
        reset.rsplit('/').next().unwrap(),
        GOOD,
        WEAK,
        "eve@example.com",
    ] {
        assert!(
            !log.contains(secret) && !access.contains(secret),
            "{secret}"
        );
    }
}
