//! How a command shows what it found: for people, or for machines.

use std::io;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::paint::{Paint, print};

/// The flag that says how an answer is shown.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct OutputArgs {
    /// How it is shown
    #[arg(short = 'o', long = "output", value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, coloured on a terminal
    Text,
    /// For machines
    Json,
}

// === impl OutputArgs ===

impl OutputArgs {
    /// Prints `answer` as JSON, or what `render` makes of it.
    pub(crate) fn show<T: Serialize>(
        self,
        answer: &T,
        render: impl Fn(&T, Paint) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => print(&render(answer, Paint::on(&io::stdout()))),
            Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(answer)?)),
        }
    }
}
