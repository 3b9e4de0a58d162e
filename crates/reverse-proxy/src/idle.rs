//! Connections to one address that wait for the next call of a thread.

use std::cell::RefCell;

use tokio::task::yield_now;

use crate::connection::Connection;
use crate::watch::Phase;

/// Connections without a call. Each is closed after its time limit, by its own task.
#[derive(Default)]
pub(crate) struct IdleConnections(RefCell<Vec<Connection>>);

impl IdleConnections {
    /// Takes the connection that was used last, if one is open.
    pub(crate) async fn take(&self) -> Option<Connection> {
        if self.0.borrow().is_empty() {
            return None;
        }
        // The runtime looks for events then, and tasks whose connection the back end has closed end before this one goes on.
        yield_now().await;
        let mut idle = self.0.borrow_mut();
        while let Some(connection) = idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    /// Adds a connection, unless it cannot be used again.
    pub(crate) fn put(&self, connection: Connection) {
        let mut idle = self.0.borrow_mut();
        idle.retain(Connection::is_ready);
        if connection.is_ready() {
            connection.watch().enter(Phase::Idle);
            idle.push(connection);
        }
    }

    /// Returns the number of connections, with those that were closed lately.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}
