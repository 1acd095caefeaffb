//! stub
use clap::Args;
use std::process::ExitCode;
/// stub
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {}
impl ExplainArgs {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}
