//! Why a change is left to frr-reload.

use std::fmt;

use crate::{impact::Cause, plan::PlanLine};

/// Why a change is no transaction, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotATransaction {
    /// A line that is no policy goes.
    Removes(PlanLine),
    /// A line that is no policy gets another text.
    Changes(PlanLine),
    /// It is not known what the line does beside what runs.
    Unknown(PlanLine),
    /// FRR does not print the line: whether it runs is not known.
    Unprinted(PlanLine),
    /// A session would be reset, removed, or left with a setting that does not count yet.
    Touches {
        /// Whose it is: a session, a peer-group or a listen range.
        whose: String,
        /// The line, and what it does.
        cause: Cause,
    },
    /// A list or map that is in use would be seen halfway.
    Halfway(String),
    /// FRR would judge routes by the one change before the other.
    Apart(String, String),
    /// FRR would take the lines in several parts.
    TooManyLines {
        /// How many lines there are.
        lines: usize,
        /// How many FRR holds.
        held_max: usize,
    },
    /// Executed on what runs, the lines do not lead to what is desired.
    LeadsElsewhere(PlanLine),
}

// === impl NotATransaction ===

impl fmt::Display for NotATransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removes(line) => {
                write!(f, "`{line}` goes, and a transaction takes nothing away but lists and route-maps")
            }
            Self::Changes(line) => {
                write!(
                    f,
                    "`{line}` replaces what runs, and a transaction changes nothing but lists and route-maps"
                )
            }
            Self::Unknown(line) => write!(f, "it is not known what `{line}` does beside what runs"),
            Self::Unprinted(line) => {
                write!(f, "FRR does not print `{line}`, so it is not known whether it runs")
            }
            Self::Touches { whose, cause } => write!(f, "{whose}: `{}`: {}", cause.line, cause.effect),
            Self::Halfway(policy) => {
                write!(f, "{policy} is in use, and FRR would take its change line by line")
            }
            Self::Apart(first, second) => {
                write!(
                    f,
                    "FRR would take {first} before {second}, and judge routes by the one without the other"
                )
            }
            Self::TooManyLines { lines, held_max } => {
                write!(f, "{lines} lines of lists and route-maps, and FRR takes {held_max} at a time")
            }
            Self::LeadsElsewhere(line) => write!(f, "the lines would not lead to what is desired: `{line}`"),
        }
    }
}

impl std::error::Error for NotATransaction {}
