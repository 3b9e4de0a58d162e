//! Logins that real LDAP servers judge: OpenLDAP and Samba's Active Directory, and one that sends what no server should.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod active_directory;
mod check;
mod entries;
mod failover;
mod fixtures;
mod groups;
mod hostile;
mod logins;
mod password_policies;
mod service_bind;
mod tls;
