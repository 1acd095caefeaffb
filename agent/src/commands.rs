//! One file per subcommand, and what several of them share.

pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod validate;

mod diagnostic;
mod frr_args;
mod inputs;
mod paint;
mod source_args;
