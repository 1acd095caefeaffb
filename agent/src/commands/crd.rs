//! `routelet crd`: the definitions of the custom resources.

use std::{io::Write as _, process::ExitCode};

use clap::Args;
use routelet_status::crd::definitions;

/// `routelet crd` has no flags.
#[derive(Debug, Args)]
pub(crate) struct CrdArgs {}

// === impl CrdArgs ===

impl CrdArgs {
    /// Prints the definitions as YAML.
    #[expect(clippy::unused_self, reason = "as all commands have it")]
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        std::io::stdout().lock().write_all(text()?.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

fn text() -> anyhow::Result<String> {
    let mut text = String::new();
    for definition in definitions() {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(&definition)?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    /// Whoever changes a status must see that the API changes: `make crds` writes the file.
    #[test]
    fn the_committed_definitions_are_those_of_the_types() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/crds/routelet.io.yaml");
        let committed = std::fs::read_to_string(file).unwrap();
        assert!(committed == super::text().unwrap(), "deploy/crds is not current: run `make crds`");
    }
}
