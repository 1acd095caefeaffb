//! Tests of routelet against real FRR daemons.
//!
//! [`lab`] starts routers in network namespaces, with FRR in the version that a test asks for; [`demo`] tells the
//! story of the agent on them, and [`kube`] runs a
//! Kubernetes API server.

pub mod demo;
pub mod kube;
pub mod lab;
