//! Clients that take their time, so that nobody holds a connection for ever.
//!
//! actix-http bounds the first head of a connection and idleness behind a request that was read to its
//! end. The rest is here: the body, and a connection on which nothing is being answered.

mod body;
mod connection;

pub(crate) use self::body::bound_body;
pub(crate) use self::connection::{note_request, watch};
