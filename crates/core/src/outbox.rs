//! E-mails that are written and sent after the response to their request.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::audit::RequestContext;
use crate::mail::Mailer;

/// Writes and sends e-mails in separate tasks, which a shutdown waits for. Cheap to clone; clones share the
/// tasks.
#[derive(Clone)]
pub struct Outbox {
    mailer: Arc<dyn Mailer>,
    tasks: Arc<Tasks>,
}

/// E-mails that are not sent yet. Their tasks run on the runtime that outlives the workers.
struct Tasks {
    runtime: Handle,
    letters: Mutex<JoinSet<()>>,
}

impl Outbox {
    /// Returns an outbox that sends e-mails on the current runtime.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn new(mailer: Arc<dyn Mailer>) -> Self {
        Self {
            mailer,
            tasks: Arc::new(Tasks {
                runtime: Handle::current(),
                letters: Mutex::default(),
            }),
        }
    }

    /// Returns an outbox with another mailer and the same tasks.
    #[must_use]
    pub fn with_mailer(&self, mailer: Arc<dyn Mailer>) -> Self {
        Self {
            mailer,
            tasks: Arc::clone(&self.tasks),
        }
    }

    /// Starts a task that writes and sends an e-mail, and returns at once. `send` receives the mailer; its
    /// future runs in the current [`RequestContext`].
    pub fn post<F>(&self, send: impl FnOnce(Arc<dyn Mailer>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let sending = RequestContext::current().scope(send(Arc::clone(&self.mailer)));
        let mut letters = self.tasks.letters();
        while letters.try_join_next().is_some() {}
        letters.spawn_on(sending.in_current_span(), &self.tasks.runtime);
    }

    /// Waits until all e-mails are sent, for `limit` at most, and returns how many were given up because of the
    /// limit. If the returned future is dropped, no e-mail is given up: the next call waits for them.
    pub async fn close(&self, limit: Duration) -> usize {
        // An e-mail whose task panicked is no longer pending. It was logged.
        let sent = poll_fn(|context| {
            let mut letters = self.tasks.letters();
            loop {
                match ready!(letters.poll_join_next(context)) {
                    Some(_) => {}
                    None => return Poll::Ready(()),
                }
            }
        });
        if timeout(limit, sent).await.is_ok() {
            return 0;
        }
        let mut letters = self.tasks.letters();
        while letters.try_join_next().is_some() {}
        letters.abort_all();
        letters.len()
    }
}

impl Tasks {
    fn letters(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::error::StoreError;
    use crate::mail::Email;

    /// A mailer that sends as many e-mails as it has permits. Others wait.
    struct Gate(Semaphore);

    #[async_trait]
    impl Mailer for Gate {
        async fn send(&self, _: Email) -> Result<(), StoreError> {
            self.0.acquire().await.unwrap().forget();
            Ok(())
        }
    }

    fn letter() -> Email {
        Email {
            to: "ada@example.com".to_owned(),
            subject: "Your password".to_owned(),
            text: String::new(),
            html: None,
        }
    }

    fn posted(letters: usize) -> (Outbox, Arc<Gate>) {
        let gate = Arc::new(Gate(Semaphore::new(0)));
        let outbox = Outbox::new(gate.clone());
        for _ in 0..letters {
            outbox.post(|mailer| async move { mailer.send(letter()).await.unwrap() });
        }
        (outbox, gate)
    }

    #[tokio::test]
    async fn closing_waits_for_letters_and_counts_those_it_gives_up() {
        let (outbox, gate) = posted(3);
        gate.0.add_permits(1);
        while gate.0.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(outbox.close(Duration::ZERO).await, 2);
        let (outbox, gate) = posted(3);
        let release = async { gate.0.add_permits(3) };
        let (given_up, ()) = tokio::join!(outbox.close(Duration::from_secs(30)), release);
        assert_eq!(given_up, 0);
    }

    #[tokio::test]
    async fn e_mails_whose_close_is_dropped_are_counted_by_the_next_one() {
        let (outbox, _gate) = posted(3);
        let first = outbox.close(Duration::from_secs(30));
        assert!(timeout(Duration::ZERO, first).await.is_err());
        assert_eq!(outbox.close(Duration::ZERO).await, 3);
    }

    #[tokio::test]
    async fn letters_that_were_sent_are_not_kept() {
        let (outbox, gate) = posted(0);
        gate.0.add_permits(1000);
        for _ in 0..1000 {
            outbox.post(|mailer| async move { mailer.send(letter()).await.unwrap() });
            tokio::task::yield_now().await;
        }
        assert!(outbox.tasks.letters().len() < 10);
    }
}
