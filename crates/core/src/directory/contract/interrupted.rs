//! Schema changes, silent connections, demoted servers and deadlocks beneath a running directory.

mod commits;
mod deadlocks;
mod demoted;
mod full;
mod lossy;
mod migration;
mod relay;
mod schema;
mod silence;
