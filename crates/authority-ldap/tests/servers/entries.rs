//! All users, page by page.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::pin::pin;

use futures_util::TryStreamExt;
use isogloss_core::authority::CauseKind;
use isogloss_testkit::relay::{Cut, Relay};
use isogloss_testkit::servers::Slapd;

use crate::fixtures::{authority, settings};

#[tokio::test]
async fn all_users_are_listed_although_the_server_limits_a_page() {
    let mut people = String::new();
    for number in 0..2000 {
        let dn = format!("uid=u{number},ou=people,dc=example,dc=com");
        writeln!(
            people,
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid: u{number}\ncn: u\nsn: u\n"
        )
        .unwrap();
    }
    let slapd = Slapd::start(&people).unwrap();
    slapd
        .apply("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcLimits\nolcLimits: anonymous size=300 size.pr=300 size.prtotal=unlimited\n")
        .unwrap();
    let relay = Relay::to(slapd.port()).unwrap();
    let authority = authority(settings(&format!("ldap://127.0.0.1:{}", relay.port())));
    let names: HashSet<_> = authority
        .entries(300)
        .map_ok(|user| user.identity.user_name.unwrap())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        names,
        (0..2000).map(|number| format!("u{number}")).collect()
    );

    // A list that ends early is an error, not a short list.
    let mut entries = pin!(authority.entries(300));
    for _ in 0..300 {
        entries.try_next().await.unwrap().unwrap();
    }
    relay.cut(Cut::Close);
    assert_eq!(
        entries.try_next().await.unwrap_err().kind,
        CauseKind::Closed
    );
    // A page that the server refuses is one, too.
    let error = authority
        .entries(301)
        .try_collect::<Vec<_>>()
        .await
        .unwrap_err();
    assert_eq!(error.kind, CauseKind::Refused);
}
