//! Limits of how many calls are sent at once, and how many wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::SendError;
use crate::settings::Settings;

/// Admits calls to a back end, in the order of their arrival.
pub(crate) struct Admission {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    queue_timeout: Duration,
}

impl Admission {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(settings.connections)),
            waiting: AtomicUsize::new(0),
            queue: settings.queue,
            queue_timeout: settings.queue_timeout,
        }
    }

    /// Returns the number of calls that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Waits until the call may be sent. The permit ends with the returned value.
    ///
    /// # Errors
    /// `Overloaded` if the queue is full, or the call has waited too long.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, SendError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let overloaded = || SendError::overloaded(self.queue_timeout);
        let _waiting = Waiting::new(self).ok_or_else(overloaded)?;
        let permit = Arc::clone(&self.permits).acquire_owned();
        match timeout(self.queue_timeout, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(overloaded()),
        }
    }
}

/// A place in the queue.
struct Waiting<'a>(&'a Admission);

impl<'a> Waiting<'a> {
    /// Takes a place, or returns `None` if the queue is full.
    fn new(admission: &'a Admission) -> Option<Self> {
        let place = Self(admission);
        let before = admission.waiting.fetch_add(1, Ordering::Relaxed);
        (before < admission.queue).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
