//! `isogloss authority check`: what each step of a judgement sees, and what to do if it fails.

use isogloss_core::authority::{
    Authority, Cause, CauseKind, CheckStep, Decision, Identity, JudgeRequest,
};
use secrecy::SecretString;
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::connection::Connection;
use crate::directory::only;
use crate::groups::Membership;
use crate::identity::described;
use crate::message::Entry;
use crate::request::{Depth, Search};
use crate::server::{Security, Server};
use crate::{LdapAuthority, filter, result_codes};

/// The steps so far.
struct Steps(Vec<CheckStep>);

impl Steps {
    /// Adds a step. Returns what it found, or `None` if it failed; then `advice` says what to do.
    fn add<T>(
        &mut self,
        name: impl Into<String>,
        result: Result<(String, T), Cause>,
        advice: impl Fn(CauseKind) -> &'static str,
    ) -> Option<T> {
        let (outcome, value) = match result {
            Ok((seen, value)) => (Ok(seen), Some(value)),
            Err(cause) => (
                Err(format!("{}; {}", cause.detail, advice(cause.kind))),
                None,
            ),
        };
        let name = name.into();
        self.0.push(CheckStep { name, outcome });
        value
    }
}

impl LdapAuthority {
    /// Tries each server, then looks up and judges a user at the first that works.
    pub(crate) async fn check_steps(
        &self,
        login: Option<&str>,
        password: Option<&SecretString>,
    ) -> Vec<CheckStep> {
        let mut steps = Steps(Vec::new());
        let mut working = None;
        for server in self.directory.servers().iter() {
            let connection = self.check_server(&mut steps, server).await;
            working = working.or(connection);
        }
        let (Some(mut connection), Some(login)) = (working, login) else {
            return steps.0;
        };
        let Some(entry) = self.check_user(&mut steps, &mut connection, login).await else {
            return steps.0;
        };
        let identity = self.attributes.identity(&entry);
        let seen = identity.map(|identity| (described(&identity), identity));
        let advice = |_| "let bind_dn read the attribute, or name one that every user has as external_id in attributes";
        let Some(identity) = steps.add("read the attributes", seen, advice) else {
            return steps.0;
        };
        let id = identity.external_id.clone();
        self.check_groups(&mut steps, &entry, identity).await;
        if let Some(password) = password {
            self.check_password(&mut steps, login, &id, password).await;
        }
        steps.0
    }

    /// Connects to a server as a login does, and looks at the base. Returns the connection if all works.
    async fn check_server(&self, steps: &mut Steps, server: &Server) -> Option<Connection> {
        let name = server.name();
        let limit = self.timeout;
        let late = |_| Cause::new(CauseKind::Timeout, "no answer in time");

        let resolved = timeout(limit, lookup_host((server.host.as_str(), server.port))).await;
        let resolved = resolved.map_err(late).and_then(|found| {
            let found = found.map_err(|error| Cause::new(CauseKind::Connect, error))?;
            let addresses: Vec<_> = found.map(|address| address.ip().to_string()).collect();
            Ok((addresses.join(", "), ()))
        });
        let advice = |_| "check the host in urls, and the name servers of this machine";
        steps.add(format!("resolve {}", server.host), resolved, advice)?;

        let dialled = timeout(limit, server.dial()).await.map_err(late);
        let dialled = dialled
            .and_then(|stream| stream)
            .map(|stream| ("open".to_owned(), stream));
        let advice = |kind| {
            if kind == CauseKind::Timeout {
                "check the firewall between here and the server"
            } else {
                "check the port in urls, and that the server runs"
            }
        };
        let stream = steps.add(format!("connect to {name}"), dialled, advice)?;

        let how = match server.security {
            Security::Tls => "TLS",
            Security::StartTls => "StartTLS",
            Security::Plain => "security",
        };
        let secured = timeout(
            limit,
            server.secure(self.directory.servers().connector(), stream),
        );
        let secured = secured
            .await
            .map_err(late)
            .and_then(|connection| connection);
        let secured = secured.map(|connection| (connection.security().to_owned(), connection));
        let advice = |kind| {
            if kind == CauseKind::Tls {
                "set ca_file to the certificate of the authority that signed the server's; the host in urls must be in the certificate"
            } else {
                "check that this port speaks LDAP; ldaps:// is for port 636, ldap:// with start_tls for 389"
            }
        };
        let mut connection = steps.add(format!("{how} with {name}"), secured, advice)?;

        let service = self.directory.service();
        let bound = service.bind(&mut connection).await;
        let bound = bound.and_then(|outcome| match (outcome, &service.credentials) {
            (Some(outcome), Some((dn, _))) => {
                result_codes::service_bind(&outcome).map(|()| (format!("as {dn}"), ()))
            }
            _ => Ok(("anonymous: bind_dn is not set".to_owned(), ())),
        });
        let advice = |kind| {
            if kind == CauseKind::Configuration {
                "check bind_dn and bind_password_file, with ldapwhoami -x -D BIND_DN -W"
            } else {
                "try again; if it stays so, read the log of the server"
            }
        };
        steps.add(format!("bind to {name}"), bound, advice)?;

        let based = self.check_base(&mut connection).await;
        let advice = |kind| {
            if kind == CauseKind::Configuration {
                "check base; if it is right, set a bind_dn that may read it, because most servers hide entries from others"
            } else {
                "try again; if it stays so, read the log of the server"
            }
        };
        steps.add(format!("read the base at {name}"), based, advice)?;
        Some(connection)
    }

    async fn check_base(&self, connection: &mut Connection) -> Result<(String, ()), Cause> {
        let base = self.directory.base();
        let search = Search {
            base,
            depth: Depth::Base,
            filter: filter::exists()?,
            attributes: &["1.1"],
            limit: 1,
            page: None,
        };
        let found = self.directory.search_over(connection, &search).await?;
        let entry = only(found)?;
        let hidden = || {
            Cause::new(
                CauseKind::Configuration,
                "there is no such entry, or it is hidden",
            )
        };
        entry.map(|entry| (entry.dn, ())).ok_or_else(hidden)
    }

    async fn check_user(
        &self,
        steps: &mut Steps,
        connection: &mut Connection,
        login: &str,
    ) -> Option<Entry> {
        let found = async {
            let search = Search {
                base: self.directory.base(),
                depth: self.directory.depth(),
                filter: self.filter.by_login(login)?,
                attributes: &self.attributes.wanted(),
                limit: 2,
                page: None,
            };
            let found = self.directory.search_over(connection, &search).await?;
            let nobody = || Cause::new(CauseKind::Connect, "no user has this name");
            let entry = only(found)?.ok_or_else(nobody)?;
            Ok((entry.dn.clone(), entry))
        };
        let advice = |kind| {
            if kind == CauseKind::Ambiguous {
                "make filter find exactly one entry for a name"
            } else if kind == CauseKind::Connect {
                "check base, scope and filter, and that bind_dn may see the user"
            } else {
                "try again; if it stays so, read the log of the server"
            }
        };
        steps.add("find the user", found.await, advice)
    }

    async fn check_groups(&self, steps: &mut Steps, entry: &Entry, mut identity: Identity) {
        let name = identity.user_name.clone();
        let found = self
            .groups
            .memberships(&self.directory, entry, name.as_deref());
        let found = match timeout(self.timeout, found).await {
            Ok(found) => found,
            Err(_) => Err(Cause::new(CauseKind::Timeout, "no answer in time")),
        };
        let seen = found.map(|memberships| {
            let described = memberships
                .iter()
                .map(|(group, membership)| match membership {
                    Membership::Member => format!("{group}: member"),
                    Membership::NotMember => format!("{group}: no member"),
                    Membership::NoGroup => {
                        format!("{group}: no such group, or hidden from bind_dn")
                    }
                });
            let described: Vec<_> = described.collect();
            let described = if described.is_empty() {
                "no rules in groups".to_owned()
            } else {
                described.join("; ")
            };
            (described, memberships)
        });
        let advice = |_| "check the names in groups, and that bind_dn may read them";
        if let Some(memberships) = steps.add("look up groups", seen, advice) {
            self.groups.apply(&memberships, &mut identity);
            let role = identity.role.map_or("not mapped", |role| role.name());
            let organisation = identity.organisation.as_deref().unwrap_or("not mapped");
            let units = identity.units.unwrap_or_default().join(", ");
            let seen = format!("role {role}, organisation {organisation}, units [{units}]");
            steps.add("map groups", Ok((seen, ())), |_| "");
        }
    }

    async fn check_password(
        &self,
        steps: &mut Steps,
        login: &str,
        id: &str,
        password: &SecretString,
    ) {
        let request = JudgeRequest {
            login,
            password,
            external_id: Some(id),
            dialect: "check",
            organisation: None,
            source: None,
        };
        let decision = self.judge(&request).await;
        let refused = match &decision {
            Decision::Accepted(_) => None,
            Decision::Unavailable(cause) => {
                let advice =
                    |_| "no password is judged like this; the steps before show what works";
                steps.add::<()>("judge the password", Err(cause.clone()), advice);
                return;
            }
            Decision::Disabled(reason) | Decision::DisabledUnjudged(reason) => Some(reason.name()),
            Decision::UnknownUser
            | Decision::Rejected
            | Decision::SecondFactorRequired
            | Decision::Throttled { .. } => Some(decision.name()),
        };
        let seen = match refused {
            None => Ok(("accepted".to_owned(), ())),
            Some(reason) => Err(Cause::new(CauseKind::Refused, reason)),
        };
        let advice = |_| "a login with this password is refused";
        steps.add("judge the password", seen, advice);
    }
}
