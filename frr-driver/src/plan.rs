//! Desired against running: the lines to add and to remove, and whom they touch.

use std::fmt;

use crate::{
    config::{Config, Node, Renumbered, Statement},
    diff::{Difference, differences, surplus},
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
    /// The numbers of the entry that it is, or that it is a line of, if it was written under another one.
    pub renumbered: Option<Renumbered>,
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
    /// Returns the plan of which `top` are the differences.
    pub(crate) fn of<'a>(
        top: &[Difference<'a>],
        desired: &'a Config,
        running: &'a Config,
        version: FrrVersion,
        via: Via,
    ) -> Self {
        let mut delta = Delta::default();
        for difference in top {
            delta.note(difference);
        }
        let impact = impact(desired, running, top, version, via);
        Self { adds: delta.adds, removes: delta.removes, impact }
    }

    /// Returns this plan, carried out after `earlier`, which changed policies alone.
    #[must_use]
    pub fn after(mut self, earlier: Self) -> Self {
        let join = |earlier: Vec<PlanLine>, now: &mut Vec<PlanLine>| {
            let again = std::mem::take(now);
            *now = earlier;
            now.extend(again);
            let mut named = std::collections::HashSet::new();
            now.retain(|line| named.insert((line.blocks.clone(), line.statement.reveal().to_owned())));
        };
        join(earlier.adds, &mut self.adds);
        join(earlier.removes, &mut self.removes);
        self.impact.add_policies(earlier.impact);
        self
    }

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
    Plan::of(&differences(&desired.top, &running.top, version), desired, running, version, via)
}

/// Returns the lines alone: what desired has and running lacks, and what running has and desired lacks.
pub(crate) fn lines(
    desired: &Config,
    running: &Config,
    version: FrrVersion,
) -> (Vec<PlanLine>, Vec<PlanLine>) {
    let mut delta = Delta::default();
    for difference in &differences(&desired.top, &running.top, version) {
        delta.note(difference);
    }
    (delta.adds, delta.removes)
}

/// Returns the lines that running has, and desired has not or has otherwise.
pub(crate) fn surplus_lines(desired: &Config, running: &Config, version: FrrVersion) -> Vec<PlanLine> {
    let mut delta = Delta::default();
    for difference in &surplus(&desired.top, &running.top, version) {
        delta.note(difference);
    }
    delta.removes
}

#[derive(Default)]
struct Delta {
    blocks: Vec<String>,
    /// The numbers of the innermost block, where its header is no line of the plan.
    renumbered: Option<Renumbered>,
    adds: Vec<PlanLine>,
    removes: Vec<PlanLine>,
}

impl Delta {
    fn note(&mut self, difference: &Difference<'_>) {
        let is_of_the_line = difference.is_of_the_line();
        if is_of_the_line {
            let line = |node: &Node, renumbered| PlanLine {
                blocks: self.blocks.clone(),
                statement: node.statement.clone(),
                renumbered,
            };
            self.removes.extend(difference.before.map(|node| line(node, None)));
            self.adds.extend(difference.after.map(|node| line(node, node.renumbered.or(self.renumbered))));
        }
        // A block that goes takes its lines with it.
        let Some(block) = difference.after.filter(|_| !difference.lines.is_empty()) else { return };
        self.blocks.push(block.statement.to_string());
        let outer = self.renumbered;
        self.renumbered = block.renumbered.filter(|_| !is_of_the_line);
        for line in &difference.lines {
            self.note(line);
        }
        self.renumbered = outer;
        self.blocks.pop();
    }
}

#[cfg(test)]
mod tests;
