//! The stored entries that a directory file concerns.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::change::UserRef;
use super::digest_keys::{DigestKind, OpenKeys};
use super::looks::Login;
use super::origin::{Attribute, ImportedValues};
use super::rules::look;
use super::wanted::{Wanted, WantedUser};
use super::{KeyDigest, Patch, Snapshot};
use crate::names::{login_form, login_forms, stored_login, stored_spellings, tidy};

/// The stored entries that a file concerns: those that it names, and those that may conflict with them.
#[derive(Default)]
pub struct Present {
    /// The digest keys, and the time at which they were read.
    pub open: OpenKeys,
    /// The entries that the file names.
    pub entries: Snapshot,
    /// The values that the last import set for these users.
    pub origins: HashMap<Uuid, ImportedValues>,
    /// Users by the name that the last import gave them.
    pub imported_names: HashMap<String, UserRef>,
    /// The owners of the login names in the file.
    pub logins: HashMap<String, UserRef>,
    /// Stored logins that look like one in the file.
    pub looks: Vec<Login>,
    /// The owners of the numbers in the file.
    pub numbers: HashMap<i64, UserRef>,
    /// The owners of the codes of the file's cards, by the stored form of the code.
    pub codes: HashMap<KeyDigest, UserRef>,
    /// The owners of the identifiers of the file's cards.
    pub identifiers: HashMap<String, UserRef>,
    /// The users who have an external id of the file, by authority and external id.
    pub links: HashMap<(String, String), UserRef>,
    /// The organisations of the units in the file.
    pub units: HashMap<String, Uuid>,
    /// The greatest number of a user that is less than the greatest permitted number.
    pub last_number: Option<i64>,
    /// The digests of all erased users.
    pub erased: HashSet<KeyDigest>,
}

/// The names of the entries to read.
pub struct EntryNames {
    /// Identifiers of organisations.
    pub organisations: Vec<Uuid>,
    /// Identifiers of users.
    pub users: Vec<Uuid>,
    /// Keys: the realm, and a form in which the digest may be stored.
    pub keys: Vec<(String, KeyDigest)>,
    /// Realms of which all keys with a plain digest are read, because the file has a key of that realm under a
    /// digest key.
    pub plain_realms: Vec<String>,
}

impl Present {
    /// Returns the user that a file entry refers to: the one with its identifier, else with its name, else with its
    /// identifier at its authority (`link`), else the one to whom an import gave that name. `None` if there is none; an
    /// identifier is returned as it is, whether or not its user exists.
    pub fn id_of(
        &self,
        id: Option<Uuid>,
        user_name: &str,
        link: Option<(String, String)>,
    ) -> Option<Uuid> {
        let name = login_form(user_name);
        let forms = login_forms(user_name);
        let named = forms.iter().find_map(|form| self.logins.get(form));
        let named = named.filter(|named| login_form(&named.user_name) == name);
        let imported = || forms.iter().find_map(|form| self.imported_names.get(form));
        id.or_else(|| named.map(|named| named.id))
            .or_else(|| self.links.get(&link?).map(|linked| linked.id))
            .or_else(|| imported().map(|named| named.id))
    }
}

/// The names in a file, as they are queried from the database.
impl Wanted {
    /// Returns all login names in the file, in every form in which they may be stored.
    pub fn logins(&self) -> Vec<String> {
        let users = self.users.iter().flat_map(|user| {
            let email = user.text(Attribute::Email);
            let name = user.text(Attribute::UserName);
            [Some(user.user_name.as_str()), name, email]
        });
        let keys = self.keys.iter().map(|key| match &key.user {
            Patch::Set(user) => Some(user.as_str()),
            Patch::Keep | Patch::Remove => None,
        });
        let logins = users.chain(keys).flatten().flat_map(login_forms);
        let logins: HashSet<_> = logins.filter(|login| !login.is_empty()).collect();
        logins.into_iter().collect()
    }

    /// Returns the looks of the login names of the file's users.
    pub fn looks(&self) -> Vec<String> {
        let names = self.users.iter().flat_map(|user| {
            let email = user.text(Attribute::Email);
            let name = user.text(Attribute::UserName);
            [Some(user.user_name.as_str()), name, email]
        });
        let names = names.flatten().map(|name| look(&stored_login(&tidy(name))));
        let looks: HashSet<_> = names.collect();
        looks.into_iter().collect()
    }

    /// Returns all numbers of users in the file.
    pub fn numbers(&self) -> Vec<i64> {
        let numbers = self.users.iter();
        numbers.filter_map(WantedUser::number).collect()
    }

    /// Returns the external ids of users in the file.
    pub fn external_ids(&self) -> Vec<String> {
        let ids = self.users.iter().map(|user| &user.link.external_id);
        let ids = ids.filter_map(|id| match id {
            Patch::Set(id) => Some(id.clone()),
            Patch::Keep | Patch::Remove => None,
        });
        ids.collect()
    }

    /// Returns the identifiers of the units in the file, as written and tidied.
    pub fn units(&self) -> Vec<String> {
        let units = self.organisations.iter().flat_map(|one| &one.units);
        units.flat_map(|(id, _)| [id.clone(), tidy(id)]).collect()
    }

    /// Returns the identifiers of organisations in the file.
    pub fn organisation_ids(&self) -> Vec<Uuid> {
        let organisations = self.organisations.iter();
        organisations.filter_map(|one| one.id).collect()
    }

    /// Returns the names of organisations in the file, in every spelling in which they may be stored.
    pub fn organisation_names(&self) -> Vec<String> {
        let own = self.organisations.iter().map(|one| one.name.as_str());
        let said = self.users.iter();
        let said = said.filter_map(|user| user.text(Attribute::Organisation));
        let names: HashSet<_> = own.chain(said).flat_map(stored_spellings).collect();
        names.into_iter().collect()
    }

    /// Returns the identifiers of the users that the file refers to, except those of new ones without an
    /// identifier.
    pub fn user_ids(&self, present: &Present) -> Vec<Uuid> {
        let users = self.users.iter();
        let ids = users.filter_map(|user| present.id_of(user.id, &user.user_name, user.linked()));
        let ids: HashSet<_> = ids.collect();
        ids.into_iter().collect()
    }

    /// Returns the realms of keys whose digest in the file is made with a digest key. Their stored digests may be
    /// plain.
    pub fn plain_realms(&self) -> Vec<String> {
        let keys = self.keys.iter().map(|key| (&key.realm, key.digest));
        let revoked = self.revoked_keys.iter();
        let revoked = revoked.map(|key| (&key.realm, key.digest));
        let keyed = keys
            .chain(revoked)
            .filter(|(_, digest)| digest.key().is_some());
        let realms: HashSet<_> = keyed.map(|(realm, _)| realm).collect();
        realms.into_iter().cloned().collect()
    }

    /// Returns the digests of the codes of cards in the file, in every form in which they may be stored.
    pub fn codes(&self, open: &OpenKeys) -> Vec<KeyDigest> {
        let cards = self
            .users
            .iter()
            .flat_map(|user| user.access_cards.iter().flatten());
        let codes = cards.filter_map(|card| card.code_digest);
        codes
            .flat_map(|code| open.forms(DigestKind::Card, code))
            .collect()
    }

    /// Returns the identifiers of cards in the file.
    pub fn identifiers(&self) -> Vec<String> {
        let cards = self
            .users
            .iter()
            .flat_map(|user| user.access_cards.iter().flatten());
        cards.filter_map(|card| card.identifier.clone()).collect()
    }

    /// Returns all keys in the file, including revoked ones, with their digests in every form in which they may be
    /// stored.
    pub fn key_names(&self, open: &OpenKeys) -> Vec<(String, KeyDigest)> {
        let keys = self.keys.iter().map(|key| (&key.realm, key.digest));
        let revoked = self.revoked_keys.iter();
        let revoked = revoked.map(|key| (&key.realm, key.digest));
        let forms = keys.chain(revoked).flat_map(|(realm, digest)| {
            let forms = open.forms(DigestKind::Key { realm }, digest).into_iter();
            forms.map(|form| (realm.clone(), form))
        });
        forms.collect()
    }
}
