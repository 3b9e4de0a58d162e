//! Settings of the account page that are refused, and the gateway without it.

use isogloss_testkit::{Gateway, Request};

#[test]
fn without_a_path_there_is_no_page_and_no_invitation() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    gateway.wait_until_ready().unwrap();
    for path in [
        "/account",
        "/account/password/0123456789abcdef0123456789abcdef",
    ] {
        assert_eq!(
            Request::get(path).send(gateway.public()).unwrap().status,
            404
        );
    }
    let invite = Request::post("/admin/users/sample/invite")
        .header("Authorization", "Bearer demo-admin-key")
        .body("");
    let refused = invite.send(gateway.management()).unwrap();
    assert_eq!(refused.status, 409);
    assert!(
        refused.text().contains("server.account_path"),
        "{}",
        refused.text()
    );
}

#[test]
fn settings_with_which_no_link_would_work_are_refused() {
    let url = "public_url = \"https://login.example.com\"\n";
    for (settings, expected) in [
        (
            "account_path = \"/account\"".to_owned(),
            "needs server.public_url",
        ),
        (
            format!("{url}account_path = \"account\""),
            "expected a path like /account",
        ),
        (
            format!("{url}account_path = \"/a{{b}}\""),
            "expected a path like /account",
        ),
        (
            format!("{url}account_path = \"/v2\""),
            "also a path of the dialect bimplus",
        ),
        (
            format!("{url}account_path = \"/api\""),
            "also a path of the dialect tokenlogin",
        ),
        (
            format!("{url}account_path = \"/web/account\""),
            "also a path of the dialect memsource",
        ),
        (
            format!("{url}account_path = \"/account\"\n[mail]\ntransport = \"none\""),
            "needs mail.transport",
        ),
        (
            format!("{url}account_path = \"/account\"\n[account]\ntemplates = \"missing\""),
            "account.templates",
        ),
    ] {
        let folder = tempfile::TempDir::new().unwrap();
        let config = format!("[server]\n{settings}\n");
        let builder = Gateway::builder(crate::PROGRAM).config_text(config);
        let output = builder.command(folder.path()).unwrap().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(expected) && said.lines().count() == 1,
            "{settings}: {said}"
        );
    }
}
