//! Tests of routelet against real FRR daemons.
//!
//! [`lab`] starts routers in network namespaces, with FRR in the version that a test asks for; [`demo`] tells the
//! story of the agent on them, and [`kube`] runs a
//! Kubernetes API server.

pub mod demo;
pub mod kube;
pub mod lab;

/// Returns what `error` says, with all its causes.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
