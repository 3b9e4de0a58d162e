//! Two listeners at work, to their end.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::task::JoinHandle;
use anyhow::{Context as _, Error, Result};
use isogloss_core::audit::Audit;
use isogloss_core::directory::Directory;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::fill::Rest;
use crate::management::Readiness;
use crate::usage::Usage;
use crate::{supervisor, traces};

/// Two listeners at work.
pub(super) struct Running {
    pub(super) public: ServerHandle,
    pub(super) inner: ServerHandle,
    pub(super) servers: [JoinHandle<std::io::Result<()>>; 2],
    pub(super) housekeeping: Vec<JoinHandle<()>>,
    pub(super) audit: Audit,
    pub(super) usage: Usage,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) filling: Rest,
    pub(super) readiness: Readiness,
    pub(super) drain_delay: Duration,
}

impl Running {
    pub(super) async fn until_the_end(self, signals: &mut Signals) -> Result<()> {
        supervisor::ready();
        tokio::select! {
            () = signals.next() => {}
            error = failure(self.filling) => {
                self.audit.close().await;
                return Err(error);
            }
        }
        supervisor::stopping();
        info!("shutting down: requests under way are finished; a second signal cuts them off");
        let finish = async {
            // Requests that were sent before the signal may still wait for their turn. Probes see
            // the end coming; only then nobody is let in any more.
            self.readiness.end();
            sleep(self.drain_delay).await;
            self.public.stop(true).await;
        };
        tokio::select! {
            () = finish => {}
            () = signals.next() => {
                warn!("requests under way are cut off");
                self.public.stop(false).await;
            }
        }
        self.inner.stop(true).await;
        for server in self.servers {
            server.await.context("a listener ended badly")??;
        }
        for task in self.housekeeping {
            task.abort();
        }
        self.usage.close(self.directory.clone()).await;
        self.audit.close().await;
        traces::finish().await;
        Ok(())
    }
}

/// Comes only if the directory file turns out to be one that cannot be applied.
async fn failure(filling: Rest) -> Error {
    match filling.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    }
}

/// What asks us to stop.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
