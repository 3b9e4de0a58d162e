//! What is in a directory of that which a file names.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::desk::UserRef;
use super::digest_keys::{DigestKind, OpenKeys};
use super::looks::Login;
use super::origin::{Attribute, ImportedValues};
use super::rules::look;
use super::wanted::{Wanted, WantedUser};
use super::{KeyDigest, Patch, Snapshot};
use crate::names::{login_form, login_forms, stored_login, stored_spellings, tidy};

/// What of a directory concerns a file: the entries that it names, and those in their way.
#[derive(Default)]
pub struct Present {
    /// The digest keys, and when they were read.
    pub open: OpenKeys,
    /// The entries that the file names.
    pub entries: Snapshot,
    /// What imports last said of these users.
    pub origins: HashMap<Uuid, ImportedValues>,
    /// Users by the name that an import last gave them.
    pub imported_names: HashMap<String, UserRef>,
    /// Owners of the login names of the file.
    pub logins: HashMap<String, UserRef>,
    /// Logins that look like one of the file.
    pub looks: Vec<Login>,
    /// Owners of the numbers of the file.
    pub numbers: HashMap<i64, UserRef>,
    /// Owners of the codes of the file's cards, by the form in which they are stored.
    pub codes: HashMap<KeyDigest, UserRef>,
    /// Owners of the identifiers of the file's cards.
    pub identifiers: HashMap<String, UserRef>,
    /// Organisations of the units of the file.
    pub units: HashMap<String, Uuid>,
    /// The greatest number that has one after it.
    pub last_number: Option<i64>,
    /// What is left of all users who were erased.
    pub erased: HashSet<KeyDigest>,
}

/// The entries that are read.
pub struct EntryNames {
    /// Organisations.
    pub organisations: Vec<Uuid>,
    /// Users.
    pub users: Vec<Uuid>,
    /// Keys: the realm, and a form in which the digest may be stored.
    pub keys: Vec<(String, KeyDigest)>,
    /// Realms of which every key with a plain digest is read: the file has one under a digest key.
    pub plain_realms: Vec<String>,
}

impl Present {
    /// Returns the user that an entry of a file is about: the one of its identifier, else the one of its
    /// name, else the one whom an import gave that name.
    pub fn id_of(&self, id: Option<Uuid>, user_name: &str) -> Option<Uuid> {
        let name = login_form(user_name);
        let forms = login_forms(user_name);
        let named = forms.iter().find_map(|form| self.logins.get(form));
        let named = named.filter(|named| login_form(&named.user_name) == name);
        let imported = || forms.iter().find_map(|form| self.imported_names.get(form));
        id.or_else(|| named.map(|named| named.id))
            .or_else(|| imported().map(|named| named.id))
    }
}

/// What a file names, as databases are asked for it.
impl Wanted {
    /// Returns every login name, in the form that is compared.
    pub fn logins(&self) -> Vec<String> {
        let users = self.users.iter().flat_map(|user| {
            let email = user.text(Attribute::Email);
            [Some(user.user_name.as_str()), email]
        });
        let keys = self.keys.iter().map(|key| match &key.user {
            Patch::Set(user) => Some(user.as_str()),
            Patch::Keep | Patch::Remove => None,
        });
        let logins = users.chain(keys).flatten().flat_map(login_forms);
        let logins: HashSet<_> = logins.filter(|login| !login.is_empty()).collect();
        logins.into_iter().collect()
    }

    /// Returns what the login names of its users look like.
    pub fn looks(&self) -> Vec<String> {
        let names = self.users.iter().flat_map(|user| {
            let email = user.text(Attribute::Email);
            [Some(user.user_name.as_str()), email]
        });
        let names = names.flatten().map(|name| look(&stored_login(&tidy(name))));
        let looks: HashSet<_> = names.collect();
        looks.into_iter().collect()
    }

    /// Returns every number.
    pub fn numbers(&self) -> Vec<i64> {
        let numbers = self.users.iter();
        numbers.filter_map(WantedUser::number).collect()
    }

    /// Returns every unit that it puts into an organisation.
    pub fn units(&self) -> Vec<String> {
        let units = self.organisations.iter().flat_map(|one| &one.units);
        units.flat_map(|(id, _)| [id.clone(), tidy(id)]).collect()
    }

    /// Returns the identifiers of organisations.
    pub fn organisation_ids(&self) -> Vec<Uuid> {
        let organisations = self.organisations.iter();
        organisations.filter_map(|one| one.id).collect()
    }

    /// Returns the names of organisations.
    pub fn organisation_names(&self) -> Vec<String> {
        let own = self.organisations.iter().map(|one| one.name.as_str());
        let said = self.users.iter();
        let said = said.filter_map(|user| user.text(Attribute::Organisation));
        let names: HashSet<_> = own.chain(said).flat_map(stored_spellings).collect();
        names.into_iter().collect()
    }

    /// Returns the users that it is about, as far as they are there.
    pub fn user_ids(&self, present: &Present) -> Vec<Uuid> {
        let users = self.users.iter();
        let ids = users.filter_map(|user| present.id_of(user.id, &user.user_name));
        let ids: HashSet<_> = ids.collect();
        ids.into_iter().collect()
    }

    /// Returns the realms of keys whose digest the file has under a digest key. They may be stored plain.
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

    /// Returns the codes of cards, in every form in which they may be stored.
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

    /// Returns the identifiers of cards.
    pub fn identifiers(&self) -> Vec<String> {
        let cards = self
            .users
            .iter()
            .flat_map(|user| user.access_cards.iter().flatten());
        cards.filter_map(|card| card.identifier.clone()).collect()
    }

    /// Returns every key, revoked ones among them, in every form in which it may be stored.
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
