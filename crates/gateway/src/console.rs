//! The console: pages for administrators on the management listener.
//!
//! Pages are written by the server. They work without scripts; htmx only replaces parts of a page instead of the whole. A
//! session begins with a key of the realm `admin`, which is looked up again at each request, so that its scopes, its
//! expiry and its revocation apply at once.

mod act;
mod assets;
mod cookie;
mod error;
mod fields;
mod layout;
mod markup;
mod navigation;
mod pages;
mod routes;
mod same_origin;
mod session;
mod sign_in;
mod visitor;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use self::pages::CountedUsers;
use self::session::ConsoleSessions;
use crate::config::{Sections, Sunset, Tls};

/// The path below which the pages are.
const PATH: &str = "/console";

/// The console with its sessions and what it shows of the configuration. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Console {
    /// The sessions, which stay at a reload.
    sessions: Arc<ConsoleSessions>,
    settings: Arc<ConsoleSettings>,
    counted_users: Arc<CountedUsers>,
}

/// The part of the configuration that pages show.
struct ConsoleSettings {
    /// Whether the audit log is in the directory's database, where it can be searched.
    has_audit_table: bool,
    /// Whether refused requests are recorded.
    has_refusals: bool,
    /// Whether clients are counted.
    has_usage: bool,
    /// How dialects are retired, by name.
    sunsets: BTreeMap<String, Sunset>,
    /// The certificates of our own listeners: name of the listener, and file.
    certificates: Vec<(&'static str, PathBuf)>,
}

impl Console {
    /// Returns the console of a configuration; `None` if it is off.
    pub(crate) fn new(sections: &Sections) -> Option<Self> {
        let management = &sections.management;
        management.console.then(|| Self {
            sessions: Arc::new(ConsoleSessions::new(management.console_idle)),
            settings: Arc::new(ConsoleSettings::new(sections)),
            counted_users: Arc::default(),
        })
    }

    /// Returns the console for a reloaded configuration, with the same sessions.
    pub(crate) fn reload(&self, sections: &Sections) -> Self {
        Self {
            sessions: Arc::clone(&self.sessions),
            settings: Arc::new(ConsoleSettings::new(sections)),
            counted_users: Arc::clone(&self.counted_users),
        }
    }
}

impl ConsoleSettings {
    fn new(sections: &Sections) -> Self {
        let certificate = |name, tls: &Option<Tls>| {
            let tls = tls.as_ref()?;
            Some((name, tls.certificate_file.clone()))
        };
        let certificates = [
            certificate("public", &sections.server.tls),
            certificate("management", &sections.management.tls),
        ];
        Self {
            has_audit_table: sections.audit.database,
            has_refusals: sections.refusals.enabled,
            has_usage: sections.usage.enabled,
            sunsets: sections.sunset.clone(),
            certificates: certificates.into_iter().flatten().collect(),
        }
    }
}
