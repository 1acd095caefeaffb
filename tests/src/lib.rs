//! Tests of routelet against real FRR daemons.
//!
//! [`lab`] starts routers in network namespaces, with FRR in the version that a test asks for.

pub mod lab;
