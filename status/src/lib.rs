//! What the agent reports: one status for the node, one for each BGP session, and how they are told to people.
//!
//! Pure, but for [`publish`]: a [`snapshot::Snapshot`] of what the agent knows goes in, a [`report::Report`] comes out. The types
//! have the schema of the custom resources `BGPNode` and `BGPSession` (group `routelet.io`, `v1alpha1`).

pub mod condition;
pub mod message;
pub mod node;
pub mod report;
mod schema;
pub mod session;

pub mod snapshot;

pub mod crd;
pub mod news;
pub mod publish;
pub mod recall;

pub mod project;

pub mod duration;
pub mod table;

pub mod cluster;
