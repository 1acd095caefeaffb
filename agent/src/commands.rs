//! One file per subcommand, and what several of them share.

pub(crate) mod apply;
pub(crate) mod clear;
pub(crate) mod crd;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod install;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod validate;

mod answer;
mod diagnostic;
mod frr_args;
mod inputs;
mod kube_args;
mod limit_args;
mod output;
mod paint;
mod running;
mod source_args;
