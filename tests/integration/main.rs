//! The gateway as a process: with its stores, its clients, its commands and the proxies in front of it.
//!
//! [`faults`] and [`hardening`] depend on how busy the machine is. `make test` runs them by themselves, two tests at a
//! time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access_log;
mod account_page;
mod admin_api;
mod architecture;
mod audit;
mod authority_operation;
mod back_end;
mod back_end_clients;
mod backup;
mod bimplus_mail;
mod browser;
mod cli;
mod config;
mod console;
mod container;
mod dialect_switches;
mod directory_tables;
mod doctor;
mod explain;
mod faults;
mod first_logins;
mod hardening;
mod hostile;
mod imports;
mod introspection;
mod jwt;
mod links;
mod mail;
mod manual;
mod marked_secrets;
mod metrics;
mod one_time_token_race;
mod openapi;
mod orderly_end;
mod pepper_rotation;
mod postgres_outage;
mod private_files;
mod proxies;
mod public_listener;
mod readiness;
mod readme;
mod redis_clusters;
mod redis_contents;
mod redis_health;
mod redis_outage;
mod reload;
mod restart;
mod secrets;
mod security_md;
mod several_gateways;
mod shell;
mod shutdown;
mod source_tree;
mod sunset;
mod synchronisation;
mod throttle;
mod tls;
mod traces;
mod unavailable;
mod undocumented_cases;
mod web_hook;

/// The gateway, built freshly for these tests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss-under-test");
