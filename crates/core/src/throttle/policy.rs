//! Login throttle: selects the buckets an attempt is charged to.

use std::sync::Arc;

use time::OffsetDateTime;

use super::attempt::{Charge, Lock};
use super::attempt_target::{KnownDevice, address, user_account};
use super::keys::TriedKeys;
use super::{Attempt, AttemptTarget, Bucket, BucketKind, ClientIp, Limits, LoginOrigin, Throttle};
use crate::clock::Clock;
use crate::error::{AuthError, StoreError};
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// The login throttle, which limits attempts at everything that can be guessed.
#[derive(Clone)]
pub struct LoginThrottle {
    throttle: Arc<dyn Throttle>,
    pub(super) limits: Limits,
    pub(super) tried: TriedKeys,
}

/// How well the client of a login is known. The name that the client gives itself does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientTrust {
    Unknown,
    /// The account was used from that address before.
    Known,
    /// The request carries a live token of the user whose name is tried.
    KnownDevice(KnownDevice),
}

impl LoginThrottle {
    /// Creates a login throttle with these limits.
    pub fn new(throttle: Arc<dyn Throttle>, limits: Limits) -> Self {
        Self {
            throttle,
            limits,
            tried: TriedKeys::default(),
        }
    }

    /// Takes an attempt, before anything is looked up or hashed, and returns it. `known_device` is a live token
    /// that the request carries, if it is that of the user whose name is tried. Fails with
    /// [`AuthError::Throttled`] if a lock refuses the attempt, and with [`AuthError::Unavailable`] if the throttle
    /// is unreachable.
    pub(crate) async fn attempt<'g>(
        &'g self,
        pepper: &Pepper,
        clock: &'g dyn Clock,
        (target, known_device): (AttemptTarget<'_>, Option<KnownDevice>),
        origin: &LoginOrigin,
    ) -> Result<Attempt<'g>, AuthError> {
        let account = target.account(pepper);
        // A second factor has one budget wherever its codes come from.
        let here = match target {
            AttemptTarget::Code(_) => None,
            AttemptTarget::Password(_)
            | AttemptTarget::PassCode(_)
            | AttemptTarget::CardCode(_) => address(pepper, origin),
        };
        let here = here.map(|address| (account, address));
        let standing = match known_device {
            Some(proof) => ClientTrust::KnownDevice(proof),
            None if self.knows(here, clock.now()).await? => ClientTrust::Known,
            None => ClientTrust::Unknown,
        };
        let mut attempt = self.empty_attempt(clock, here);
        for count in self.charges(pepper, target, origin, standing) {
            attempt.charge(count, origin).await?;
        }
        Ok(attempt)
    }

    /// Returns `true` if an account or a key was used from that address; `false` if the address is not known.
    /// `Err` if the throttle is unreachable.
    pub(super) async fn knows(
        &self,
        client: Option<(TokenDigest, TokenDigest)>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        match client {
            Some((account, address)) => self.throttle.knows(account, address, now).await,
            None => Ok(false),
        }
    }

    /// Returns an attempt that is not charged to any bucket yet.
    pub(super) fn empty_attempt<'g>(
        &'g self,
        clock: &'g dyn Clock,
        client: Option<(TokenDigest, TokenDigest)>,
    ) -> Attempt<'g> {
        Attempt {
            throttle: self.throttle.as_ref(),
            clock,
            held: Vec::new(),
            client,
            remember_clients: self.limits.remember_clients,
        }
    }

    /// Returns the buckets an attempt is charged to. Codes of a second factor have one bucket; all other
    /// attempts are charged to those of their source, if it is known, and to others.
    ///
    /// A client that proves to be known is refused by the lock of its own bucket only. A client at a known
    /// address has a bucket of its own for the account, which strangers elsewhere cannot use up, but the lock of
    /// its source refuses it like all others: so a source whose budget is used up learns nothing.
    fn charges(
        &self,
        pepper: &Pepper,
        target: AttemptTarget<'_>,
        origin: &LoginOrigin,
        standing: ClientTrust,
    ) -> Vec<Charge<'_>> {
        let account = target.account(pepper);
        let network = origin.source.map(ClientIp::network);
        let (of_source, of_network) = match standing {
            ClientTrust::Unknown => (Lock::Refuses, Lock::Refuses),
            ClientTrust::Known => (Lock::Refuses, Lock::Passes),
            ClientTrust::KnownDevice(_) => (Lock::Passes, Lock::Passes),
        };
        let (known, client) = match standing {
            ClientTrust::Unknown => (account, None),
            ClientTrust::Known => (account, address(pepper, origin)),
            ClientTrust::KnownDevice(proof) => {
                (user_account(pepper, proof.user), Some(proof.client(pepper)))
            }
        };
        let own = |kind, client, network| Bucket::new(pepper, kind, Some(known), client, network);
        let count = |bucket, budget, lock| Charge {
            bucket,
            budget,
            lock,
        };
        if let AttemptTarget::Code(_) = target {
            let bucket = own(BucketKind::Code, client, None);
            return vec![count(bucket, &self.limits.code, Lock::Refuses)];
        }
        let any = |kind, network| Bucket::new(pepper, kind, None, None, network);
        let mut counts = Vec::new();
        if let Some(source) = origin.source {
            let bucket = any(BucketKind::Source, Some(source.host()));
            counts.push(count(bucket, &self.limits.source, of_source));
            let bucket = any(BucketKind::Network, Some(source.network()));
            counts.push(count(bucket, &self.limits.network, of_network));
        }
        if target.is_of_card() {
            let bucket = any(BucketKind::Card, None);
            counts.push(count(bucket, &self.limits.everywhere, of_network));
        }
        match (target, standing) {
            // A client that sends the code of a card that is known from here does not guess.
            (AttemptTarget::CardCode(_), _) => {}
            (_, ClientTrust::Unknown) => {
                let bucket = own(BucketKind::Account, None, network);
                counts.push(count(bucket, &self.limits.account, Lock::Refuses));
            }
            (_, ClientTrust::Known | ClientTrust::KnownDevice(_)) => {
                let bucket = own(BucketKind::KnownClient, client, None);
                counts.push(count(bucket, &self.limits.known_client, Lock::Refuses));
            }
        }
        counts
    }

    /// Returns the store of the buckets.
    pub(crate) fn store(&self) -> &dyn Throttle {
        self.throttle.as_ref()
    }

    /// Removes the clients from which an account was used. Returns `true` if there were any. `Err` if the
    /// throttle is unreachable.
    pub(crate) async fn forget(&self, account: TokenDigest) -> Result<bool, StoreError> {
        self.throttle.forget(account).await
    }

    /// Returns `true` if one more e-mail may be sent to that name, which then counts. If one of the two buckets
    /// refuses the e-mail, neither is charged. Fails with [`AuthError::Unavailable`] if the throttle is
    /// unreachable.
    pub(crate) async fn admit_email(
        &self,
        pepper: &Pepper,
        clock: &dyn Clock,
        name: &str,
        origin: &LoginOrigin,
    ) -> Result<bool, AuthError> {
        let account = AttemptTarget::Password(name).account(pepper);
        let of_name = Bucket::new(pepper, BucketKind::Emails, Some(account), None, None);
        let host = origin.source.map(ClientIp::host);
        let of_source = host
            .map(|host| Bucket::new(pepper, BucketKind::EmailsOfSource, None, None, Some(host)))
            .map(|bucket| (bucket, &self.limits.letters_of_source));
        let buckets = of_source
            .into_iter()
            .chain([(of_name, &self.limits.letters)]);
        let mut attempt = self.empty_attempt(clock, None);
        for (bucket, budget) in buckets {
            let count = Charge {
                bucket,
                budget,
                lock: Lock::Refuses,
            };
            match attempt.charge(count, origin).await {
                Err(AuthError::Throttled { .. }) => return Ok(false),
                charged => charged?,
            }
        }
        attempt.fail().await;
        Ok(true)
    }
}
