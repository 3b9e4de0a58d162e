//! How many connections to a server there are, for operators to see.

/// The connections that a store or a directory shares between its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// As many as there may be.
    pub most: usize,
    /// As many as there are.
    pub open: usize,
    /// How many of them are in use.
    pub in_use: usize,
    /// How many callers wait for one.
    pub waiting: usize,
}
