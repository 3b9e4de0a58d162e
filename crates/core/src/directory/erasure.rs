//! Erases users, and keeps digests by which imports of older files recognise and skip them.

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::{Builder, Uuid};

use super::change::{Abort, DirectoryTransaction, GivenNames, InvalidChange};
use super::digest_keys::{DigestKeys, KeyRing, KeyRingTable};
use super::{KeyDigest, UserEntry};
use crate::audit::ClaimedName;
use crate::error::StoreError;
use crate::names::login_form;
use crate::pepper::Peppers;
use crate::token_digest::TokenDigest;

/// The result of an erasure. It identifies the user, so that operators can find the user's data outside the
/// directory. Show it, but do not store it.
#[derive(Clone, PartialEq, Eq)]
pub struct Erased {
    /// The user's identifier.
    pub id: Uuid,
    /// The pseudonym that replaces the user in the audit log.
    pub pseudonym: Uuid,
    /// The user's login names, in the form that is compared.
    pub logins: Vec<String>,
    /// The identifiers of the user's access cards.
    pub cards: Vec<String>,
    /// The number of application keys that acted as the user. They are revoked.
    pub keys: u64,
    /// The number of events in the audit log that concerned the user or were caused by the user.
    pub events: u64,
    /// The number of enabled administrators that the user's organisation still has.
    pub administrators: u64,
}

impl std::fmt::Debug for Erased {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Erased({}, …)", self.pseudonym)
    }
}

/// A value by which an erased user is recognised.
#[derive(Clone, Copy)]
pub(super) enum ErasedIdentifier<'a> {
    Id(Uuid),
    /// A user name or an e-mail address.
    Login(&'a str),
    /// An authority, and the identifier of the user there.
    Link(&'a str, &'a str),
}

impl ErasedIdentifier<'_> {
    /// Returns the digests of the value under all open digest keys, the newest key's first. Empty if none is open.
    pub(super) fn digests(self, ring: &KeyRing) -> Vec<KeyDigest> {
        match self {
            Self::Id(id) => ring.digests_of(&[b"erased user", b"id", id.as_bytes()]),
            Self::Login(login) => {
                let login = login_form(login);
                ring.digests_of(&[b"erased user", b"login", login.as_bytes()])
            }
            Self::Link(authority, external_id) => {
                let parts = [authority.as_bytes(), external_id.as_bytes()];
                ring.digests_of(&[b"erased user", b"link", parts[0], parts[1]])
            }
        }
    }
}

/// The transaction in which a user is erased.
#[async_trait]
pub trait ErasureTable: DirectoryTransaction + KeyRingTable {
    /// Returns the name that the last import gave the user; `None` if no import did. Fails if the query fails.
    async fn imported_name(&mut self, user: Uuid) -> Result<Option<String>, Self::Error>;

    /// Returns the identifiers of the user's access cards. Fails if the query fails.
    async fn card_identifiers(&mut self, user: Uuid) -> Result<Vec<String>, Self::Error>;

    /// Revokes the application keys that act as the user, and returns how many there were. Fails if the query
    /// fails.
    async fn revoke_keys_of(&mut self, user: Uuid) -> Result<u64, Self::Error>;

    /// Removes the user and everything that belongs to the user. Fails if the query fails.
    async fn remove_user(&mut self, user: Uuid) -> Result<(), Self::Error>;

    /// Returns how many enabled administrators the organisation with this name has. Fails if the query fails.
    async fn administrators_of(&mut self, organisation: &str) -> Result<i64, Self::Error>;

    /// Returns how many events of the audit log concern the user, were caused by the user, or concern one of these
    /// names. Fails if the query fails.
    async fn events_of(&mut self, user: Uuid, names: &[TokenDigest]) -> Result<i64, Self::Error>;

    /// Removes the refused requests of the user, and those with one of these names. Fails if the query fails.
    async fn remove_refusals_of(
        &mut self,
        user: Uuid,
        names: &[TokenDigest],
    ) -> Result<(), Self::Error>;

    /// Replaces the user's identifier with a pseudonym in all events. Fails if the query fails.
    async fn rename_user_in_events(
        &mut self,
        user: Uuid,
        pseudonym: Uuid,
    ) -> Result<(), Self::Error>;

    /// Replaces the hash of a name with another one in all events. Fails if the query fails.
    async fn rename_name_in_events(
        &mut self,
        name: TokenDigest,
        to: TokenDigest,
    ) -> Result<(), Self::Error>;

    /// Returns the tombstones (digests of erased users) whose digest key exists. Others cannot be compared with
    /// anything. Fails if the query fails.
    async fn tombstones(&mut self) -> Result<Vec<KeyDigest>, Self::Error>;

    /// Stores a tombstone; changes nothing if it exists already. Fails if the query fails.
    async fn put_tombstone(
        &mut self,
        digest: KeyDigest,
        at: OffsetDateTime,
    ) -> Result<(), Self::Error>;

    /// Removes tombstones, so that an import may add a user with that name again. Fails if the query fails.
    async fn remove_tombstones(&mut self, digests: &[KeyDigest]) -> Result<(), Self::Error>;
}

/// Erases a user in a transaction, and returns what was erased.
///
/// # Errors
/// If there is no such user, if no digest key is open, or if a query fails; the caller must then roll back.
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
        .remove_refusals_of(id, &names)
        .await
        .map_err(Abort::Failed)?;
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
    let traces = logins.iter().map(|login| ErasedIdentifier::Login(login));
    let link = user.link();
    let link = link.map(|(authority, id)| ErasedIdentifier::Link(authority, id));
    for trace in traces.chain(link).chain([ErasedIdentifier::Id(id)]) {
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

/// Removes the tombstones of names that a user was deliberately given, so that imports may name that user from now on.
/// The tombstone of the erased user's identifier stays: a new user has a new one.
///
/// # Errors
/// If a query fails.
pub async fn remove_tombstones_of<T: ErasureTable>(
    table: &mut T,
    digests: &DigestKeys,
    names: &GivenNames,
) -> Result<(), T::Error> {
    if names.logins.is_empty() && names.link.is_none() {
        return Ok(());
    }
    let ring = digests.ring_of(&table.sealed_keys().await?);
    let forms = traces(names).flat_map(|trace| trace.digests(&ring));
    let forms: Vec<_> = forms.collect();
    table.remove_tombstones(&forms).await
}

/// Returns whether a user with one of these names was erased.
///
/// # Errors
/// If a query fails, or if this cannot be decided because a digest key does not open.
pub async fn was_erased<T: ErasureTable>(
    table: &mut T,
    digests: &DigestKeys,
    names: &GivenNames,
) -> Result<bool, T::Error> {
    let erased = table.tombstones().await?;
    if erased.is_empty() {
        return Ok(false);
    }
    let ring = digests.ring_of(&table.sealed_keys().await?);
    let forms: Vec<_> = traces(names)
        .flat_map(|trace| trace.digests(&ring))
        .collect();
    if erased.iter().any(|digest| forms.contains(digest)) {
        return Ok(true);
    }
    let mut keys = erased.iter().filter_map(|digest| digest.key());
    match keys.find(|key| ring.unreadable().contains(key)) {
        None => Ok(false),
        Some(id) => {
            let reason = format_args!(
                "no pepper of the configuration opens the digest key {id}: whether the user was \
                 erased cannot be told"
            );
            Err(T::unusable(StoreError::new("directory", reason)))
        }
    }
}

fn traces(names: &GivenNames) -> impl Iterator<Item = ErasedIdentifier<'_>> {
    let logins = names
        .logins
        .iter()
        .map(|login| ErasedIdentifier::Login(login));
    let link = names.link.as_ref();
    logins.chain(link.map(|(authority, id)| ErasedIdentifier::Link(authority, id)))
}

fn logins(user: &UserEntry, imported: Option<String>) -> Vec<String> {
    let mut logins: Vec<_> = user.logins().chain(imported).collect();
    logins.sort();
    logins.dedup();
    logins
}

/// Returns a random-looking identifier, which only the holder of a digest key can link to the user's. Fails if no
/// digest key is open.
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

/// Returns the hashes of the names in events, under every pepper. Empty without a pepper.
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
