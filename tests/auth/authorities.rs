//! Logins whose password an authority judges.

mod failures;
mod first_logins;
mod large_directory;
mod limits;
mod links;
mod recorded;
mod synchronised;
mod timing;
mod trust;

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use isogloss_core::audit::Audit;
use isogloss_core::authority::{
    Authority, AuthorityMode, AuthoritySettings, Cause, CauseKind, CheckStep, Decision, Identity,
    JudgeRequest, ListedUser, MatchBy, MaxDisable, UnknownUsers, UserList,
};
use isogloss_core::throttle::{Budget, MemoryThrottle, Throttle};
use isogloss_core::{Language, Role, UserState};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::*;

const QUARTER: Duration = Duration::from_mins(15);

/// An authority that follows a script.
pub(super) struct Scripted {
    people: Mutex<HashMap<String, Person>>,
    /// What it answers to everything, if it is set.
    fault: Mutex<Option<Decision>>,
    /// Every password that arrived, with the name.
    asked: Mutex<Vec<String>>,
    /// Each answer takes one of these.
    gate: Semaphore,
    delay: Mutex<Duration>,
    /// What it lists; `None` if it cannot list its users.
    list: Mutex<Option<Vec<Result<ListedUser, Cause>>>>,
}

/// A user of the authority.
#[derive(Clone)]
struct Person {
    password: String,
    identity: Identity,
    /// What it says if the password is right; `None`: that it accepts the user.
    instead: Option<Decision>,
}

impl Scripted {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            people: Mutex::default(),
            fault: Mutex::default(),
            asked: Mutex::default(),
            gate: Semaphore::new(1_000_000),
            delay: Mutex::default(),
            list: Mutex::default(),
        })
    }

    /// Adds a user with the password `there`.
    fn with(self: Arc<Self>, login: &str, identity: Identity) -> Arc<Self> {
        self.change(login, |person| person.identity = identity);
        self
    }

    fn change(&self, login: &str, change: impl FnOnce(&mut Person)) {
        let mut people = self.people.lock().unwrap();
        change(people.entry(login.to_owned()).or_insert_with(|| Person {
            password: "there".to_owned(),
            identity: Identity::default(),
            instead: None,
        }));
    }

    fn fail(&self, kind: CauseKind) {
        *self.fault.lock().unwrap() = Some(Decision::Unavailable(Cause::new(kind, "a test")));
    }

    fn recover(&self) {
        *self.fault.lock().unwrap() = None;
    }

    /// Returns how many passwords arrived.
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn decide(&self, request: &JudgeRequest<'_>) -> Decision {
        if let Some(fault) = &*self.fault.lock().unwrap() {
            return fault.clone();
        }
        let people = self.people.lock().unwrap();
        let by_id = |id| people.values().find(|one| one.identity.external_id == id);
        let person = match request.external_id {
            Some(id) => by_id(id),
            None => people.get(request.login),
        };
        let Some(person) = person else {
            return Decision::UnknownUser;
        };
        if person.password != request.password.expose_secret() {
            return Decision::Rejected;
        }
        let accepted = || Decision::Accepted(Box::new(person.identity.clone()));
        person.instead.clone().unwrap_or_else(accepted)
    }
}

#[async_trait]
impl Authority for Scripted {
    async fn judge(&self, request: &JudgeRequest<'_>) -> Decision {
        let pair = format!("{} {}", request.login, request.password.expose_secret());
        self.asked.lock().unwrap().push(pair);
        self.gate.acquire().await.unwrap().forget();
        let delay = *self.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.decide(request)
    }

    async fn check(&self, _: Option<&str>, _: Option<&SecretString>) -> Vec<CheckStep> {
        Vec::new()
    }

    fn users(&self) -> Option<UserList<'_>> {
        let list = self.list.lock().unwrap().clone();
        list.map(|list| stream::iter(list).boxed())
    }
}

fn settings(name: &str) -> AuthoritySettings {
    AuthoritySettings {
        name: name.to_owned(),
        mode: AuthorityMode::Delegate,
        unknown_users: UnknownUsers::Create,
        match_by: None,
        organisation: Some("ACME".to_owned()),
        mapped_organisations: Vec::new(),
        any_organisation: false,
        highest_role: Role::Linguist,
        trust: Duration::ZERO,
        trust_while_unavailable: Duration::ZERO,
        timeout: Duration::from_secs(5),
        concurrency: 16,
        attempts: Budget {
            tries: 3,
            refill: QUARTER,
            first_lock: QUARTER,
            longest_lock: QUARTER,
        },
        sync: Duration::ZERO,
        max_disable: MaxDisable::default(),
    }
}

fn adopting(name: &str) -> AuthoritySettings {
    AuthoritySettings {
        mode: AuthorityMode::Adopt,
        ..settings(name)
    }
}

fn identity(external_id: &str, user_name: &str) -> Identity {
    Identity {
        external_id: external_id.to_owned(),
        user_name: Some(user_name.to_owned()),
        ..Identity::default()
    }
}

/// Returns an authority with the user `kim`.
fn with_kim() -> Arc<Scripted> {
    Scripted::new().with("kim", identity("id-kim", "kim"))
}

async fn asking(authorities: Vec<(AuthoritySettings, &Arc<Scripted>)>) -> Fixture {
    asking_and_recording(authorities, Audit::default()).await
}

async fn asking_and_recording(
    authorities: Vec<(AuthoritySettings, &Arc<Scripted>)>,
    audit: Audit,
) -> Fixture {
    let throttle: Arc<dyn Throttle> = Arc::new(MemoryThrottle::default());
    asking_and_counting(authorities, &throttle, audit).await
}

async fn asking_and_counting(
    authorities: Vec<(AuthoritySettings, &Arc<Scripted>)>,
    throttle: &Arc<dyn Throttle>,
    audit: Audit,
) -> Fixture {
    let f = fixture().await;
    let authorities = authorities.into_iter();
    let authorities = authorities
        .map(|(settings, scripted)| (settings, Arc::clone(scripted) as Arc<dyn Authority>));
    let auth = Auth::new(AuthComponents {
        directory: f.directory.clone(),
        tokens: f.tokens.clone(),
        passwords: f.passwords.clone(),
        peppers: pepper("0123456789abcdef").into(),
        second_use: SecondUse::EndSession,
        throttle: None,
        authorities: Authorities::new(authorities.collect(), throttle),
        audit,
        clock: f.clock.clone(),
    });
    Fixture { auth, ..f }
}

impl Fixture {
    async fn login(&self, name: &str, password: &str) -> Result<User, AuthError> {
        self.auth.login(credentials(name, password)).await
    }

    /// Imports a user. `more` holds further members of the directory entry.
    async fn import(&self, name: &str, more: &str) {
        let text = format!("users = [{{ user_name = '{name}', organisation = 'ACME', {more} }}]");
        let file = File::parse(Path::new("users.toml"), &text).unwrap();
        import(self.directory.as_ref(), &self.passwords, file, |_| {})
            .await
            .unwrap();
    }

    /// Returns whether a hash of a password is stored.
    async fn has_hash(&self, name: &str) -> bool {
        let account = self.directory.account(name).await.unwrap().unwrap();
        account.password_hash.is_some()
    }
}

fn is_unavailable<T: std::fmt::Debug>(outcome: &Result<T, AuthError>) -> bool {
    matches!(outcome, Err(AuthError::Unavailable(_)))
}
