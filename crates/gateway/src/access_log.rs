//! The access log: a line for each request of the public listener, once its response is sent or its client is gone.
//!
//! A line has no query, no body, and no header of the request but `User-Agent`, and in one format the referrer.

mod format;
mod logged_body;
mod open_entry;
mod record;
pub(crate) mod shown_text;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use anyhow::{Context as _, Result};
use isogloss_core::Auth;
use isogloss_core::log::{LineSink, LineTarget, LogNames, LogQueue};

pub(crate) use self::open_entry::OpenEntry;
pub(crate) use self::record::AccessRecord;
use crate::client_ip::TrustedProxies;
use crate::config::{AccessFormat, LogTarget, Logging};

static NAMES: LogNames = LogNames {
    log: "access log",
    entries: "lines",
    file: "access log",
    thread: "access",
    lost: "isogloss_access_log_lost_total",
};

/// The access log of a gateway. Cheap to clone; the default logs nothing.
#[derive(Clone, Default)]
pub struct AccessLog(Option<Arc<LogQueue<AccessRecord>>>);

/// The record of a request in progress, which is in the request's extensions.
#[derive(Clone)]
struct SharedRecord(Rc<RefCell<AccessRecord>>);

impl AccessLog {
    /// Opens the access log as configured. Fails if its thread cannot be started.
    pub(crate) fn open(settings: &Logging) -> Result<Self> {
        let target = match &settings.access_to {
            LogTarget::None => return Ok(Self::default()),
            LogTarget::Stdout => LineTarget::Stdout,
            LogTarget::File(path) => LineTarget::File(path.clone()),
        };
        let line = match settings.access_format {
            AccessFormat::Json => format::json,
            AccessFormat::Common => format::common,
            AccessFormat::Combined => format::combined,
        };
        let sink = LineSink::new(&NAMES, target, line);
        let queue = LogQueue::start(&NAMES, Box::new(sink), settings.access_queue);
        let queue = queue.context("cannot start the access log")?;
        Ok(Self(Some(Arc::new(queue))))
    }

    /// Waits until all lines are written, for 5 seconds at most. Later requests are not logged.
    pub(crate) async fn close(&self) {
        if let Some(queue) = &self.0 {
            // The number of lost lines is in the log and in a metric.
            queue.close().await;
        }
    }
}

/// The access log of the application of one worker.
#[derive(Clone)]
pub(crate) struct AccessLogger {
    pub(crate) log: AccessLog,
    pub(crate) proxies: TrustedProxies,
    pub(crate) auth: Auth,
}

impl AccessLogger {
    /// Begins the entry of a request, which is written when it is dropped. Returns `None` if requests are not logged.
    pub(crate) fn begin(&self, request: &ServiceRequest) -> Option<OpenEntry> {
        let queue = Arc::clone(self.log.0.as_ref()?);
        let begun = Instant::now();
        let peer = request.peer_addr();
        let source = peer.map(|peer| self.proxies.source(peer.ip(), request.headers()));
        let record = AccessRecord::begin(request.head(), source, self.auth.now());
        let record = SharedRecord(Rc::new(RefCell::new(record)));
        request.extensions_mut().insert(record.clone());
        Some(OpenEntry::new(queue, record, begun))
    }
}

/// Changes the record of a request. Does nothing if requests are not logged.
pub(crate) fn record(request: &impl HttpMessage, change: impl FnOnce(&mut AccessRecord)) {
    if let Some(SharedRecord(record)) = request.extensions().get::<SharedRecord>() {
        change(&mut record.borrow_mut());
    }
}
