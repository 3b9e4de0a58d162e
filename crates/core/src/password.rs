//! Bcrypt on threads of its own: as many as asked for, with a queue that has an end.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::error::{AuthError, StoreError};

/// Bcrypt reads no further than this.
const LONGEST_PASSWORD_BYTES: usize = 72;

/// What a refused login is told: by then a queue of the default length has drained.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How passwords are hashed.
#[derive(Debug, Clone, Copy)]
pub struct PasswordSettings {
    /// Bcrypt's cost, 4 to 31: each step doubles the time.
    pub bcrypt_cost: u32,
    /// Hashing threads; `None` takes as many as there are cores.
    pub threads: Option<NonZeroUsize>,
    /// How many logins may wait for a thread before further ones are refused.
    pub queue: usize,
}

/// Why a password cannot be set.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// Nothing at all.
    #[error("a password cannot be empty")]
    Empty,
    /// Bcrypt would cut it off.
    #[error("a password may have 72 bytes at most")]
    TooLong,
    /// Bcrypt implementations end a password there.
    #[error("a password cannot hold a NUL byte")]
    Nul,
    /// The cost is outside bcrypt's range, or the system gave no random salt.
    #[error("bcrypt: {0}")]
    Bcrypt(String),
    /// No thread was free to hash it, or what was to be asked besides was refused.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The hashing threads. They end when the last copy of this is dropped.
#[derive(Clone)]
pub struct Passwords {
    jobs: SyncSender<Job>,
    cost: u32,
    threads: usize,
    decoy: String,
}

struct Job {
    password: SecretString,
    task: Task,
}

enum Task {
    Verify(String, oneshot::Sender<bool>),
    Hash(u32, oneshot::Sender<Result<String, PasswordError>>),
}

impl Passwords {
    /// Starts the threads.
    pub fn start(settings: PasswordSettings) -> Result<Self, PasswordError> {
        let decoy = bcrypt::hash("decoy", settings.bcrypt_cost)
            .map_err(|error| PasswordError::Bcrypt(error.to_string()))?;
        let threads = settings
            .threads
            .or_else(|| thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let (jobs, queue) = sync_channel(settings.queue.max(1));
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("bcrypt-{number}"))
                .spawn(move || work(&queue))
                .map_err(|error| AuthError::Unavailable(gone(error)))?;
        }
        Ok(Self {
            jobs,
            cost: settings.bcrypt_cost,
            threads,
            decoy,
        })
    }

    /// How many hashes are made at once.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Whether the password fits the hash. Without a hash (no such user) the answer is no, for
    /// the price of a hash at the configured cost.
    pub async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, AuthError> {
        let known = hash.is_some() && !password.expose_secret().contains('\0');
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let (answer, verdict) = oneshot::channel();
        self.enqueue(Job {
            password,
            task: Task::Verify(hash, answer),
        })?;
        let fits = verdict.await.map_err(gone)?;
        Ok(fits && known)
    }

    /// Hashes a password that is to be set, at the configured cost.
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        check_new_password(password.expose_secret())?;
        let (answer, hash) = oneshot::channel();
        self.enqueue(Job {
            password,
            task: Task::Hash(self.cost, answer),
        })?;
        hash.await
            .map_err(|error| AuthError::Unavailable(gone(error)))?
    }

    /// Whether a hash is one that [`Passwords::hash`] would make today.
    pub fn is_current(&self, hash: &str) -> bool {
        hash.parse::<bcrypt::HashParts>()
            .is_ok_and(|parts| parts.get_cost() == self.cost)
    }

    fn enqueue(&self, job: Job) -> Result<(), AuthError> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => AuthError::Overloaded {
                retry_after: RETRY_AFTER,
            },
            TrySendError::Disconnected(_) => AuthError::Unavailable(gone("no thread is left")),
        })
    }
}

/// Whether text is a bcrypt hash, of whichever minor version and cost.
pub(crate) fn is_bcrypt(hash: &str) -> bool {
    hash.parse::<bcrypt::HashParts>().is_ok()
}

fn check_new_password(password: &str) -> Result<(), PasswordError> {
    if password.is_empty() {
        Err(PasswordError::Empty)
    } else if password.len() > LONGEST_PASSWORD_BYTES {
        Err(PasswordError::TooLong)
    } else if password.contains('\0') {
        Err(PasswordError::Nul)
    } else {
        Ok(())
    }
}

fn gone(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("password hashing", error)
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { password, task }) = job else {
            return;
        };
        match task {
            // The client that asked may have gone: then nobody needs the answer.
            Task::Verify(_, answer) if answer.is_closed() => {}
            Task::Verify(hash, answer) => {
                let fits = bcrypt::verify(password.expose_secret(), &hash).unwrap_or(false);
                // A closed channel means that the client went while we hashed.
                let _ = answer.send(fits);
            }
            Task::Hash(cost, answer) => {
                let hash = bcrypt::hash(password.expose_secret(), cost)
                    .map_err(|error| PasswordError::Bcrypt(error.to_string()));
                let _ = answer.send(hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(queue: usize) -> Passwords {
        Passwords::start(PasswordSettings {
            bcrypt_cost: 4,
            threads: NonZeroUsize::new(1),
            queue,
        })
        .unwrap()
    }

    #[tokio::test]
    async fn the_right_password_fits_and_others_do_not() {
        let passwords = passwords(8);
        let hash = passwords.hash("pässword".into()).await.unwrap();
        assert!(
            passwords
                .verify("pässword".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("passwort".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("pässword\0".into(), Some(hash))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("decoy".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_that_bcrypt_would_cut_is_not_set() {
        let passwords = passwords(8);
        for (password, error) in [
            ("", "a password cannot be empty"),
            (&"x".repeat(73), "a password may have 72 bytes at most"),
            ("a\0b", "a password cannot hold a NUL byte"),
        ] {
            let refused = passwords.hash(password.into()).await.unwrap_err();
            assert_eq!(refused.to_string(), error);
        }
        assert!(passwords.hash("x".repeat(72).into()).await.is_ok());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_serves_again_later() {
        let passwords = passwords(2);
        let hash = bcrypt::hash("slow", 8).unwrap();
        let tries = (0..32).map(|_| passwords.verify("slow".into(), Some(hash.clone())));
        let answers = futures_util::future::join_all(tries).await;
        let served = answers
            .iter()
            .filter(|answer| matches!(answer, Ok(true)))
            .count();
        let refused = answers
            .iter()
            .filter(|answer| matches!(answer, Err(AuthError::Overloaded { .. })))
            .count();
        assert!((2..=4).contains(&served), "{served}");
        assert_eq!(served + refused, 32);
        assert!(passwords.verify("slow".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn who_is_not_there_costs_a_hash_like_anybody() {
        let passwords = passwords(1);
        let slow = bcrypt::hash("slow", 8).unwrap();
        let known = (0..8).map(|_| Some(slow.clone()));
        let tries = known.chain([None]);
        let tries = tries.map(|hash| passwords.verify("slow".into(), hash));
        let answers = futures_util::future::join_all(tries).await;
        // Had it been told at once, it would not have met the full queue.
        let unknown = answers.last().unwrap();
        assert!(matches!(unknown, Err(AuthError::Overloaded { .. })));
        assert!(!passwords.verify("slow".into(), None).await.unwrap());
    }
}
