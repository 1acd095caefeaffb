//! Tells the API server of Kubernetes what happens: custom resources by server-side apply, and events.
//!
//! ```text
//!  report ──► outbox: what, when ──┐
//!  news ────► recorder: which ─────┴──► publisher ──► cluster: the client
//! ```
//! Reports come through a channel that holds the latest; news through a bounded one. So whatever the API server does,
//! nothing waits for it.

mod cluster;
mod event;
mod identity;
mod object;
mod outbox;
mod pace;
mod publisher;
mod recorder;
mod trouble;
mod vigil;

pub use identity::{Identity, Pod};
pub use publisher::{Counted, Posted, Publisher, Settings};
