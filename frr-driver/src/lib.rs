//! Everything that knows FRR's words: its configuration, its `show … json`, its tools and their traps.
//!
//! The modules are pure (plain data in, plain data out), but for `exec`, `vtysh` and `vty_socket`,
//! which are the only ones that touch a process or a socket.

pub mod config;
pub mod impact;
pub mod merge;
pub mod plan;
pub mod policy;
pub mod quirks;
pub mod reload;
pub mod session;

pub mod clear;
pub mod show;

pub mod exec;
pub mod vty_socket;
pub mod vtysh;
pub mod verify;
