//! Who may try now: which buckets a try comes out of.

use std::sync::Arc;

use time::OffsetDateTime;

use super::turn::count;
use super::{Bucket, Budget, Kind, Limits, Origin, Source, Strained, Taken, Throttle, Turn};
use crate::clock::Clock;
use crate::directory::login_form;
use crate::error::{AuthError, StoreError};
use crate::pepper::Pepper;
use crate::token::TokenDigest;

/// Stands before everything that can be guessed.
#[derive(Clone)]
pub struct Guard {
    throttle: Arc<dyn Throttle>,
    limits: Limits,
}

/// What is about to be guessed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guess<'a> {
    /// The password of that name.
    Password(&'a str),
    /// The pass code of the card of that identifier.
    PassCode(&'a str),
    /// A key or a card's code, which stand for no account until they fit.
    Key,
    /// The second factor of that name, whose password was right.
    Code(&'a str),
}

impl Guard {
    /// A guard that grants so much.
    pub fn new(throttle: Arc<dyn Throttle>, limits: Limits) -> Self {
        Self { throttle, limits }
    }

    /// Takes a try, before anything is looked up or hashed.
    pub(crate) async fn turn<'g>(
        &'g self,
        pepper: &Pepper,
        clock: &'g dyn Clock,
        guess: Guess<'_>,
        origin: &Origin,
    ) -> Result<Turn<'g>, AuthError> {
        let account = guess.account(pepper);
        let client = client(pepper, origin);
        let here = account.zip(client);
        let known = match here {
            Some((account, client)) => self.throttle.knows(account, client, clock.now()).await?,
            None => false,
        };
        let mut turn = Turn {
            throttle: self.throttle.as_ref(),
            clock,
            held: Vec::new(),
            client: here,
            remember_clients: self.limits.remember_clients,
        };
        for (bucket, budget) in self.buckets(pepper, guess, origin, known) {
            turn.take(bucket, budget, origin).await?;
        }
        Ok(turn)
    }

    /// The buckets that a try comes out of.
    ///
    /// A client that names itself and is known has one of its own: neither what strangers do to
    /// the account nor what they do at the same address reaches it. A known address has one of its
    /// own for the account, too, but what comes from there still counts as one source.
    fn buckets(
        &self,
        pepper: &Pepper,
        guess: Guess<'_>,
        origin: &Origin,
        known: bool,
    ) -> Vec<(Bucket, &Budget)> {
        let account = guess.account(pepper);
        let client = client(pepper, origin).filter(|_| known);
        let host = origin.source.map(Source::host);
        let network = origin.source.map(Source::network);
        let mut buckets = Vec::new();
        if let Guess::Code(_) = guess {
            let code = Bucket::new(pepper, Kind::Code, account, client, None);
            return vec![(code, &self.limits.code)];
        }
        if let Some(host) = host.filter(|_| !known || origin.client.is_none()) {
            let source = Bucket::new(pepper, Kind::Source, None, None, Some(host));
            buckets.push((source, &self.limits.source));
        }
        match (account, client) {
            (None, _) => {}
            (Some(_), Some(_)) => {
                let known = Bucket::new(pepper, Kind::KnownClient, account, client, None);
                buckets.push((known, &self.limits.known_client));
            }
            (Some(_), None) => {
                let account = Bucket::new(pepper, Kind::Account, account, None, network);
                buckets.push((account, &self.limits.account));
            }
        }
        buckets
    }

    pub(crate) async fn strained(&self, now: OffsetDateTime) -> Result<Vec<Strained>, StoreError> {
        self.throttle.list(now).await
    }

    pub(crate) async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError> {
        self.throttle.reset(bucket).await
    }

    /// Whether one more letter may be sent to that name.
    pub(crate) async fn grants_letter(
        &self,
        pepper: &Pepper,
        clock: &dyn Clock,
        name: &str,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let account = Guess::Password(name).account(pepper);
        let letters = Bucket::new(pepper, Kind::Letters, account, None, None);
        let host = origin.source.map(Source::host);
        let of_source = host
            .map(|host| Bucket::new(pepper, Kind::LettersOfSource, None, None, Some(host)))
            .map(|bucket| (bucket, &self.limits.letters_of_source));
        let wanted = of_source
            .into_iter()
            .chain([(letters, &self.limits.letters)]);
        for (bucket, budget) in wanted {
            if let Taken::Locked { .. } = self.throttle.take(&bucket, budget, clock.now()).await? {
                count(bucket.kind, origin);
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Guess<'_> {
    /// A keyed hash of the name as it was given, so that the names of nobody are like all others.
    pub(crate) fn account(self, pepper: &Pepper) -> Option<TokenDigest> {
        let (of, name) = match self {
            Self::Password(name) | Self::Code(name) => (&b"user"[..], login_form(name)),
            Self::PassCode(identifier) => (&b"card"[..], identifier.to_owned()),
            Self::Key => return None,
        };
        Some(pepper.digest_of(&[b"guessed account", of, name.as_bytes()]))
    }
}

/// A keyed hash of the client: what it calls itself in its dialect, else its address. One address is
/// one client in all dialects, or each would have a budget for it.
fn client(pepper: &Pepper, origin: &Origin) -> Option<TokenDigest> {
    if let Some(client) = &origin.client {
        let realm = origin.realm.name().as_bytes();
        return Some(pepper.digest_of(&[b"client", realm, client.as_bytes()]));
    }
    let host = origin.source?.host();
    Some(pepper.digest_of(&[b"client's address", host.as_bytes()]))
}

impl Bucket {
    fn new(
        pepper: &Pepper,
        kind: Kind,
        account: Option<TokenDigest>,
        client: Option<TokenDigest>,
        network: Option<String>,
    ) -> Self {
        let bytes = |digest: Option<TokenDigest>| digest.map(|digest| *digest.as_bytes());
        let key = pepper.digest_of(&[
            b"bucket",
            kind.name().as_bytes(),
            &bytes(account).unwrap_or_default(),
            &bytes(client).unwrap_or_default(),
            network.as_deref().unwrap_or_default().as_bytes(),
        ]);
        Self {
            key,
            kind,
            account,
            network,
        }
    }
}
