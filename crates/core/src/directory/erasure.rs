//! Erasing a user: what goes, and what is left so that no older file brings the user back.

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::{Builder, Uuid};

use super::desk::{Abort, DirectoryTransaction, InvalidChange};
use super::digest_keys::{DigestKeys, KeyRing, KeyRingTable};
use super::{KeyDigest, UserEntry};
use crate::audit::ClaimedName;
use crate::names::login_form;
use crate::pepper::Peppers;
use crate::token_digest::TokenDigest;

/// What was erased. It names the user, for what is kept outside the directory to be found: it is to be
/// dropped, not stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Erased {
    /// The user's identifier.
    pub id: Uuid,
    /// What stands for the user in the audit log from now on.
    pub pseudonym: Uuid,
    /// The names that the user logged in by, in the form that is compared.
    pub logins: Vec<String>,
    /// The identifiers of the user's access cards.
    pub cards: Vec<String>,
    /// How many application keys acted as the user. They are revoked.
    pub keys: u64,
    /// How many events of the audit log were about the user or done by the user.
    pub events: u64,
    /// How many enabled administrators the user's organisation has left.
    pub administrators: u64,
}

impl std::fmt::Debug for Erased {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Erased({}, …)", self.pseudonym)
    }
}

/// What a user is recognised by.
#[derive(Clone, Copy)]
pub(super) enum Trace<'a> {
    Id(Uuid),
    /// A user name or an e-mail address.
    Login(&'a str),
}

impl Trace<'_> {
    /// Returns its digests under all digest keys that are open, the newest key's first.
    pub(super) fn digests(self, ring: &KeyRing) -> Vec<KeyDigest> {
        match self {
            Self::Id(id) => ring.digests_of(&[b"erased user", b"id", id.as_bytes()]),
            Self::Login(login) => {
                let login = login_form(login);
                ring.digests_of(&[b"erased user", b"login", login.as_bytes()])
            }
        }
    }
}

/// A database in the transaction in which a user is erased.
#[async_trait]
pub trait ErasureTable: DirectoryTransaction + KeyRingTable {
    /// The name that an import last gave the user.
    async fn imported_name(&mut self, user: Uuid) -> Result<Option<String>, Self::Error>;

    /// Returns the identifiers of the user's access cards.
    async fn card_identifiers(&mut self, user: Uuid) -> Result<Vec<String>, Self::Error>;

    /// Revokes the keys that act as the user, and returns how many there were.
    async fn revoke_keys_of(&mut self, user: Uuid) -> Result<u64, Self::Error>;

    /// Removes the user and everything that belongs to the user.
    async fn remove_user(&mut self, user: Uuid) -> Result<(), Self::Error>;

    /// How many enabled administrators an organisation has, by its name.
    async fn administrators_of(&mut self, organisation: &str) -> Result<i64, Self::Error>;

    /// How many events are about the user, done by the user, or about one of these names.
    async fn events_of(&mut self, user: Uuid, names: &[TokenDigest]) -> Result<i64, Self::Error>;

    /// Puts another identifier in the place of the user's in events.
    async fn rename_user_in_events(
        &mut self,
        user: Uuid,
        pseudonym: Uuid,
    ) -> Result<(), Self::Error>;

    /// Puts another hash in the place of a name's in events.
    async fn rename_name_in_events(
        &mut self,
        name: TokenDigest,
        to: TokenDigest,
    ) -> Result<(), Self::Error>;

    /// Those whose digest key is there. No other can be told from anything.
    async fn tombstones(&mut self) -> Result<Vec<KeyDigest>, Self::Error>;

    /// Stores what is left of an erased user; nothing changes if it is there already.
    async fn put_tombstone(
        &mut self,
        digest: KeyDigest,
        at: OffsetDateTime,
    ) -> Result<(), Self::Error>;

    /// Removes these, so that an import may bring a user of that name again.
    async fn remove_tombstones(&mut self, digests: &[KeyDigest]) -> Result<(), Self::Error>;
}

/// Erases a user.
pub async fn erase_user<T: ErasureTable>(
    table: &mut T,
    digests: &DigestKeys,
    id: Uuid,
) -> Result<Erased, Abort<T::Error>> {
    let user = table.user(id).await.map_err(Abort::Failed)?;
    let user = user.ok_or_else(|| InvalidChange::NotFound(format!("{id}: no such user")))?;
    let ring = digests.read(table).await.map_err(Abort::Failed)?;
    let pseudonym = pseudonym(&ring, id)?;
    let logins = logins(&user, table.imported_name(id).await.map_err(Abort::Failed)?);
    let cards = table.card_identifiers(id).await.map_err(Abort::Failed)?;
    let names = name_hashes(digests.peppers(), &logins, &cards);
    let events = table.events_of(id, &names).await.map_err(Abort::Failed)?;
    table
        .rename_user_in_events(id, pseudonym)
        .await
        .map_err(Abort::Failed)?;
    for name in names {
        let to = ring.digests_of(&[b"erased name", name.as_bytes()]);
        let to = to.first().map_or(name, |digest| half(digest.as_bytes()));
        table
            .rename_name_in_events(name, to)
            .await
            .map_err(Abort::Failed)?;
    }
    let keys = table.revoke_keys_of(id).await.map_err(Abort::Failed)?;
    table.remove_user(id).await.map_err(Abort::Failed)?;
    let traces = logins.iter().map(|login| Trace::Login(login));
    for trace in traces.chain([Trace::Id(id)]) {
        if let Some(digest) = trace.digests(&ring).first() {
            table
                .put_tombstone(*digest, digests.now())
                .await
                .map_err(Abort::Failed)?;
        }
    }
    let administrators = table
        .administrators_of(&user.organisation)
        .await
        .map_err(Abort::Failed)?;
    Ok(Erased {
        id,
        pseudonym,
        logins,
        cards,
        keys,
        events: events.unsigned_abs(),
        administrators: administrators.unsigned_abs(),
    })
}

/// A user is added, or renamed, by intention: an import may name that user from now on. A new one has a
/// new identifier, so that of the erased one stays where it is.
pub async fn allow_again<T: ErasureTable>(
    table: &mut T,
    digests: &DigestKeys,
    logins: &[String],
) -> Result<(), T::Error> {
    if logins.is_empty() {
        return Ok(());
    }
    let ring = digests.ring_of(&table.sealed_keys().await?);
    let forms = logins
        .iter()
        .flat_map(|login| Trace::Login(login).digests(&ring));
    let forms: Vec<_> = forms.collect();
    table.remove_tombstones(&forms).await
}

fn logins(user: &UserEntry, imported: Option<String>) -> Vec<String> {
    let mut logins: Vec<_> = user.logins().chain(imported).collect();
    logins.sort();
    logins.dedup();
    logins
}

/// Returns a random-looking identifier that only the holder of a digest key can connect with the user's.
fn pseudonym(ring: &KeyRing, id: Uuid) -> Result<Uuid, InvalidChange> {
    let digests = ring.digests_of(&[b"pseudonym of an erased user", id.as_bytes()]);
    let digest = digests.first().ok_or_else(|| {
        let reason = "no digest key of the directory is open, and without one nothing could keep an \
                      import from bringing the user back: configure tokens.pepper_file, or start \
                      the gateway once";
        InvalidChange::Invalid(reason.to_owned())
    })?;
    let bytes = *half(digest.as_bytes()).as_bytes();
    Ok(Builder::from_custom_bytes(bytes).into_uuid())
}

/// Returns what events know the names by, under every pepper.
fn name_hashes(peppers: Option<&Peppers>, logins: &[String], cards: &[String]) -> Vec<TokenDigest> {
    let logins = logins.iter().map(|login| ClaimedName::User(login));
    let names: Vec<_> = logins
        .chain(cards.iter().map(|card| ClaimedName::Card(card)))
        .collect();
    let peppers = peppers.into_iter().flat_map(Peppers::each);
    peppers
        .flat_map(|pepper| names.iter().map(|name| name.hash(pepper)))
        .collect()
}

fn half(digest: &[u8; 32]) -> TokenDigest {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half.into()
}
