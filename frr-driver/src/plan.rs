//! Desired against running: the lines to add and to remove, and whom they touch.

use std::fmt;

use crate::{
    config::{Config, Node, Statement, Tree},
    diff::{Difference, differences},
    impact::{Impact, Via, impact},
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

/// Compares `desired` with `running` (what FRR prints, loaded), for a change that goes through frr-reload.
pub fn plan(desired: &Config, running: &Config, version: FrrVersion) -> Plan {
    plan_via(desired, running, version, Via::FrrReload)
}

/// Compares `desired` with `running`, for a change that reaches FRR by `via`.
pub fn plan_via(desired: &Config, running: &Config, version: FrrVersion, via: Via) -> Plan {
    let mut delta = Delta { version, blocks: Vec::new(), adds: Vec::new(), removes: Vec::new() };
    delta.compare(&desired.top, &running.top);
    let impact = impact(desired, running, version, via);
    Plan { adds: delta.adds, removes: delta.removes, impact }
}

struct Delta {
    version: FrrVersion,
    blocks: Vec<String>,
    adds: Vec<PlanLine>,
    removes: Vec<PlanLine>,
}

impl Delta {
    fn compare(&mut self, desired: &Tree, running: &Tree) {
        for Difference { before, after, .. } in differences(desired, running, self.version) {
            match (before, after) {
                (Some(gone), None) => {
                    let line = self.line(&gone.statement);
                    self.removes.push(line);
                }
                (None, Some(new)) => self.add(new),
                (Some(before), Some(after)) => self.changed(after, before),
                (None, None) => {}
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
