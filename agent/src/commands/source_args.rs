//! Where the configuration is: the same flags for every command that reads it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::source::{Policy, SourceSpec, SpecError, check_names};

/// The name of the source that `--extras` is, and of its key in the `ConfigMap`.
const EXTRAS: &str = "extras";

/// The sources.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SourceArgs {
    /// The node's whole configuration, as `MetalLB`, frr-k8s or you render it
    #[arg(long, env = "ROUTELET_BASE", value_name = "FILE")]
    base: Option<PathBuf>,
    /// The mount of `MetalLB`'s `bgpextras` `ConfigMap`, or a file; short for
    /// --contribution extras=DIR/extras,policy=extras
    #[arg(long, env = "ROUTELET_EXTRAS", value_name = "DIR|FILE", requires = "base")]
    extras: Option<PathBuf>,
    /// A further source, a file or a directory of files: NAME=PATH[,policy=extras|full]; repeatable
    #[arg(
        long = "contribution",
        env = "ROUTELET_CONTRIBUTIONS",
        value_name = "SPEC",
        value_delimiter = ' ',
        requires = "base"
    )]
    contributions: Vec<SourceSpec>,
    /// Take an empty base for what it says: remove everything from FRR
    #[arg(long, env = "ROUTELET_ALLOW_EMPTY_BASE")]
    pub(crate) allow_empty_base: bool,
}

// === impl SourceArgs ===

impl SourceArgs {
    /// Whether any source is given.
    pub(crate) fn are_given(&self) -> bool {
        self.base.is_some()
    }

    /// Returns the sources, the base first.
    pub(crate) fn specs(&self) -> Result<Vec<SourceSpec>, SpecError> {
        let mut specs: Vec<SourceSpec> = self.base.iter().map(SourceSpec::base).collect();
        specs.extend(self.extras.as_deref().map(extras));
        specs.extend(self.contributions.iter().cloned());
        check_names(&specs)?;
        Ok(specs)
    }
}

/// A file is meant as it is; anything else, also what is not there yet, is a mount with the key `extras`.
fn extras(path: &Path) -> SourceSpec {
    if path.is_file() {
        return SourceSpec { name: EXTRAS.to_owned(), path: path.to_owned(), policy: Policy::Extras };
    }
    SourceSpec::extras(path)
}

#[cfg(test)]
mod tests;
