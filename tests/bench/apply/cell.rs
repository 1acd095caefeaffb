//! What is measured: which FRR, and how large its configuration is.

use std::fmt;

use routelet_tests::lab::FrrVersion;

use crate::error::BenchError;

/// More list lines than this are not loaded by an FRR that takes a time by their square.
const QUADRATIC_LINES_MAX: usize = 1_000;

/// A version and a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) version: FrrVersion,
    /// BGP neighbors, each with its lists and maps; none of them answers.
    pub(crate) neighbors: usize,
    /// Lines in the prefix-list of the first neighbor; with 0 there is the one line that is always there.
    pub(crate) lines: usize,
}

/// What is measured in this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The times of applies, by size.
    pub(crate) cells: Vec<Cell>,
    /// From the file to the kernel's routes.
    pub(crate) kernel: Vec<FrrVersion>,
    /// What is left out, and why.
    pub(crate) left_out: Vec<(Cell, &'static str)>,
}

/// What is measured if nothing is said.
const ALL: &str = "8.4.4:3x0 8.4.4:100x0 8.4.4:500x0 8.4.4:3x1000 8.4.4:3x10000 8.4.4:kernel \
                   10.7:3x0 10.7:100x0 10.7:500x0 10.7:3x1000 10.7:3x10000 10.7:kernel";

// === impl Cell ===

impl Cell {
    /// Returns why this cannot be measured.
    fn is_left_out(self) -> Option<&'static str> {
        (self.version < FrrVersion::V10_3 && self.lines > QUADRATIC_LINES_MAX).then_some(
            "this FRR takes a time by the square of the list lines: 1,000 load in a minute, 10,000 not in six",
        )
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}x{}", self.version, self.neighbors, self.lines)
    }
}

// === impl Selection ===

impl Selection {
    /// Reads the arguments of the program; without any, `ROUTELET_BENCH`; without that, everything.
    ///
    /// A word is `VERSION:NEIGHBORSxLINES` or `VERSION:kernel`.
    pub(crate) fn read() -> Result<Self, BenchError> {
        // Cargo adds `--bench`.
        let arguments: Vec<String> =
            std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
        if !arguments.is_empty() {
            return Self::parse(&arguments.join(" "));
        }
        let named = std::env::var("ROUTELET_BENCH").unwrap_or_default();
        Self::parse(if named.trim().is_empty() { ALL } else { &named })
    }

    fn parse(text: &str) -> Result<Self, BenchError> {
        let mut selection = Self::default();
        for word in text.split_whitespace() {
            let wrong = || {
                BenchError::Selection(format!(
                    "{word} is neither VERSION:NEIGHBORSxLINES nor VERSION:kernel, as in: {ALL}"
                ))
            };
            let (version, what) = word.split_once(':').ok_or_else(wrong)?;
            let version: FrrVersion = version.parse()?;
            if what == "kernel" {
                selection.kernel.push(version);
                continue;
            }
            let (neighbors, lines) = what.split_once('x').ok_or_else(wrong)?;
            let number = |text: &str| text.parse::<usize>().map_err(|_number| wrong());
            let cell = Cell { version, neighbors: number(neighbors)?.max(1), lines: number(lines)? };
            match cell.is_left_out() {
                Some(reason) => selection.left_out.push((cell, reason)),
                None => selection.cells.push(cell),
            }
        }
        Ok(selection)
    }
}
