//! A lab: real FRR routers in namespaces of their own, on this machine.
//!
//! ```no_run
//! use routelet_tests::lab::{FrrVersion, Lab, NodeSpec, Topology};
//!
//! let topology = Topology::new()
//!     .node(NodeSpec::frr("r1", FrrVersion::V10_7).config("router bgp 64512\n"))
//!     .node(NodeSpec::frr("r2", FrrVersion::V7_5_1).config("router bgp 64513\n"))
//!     .link(("r1", "net1", ["172.30.0.2/24"]), ("r2", "net1", ["172.30.0.3/24"]));
//! let lab = Lab::start(&topology)?;
//! println!("{}", lab.node("r1").vtysh("show version")?);
//! # Ok::<(), routelet_tests::lab::LabError>(())
//! ```
//!
//! A node is a process, the init of a pid namespace, that lives until a pipe from this process closes.
//! Its files are an overlay in its private mount namespace, its network namespace has no name.
//! So nothing of a lab can outlive the process that started it, however that process ends; only root can start one.

mod agent;
pub(crate) mod cache;
mod configmap;
mod daemons;
mod error;
pub(crate) mod exec;
mod files;
pub mod gateway;
mod holder;
mod http;
mod logs;
pub mod metallb;
mod network;
mod node;
mod root;
mod routes;
mod running;
pub mod topologies;
mod topology;
mod vty;
pub mod wait;

pub use agent::{Agent, AgentBuilder};
pub use configmap::ConfigMapDir;
pub use error::LabError;
pub use exec::{Output, Spawned};
pub use http::Response;
pub use node::Node;
pub use root::{FrrVersion, Root};
pub use routes::{KernelRoutes, NextHop};
pub use running::Lab;
pub use topology::{End, NodeSpec, Topology};
