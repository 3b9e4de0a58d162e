//! StartTLS and `ldaps://`, with an authority that only the test knows.

use isogloss_authority_ldap::{LdapAuthority, LdapSettings};
use isogloss_core::authority::CauseKind;
use isogloss_testkit::servers::{PrivateCa, Slapd};

use crate::fixtures::{PASSWORD, accepted, authority, judge, settings, slapd, unavailable};

/// Returns an authority with TLS from the beginning, and one with StartTLS.
fn secure(slapd: &Slapd, change: impl Fn(&mut LdapSettings)) -> [LdapAuthority; 2] {
    [(slapd.tls_url(), false), (slapd.url(), true)].map(|(url, start_tls)| {
        let mut settings = settings(&url);
        settings.start_tls = start_tls;
        change(&mut settings);
        authority(settings)
    })
}

#[tokio::test]
async fn server_of_a_known_authority_is_trusted() {
    let slapd = slapd();
    for authority in secure(&slapd, |settings| settings.ca_file = Some(slapd.ca_file())) {
        accepted(judge(&authority, "zoe", PASSWORD).await);
        assert_eq!(judge(&authority, "zoe", "wrong").await.name(), "rejected");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_of_another_authority() {
    let slapd = crate::fixtures::own_slapd();
    let other = PrivateCa::new().unwrap();
    for ca_file in [Some(other.file()), None] {
        for authority in secure(&slapd, |settings| settings.ca_file.clone_from(&ca_file)) {
            let kind = unavailable(judge(&authority, "zoe", PASSWORD).await);
            assert_eq!(kind, CauseKind::Tls);
        }
    }
    let searched = || slapd.log().unwrap().contains("(uid=zoe)");
    assert!(!searched());
    for authority in secure(&slapd, |settings| settings.ca_file = Some(slapd.ca_file())) {
        accepted(judge(&authority, "zoe", PASSWORD).await);
    }
    assert!(searched());
}

#[tokio::test]
async fn certificate_must_be_for_the_host() {
    let folder = tempfile::TempDir::new().unwrap();
    let ca = PrivateCa::new().unwrap();
    ca.sign(&["ldap.example.com"], folder.path()).unwrap();
    let slapd = Slapd::start("").unwrap();
    let config = "dn: cn=config\nchangetype: modify\nreplace: olcTLSCertificateFile\nolcTLSCertificateFile: FOLDER/certificate.pem\n-\n\
                  replace: olcTLSCertificateKeyFile\nolcTLSCertificateKeyFile: FOLDER/key.pem\n";
    slapd
        .apply(&config.replace("FOLDER", &folder.path().display().to_string()))
        .unwrap();
    for authority in secure(&slapd, |settings| settings.ca_file = Some(ca.file())) {
        let kind = unavailable(judge(&authority, "zoe", PASSWORD).await);
        assert_eq!(kind, CauseKind::Tls);
    }
}

#[tokio::test]
async fn port_without_tls_is_no_secure_server() {
    let slapd = slapd();
    let mut settings = settings(&slapd.url().replace("ldap:", "ldaps:"));
    settings.ca_file = Some(slapd.ca_file());
    let kind = unavailable(judge(&authority(settings), "zoe", PASSWORD).await);
    assert!(
        matches!(kind, CauseKind::Tls | CauseKind::Timeout),
        "{kind:?}"
    );
}
