//! A directory of 20,000 users at a real LDAP server.

use std::fmt::Write as _;

use isogloss_authority_ldap::{GroupRule, LdapAuthority, LdapSettings, Preset};
use isogloss_core::directory::synchronisation::{SyncError, Synchronisation};
use isogloss_testkit::servers::Slapd;

use super::*;

const USERS: usize = 20_000;
const LEAVERS: usize = 500;

fn dn(number: usize) -> String {
    format!("uid=u{number},ou=people,dc=example,dc=com")
}

/// Returns the entries of the users, and of a group of each third one.
fn entries() -> String {
    let mut entries = String::new();
    let mut members = String::new();
    for number in 0..USERS {
        let dn = dn(number);
        write!(
            entries,
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid: u{number}\ncn: u\nsn: Last {number}\n\
             mail: u{number}@example.com\nuserPassword: geheim-{number}\n\n"
        )
        .unwrap();
        if number % 3 == 0 {
            writeln!(members, "member: {dn}").unwrap();
        }
    }
    format!(
        "{entries}dn: cn=pms,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\ncn: pms\n{members}\n"
    )
}

fn removal(numbers: std::ops::Range<usize>) -> String {
    let mut ldif = String::new();
    for number in numbers {
        write!(ldif, "dn: {}\nchangetype: delete\n\n", dn(number)).unwrap();
    }
    ldif
}

#[tokio::test]
async fn twenty_thousand_users_are_synchronised_and_leavers_lose_their_tokens() {
    let mut slapd = Slapd::start("").unwrap();
    slapd.load(&entries()).unwrap();
    // Without this, OpenLDAP lists 500 users in all.
    slapd
        .apply("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcLimits\nolcLimits: anonymous size=500 size.pr=500 size.prtotal=unlimited\n")
        .unwrap();
    let base = "ou=people,dc=example,dc=com";
    let url = slapd.url().parse().unwrap();
    let mut ldap = LdapSettings::new(vec![url], Preset::Rfc2307, base);
    ldap.groups = vec![GroupRule {
        group: "cn=pms,ou=groups,dc=example,dc=com".to_owned(),
        role: Some(Role::ProjectManager),
        organisation: None,
        units: vec!["U1".to_owned()],
    }];
    let ldap: Arc<dyn Authority> = Arc::new(LdapAuthority::new(ldap).unwrap());
    let f = fixture().await;
    let corp = AuthoritySettings {
        highest_role: Role::ProjectManager,
        ..settings("corp")
    };
    let throttle: Arc<dyn Throttle> = Arc::new(MemoryThrottle::default());
    let authorities = Authorities::new(vec![(corp, ldap)], &throttle);
    let f = Fixture {
        auth: f.auth.with_authorities(authorities),
        ..f
    };
    let sync = f.auth.synchronisations().remove(0);
    let run = async |sync: &Synchronisation| sync.run(Duration::ZERO, |_| {}).await;

    let counts = run(&sync).await.unwrap().counts;
    assert_eq!((counts.listed, counts.created), (20_000, 20_000));
    assert_eq!(counts.faults, 0);
    let manager = f.login("u3", "geheim-3").await.unwrap();
    assert_eq!(manager.role, Role::ProjectManager);
    assert_eq!(manager.units, ["U1"]);
    assert_eq!(manager.last_name, "Last 3");
    let leaver = f.login("u499@example.com", "geheim-499").await.unwrap();
    assert_eq!(leaver.role, Role::Linguist);
    let terms = || Terms::new(Purpose::Access, HOUR);
    let mut tokens = Vec::new();
    for user in [&manager, &leaver] {
        tokens.push(f.auth.issue(HERE, user, terms()).await.unwrap().token);
    }
    let other = f.login("u500", "geheim-500").await.unwrap();
    let kept = f.auth.issue(HERE, &other, terms()).await.unwrap().token;

    let report = run(&sync).await.unwrap();
    assert_eq!(report.changes, []);
    assert_eq!(report.counts.unchanged, 20_000);

    slapd.apply(&removal(0..LEAVERS)).unwrap();
    let counts = run(&sync).await.unwrap().counts;
    assert_eq!((counts.disabled, counts.changed()), (500, 500));
    for token in &tokens {
        assert!(!f.is_live(token, Purpose::Access).await);
    }
    assert!(f.is_live(&kept, Purpose::Access).await);

    // Eleven of a hundred of those who are left.
    slapd
        .apply(&removal(LEAVERS..LEAVERS + (USERS - LEAVERS) * 11 / 100))
        .unwrap();
    let error = run(&sync).await.unwrap_err();
    assert!(
        matches!(
            error,
            SyncError::Brake {
                disabled: 2145,
                active: 19_500,
                ..
            }
        ),
        "{error}"
    );
    assert!(f.is_live(&kept, Purpose::Access).await);
    assert_eq!(run(&sync).await.unwrap_err().name(), "brake");
}
