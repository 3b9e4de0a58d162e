//! The service that looks for users: anonymous, or with a name.

use isogloss_authority_ldap::LdapSettings;
use isogloss_core::authority::CauseKind;
use isogloss_testkit::servers::Slapd;

use crate::fixtures::{
    PASSWORD, accepted, authority, judge, own_slapd, settings, slapd, unavailable,
};

fn secret(slapd: &Slapd, password: Option<&str>) -> LdapSettings {
    let mut settings = settings(&slapd.url());
    "ou=secret,dc=example,dc=com".clone_into(&mut settings.base);
    settings.bind_dn = password.map(|_| Slapd::READER.to_owned());
    settings.bind_password = password.map(Into::into);
    settings
}

#[tokio::test]
async fn who_may_not_read_the_base_is_not_told_that_nobody_is_there() {
    let slapd = slapd();
    let reader = authority(secret(&slapd, Some(Slapd::PASSWORD)));
    accepted(judge(&reader, "hidden", PASSWORD).await);
    // The server says "no such entry" of the base: a fault of the configuration, not of the user.
    let anonymous = authority(secret(&slapd, None));
    let kind = unavailable(judge(&anonymous, "hidden", PASSWORD).await);
    assert_eq!(kind, CauseKind::Configuration);
}

#[tokio::test]
async fn wrong_password_of_the_service_is_reported_and_tried_once() {
    let slapd = own_slapd();
    let mut settings = secret(&slapd, Some("wrong"));
    settings.urls.push(
        slapd
            .url()
            .replace("127.0.0.1", "localhost")
            .parse()
            .unwrap(),
    );
    let authority = authority(settings);
    let kind = unavailable(judge(&authority, "hidden", PASSWORD).await);
    assert_eq!(kind, CauseKind::Configuration);
    let log = slapd.log().unwrap();
    let bind = format!("BIND dn=\"{}\"", Slapd::READER);
    let binds = log.matches(&bind);
    assert_eq!(binds.count(), 1, "{log}");
}
