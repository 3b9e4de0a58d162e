//! Rejected addresses, and the error messages.

use super::*;

#[test]
fn a_password_that_is_not_escaped_is_refused_without_being_quoted() {
    for (url, part) in [
        ("postgres://u:geheim#1@h/d", "#: "),
        ("postgres://u:geheim/1@h/d", "/: "),
        ("postgres://u:geheim?geheim@h/d", "?: "),
        ("postgres://u:geheim?a=b&geheim@h/d", "?: "),
        ("postgres://u:geheim%zz@h/d", "password: "),
        ("postgres://u:geheim%00@h/d", "password: "),
        ("postgres://h/d?password=geheim", "password: "),
    ] {
        let refusal = refusal(url);
        assert!(
            refusal.starts_with(part) && !refusal.contains("geheim"),
            "{url}: {refusal}"
        );
    }
}

#[test]
fn addresses_of_another_form_are_refused() {
    let form = AddressError::Form.to_string();
    for url in [
        "postgres:",
        "mysql://h/d",
        "host=h dbname=d",
        "postgres:/h/d",
    ] {
        assert_eq!(refusal(url), form, "{url}");
    }
    for (url, part) in [
        ("postgres://db.example", "database: "),
        ("postgres://db.example:99999/isogloss", "port: "),
        ("postgres://db.example:0/isogloss", "port: "),
        ("postgres://h/d?pasword=x", "pasword: no such parameter"),
    ] {
        assert!(refusal(url).starts_with(part), "{url}: {}", refusal(url));
    }
}
