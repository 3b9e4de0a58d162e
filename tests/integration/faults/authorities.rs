//! Authorities that fail in every way, at logins in every dialect.
//!
//! Every response is the dialect's "unavailable" until the fault is over: no login succeeds, and no response says that a
//! password is wrong. The gateway recovers without a restart.

use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::dialects::{Dialect, dialects};
use isogloss_testkit::servers::Slapd;
use isogloss_testkit::{
    AuthorityFault, AuthorityServer, AuthorityUser, FaultyRelay, Gateway, Response,
};

const PASSWORD: &str = "right there";
const TIMEOUT: Duration = Duration::from_millis(600);
/// How much longer than its time-out an unavailable authority may take.
const GRACE: Duration = Duration::from_millis(50);
/// Within this, a gateway asks again after a fault.
const RECOVERY: Duration = Duration::from_secs(20);
const KINDS: [&str; 3] = ["http", "ldap", "oidc"];

struct Servers {
    hook: AuthorityServer,
    oidc: AuthorityServer,
    slapd: Slapd,
    relay: FaultyRelay,
}

/// A user of one kind of authority logs in, in one dialect.
struct Login {
    kind: &'static str,
    dialect: Dialect,
}

impl Servers {
    fn start() -> Self {
        let users = |kind: &str| {
            let names = dialects().iter().map(|dialect| name(kind, dialect));
            let users = names.map(|name| AuthorityUser::new(&name, PASSWORD));
            users.collect::<Vec<_>>()
        };
        let entries = dialects().iter().map(|dialect| {
            let name = name("ldap", dialect);
            format!(
                "dn: uid={name},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\n\
                 cn: {name}\nsn: {name}\nuid: {name}\nuserPassword: {PASSWORD}\n\n"
            )
        });
        let slapd = Slapd::start(&entries.collect::<String>()).unwrap();
        Self {
            hook: AuthorityServer::hook(users("http")).unwrap(),
            oidc: AuthorityServer::oidc(users("oidc")).unwrap(),
            relay: FaultyRelay::to(slapd.tls_port()).unwrap(),
            slapd,
        }
    }

    /// Returns the tables of the three authorities. The provider comes last: it does not say which users it knows.
    fn tables(&self) -> String {
        let common = |kind: &str| {
            format!(
                "[[authorities]]\nname = '{kind}'\nkind = '{kind}'\nusers = 'create'\n\
                 organisation = 'CRMDEMO'\ntimeout = '{TIMEOUT:?}'\n[authorities.{kind}]\n"
            )
        };
        let hook = format!(
            "url = '{}'\nsecret = '{}'\nca_file = '{}'\n",
            self.hook.url(),
            AuthorityServer::HOOK_SECRET,
            self.hook.ca_file().display(),
        );
        let ldap = format!(
            "urls = ['ldaps://127.0.0.1:{}']\nbase = 'ou=people,{}'\nca_file = '{}'\n",
            self.relay.port(),
            Slapd::BASE,
            self.slapd.ca_file().display(),
        );
        let oidc = format!(
            "issuer = '{}'\nclient_id = '{}'\nclient_secret = '{}'\nca_file = '{}'\n",
            self.oidc.url(),
            AuthorityServer::CLIENT_ID,
            AuthorityServer::CLIENT_SECRET,
            self.oidc.ca_file().display(),
        );
        KINDS
            .iter()
            .zip([hook, ldap, oidc])
            .map(|(kind, own)| common(kind) + &own)
            .collect()
    }

    fn set_fault(&self, fault: Option<AuthorityFault>) {
        self.hook.set_fault(fault);
        self.oidc.set_fault(fault);
        let of_any = |fault: &AuthorityFault| AuthorityFault::OF_ANY_PROTOCOL.contains(fault);
        self.relay.set_fault(fault.filter(of_any));
    }
}

fn name(kind: &str, dialect: &Dialect) -> String {
    format!("kim-{kind}-{}", dialect.name)
}

impl Login {
    fn all() -> Vec<Self> {
        let of_kind = |kind| {
            dialects()
                .iter()
                .map(move |&dialect| Self { kind, dialect })
        };
        KINDS.into_iter().flat_map(of_kind).collect()
    }

    fn send(&self, gateway: &Gateway) -> Response {
        let name = name(self.kind, &self.dialect);
        let login = self.dialect.request(&name, PASSWORD);
        login.send(gateway.public()).unwrap()
    }

    fn succeeds(&self, gateway: &Gateway) -> bool {
        self.dialect.token_of(&self.send(gateway)).is_some()
    }

    /// Returns whether the authority has that fault.
    fn is_affected(&self, fault: AuthorityFault) -> bool {
        self.kind != "ldap" || AuthorityFault::OF_ANY_PROTOCOL.contains(&fault)
    }
}

/// Sends all logins at the same time. Returns the responses, and how long each took.
fn send_all<'a>(
    logins: impl Iterator<Item = &'a Login>,
    gateway: &Gateway,
) -> Vec<(&'a Login, Response, Duration)> {
    thread::scope(|scope| {
        let sent = logins.map(|login| {
            scope.spawn(move || {
                let begun = Instant::now();
                let response = login.send(gateway);
                (login, response, begun.elapsed())
            })
        });
        let sent: Vec<_> = sent.collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn an_authority_with_any_fault_is_unavailable_in_every_dialect_and_recovers() {
    let servers = Servers::start();
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(servers.tables())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    let logins = Login::all();
    for (login, response, _) in send_all(logins.iter(), &gateway) {
        let what = format!("{}, {}", login.kind, login.dialect.name);
        let token = login.dialect.token_of(&response);
        assert!(token.is_some(), "{what}: {}", response.text());
    }
    let mut times = Vec::new();
    for fault in AuthorityFault::ALL {
        servers.set_fault(Some(fault));
        let affected = logins.iter().filter(|login| login.is_affected(fault));
        for (login, response, took) in send_all(affected, &gateway) {
            let what = format!("{} with {fault:?}", login.kind);
            login.dialect.assert_unavailable(&what, &response);
            times.push((took, what));
        }
        servers.set_fault(None);
        for login in &logins {
            let begun = Instant::now();
            while !login.succeeds(&gateway) {
                let what = (fault, login.kind, login.dialect.name);
                assert!(begun.elapsed() < RECOVERY, "{what:?}");
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
    times.sort_unstable();
    let late = times.iter().filter(|(took, _)| *took > TIMEOUT + GRACE);
    let late: Vec<_> = late.collect();
    eprintln!("{} of {} took longer: {late:?}", late.len(), times.len());
    // A busy machine may delay a few of them.
    assert!(late.len() * 10 <= times.len(), "{late:?}");
}
