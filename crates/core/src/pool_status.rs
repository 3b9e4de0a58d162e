//! The status of a connection pool, for operators.

/// The connections that a store or a directory shares between its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The maximum number of connections.
    pub most: usize,
    /// The number of open connections.
    pub open: usize,
    /// The number of connections that are in use.
    pub in_use: usize,
    /// The number of callers that wait for a connection.
    pub waiting: usize,
}
