//! The pages, and the scope that each of them needs.

use isogloss_core::{Key, Scope};

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConsolePage {
    Overview,
    Dialects,
    People,
    WayOver,
    Keys,
    Throttle,
    Refusals,
    Audit,
    Sessions,
}

impl ConsolePage {
    /// Every page, in the order of the navigation.
    pub(super) const ALL: [Self; 9] = [
        Self::Overview,
        Self::Dialects,
        Self::People,
        Self::WayOver,
        Self::Keys,
        Self::Throttle,
        Self::Refusals,
        Self::Audit,
        Self::Sessions,
    ];

    /// Returns the path of the page.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console/overview",
            Self::Dialects => "/console/dialects",
            Self::People => "/console/people",
            Self::WayOver => "/console/way-over",
            Self::Keys => "/console/keys",
            Self::Throttle => "/console/throttle",
            Self::Refusals => "/console/refusals",
            Self::Audit => "/console/audit",
            Self::Sessions => "/console/sessions",
        }
    }

    /// Returns the name of the page, for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Dialects => "Dialects",
            Self::People => "People",
            Self::WayOver => "Users' way over",
            Self::Keys => "Clients and keys",
            Self::Throttle => "Throttle",
            Self::Refusals => "Refusals",
            Self::Audit => "Audit",
            Self::Sessions => "Sessions",
        }
    }

    /// Returns the scope without which the page is neither shown nor listed.
    pub(super) const fn scope(self) -> Scope {
        match self {
            Self::Overview | Self::Dialects => Scope::UsageRead,
            Self::People | Self::WayOver => Scope::UsersRead,
            Self::Keys => Scope::KeysRead,
            Self::Throttle => Scope::ThrottleRead,
            Self::Refusals | Self::Audit => Scope::AuditRead,
            Self::Sessions => Scope::SessionsRead,
        }
    }

    /// Returns the pages that a key may see, in the order of the navigation.
    pub(super) fn of_key(key: &Key) -> impl Iterator<Item = Self> {
        let pages = Self::ALL.into_iter();
        pages.filter(|page| key.scopes.allow(page.scope()))
    }
}
