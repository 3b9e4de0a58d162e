//! Credentials that are replaced while a server is used.

/// What became of other credentials for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessChange {
    /// They are used from now on.
    Made,
    /// They are for another server or database, which is opened at a start only. Nothing has changed.
    NeedsRestart,
}
