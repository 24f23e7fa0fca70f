//! What a listener does with clients that hold it up.

mod bodies;
mod client;
mod connections;
mod running;
