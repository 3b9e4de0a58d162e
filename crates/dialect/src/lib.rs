//! What all dialects share: how pages of other origins may call them.

pub mod cors;
