//! Groups of OpenLDAP, with and without groups in them.

use futures_util::TryStreamExt as _;
use isogloss_authority_ldap::GroupRule;
use isogloss_core::Role;

use crate::fixtures::{PASSWORD, accepted, authority, judge, own_slapd, settings};

const GROUPS: &str = r"
dn: cn=pms,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: pms
member: uid=twin1,ou=people,dc=example,dc=com

dn: cn=leads,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: leads
member: cn=pms,ou=groups,dc=example,dc=com
member: cn=circle,ou=groups,dc=example,dc=com

dn: cn=all,ou=groups,dc=example,dc=com
objectClass: groupOfUniqueNames
cn: all
uniqueMember: cn=leads,ou=groups,dc=example,dc=com

dn: cn=circle,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: circle
member: cn=leads,ou=groups,dc=example,dc=com

dn: cn=posix,ou=groups,dc=example,dc=com
objectClass: posixGroup
cn: posix
gidNumber: 1
memberUid: zoe

dn: cn=名前\, x,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: 名前, x
member: cn=日本\, \22語\22\+,ou=people,dc=example,dc=com
";

fn rule(group: &str, role: Option<Role>, unit: &str) -> GroupRule {
    GroupRule {
        group: format!("CN={group}, OU=groups, DC=example, DC=com"),
        role,
        organisation: None,
        units: vec![unit.to_owned()],
    }
}

#[tokio::test]
async fn groups_give_roles_and_units() {
    let slapd = own_slapd();
    slapd.apply(GROUPS).unwrap();
    let judged = async |login: &str, is_nested| {
        let mut settings = settings(&slapd.url());
        settings.nested_groups = is_nested;
        settings.group_base = Some("ou=groups,dc=example,dc=com".to_owned());
        settings.groups = vec![
            rule("all", Some(Role::Admin), "all"),
            rule("leads", Some(Role::ProjectManager), "leads"),
            rule("pms", Some(Role::ProjectManager), "pms"),
            rule("posix", None, "posix"),
            rule(r"名前\, x", None, "odd"),
            rule("no-such-group", Some(Role::Admin), "none"),
        ];
        let authority = authority(settings);
        let identity = accepted(judge(&authority, login, PASSWORD).await);
        // A list of all users says the same, though it asks for the groups only once.
        let listed: Vec<_> = authority.entries(2).try_collect().await.unwrap();
        let same = listed
            .iter()
            .find(|user| user.identity.external_id == identity.external_id);
        assert_eq!(same.unwrap().identity, identity);
        assert!(!same.unwrap().is_disabled);
        (identity.role.unwrap(), identity.units.unwrap())
    };
    let expected =
        |role, units: &[&str]| (role, units.iter().map(|unit| (*unit).to_owned()).collect());
    // Names are compared by the server, which does not care about case and blanks.
    assert_eq!(
        judged("twin1", false).await,
        expected(Role::ProjectManager, &["pms"])
    );
    assert_eq!(
        judged("twin1", true).await,
        expected(Role::Admin, &["all", "leads", "pms"])
    );
    for is_nested in [false, true] {
        assert_eq!(
            judged("twin2", is_nested).await,
            expected(Role::Linguist, &[])
        );
        assert_eq!(
            judged("zoe", is_nested).await,
            expected(Role::Linguist, &["posix"])
        );
        assert_eq!(
            judged("日本語", is_nested).await,
            expected(Role::Linguist, &["odd"])
        );
    }
}
