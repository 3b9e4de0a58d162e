//! systemd, or a service manager with the same protocol: takes sockets that it has bound, and notifies it.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tracing::debug;

/// Returns the socket with that name (`FileDescriptorName=` of a unit), or `None` if none was passed. Fails if
/// a passed descriptor is not a TCP socket.
pub(crate) fn socket(name: &str) -> io::Result<Option<TcpListener>> {
    let mut passed = ListenFd::from_env();
    let names = names();
    let index = names.iter().position(|other| other == name);
    let Some(index) = index.filter(|index| *index < passed.len()) else {
        return Ok(None);
    };
    let socket = passed.take_tcp_listener(index);
    if let Ok(Some(socket)) = &socket {
        socket.set_nonblocking(true)?;
    }
    socket
}

/// Returns the names of the passed sockets.
#[expect(clippy::disallowed_methods, reason = "this is no setting of ours")]
fn names() -> Vec<String> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    names.split(':').map(str::to_owned).collect()
}

/// Notifies the service manager that both listeners serve.
pub(crate) fn ready() {
    notify(NotifyState::Ready);
}

/// Notifies the service manager that the gateway is stopping.
pub(crate) fn stopping() {
    notify(NotifyState::Stopping);
}

/// Notifies the service manager of the gateway's new state. A failure is only logged, at level `debug`.
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        debug!(%error, "cannot notify the service manager");
    }
}
