//! One file per subcommand.

pub(crate) mod run;
pub(crate) mod status;
