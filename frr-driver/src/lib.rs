//! Everything that knows FRR's words: its configuration, its `show … json`, its tools and their traps.
//!
//! The modules are pure (plain data in, plain data out), but for `exec`, `vtysh` and `vty_socket`,
//! which are the only ones that touch a process or a socket.

pub mod config;
pub mod merge;
pub mod policy;
pub mod secret;

pub mod check;
pub mod explain;

pub mod numbers;

mod diff;
pub mod forgotten;
pub mod illegible;
pub mod impact;
pub mod plan;
pub mod reload;
pub mod transaction;
pub mod verify;

pub mod loss;
pub mod session;
pub mod show;

pub mod clear;
pub mod decide;

pub mod exec;
pub mod quirks;
pub mod vty_socket;
pub mod vtysh;

#[cfg(test)]
mod chance;
