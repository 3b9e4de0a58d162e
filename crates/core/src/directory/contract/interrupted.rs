//! Schema changes, silent connections, demoted servers and deadlocks beneath a running directory.

mod deadlocks;
mod demoted;
mod full;
mod migration;
mod relay;
mod repeated;
mod schema;
mod silence;
