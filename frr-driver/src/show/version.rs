//! `show version`: which FRR this is.

use super::{Notes, Parsed};
use crate::quirks::FrrVersion;

/// The command; any daemon answers it.
pub const VERSION: &str = "show version";

/// Reads the answer to [`VERSION`]: `FRRouting 10.7.1 (host) on Linux(…).`; suffixes (`-dev`, `_git`) are left out.
pub fn version(text: &str) -> Parsed<Option<FrrVersion>> {
    let mut notes = Notes::new(VERSION);
    let word = text.lines().find_map(|line| line.trim_start().strip_prefix("FRRouting "));
    let version = word.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
    if version.is_none() {
        notes.add("text", text);
    }
    notes.with(version)
}
