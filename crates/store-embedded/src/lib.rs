#![doc = include_str!("../README.md")]

mod database;
mod disk;
mod error;
mod overlay;
mod store;
mod sweep_batch;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

pub use store::EmbeddedStore;
