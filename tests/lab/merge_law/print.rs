//! What FRR prints, as a multiset of lines with their blocks.
//!
//! Read by nothing but indentation, so that a mistake of the loader under test cannot hide here.

use std::{collections::BTreeMap, fmt};

/// A line and the headers of the blocks around it, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Printed {
    pub(crate) blocks: Vec<String>,
    pub(crate) line: String,
}

/// What `show running-config` printed, without order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Print {
    lines: BTreeMap<Printed, usize>,
}

/// A line that one print has more often than the other.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) printed: Printed,
    pub(crate) times: (usize, usize),
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.blocks.iter().try_for_each(|block| write!(f, "{block} | "))?;
        f.write_str(&self.line)
    }
}

impl Print {
    /// Reads what vtysh, or a daemon, printed.
    pub(crate) fn read(text: &str) -> Self {
        let (_, text) = text.split_once("Current configuration:").unwrap_or(("", text));
        let mut lines = BTreeMap::new();
        let mut open: Vec<(usize, String)> = Vec::new();
        for line in text.lines() {
            let said = line.trim();
            if is_head_or_end(said) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            while open.last().is_some_and(|(outer, _)| *outer >= indent) {
                open.pop();
            }
            let blocks = open.iter().map(|(_, header)| header.clone()).collect();
            *lines.entry(Printed { blocks, line: said.to_owned() }).or_default() += 1;
            open.push((indent, said.to_owned()));
        }
        Self { lines }
    }

    /// Returns the lines, each once.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Printed> {
        self.lines.keys()
    }

    /// Returns what is not in both equally often.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Difference> {
        let times = |print: &Self, line| print.lines.get(line).copied().unwrap_or_default();
        let mut all: Vec<&Printed> = self.lines.keys().chain(other.lines.keys()).collect();
        all.sort();
        all.dedup();
        all.into_iter()
            .map(|line| Difference { printed: line.clone(), times: (times(self, line), times(other, line)) })
            .filter(|difference| difference.times.0 != difference.times.1)
            .collect()
    }
}

/// Lines that FRR prints on its own account, or that only close a block.
fn is_head_or_end(line: &str) -> bool {
    matches!(line, "" | "!" | "end" | "Building configuration..." | "Current configuration:")
        || line.starts_with("exit")
        || ["frr version ", "frr defaults ", "hostname "].iter().any(|head| line.starts_with(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\n!\n\
        router bgp 1\n neighbor A peer-group\n !\n address-family ipv4 unicast\n  neighbor A activate\n \
        exit-address-family\nexit\n!\nend\n";

    #[test]
    fn a_line_is_in_its_blocks() {
        let print = Print::read(PRINT);
        let lines: Vec<String> = print.lines().map(ToString::to_string).collect();
        let family = "router bgp 1 | address-family ipv4 unicast";
        let want = ["router bgp 1".to_owned(), "router bgp 1 | neighbor A peer-group".to_owned()];
        assert_eq!(lines.len(), 4);
        assert!(want.iter().all(|line| lines.contains(line)));
        assert!(
            lines.contains(&family.to_owned()) && lines.contains(&format!("{family} | neighbor A activate"))
        );
    }

    #[test]
    fn a_line_that_is_printed_twice_differs() {
        let twice =
            PRINT.replace(" neighbor A peer-group\n", " neighbor A peer-group\n neighbor A peer-group\n");
        let differences = Print::read(PRINT).differences(&Print::read(&twice));
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].times, (1, 2));
    }
}
