//! The one door that every dialect goes through: login, issue, validate, redeem, revoke.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::directory::{Account, CardName, Directory, KeyDigest};
use crate::error::{AuthError, StoreError};
use crate::password::{PasswordError, Passwords};
use crate::session::{Concurrency, IssuedToken, Purpose, Session, Terms};
use crate::store::{Record, Slot, TokenStore};
use crate::token::{Pepper, Realm, Token, TokenDigest, random_bits};
use crate::user::{Key, Organisation, Role, Unit, User, UserState};

/// How often the end of a token that lives by its use is moved: each time is a write.
const USE_IS_NOTED_EVERY: Duration = Duration::from_mins(1);

/// What [`Auth`] is made of.
pub struct Parts {
    /// Who may log in.
    pub directory: Arc<dyn Directory>,
    /// Where tokens live.
    pub tokens: Arc<dyn TokenStore>,
    /// Where passwords are checked.
    pub passwords: Passwords,
    /// What keys the tokens' digests.
    pub pepper: Pepper,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Authentication against the one user base. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Parts>);

/// A name and a password, with what else a dialect asks for.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name or e-mail address, in any case.
    pub name: String,
    /// The password.
    pub password: SecretString,
    /// The code of the second factor. A dialect without a field for it passes `None`, and users
    /// with a second factor are refused there.
    pub code: Option<SecretString>,
    /// The organisation the user must belong to, if the dialect asks for one.
    pub organisation: Option<OrganisationName>,
}

/// The organisation that a login names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganisationName {
    /// Spelt exactly.
    Exact(String),
    /// In upper or lower case.
    AnyCase(String),
}

impl OrganisationName {
    fn names(&self, organisation: &Organisation) -> bool {
        match self {
            Self::Exact(name) => *name == organisation.name,
            Self::AnyCase(name) => name.to_lowercase() == organisation.name.to_lowercase(),
        }
    }
}

/// A credential other than the password.
#[derive(Debug, Clone)]
pub enum AccessCard {
    /// A code, which is all that is needed.
    Code(SecretString),
    /// An identifier with its pass code.
    Identifier {
        /// The identifier, spelt exactly.
        identifier: String,
        /// The pass code.
        pass_code: SecretString,
    },
}

impl Auth {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The present moment, by the clock that judges all tokens.
    pub fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    /// Checks a name and a password. Unknown users cost as much time as known ones.
    pub async fn login(&self, credentials: Credentials) -> Result<User, AuthError> {
        let account = self.0.directory.account(&credentials.name).await?;
        let hash = account
            .as_ref()
            .map(|account| account.password_hash.expose_secret().to_owned());
        let fits = self.0.passwords.verify(credentials.password, hash).await?;
        let Some(Account { user, totp, .. }) = account.filter(|_| fits) else {
            return Err(AuthError::InvalidCredentials);
        };
        let user = admit(user, credentials.organisation.as_ref())?;
        let Some(totp) = totp else { return Ok(user) };
        match credentials.code {
            Some(code) if totp.accepts(code.expose_secret(), self.now()) => Ok(user),
            _ => Err(AuthError::SecondFactorRequired),
        }
    }

    /// Checks an access card. It stands for itself: no password and no second factor are asked.
    pub async fn login_by_card(
        &self,
        card: AccessCard,
        organisation: &OrganisationName,
    ) -> Result<User, AuthError> {
        let user = match card {
            AccessCard::Code(code) => {
                let name = CardName::Code(KeyDigest::of(code.expose_secret()));
                self.0.directory.card(name).await?.map(|card| card.user)
            }
            AccessCard::Identifier {
                identifier,
                pass_code,
            } => {
                let card = self
                    .0
                    .directory
                    .card(CardName::Identifier(&identifier))
                    .await?;
                let hash = card
                    .as_ref()
                    .and_then(|card| card.pass_code_hash.as_ref())
                    .map(|hash| hash.expose_secret().to_owned());
                let fits = self.0.passwords.verify(pass_code, hash).await?;
                card.filter(|_| fits).map(|card| card.user)
            }
        };
        admit(
            user.ok_or(AuthError::InvalidCredentials)?,
            Some(organisation),
        )
    }

    /// The user that an application's key acts as.
    pub async fn login_by_key(&self, realm: Realm, key: &str) -> Result<User, AuthError> {
        let key = self.key(realm, key).await?;
        let user = match key.and_then(|key| key.user) {
            Some(id) => self.0.directory.user(id).await?,
            None => None,
        };
        admit(user.ok_or(AuthError::InvalidCredentials)?, None)
    }

    /// The user of that name or e-mail address, if it is one who may log in.
    pub async fn find(&self, name: &str) -> Result<Option<User>, AuthError> {
        let account = self.0.directory.account(name).await?;
        Ok(account.and_then(|account| admit(account.user, None).ok()))
    }

    /// As [`Auth::find`], but without users who have a second factor: for letters whose token logs
    /// in by itself, which would go round it.
    pub async fn find_without_second_factor(&self, name: &str) -> Result<Option<User>, AuthError> {
        let account = self.0.directory.account(name).await?;
        let account = account.filter(|account| account.totp.is_none());
        Ok(account.and_then(|account| admit(account.user, None).ok()))
    }

    /// The units that the user may log in to, the default one first.
    pub async fn units(&self, user: &User) -> Result<Vec<Unit>, AuthError> {
        Ok(self.0.directory.units(user).await?)
    }

    /// Sets a password, and ends all tokens of the user.
    pub async fn set_password(
        &self,
        user: &User,
        password: SecretString,
    ) -> Result<(), PasswordError> {
        let unavailable = PasswordError::Unavailable;
        let hash = self.0.passwords.hash(password).await?;
        let set = self.0.directory.set_password(user.id, &hash).await;
        set.map_err(unavailable)?;
        // They are dead already. This makes room.
        let removed = self.0.tokens.remove_user(user.id).await;
        removed.map(drop).map_err(PasswordError::Unavailable)
    }

    /// The user whom an administrator wants to log in as: one of the same organisation. `None`
    /// for an unknown user as for one of another organisation.
    pub async fn impersonate(
        &self,
        actor: &Session,
        name: &str,
    ) -> Result<Option<User>, AuthError> {
        if actor.user.role != Role::Admin {
            return Err(AuthError::Forbidden);
        }
        let organisation = actor.user.organisation.id;
        let account = self.0.directory.account(name).await?;
        account
            .map(|account| account.user)
            .filter(|user| user.organisation.id == organisation)
            .map(|user| admit(user, None))
            .transpose()
    }

    /// An application's key, if the realm has it.
    pub async fn key(&self, realm: Realm, key: &str) -> Result<Option<Key>, AuthError> {
        let digest = KeyDigest::of(key);
        Ok(self.0.directory.key(realm.name(), digest).await?)
    }

    /// Issues a token for a user who was admitted.
    pub async fn issue(
        &self,
        realm: Realm,
        user: &User,
        terms: Terms,
    ) -> Result<IssuedToken, AuthError> {
        let slot = self.slot(realm, user, &terms);
        let mut seed = None;
        if let (Concurrency::Reuse { at_least }, Some(slot)) = (terms.concurrency, slot) {
            if let Some(reused) = self.reuse(realm, user, *slot.digest(), at_least).await? {
                return Ok(reused);
            }
            seed = Some(random_bits().map_err(no_random_numbers)?);
        }
        let token = match &seed {
            Some(seed) => Token::derived(realm, &self.0.pepper, seed),
            None => Token::random(realm).map_err(no_random_numbers)?,
        };
        let digest = self.0.pepper.digest(&token);
        let issued_at = self.now();
        let record = Record {
            realm: realm.name().to_owned(),
            user: user.id,
            generation: user.generation,
            purpose: terms.purpose,
            slot,
            seed,
            idle: terms.lifetime.idle().map(whole_milliseconds),
            client: terms.client,
            application: terms.application,
            unit: terms.unit,
            actor: terms.actor,
            parent: terms.parent,
            issued_at,
            expires_at: issued_at + terms.lifetime.span(),
        };
        self.0.tokens.put(digest, &record, issued_at).await?;
        let session = session(user.clone(), digest, record);
        Ok(IssuedToken {
            token,
            session,
            handed_out_at: issued_at,
        })
    }

    /// The session that a live token opens, if it is for one of these purposes.
    pub async fn validate(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let digest = self.0.pepper.digest(token);
        let mut record = self.live(digest).await?.ok_or(AuthError::InvalidToken)?;
        if !purposes.contains(&record.purpose) {
            return Err(AuthError::InvalidToken);
        }
        let user = self.0.directory.user(record.user).await?;
        let user = user
            .filter(|user| user.state == UserState::Active && user.generation == record.generation)
            .ok_or(AuthError::InvalidToken)?;
        self.note_use(digest, &mut record).await?;
        Ok(session(user, digest, record))
    }

    /// Uses a token up: of all who try, one gets the session. A token whose parent has ended
    /// is refused.
    pub async fn redeem(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let session = self.validate(token, &[purpose]).await?;
        let record = self.0.tokens.take(session.digest).await?;
        let record = record.ok_or(AuthError::InvalidToken)?;
        if let Some(parent) = record.parent {
            self.live(parent).await?.ok_or(AuthError::InvalidToken)?;
        }
        Ok(session)
    }

    /// Ends a token. Ending one that is not there is no error.
    pub async fn revoke(&self, token: &Token) -> Result<(), AuthError> {
        self.end(self.0.pepper.digest(token)).await
    }

    /// Ends the token of that digest, as [`Auth::revoke`] does.
    pub async fn end(&self, digest: TokenDigest) -> Result<(), AuthError> {
        self.0.tokens.take(digest).await?;
        Ok(())
    }

    /// Whether directory and token store can be asked.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.0.directory.ping().await?;
        self.0.tokens.ping().await
    }

    async fn live(&self, digest: TokenDigest) -> Result<Option<Record>, AuthError> {
        let record = self.0.tokens.get(digest).await?;
        Ok(record.filter(|record| record.expires_at > self.now()))
    }

    /// The token that was handed out last, if it still is as good as a fresh one.
    async fn reuse(
        &self,
        realm: Realm,
        user: &User,
        slot: TokenDigest,
        at_least: Duration,
    ) -> Result<Option<IssuedToken>, AuthError> {
        let Some(digest) = self.0.tokens.holder(slot).await? else {
            return Ok(None);
        };
        let record = self.live(digest).await?.filter(|record| {
            record.generation == user.generation && record.expires_at - self.now() >= at_least
        });
        let Some(record) = record else {
            return Ok(None);
        };
        let Some(seed) = &record.seed else {
            return Ok(None);
        };
        let token = Token::derived(realm, &self.0.pepper, seed);
        let session = session(user.clone(), digest, record);
        Ok(Some(IssuedToken {
            token,
            session,
            handed_out_at: self.now(),
        }))
    }

    /// Moves the end of a token that lives by its use, once a minute at the most.
    async fn note_use(&self, digest: TokenDigest, record: &mut Record) -> Result<(), AuthError> {
        let Some(idle) = record.idle.map(Duration::from_millis) else {
            return Ok(());
        };
        let now = self.now();
        let end = now + idle;
        if end - record.expires_at >= USE_IS_NOTED_EVERY.min(idle / 2) {
            record.expires_at = end;
            self.0.tokens.extend(digest, record, now).await?;
        }
        Ok(())
    }

    /// The place that a token takes: this user's, for this purpose, at this client and
    /// application.
    fn slot(&self, realm: Realm, user: &User, terms: &Terms) -> Option<Slot> {
        let digest = || {
            self.0.pepper.keyed(&[
                b"slot",
                realm.name().as_bytes(),
                user.id.as_bytes(),
                &[terms.purpose as u8],
                terms.client.as_deref().unwrap_or_default().as_bytes(),
                terms.application.as_deref().unwrap_or_default().as_bytes(),
            ])
        };
        match terms.concurrency {
            Concurrency::Many => None,
            Concurrency::OnePerClient => Some(Slot::Exclusive(digest())),
            Concurrency::Reuse { .. } => Some(Slot::Newest(digest())),
        }
    }
}

fn no_random_numbers(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("random numbers", error)
}

fn whole_milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Lets a user in whose credentials fit, unless the organisation is another or the account is off.
fn admit(user: User, organisation: Option<&OrganisationName>) -> Result<User, AuthError> {
    if organisation.is_some_and(|name| !name.names(&user.organisation)) {
        return Err(AuthError::InvalidCredentials);
    }
    match user.state {
        UserState::Active => Ok(user),
        UserState::Disabled => Err(AuthError::AccountDisabled),
    }
}

fn session(user: User, digest: TokenDigest, record: Record) -> Session {
    Session {
        user,
        purpose: record.purpose,
        client: record.client,
        application: record.application,
        unit: record.unit,
        actor: record.actor,
        parent: record.parent,
        digest,
        issued_at: record.issued_at,
        expires_at: record.expires_at,
    }
}

#[cfg(test)]
mod tests;
