//! `show version`: which FRR this is.

use std::fmt;

use super::{Notes, Parsed};

/// The command; any daemon answers it.
pub const VERSION: &str = "show version";

/// A version of FRR. Ordered as versions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 10 in 10.7.1.
    pub major: u16,
    /// 7 in 10.7.1.
    pub minor: u16,
    /// 1 in 10.7.1; 0 when not said.
    pub patch: u16,
}

/// Reads the answer to [`VERSION`]: `FRRouting 10.7.1 (host) on Linux(…).`; suffixes (`-dev`, `_git`) are left out.
pub fn version(text: &str) -> Parsed<Option<Version>> {
    let mut notes = Notes::new(VERSION);
    let word = text.lines().find_map(|line| line.trim_start().strip_prefix("FRRouting "));
    let version = word.and_then(|rest| rest.split_whitespace().next()).and_then(Version::parse);
    if version.is_none() {
        notes.add("text", text);
    }
    notes.with(version)
}

// === impl Version ===

impl Version {
    /// Reads `10.7.1`, `10.3`, `8.4.4-1~deb12u1`, `10.5-dev`.
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text.get(..end)?.split('.').map(str::parse::<u16>);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next()?.ok()?;
        let patch = numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self { major, minor, patch })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}
