//! A relay before a server that makes single connections silent: open, and nothing passes.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::store::redis::engine::Engine;

const GLANCE: Duration = Duration::from_millis(2);

/// A relay before a server.
pub(super) struct Relay {
    port: u16,
    /// Where the next connections go.
    server: Arc<Mutex<u16>>,
    passing: Arc<Mutex<Vec<Arc<Passing>>>>,
    gate: Arc<Gate>,
    _engine: Engine,
}

/// Holds new connections until it is opened.
#[derive(Default)]
struct Gate {
    is_closed: AtomicBool,
    held: AtomicUsize,
}

/// A connection.
#[derive(Default)]
struct Passing {
    sent: Mutex<Vec<u8>>,
    is_silent: AtomicBool,
    has_ended: AtomicBool,
}

impl Relay {
    pub(super) fn before(server: u16) -> Self {
        let engine = Engine::start().unwrap();
        let listening = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listening.set_nonblocking(true).unwrap();
        let port = listening.local_addr().unwrap().port();
        let server = Arc::new(Mutex::new(server));
        let passing = Arc::<Mutex<Vec<Arc<Passing>>>>::default();
        let gate = Arc::<Gate>::default();
        let (to, all) = (Arc::clone(&server), Arc::clone(&passing));
        let held_by = Arc::clone(&gate);
        engine.handle().unwrap().spawn(async move {
            let listener = TcpListener::from_std(listening).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                let one = Arc::<Passing>::default();
                all.lock().unwrap().push(Arc::clone(&one));
                let (server, gate) = (*to.lock().unwrap(), Arc::clone(&held_by));
                tokio::spawn(async move {
                    gate.held.fetch_add(1, Ordering::Relaxed);
                    while gate.is_closed.load(Ordering::Relaxed) {
                        sleep(GLANCE).await;
                    }
                    gate.held.fetch_sub(1, Ordering::Relaxed);
                    pass(client, server, one).await;
                });
            }
        });
        Self {
            port,
            server,
            passing,
            gate,
            _engine: engine,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Leads connections to another server from now on.
    pub(super) fn lead_to(&self, server: u16) {
        *self.server.lock().unwrap() = server;
    }

    /// Holds the connections that are made from now on.
    pub(super) fn hold(&self) {
        self.gate.is_closed.store(true, Ordering::Relaxed);
    }

    /// How many connections are held.
    pub(super) fn held(&self) -> usize {
        self.gate.held.load(Ordering::Relaxed)
    }

    /// Lets them pass.
    pub(super) fn release(&self) {
        self.gate.is_closed.store(false, Ordering::Relaxed);
    }

    /// Makes those connections silent whose client has sent one of the first words and none of the others, and
    /// returns how many.
    pub(super) fn silence(&self, sent: &str, but_not: &str) -> usize {
        let passing = self.passing.lock().unwrap();
        let chosen = passing.iter().filter(|one| {
            let bytes = one.sent.lock().unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let is_open = !one.has_ended.load(Ordering::Relaxed);
            is_open && text.contains(sent) && (but_not.is_empty() || !text.contains(but_not))
        });
        chosen
            .filter(|one| !one.is_silent.swap(true, Ordering::Relaxed))
            .count()
    }
}

async fn pass(client: TcpStream, server: u16, one: Arc<Passing>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut bytes = vec![0; 65536];
        while let Ok(length) = from_client.read(&mut bytes).await
            && length > 0
        {
            one.sent.lock().unwrap().extend(&bytes[..length]);
            while one.is_silent.load(Ordering::Relaxed) {
                sleep(GLANCE).await;
            }
            if to_server.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    };
    let back = async {
        let mut bytes = vec![0; 65536];
        while let Ok(length) = from_server.read(&mut bytes).await
            && length > 0
        {
            while one.is_silent.load(Ordering::Relaxed) {
                sleep(GLANCE).await;
            }
            if to_client.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { () = there => {}, () = back => {} }
    one.has_ended.store(true, Ordering::Relaxed);
}
