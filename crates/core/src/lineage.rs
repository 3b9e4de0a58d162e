//! The origin of a derived token: the login behind it, and the tokens in between.

use time::OffsetDateTime;

use crate::store::Record;
use crate::token_digest::TokenDigest;

/// The maximum number of ancestors in a record, without its parent: the root and the nearest ones.
const MAX_ANCESTORS: usize = 7;

/// The ancestors of a derived token, as its record has them. They stay recorded when they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// When the user logged in with a password or another credential of their own.
    pub(crate) login_at: OffsetDateTime,
    /// How many tokens lie between the login and this one: 1 for a child of the login's own token.
    pub(crate) depth: u32,
    /// The ancestors of the parent, oldest first. The root is always among them.
    pub(crate) older_ancestors: Vec<TokenDigest>,
}

impl Lineage {
    /// Returns the lineage of a child of the token with that record.
    pub fn of_child(record: &Record) -> Self {
        let mut older_ancestors: Vec<_> = record.ancestors().collect();
        if older_ancestors.len() > MAX_ANCESTORS {
            older_ancestors.drain(1..=older_ancestors.len() - MAX_ANCESTORS);
        }
        Self {
            login_at: record.login_at(),
            depth: record.depth().saturating_add(1),
            older_ancestors,
        }
    }
}

/// A record that an earlier release wrote has at most a parent, and no lineage.
impl Record {
    /// Returns when the user logged in with a credential of their own; without a lineage, when the token was
    /// issued.
    pub(crate) fn login_at(&self) -> OffsetDateTime {
        let lineage = self.lineage.as_ref();
        lineage.map_or(self.issued_at, |lineage| lineage.login_at)
    }

    /// Returns the recorded ancestors of this token: the root first, the parent last.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = TokenDigest> {
        let older_ancestors = self
            .lineage
            .iter()
            .flat_map(|lineage| &lineage.older_ancestors);
        older_ancestors.copied().chain(self.parent)
    }

    /// Returns the digest of the token that the login issued. Without recorded ancestors, that is the token of
    /// this record, whose digest is `digest`.
    pub(crate) fn root(&self, digest: TokenDigest) -> TokenDigest {
        self.ancestors().next().unwrap_or(digest)
    }

    /// Returns how many tokens lie between the login and this one: 0 for the token that the login issued.
    pub(crate) fn depth(&self) -> u32 {
        let lineage = self.lineage.as_ref();
        lineage.map_or(u32::from(self.parent.is_some()), |lineage| lineage.depth)
    }

    /// Returns `true` if the token has more ancestors than are recorded.
    pub(crate) fn is_shortened(&self) -> bool {
        usize::try_from(self.depth()).is_ok_and(|depth| depth > self.ancestors().count())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::purpose::Purpose;
    use crate::token::Realm;

    const LOGIN: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

    fn digest(number: u8) -> TokenDigest {
        [number; 16].into()
    }

    fn child(number: u8, of: &Record) -> Record {
        let life = (of.issued_at + time::Duration::HOUR, of.expires_at);
        Record {
            parent: Some(digest(number - 1)),
            lineage: Some(Lineage::of_child(of)),
            ..Record::new(Realm::new("here"), Uuid::nil(), Purpose::Access, life)
        }
    }

    #[test]
    fn the_root_and_the_nearest_ancestors_are_kept() {
        let life = (LOGIN, LOGIN + time::Duration::DAY);
        let root = Record::new(Realm::new("here"), Uuid::nil(), Purpose::Access, life);
        assert_eq!((root.depth(), root.root(digest(0))), (0, digest(0)));
        let mut record = root;
        for number in 1..=20 {
            record = child(number, &record);
            assert_eq!(record.login_at(), LOGIN);
            assert_eq!(record.depth(), u32::from(number));
            assert_eq!(record.root(digest(number)), digest(0));
            assert_eq!(record.is_shortened(), number > 8, "{number}");
        }
        let kept: Vec<_> = record.ancestors().collect();
        let expected: Vec<_> = [0, 13, 14, 15, 16, 17, 18, 19].map(digest).into();
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_record_without_a_lineage_knows_its_parent() {
        let life = (LOGIN, LOGIN + time::Duration::DAY);
        let record = Record {
            parent: Some(digest(1)),
            ..Record::new(Realm::new("here"), Uuid::nil(), Purpose::Access, life)
        };
        assert_eq!((record.depth(), record.root(digest(2))), (1, digest(1)));
        assert!(!record.is_shortened());
    }
}
