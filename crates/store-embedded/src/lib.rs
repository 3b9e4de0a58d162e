#![doc = include_str!("../README.md")]

mod disk;
mod failure;
mod overlay;
mod pace;
#[cfg(test)]
mod planting;
mod shelf;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

pub use store::EmbeddedStore;
