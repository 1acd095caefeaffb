//! Tests against real FRR; they need root, and build missing root file systems.

mod lab_itself;
