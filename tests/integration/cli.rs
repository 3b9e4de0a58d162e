//! Commands for users and the directory, without a gateway and next to a running one.

mod absent;
mod against_running_gateway;
mod app_passwords;
mod audit;
mod authorities;
mod authorities_of_users;
mod colours;
mod conformance_command;
mod directory;
mod edited;
mod erased;
mod hostile;
mod imported;
mod keys;
mod named;
mod organisations;
mod pipes;
mod second_factor;
mod sessions;
mod throttle;
mod usage;
mod users;
