//! What the agent on this node answered to a person.

use std::process::ExitCode;

use super::paint::{print, print_error};
use crate::control::Answer;

/// Prints the answer; returns whether what was asked for was done.
pub(crate) fn tell(answer: &Answer) -> anyhow::Result<ExitCode> {
    match answer {
        Ok(message) => {
            print(&format!("{message}\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(message) => {
            print_error(&format!("{message}\n"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}
