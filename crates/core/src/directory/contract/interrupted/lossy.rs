//! A network between a directory and its server that loses a text, or what is answered to it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What becomes of a connection once its client sends a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The text does not arrive, and nothing is closed.
    SilentBefore,
    /// The text arrives; then nothing comes any more, and nothing is closed.
    SilentAfter,
    /// The connection ends before the text arrives.
    EndedBefore,
    /// The text arrives, and the connection ends instead of an answer.
    EndedAfter,
}

impl Fate {
    pub(super) const ALL: [Self; 4] = [
        Self::SilentBefore,
        Self::SilentAfter,
        Self::EndedBefore,
        Self::EndedAfter,
    ];

    pub(super) fn lets_arrive(self) -> bool {
        matches!(self, Self::SilentAfter | Self::EndedAfter)
    }

    fn is_silent(self) -> bool {
        matches!(self, Self::SilentBefore | Self::SilentAfter)
    }
}

type Plan = Arc<Mutex<Option<(Vec<u8>, Fate)>>>;

pub(super) struct Lossy {
    port: u16,
    plan: Plan,
    silences: Arc<Mutex<Vec<Arc<AtomicBool>>>>,
}

impl Lossy {
    /// Forwards to the server of an address.
    pub(super) fn to(address: &str) -> Self {
        let (_, place) = address.split_once('@').unwrap();
        let (server, _) = place.split_once('/').unwrap();
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let lossy = Self {
            port: listener.local_addr().unwrap().port(),
            plan: Plan::default(),
            silences: Arc::default(),
        };
        let (plan, silences) = (Arc::clone(&lossy.plan), Arc::clone(&lossy.silences));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).unwrap();
                let is_silent = Arc::<AtomicBool>::default();
                let mut all = silences.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(Arc::clone(&is_silent));
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (plan, silent) = (Arc::clone(&plan), Arc::clone(&is_silent));
                thread::spawn(move || forward(from, to, &silent, Some(&plan)));
                thread::spawn(move || forward(server, client, &is_silent, None));
            }
        });
        lossy
    }

    /// Returns the address that leads through here.
    pub(super) fn address(&self, of: &str) -> String {
        let (user, place) = of.split_once('@').unwrap();
        let (_, database) = place.split_once('/').unwrap();
        format!("{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Plans the fate of the connection over which this text is sent next.
    pub(super) fn plan(&self, text: &str, fate: Fate) {
        *self.plan.lock().unwrap() = Some((text.into(), fate));
    }

    /// Whether no planned fate is outstanding.
    pub(super) fn is_done(&self) -> bool {
        self.plan.lock().unwrap().is_none()
    }

    /// Silences all connections that there are.
    pub(super) fn silence(&self) {
        for silent in self.silences.lock().unwrap().iter() {
            silent.store(true, Ordering::SeqCst);
        }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, is_silent: &AtomicBool, plan: Option<&Plan>) {
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let sent = &buffer[..count];
        let fate = plan.and_then(|plan| {
            let mut plan = plan.lock().unwrap();
            let is_met = |(text, _): &mut (Vec<u8>, Fate)| {
                let mut parts = sent.windows(text.len());
                parts.any(|part| part == text.as_slice())
            };
            plan.take_if(is_met).map(|(_, fate)| fate)
        });
        if fate.is_some() {
            // No answer passes from here on.
            is_silent.store(true, Ordering::SeqCst);
        }
        let passes = fate.map_or(!is_silent.load(Ordering::SeqCst), Fate::lets_arrive);
        if passes && to.write_all(sent).is_err() {
            break;
        }
        if fate.is_some_and(|fate| !fate.is_silent()) {
            drop(from.shutdown(Shutdown::Both));
            if fate.is_some_and(|fate| !fate.lets_arrive()) {
                drop(to.shutdown(Shutdown::Both));
            }
            return;
        }
    }
    if !is_silent.load(Ordering::SeqCst) {
        drop(to.shutdown(Shutdown::Both));
    }
}
