//! Settings that spell answers in another way.

use isogloss_memsource::{ExpiresStyle, RoleStyle, Settings};
use serde_json::json;
use time::macros::datetime;

use crate::host::{Host, token};

async fn host(settings: Settings) -> Host {
    Host::at(datetime!(2014-12-11 16:55:02 UTC), settings).await
}

#[actix_web::test]
async fn zulu_times_end_in_z_in_both_apis() {
    let host = host(Settings {
        expires_style: ExpiresStyle::Zulu,
        ..Settings::default()
    })
    .await;
    let admin = host.login("ada").await;
    assert_eq!(admin["expires"], "2014-12-12T16:55:02Z");
    assert_eq!(host.login2("ada").await["expires"], "2014-12-12T16:55:02Z");
    let (_, other) = host
        .get(&format!(
            "api/v3/auth/loginOther?token={}&userName=lin",
            token(&admin)
        ))
        .await;
    assert_eq!(other["expires"], "2014-12-12T16:55:02Z");
}

#[actix_web::test]
async fn title_case_roles_are_for_the_old_api_only() {
    let host = host(Settings {
        role_style: RoleStyle::Title,
        ..Settings::default()
    })
    .await;
    for (name, old, new) in [
        ("ada", "Admin", "ADMIN"),
        ("pia", "Project_Manager", "PROJECT_MANAGER"),
        ("lin", "Linguist", "LINGUIST"),
    ] {
        let answer = host.login(name).await;
        assert_eq!(answer["user"]["role"], old);
        let (_, who) = host
            .get(&format!("api/v3/auth/whoAmI?token={}", token(&answer)))
            .await;
        assert_eq!(who["user"]["role"], old);
        assert_eq!(host.login2(name).await["user"]["role"], new);
    }
}

#[actix_web::test]
async fn who_am_i_extras_are_those_of_2016() {
    let host = host(Settings {
        who_am_i_extras: true,
        ..Settings::default()
    })
    .await;
    let answer = host.login("ada").await;
    let (_, who) = host
        .get(&format!("api/v3/auth/whoAmI?token={}", token(&answer)))
        .await;
    assert_eq!(
        who,
        json!({
            "user": {"id": 30, "firstName": "", "lastName": "", "userName": "ada", "role": "ADMIN"},
            "csrfToken": null,
            "organization": {"name": "ACME", "logo": null},
        })
    );
    assert_eq!(answer.as_object().unwrap().len(), 3, "never on a login");
}

#[test]
fn bad_settings_say_what_was_expected() {
    for (text, expected) in [
        ("expires_style = 'z'", "expected offset or zulu"),
        ("role_style = 'lower'", "expected upper or title"),
        ("login = 'again'", "expected fresh or reuse"),
    ] {
        let error = toml::from_str::<Settings>(text).unwrap_err();
        assert!(error.message().contains(expected), "{error}");
    }
    let settings: Settings = toml::from_str("expires_style = 'zulu'").unwrap();
    assert_eq!(settings.expires_style, ExpiresStyle::Zulu);
}
