//! Requests for a link, and invitations that are refused.

use isogloss_testkit::{Builder, Request};
use serde_json::{Value, json};

use super::{Site, unfolded};

#[test]
fn everyone_gets_the_same_answer_and_only_users_with_a_password_here_get_an_e_mail() {
    let mut site = Site::start("", |builder| builder);
    site.add(
        "ext",
        &json!({"email": "ext@example.com", "authority": "corp"}),
    );
    site.add("nomail", &json!({}));
    let form = site.get("/account");
    assert_eq!(form.status, 200);
    assert!(
        form.text().contains("<label for=\"name\">"),
        "{}",
        form.text()
    );
    let known = site.request_link("linguist");
    assert_eq!(known.status, 200);
    for name in [
        "nobody",
        "retired",
        "ext",
        "ext@example.com",
        "nomail",
        "<script>",
    ] {
        let other = site.request_link(name);
        assert_eq!((other.status, other.text()), (200, known.text()), "{name}");
    }
    assert_eq!(site.request_link(" ").status, 422);
    assert_eq!(site.post("/account", &[("other", "x")]).status, 400);
    assert_eq!(
        site.post("/account", &[("name", &"x".repeat(10_000))])
            .status,
        413
    );
    // The gateway sends all e-mails before it ends.
    assert!(site.gateway.terminate().unwrap().success());
    let emails = site.mail.emails();
    let lines = emails.iter().flat_map(|email| email.lines());
    let recipients: Vec<_> = lines.filter(|line| line.starts_with("To: ")).collect();
    assert_eq!(recipients, ["To: linguist@example.com"]);
}

#[test]
fn surplus_requests_get_the_same_answer_and_no_e_mail() {
    let mut site = Site::start(
        "[throttle]\nletters = 2\nletters_of_source = 3\n",
        Builder::demo_budgets,
    );
    let answers: Vec<_> = (0..3)
        .map(|_| site.request_link("linguist").text())
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    // The last one is decided, too.
    site.events("letter", 3);
    site.mail.wait_for(2).unwrap();
    let other = site.request_link("sample");
    assert_eq!(other.text(), answers[0]);
    site.mail.wait_for(3).unwrap();
    // The budget of the source.
    assert_eq!(site.request_link("admin").text(), answers[0]);
    let refused = site.events("letter", 5);
    let refused = refused
        .iter()
        .filter(|event| event["reason"] == "throttled");
    assert_eq!(refused.count(), 2);
    // The gateway sends all e-mails before it ends.
    assert!(site.gateway.terminate().unwrap().success());
    assert_eq!(site.mail.emails().len(), 3);
}

#[test]
fn the_language_is_the_one_that_is_named_then_the_users_then_that_of_the_client() {
    let site = Site::start("templates = \"mails\"\n", |builder| {
        let folder = tempfile::TempDir::new().unwrap().keep();
        let mails = folder.join("mails");
        std::fs::create_dir(&mails).unwrap();
        let german = "Subject: Passwort für {{ issuer }}\n\nHallo {{ user_name }}: {{ link }}\n";
        std::fs::write(mails.join("reset.de.txt"), german).unwrap();
        std::fs::write(mails.join("invitation.de.txt"), german).unwrap();
        builder.folder(folder)
    });
    let german = Request::post("/account")
        .header("Accept-Language", "de-AT, en;q=0.5")
        .form("name=linguist");
    assert_eq!(german.send(site.gateway.public()).unwrap().status, 200);
    let email = unfolded(&site.mail.wait_for(1).unwrap()[0]);
    assert!(email.contains("Hallo linguist: "), "{email}");
    site.request_link("linguist");
    let email = unfolded(&site.mail.wait_for(2).unwrap()[1]);
    assert!(email.contains("most likely by you"), "{email}");
    let invited = site.admin("POST", "/linguist/invite?language=de", None);
    assert_eq!(invited.status, 200, "{}", invited.text());
    let email = unfolded(&site.mail.wait_for(3).unwrap()[2]);
    assert!(email.contains("Hallo linguist: "), "{email}");

    // The language of the user counts more than that of a browser, and less than one that is named.
    let set = site.admin("PATCH", "/sample", Some(&json!({"language": "de_AT"})));
    let set: Value = set.json().unwrap();
    assert_eq!(set["language"], "de-AT", "{set}");
    let french = |path: &str, body: &str| {
        let request = Request::post(path).header("Accept-Language", "fr, en;q=0.5");
        request.form(body)
    };
    let asked = french("/account", "name=sample").send(site.gateway.public());
    assert_eq!(asked.unwrap().status, 200);
    let email = unfolded(&site.mail.wait_for(4).unwrap()[3]);
    assert!(email.contains("Hallo sample: "), "{email}");
    for (number, query, expected) in [(5, "", "Hallo sample: "), (6, "?language=en", "Hello")] {
        let invited = site.admin("POST", &format!("/sample/invite{query}"), None);
        assert_eq!(invited.status, 200, "{}", invited.text());
        let email = unfolded(&site.mail.wait_for(number).unwrap()[number - 1]);
        assert!(email.contains(expected), "{email}");
    }
    let refused = site.admin("POST", "/sample/invite?language=german", None);
    assert_eq!(refused.status, 400);
    assert!(
        refused
            .text()
            .contains("german: the language is no language tag, expected one such as de"),
        "{}",
        refused.text()
    );

    let changed = "Subject: Neu\n\nServus {{ user_name }}: {{ link }}\n";
    let file = site.gateway.folder().join("mails/reset.de.txt");
    std::fs::write(file, changed).unwrap();
    site.gateway.hang_up().unwrap();
    assert!(site.gateway.logs("the configuration is reloaded"));
    assert_eq!(german.send(site.gateway.public()).unwrap().status, 200);
    let email = unfolded(&site.mail.wait_for(7).unwrap()[6]);
    assert!(email.contains("Servus linguist: "), "{email}");
    std::fs::remove_dir_all(site.gateway.folder()).unwrap();
}

#[test]
fn an_invitation_that_cannot_be_sent_is_refused_with_the_reason() {
    let site = Site::start("", |builder| builder);
    site.add(
        "ext",
        &json!({"email": "ext@example.com", "authority": "corp"}),
    );
    site.add("nomail", &json!({}));
    for (name, status, reason) in [
        ("nobody", 404, "nobody: no such user"),
        ("retired", 409, "retired: the user is disabled"),
        (
            "ext",
            409,
            "ext: the user is disabled, or an authority judges the password",
        ),
        ("nomail", 409, "nomail: the user has no e-mail address"),
    ] {
        let refused = site.admin("POST", &format!("/{name}/invite"), None);
        assert_eq!(refused.status, status, "{name}");
        assert!(refused.text().contains(reason), "{}", refused.text());
    }
    assert!(site.mail.emails().is_empty());
}
