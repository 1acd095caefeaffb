//! `routelet`: makes the node's FRR do what the mounted configuration says, proves it, and reports it.

mod args;
mod commands;

mod desired;
mod reconcile;
mod source;

mod apply;
mod control;
mod frr;
mod observe;
mod persist;
mod runner;
mod store;

mod fib;
mod http;
mod kube;
mod metrics;

use std::process::ExitCode;

use args::Args;

fn main() -> ExitCode {
    match Args::of_this_process().run() {
        Ok(code) => code,
        Err(error) => {
            // Before there is a log, and for commands that have none.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("routelet: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}
