//! Calls through the public application to a back end, as the back end receives them.

mod bodies;
mod destination;
mod head;
mod responses;
mod site;
mod stub;
mod tokens;
