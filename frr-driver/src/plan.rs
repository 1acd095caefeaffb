//! Desired against running: the lines to add and to remove, and whom they touch.

use std::fmt;

use crate::{
    config::{Config, Node, Statement, Tree},
    impact::{Impact, impact},
    quirks::FrrVersion,
};

/// A line of the plan, in its block.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// The headers of the blocks that it stands in, outermost first; empty at the top level.
    pub blocks: Vec<String>,
    /// The line.
    pub statement: Statement,
}

impl fmt::Display for PlanLine {
    /// Writes the line behind its blocks, as in `router bgp 64512 | neighbor 10.0.0.1 …`; secrets are hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for block in &self.blocks {
            write!(f, "{block} | ")?;
        }
        self.statement.fmt(f)
    }
}

impl fmt::Debug for PlanLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.statement.origin)
    }
}

/// What separates running from desired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Lines that desired has and running lacks.
    pub adds: Vec<PlanLine>,
    /// Lines that running has and desired lacks; of a removed block only its header.
    pub removes: Vec<PlanLine>,
    /// The sessions that the change touches, and how.
    pub impact: Impact,
}

impl Plan {
    /// Returns whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.adds.is_empty() && self.removes.is_empty()
    }
}

/// Compares `desired` with `running` (what FRR prints, loaded).
pub fn plan(desired: &Config, running: &Config, version: FrrVersion) -> Plan {
    let mut delta = Delta { blocks: Vec::new(), adds: Vec::new(), removes: Vec::new() };
    delta.compare(&desired.top, &running.top);
    let settles = |line: &PlanLine| never_settles(&line.statement).is_none();
    delta.adds.retain(settles);
    delta.removes.retain(settles);
    let impact = impact(desired, running, &delta.adds, &delta.removes, version);
    Plan { adds: delta.adds, removes: delta.removes, impact }
}

/// Lines that FRR takes and prints in no way that was seen, or prints although nobody wrote them: no difference
/// is made of them. Each with its reason.
const NEVER_SETTLES: [(&str, &str); 6] = [
    ("bgp graceful-restart disable-eor", "taken and not printed up to 10.3"),
    ("log immediate-mode", "taken and not printed on 8.4.4"),
    ("log record-priority", "printed by one daemon and not by another"),
    (
        "use-underlays-nexthop-weight",
        "printed by 10.7.1 with always-compare-med; removing it switches that off",
    ),
    ("nexthop-group ", "taken and not printed up to 8.4.4"),
    ("key chain ", "taken and not printed up to 8.4.4"),
];

/// Returns why a difference in this line says nothing, if so.
pub fn never_settles(statement: &Statement) -> Option<&'static str> {
    let line = statement.reveal();
    NEVER_SETTLES.iter().find(|(start, _)| line.starts_with(start)).map(|(_, why)| *why)
}

struct Delta {
    blocks: Vec<String>,
    adds: Vec<PlanLine>,
    removes: Vec<PlanLine>,
}

impl Delta {
    fn compare(&mut self, desired: &Tree, running: &Tree) {
        for (key, node) in running.iter() {
            if desired.get(key).is_none() {
                let line = self.line(&node.statement);
                self.removes.push(line);
            }
        }
        for (key, node) in desired.iter() {
            match running.get(key) {
                None => self.add(node),
                Some(other) => self.changed(node, other),
            }
        }
    }

    fn add(&mut self, node: &Node) {
        let line = self.line(&node.statement);
        self.adds.push(line);
        self.blocks.push(node.statement.to_string());
        for (_, child) in node.children.iter() {
            self.add(child);
        }
        self.blocks.pop();
    }

    fn changed(&mut self, desired: &Node, running: &Node) {
        if desired.statement.reveal() != running.statement.reveal() {
            let (add, remove) = (self.line(&desired.statement), self.line(&running.statement));
            self.adds.push(add);
            self.removes.push(remove);
        }
        self.blocks.push(desired.statement.to_string());
        self.compare(&desired.children, &running.children);
        self.blocks.pop();
    }

    fn line(&self, statement: &Statement) -> PlanLine {
        PlanLine { blocks: self.blocks.clone(), statement: statement.clone() }
    }
}

#[cfg(test)]
mod tests;
