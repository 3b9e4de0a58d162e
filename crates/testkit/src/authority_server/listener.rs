//! A listener that can refuse connections, or never make them.

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

use super::AuthorityFault;
use crate::servers::free_port;

/// How long a connection of loopback takes at most, if it is made at all.
const CONNECTED: Duration = Duration::from_millis(200);
/// The pause before the port is bound again: connections to it may still be closing.
const GLANCE: Duration = Duration::from_millis(5);

/// The fault, and how often it was set.
type Wanted = (u64, Option<AuthorityFault>);

/// What is done with a connection.
pub(super) trait Handler: Send + Sync + 'static {
    /// Serves a connection that was accepted while there was that fault.
    fn handle(self: Arc<Self>, stream: TcpStream, fault: Fault) -> impl Future<Output = ()> + Send;
}

/// The fault when a connection was accepted, and whether it is over.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) kind: Option<AuthorityFault>,
    number: u64,
    wanted: watch::Receiver<Wanted>,
}

impl Fault {
    /// Returns when another fault has been set, or none.
    pub(super) async fn over(&mut self) {
        let number = self.number;
        // An error means that the listener has stopped.
        drop(self.wanted.wait_for(|(now, _)| *now != number).await);
    }
}

/// A listener with faults. It stops, and closes its connections, when it is dropped.
pub(super) struct FaultyListener {
    address: SocketAddr,
    wanted: watch::Sender<Wanted>,
    applied: Arc<Applied>,
    runtime: Option<Runtime>,
}

/// The number of the fault that is in force.
#[derive(Default)]
struct Applied {
    number: Mutex<u64>,
    changed: Condvar,
}

impl FaultyListener {
    /// Starts to listen at a free port, and lets `handler` serve each connection.
    pub(super) fn start(handler: Arc<impl Handler>) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_io()
            .enable_time()
            .build()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let (wanted, changes) = watch::channel((1, None));
        let applied = Arc::<Applied>::default();
        runtime.spawn(run(address, changes, handler, Arc::clone(&applied)));
        applied.wait_for(1);
        Ok(Self {
            address,
            wanted,
            applied,
            runtime: Some(runtime),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the fault of connections from now on. Returns when it is in force.
    pub(super) fn set_fault(&self, fault: Option<AuthorityFault>) {
        let mut number = 0;
        self.wanted.send_modify(|(now, kind)| {
            *now += 1;
            *kind = fault;
            number = *now;
        });
        self.applied.wait_for(number);
    }
}

impl Drop for FaultyListener {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Applied {
    fn set(&self, number: u64) {
        *self.number.lock().unwrap_or_else(PoisonError::into_inner) = number;
        self.changed.notify_all();
    }

    fn wait_for(&self, number: u64) {
        let applied = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |applied: &mut u64| *applied < number;
        drop(self.changed.wait_while(applied, is_old));
    }
}

async fn run(
    address: SocketAddr,
    mut changes: watch::Receiver<Wanted>,
    handler: Arc<impl Handler>,
    applied: Arc<Applied>,
) {
    let mut listener = None;
    loop {
        let (number, kind) = *changes.borrow_and_update();
        let is_over = match kind {
            Some(AuthorityFault::Refuse) => {
                listener = None;
                applied.set(number);
                changes.changed().await
            }
            Some(AuthorityFault::HangAtConnect) => {
                drop(listener.take());
                let full = full_queue(address).await;
                applied.set(number);
                let is_over = changes.changed().await;
                drop(full);
                is_over
            }
            _ => {
                let open = match listener.take() {
                    Some(open) => open,
                    None => bind(address).await,
                };
                applied.set(number);
                let fault = Fault {
                    kind,
                    number,
                    wanted: changes.clone(),
                };
                let is_over = loop {
                    tokio::select! {
                        is_over = changes.changed() => break is_over,
                        accepted = open.accept() => if let Ok((stream, _)) = accepted {
                            // Where it fails, bytes come a little later.
                            drop(stream.set_nodelay(true));
                            tokio::spawn(Arc::clone(&handler).handle(stream, fault.clone()));
                        },
                    }
                };
                listener = Some(open);
                is_over
            }
        };
        if is_over.is_err() {
            return;
        }
    }
}

/// Binds the port, again and again until it is free: connections of the listener before may still be closing.
async fn bind(address: SocketAddr) -> TcpListener {
    loop {
        let bound = StdListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        });
        if let Ok(listener) = bound {
            return listener;
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Returns a listener whose queue is full, with what fills it: the system drops packets of further clients.
async fn full_queue(address: SocketAddr) -> (Socket, Vec<TcpStream>) {
    let listener = loop {
        let bound = Socket::new(Domain::IPV4, Type::STREAM, None).and_then(|socket| {
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            socket.listen(0)?;
            Ok(socket)
        });
        match bound {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(GLANCE).await,
        }
    };
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(CONNECTED, TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    (listener, waiting)
}
