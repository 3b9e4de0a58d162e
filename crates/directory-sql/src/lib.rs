#![doc = include_str!("../README.md")]

mod event_search;
mod migrations;
mod postgres;
mod row;
mod sqlite;
#[cfg(test)]
mod tests;

pub use postgres::{AddressError, PostgresAccess, PostgresDirectory, PostgresSettings};
pub use sqlite::SqliteDirectory;
