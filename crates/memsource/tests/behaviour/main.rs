//! What the conversations with the demo cannot show: other settings, other times, other days.

mod at_once;
mod damage;
mod host;
mod lifetimes;
mod reuse;
mod spellings;
