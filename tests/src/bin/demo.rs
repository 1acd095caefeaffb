//! `make demo`: routelet at work, shown on real FRR in namespaces of this machine.

use std::process::ExitCode;

use routelet_tests::demo;

fn main() -> ExitCode {
    demo::run()
}
