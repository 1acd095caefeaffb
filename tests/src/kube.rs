//! A Kubernetes API server: kube-apiserver 1.20 and its etcd, as Debian has them.
//!
//! ```no_run
//! use routelet_tests::{kube::ApiServer, lab::Node};
//!
//! # fn sample(node: &Node) -> Result<(), routelet_tests::lab::LabError> {
//! let server = ApiServer::start()?;
//! server.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: routelet-system}")?;
//! let agent = server.service_account("routelet-system", "routelet")?;
//! let _reach = server.reachable_from(node)?;
//! node.write_file("/etc/routelet/kubeconfig", agent.text())?;
//! for write in server.writes_of(agent.user())? {
//!     println!("{} {} {} {}", write.time, write.verb, write.resource, write.code);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The server is a machine of a [`lab`](crate::lab) of its own, with nothing but a loopback interface: what holds
//! for a lab holds for it, so that no process and no file of it outlives the process that started it. Its port on
//! 127.0.0.1 is the same on its own machine, on this one, and in every node that [`ApiServer::reachable_from`]
//! names; so one kubeconfig works everywhere.
//!
//! What is different from a current server: no kube-controller-manager runs (a deleted namespace stays
//! `Terminating`, owner references are not followed, a namespace has no service account `default`), and 1.20 has
//! no CEL rules, no `fieldValidation`, no streaming lists, and refuses an `Event` of a cluster-scoped object
//! outside of kube-system.

mod apiserver;
mod audit;
mod authority;
mod kubeconfig;
mod kubectl;
mod programs;
mod reach;
mod service_account;

pub use apiserver::ApiServer;
pub use audit::Request;
pub use kubeconfig::Kubeconfig;
pub use reach::Reach;
