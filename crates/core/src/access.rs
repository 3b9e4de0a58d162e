//! Result of replacing the credentials for a server while the gateway runs.

/// Result of replacing the credentials for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessChange {
    /// The new credentials are used from now on.
    Made,
    /// The new credentials are for another server or database, which is opened only when the gateway starts.
    /// Nothing has changed.
    NeedsRestart,
}
