//! Runs the two listeners until the shutdown is complete.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::task::JoinHandle;
use anyhow::{Context as _, Error, Result};
use isogloss_core::Outbox;
use isogloss_core::audit::Audit;
use isogloss_core::directory::Directory;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::systemd;
use crate::access_log::AccessLog;
use crate::bootstrap::initial_import::ImportTask;
use crate::bootstrap::open_stores::OpenResource;
use crate::http::completion::InFlightRequests;
use crate::management::Readiness;
use crate::refusals::RefusalLog;
use crate::telemetry::otlp;
use crate::usage::UsageRecorder;

/// How long the management listener may take to stop, even if requests to the public one have used up the
/// shutdown timeout.
const LEAST_FOR_MANAGEMENT: Duration = Duration::from_secs(1);

/// How long connections that were accepted from an inherited socket are still read from, at least.
const LEAST_FOR_ACCEPTED: Duration = Duration::from_millis(100);

/// The two listeners while they serve, and what must be closed after them.
pub(super) struct RunningServer {
    pub(super) public: ServerHandle,
    /// Whether the socket of the public listener outlives the gateway.
    pub(super) public_is_inherited: bool,
    pub(super) inner: ServerHandle,
    pub(super) servers: [JoinHandle<std::io::Result<()>>; 2],
    pub(super) housekeeping: Vec<JoinHandle<()>>,
    pub(super) audit: Audit,
    pub(super) access_log: AccessLog,
    pub(super) refusals: RefusalLog,
    pub(super) usage: UsageRecorder,
    pub(super) directory: Arc<dyn Directory>,
    /// The directory file, which a reload may apply again at any time.
    pub(super) import: OpenResource,
    /// The part of the start that still runs.
    pub(super) import_task: ImportTask,
    pub(super) readiness: Readiness,
    pub(super) in_flight: InFlightRequests,
    pub(super) outbox: Outbox,
    pub(super) drain_delay: Duration,
    pub(super) shutdown_timeout: Duration,
}

impl RunningServer {
    /// Serves until a signal arrives, then finishes requests and closes everything. Fails if the directory file
    /// can never be applied, or a listener fails.
    pub(super) async fn run_until_shutdown(mut self, signals: &mut ShutdownSignals) -> Result<()> {
        systemd::ready();
        tokio::select! {
            () = signals.next() => {}
            error = import_error(&mut self.import_task) => {
                self.audit.close().await;
                return Err(error);
            }
        }
        systemd::stopping();
        info!("shutting down: running requests are finished; a second signal cancels them");
        let letters = tokio::select! {
            letters = self.drain() => letters,
            () = signals.next() => {
                warn!("running requests are cancelled");
                // A server that is finishing requests ignores further commands. Once its task is aborted, its
                // workers end at once.
                for server in &self.servers {
                    server.abort();
                }
                self.outbox.close(Duration::ZERO).await
            }
        };
        for server in self.servers {
            match server.await {
                Err(error) if error.is_cancelled() => {}
                ended => ended.context("a listener ended badly")??,
            }
        }
        let requests = self.in_flight.count();
        if requests > 0 || letters > 0 {
            warn!(
                requests,
                letters, "gave up requests and e-mails that were not finished in time"
            );
        }
        for task in self.housekeeping {
            task.abort();
        }
        self.import.close_with_timeout().await;
        self.usage.close(self.directory.clone()).await;
        self.refusals.close().await;
        self.audit.close().await;
        self.access_log.close().await;
        otlp::finish().await;
        Ok(())
    }
}

impl RunningServer {
    /// Finishes requests and e-mails, and returns the number of e-mails that were given up.
    async fn drain(&self) -> usize {
        // Requests that were sent before the signal may still be waiting. So the readiness check fails first,
        // and connections are refused after the delay.
        self.readiness.end();
        let mut delay = self.drain_delay;
        if self.public_is_inherited {
            // New connections wait in the socket for the next process. A server that stops closes those that it
            // has accepted and not read from, so it gets time to read from them.
            self.public.pause().await;
            delay = delay.max(LEAST_FOR_ACCEPTED);
        }
        sleep(delay).await;
        let begun = Instant::now();
        self.public.stop(true).await;
        let left = self.shutdown_timeout.saturating_sub(begun.elapsed());
        let inner = timeout(left.max(LEAST_FOR_MANAGEMENT), self.inner.stop(true));
        let (letters, stopped) = tokio::join!(self.outbox.close(left), inner);
        if stopped.is_err() {
            let [_, inner] = &self.servers;
            inner.abort();
        }
        letters
    }
}

/// Completes only if the directory file can never be applied, and returns the reason.
async fn import_error(import_task: &mut ImportTask) -> Error {
    match import_task.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    }
}

/// The signals that stop the gateway: SIGTERM and SIGINT.
pub(super) struct ShutdownSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl ShutdownSignals {
    /// Starts to listen for SIGTERM and SIGINT. Fails if the system does not allow it.
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    /// Completes when SIGTERM or SIGINT arrives.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
