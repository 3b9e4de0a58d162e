#![doc = include_str!("../README.md")]

mod event_search;
mod key_page;
mod migrations;
mod postgres;
mod refusal_search;
mod row;
mod sqlite;
mod subject_search;
#[cfg(test)]
mod tests;
mod usage_clients;
mod user_filter;

pub use postgres::{AddressError, PostgresAccess, PostgresDirectory, PostgresSettings};
pub use sqlite::SqliteDirectory;
