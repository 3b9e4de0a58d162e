//! Connections that break before the answer arrives.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::servers::Server;
use super::{at, settings, store};
use crate::store::TokenStore as _;
use crate::store::contract::{HOUR, NOW, digest, record};
use uuid::Uuid;

/// Passes everything on, until a command comes that is to lose its answer: that is executed, and
/// then the connection is cut.
struct Cutter {
    port: u16,
    command: Arc<Mutex<Option<&'static str>>>,
}

impl Cutter {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let command = Arc::<Mutex<Option<&'static str>>>::default();
        let cut = command.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap();
                let cut = cut.clone();
                thread::spawn(move || pass_on(client, server, &cut));
            }
        });
        Self { port, command }
    }

    /// Cuts the connection on which this command comes next, once.
    fn cut(&self, command: &'static str) {
        *self.command.lock().unwrap() = Some(command);
    }
}

fn pass_on(mut client: TcpStream, mut server: TcpStream, cut: &Mutex<Option<&'static str>>) {
    let mut bytes = vec![0; 65536];
    while let Ok(length) = client.read(&mut bytes)
        && length > 0
    {
        let asked = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let is_cut = cut
            .lock()
            .unwrap()
            .take_if(|command| asked.contains(*command));
        let sent = server.write_all(&bytes[..length]);
        // One reply, small enough to come in one piece.
        let Ok(length) = server.read(&mut bytes) else {
            break;
        };
        if is_cut.is_some() || sent.is_err() || client.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    drop(client.shutdown(Shutdown::Both));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_asked_twice_is() {
    let server = Server::start(&[]).unwrap();
    let cutter = Cutter::before(server.port());
    let store = store(&settings(at(cutter.port)));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    cutter.cut("GET");
    assert_eq!(store.get(digest(1)).await.unwrap().as_deref(), Some(&kept));
    cutter.cut("SET");
    store.put(digest(2), &kept, NOW).await.unwrap();
    assert_eq!(store.of_user(kept.user).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_token_whose_answer_is_lost_is_unavailable_not_absent() {
    let server = Server::start(&[]).unwrap();
    let cutter = Cutter::before(server.port());
    let store = store(&settings(at(cutter.port)));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    cutter.cut("GETDEL");
    assert!(store.take(digest(1)).await.is_err());
    // It was executed, and the second caller is told so.
    assert_eq!(store.take(digest(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_in_the_pool_are_not_noticed() {
    let server = Server::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..30 {
        store.put(digest(number), &kept, NOW).await.unwrap();
        server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        match number % 3 {
            0 => assert_eq!(
                store.take(digest(number)).await.unwrap().as_ref(),
                Some(&kept)
            ),
            1 => assert_eq!(
                store.get(digest(number)).await.unwrap().as_deref(),
                Some(&kept)
            ),
            _ => drop(store.remove_user(kept.user).await.unwrap()),
        }
    }
}
