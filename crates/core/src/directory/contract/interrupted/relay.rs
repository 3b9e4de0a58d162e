//! A network between a directory and its server in which connections fall silent: nothing is closed, and
//! nothing comes any more. Connections made later are not affected.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

pub(super) struct Relay {
    port: u16,
    links: Arc<Mutex<Vec<Arc<AtomicBool>>>>,
    trigger: Arc<Mutex<Option<Trigger>>>,
}

/// What silences a connection.
struct Trigger {
    sent: Vec<u8>,
    is_forwarded: bool,
}

impl Relay {
    /// Forwards to the server of an address.
    pub(super) fn to(address: &str) -> Self {
        let (_, place) = address.split_once('@').unwrap();
        let (server, _) = place.split_once('/').unwrap();
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            port: listener.local_addr().unwrap().port(),
            links: Arc::default(),
            trigger: Arc::default(),
        };
        let (links, trigger) = (Arc::clone(&relay.links), Arc::clone(&relay.trigger));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).unwrap();
                let silent = Arc::<AtomicBool>::default();
                links.lock().unwrap().push(Arc::clone(&silent));
                let ways = [
                    (
                        client.try_clone().unwrap(),
                        server.try_clone().unwrap(),
                        None,
                    ),
                    (server, client, Some(())),
                ];
                for (from, to, back) in ways {
                    let link = Link {
                        silent: Arc::clone(&silent),
                        trigger: back.is_none().then(|| Arc::clone(&trigger)),
                    };
                    thread::spawn(move || link.forward(from, to));
                }
            }
        });
        relay
    }

    /// Returns the address that leads through here.
    pub(super) fn address(&self, of: &str) -> String {
        let (user, place) = of.split_once('@').unwrap();
        let (_, database) = place.split_once('/').unwrap();
        format!("{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Silences all connections that there are.
    pub(super) fn silence(&self) {
        for link in self.links.lock().unwrap().iter() {
            link.store(true, Ordering::SeqCst);
        }
    }

    /// Silences the first connection over which the client sends this, before it is forwarded.
    pub(super) fn silence_at(&self, sent: &str) {
        self.arm(sent, false);
    }

    /// Silences the first connection over which the client sends this: the server gets it, and its response
    /// is lost.
    pub(super) fn lose_response_to(&self, sent: &str) {
        self.arm(sent, true);
    }

    fn arm(&self, sent: &str, is_forwarded: bool) {
        let sent = sent.as_bytes().to_vec();
        *self.trigger.lock().unwrap() = Some(Trigger { sent, is_forwarded });
    }

    /// Whether a connection has been silenced.
    pub(super) fn has_silenced(&self) -> bool {
        let links = self.links.lock().unwrap();
        links.iter().any(|link| link.load(Ordering::SeqCst))
    }
}

struct Link {
    silent: Arc<AtomicBool>,
    /// What silences the link, if this is the client's side.
    trigger: Option<Arc<Mutex<Option<Trigger>>>>,
}

impl Link {
    fn forward(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let is_forwarded = self.meet(&buffer[..count]);
            if self.silent.load(Ordering::SeqCst) && !is_forwarded {
                // What comes is swallowed, and nothing is closed.
                continue;
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        if !self.silent.load(Ordering::SeqCst) {
            drop(to.shutdown(std::net::Shutdown::Both));
        }
    }

    /// Whether what silences the link from now on is forwarded itself.
    fn meet(&self, sent: &[u8]) -> bool {
        let Some(trigger) = &self.trigger else {
            return false;
        };
        let mut trigger = trigger.lock().unwrap();
        let is_met = |trigger: &mut Trigger| {
            let mut parts = sent.windows(trigger.sent.len());
            parts.any(|part| part == trigger.sent)
        };
        let Some(met) = trigger.take_if(is_met) else {
            return false;
        };
        self.silent.store(true, Ordering::SeqCst);
        met.is_forwarded
    }
}
