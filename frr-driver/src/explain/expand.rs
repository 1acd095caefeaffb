//! Route-maps and lists, entry by entry, with what they come to.

use std::collections::BTreeMap;

use super::{
    Step, StepKind,
    ends::Ends,
    entry::{Entry, ends, goes_on_at, reached, target},
    list::list,
};
use crate::{
    check::reference::{Kind, Reference, Usage, definition, of_clause},
    config::{Config, Node},
    session::AddressFamily,
};

/// How deep a map may call others; FRR then denies the route (`RMAP_RECURSION_LIMIT` in lib/routemap.h).
const CALLS_MAX: usize = 10;

/// Every map and list of a configuration, entries in FRR's order.
pub(super) struct Policies<'a> {
    entries: BTreeMap<(Kind, &'a str), Vec<&'a Node>>,
}

/// A map or list, expanded.
pub(super) struct Expanded {
    pub(super) note: String,
    pub(super) steps: Vec<Step>,
    pub(super) ends: Ends,
    pub(super) is_defined: bool,
}

/// Expands what the lines of one direction refer to, each thing once.
pub(super) struct Expansion<'a> {
    policies: &'a Policies<'a>,
    family: AddressFamily,
    /// What is shown already; `None` = a map that is being expanded right now.
    shown: BTreeMap<(Kind, &'a str), Option<Ends>>,
    calls: usize,
}

// === impl Policies ===

impl<'a> Policies<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        let mut entries: BTreeMap<(Kind, &str), Vec<&Node>> = BTreeMap::new();
        for (_, node) in config.top.iter() {
            if let Some(policy) = definition(&node.statement.words()) {
                entries.entry(policy).or_default().push(node);
            }
        }
        Self { entries }
    }
}

// === impl Expansion ===

impl<'a> Expansion<'a> {
    pub(super) fn new(policies: &'a Policies<'a>, family: AddressFamily) -> Self {
        Self { policies, family, shown: BTreeMap::new(), calls: 0 }
    }

    /// Expands what `reference` names.
    pub(super) fn expand(&mut self, reference: Reference<'a>) -> Expanded {
        let Reference { kind, name, usage } = reference;
        let Some(entries) = self.policies.entries.get(&(kind, name)) else {
            let ends = if usage == Usage::Call { Ends::PERMIT } else { Ends::DENY };
            let note = format!("{kind} {name} is not defined: {}", usage.without());
            return Expanded { note, steps: Vec::new(), ends, is_defined: false };
        };
        let bare =
            |note: &str, ends| Expanded { note: note.into(), steps: Vec::new(), ends, is_defined: true };
        match self.shown.get(&(kind, name)) {
            Some(Some(ends)) => return bare("as above", *ends),
            Some(None) => return bare("calls itself: after 10 calls FRR denies the route", Ends::DENY),
            None if self.calls > CALLS_MAX => return bare("after 10 calls FRR denies the route", Ends::DENY),
            None => {}
        }
        self.shown.insert((kind, name), None);
        let expanded = match kind {
            Kind::RouteMap => self.map(entries),
            Kind::IpPrefixList
            | Kind::Ipv6PrefixList
            | Kind::AccessList
            | Kind::Ipv6AccessList
            | Kind::AsPathList
            | Kind::CommunityList
            | Kind::LargeCommunityList
            | Kind::ExtcommunityList => list(kind, entries),
        };
        self.shown.insert((kind, name), Some(expanded.ends));
        expanded
    }

    fn map(&mut self, entries: &[&'a Node]) -> Expanded {
        let entries: Vec<Entry<'_>> = entries.iter().map(|node| self.entry(node)).collect();
        let reached = reached(&entries);
        let ends = ends(&entries);
        let targets: Vec<Option<usize>> =
            entries.iter().map(|entry| entry.goes_on_at.map(|at| target(&entries, at))).collect();
        let count = entries.len();
        let mut has_end = false;
        let mut steps = Vec::new();
        for ((mut entry, is_reached), target) in entries.into_iter().zip(reached).zip(targets) {
            let on_match = entry.steps.iter_mut().find(|step| step.kind == StepKind::OnMatch);
            if let (Some(step), Some(target)) = (on_match, target) {
                let note = if target < count {
                    "what matches goes on there, and is denied if nothing there matches"
                } else {
                    "no entry follows: what matches is permitted"
                };
                note.clone_into(&mut step.note);
            }
            let mut step = Step { steps: entry.steps, ..Step::of(StepKind::Entry, &entry.node.statement) };
            step.note = match (is_reached, entry.matches) {
                (false, _) => "never reached".to_owned(),
                (true, Ends::PERMIT) => "matches every route".to_owned(),
                (true, Ends { permit: false, .. }) => "matches no route".to_owned(),
                (true, _) => String::new(),
            };
            has_end |= is_reached && entry.matches == Ends::PERMIT && entry.goes_on_at.is_none();
            steps.push(step);
        }
        if !has_end {
            steps.push(Step::implicit("otherwise: deny"));
        }
        Expanded { note: String::new(), steps, ends, is_defined: true }
    }

    fn entry(&mut self, node: &'a Node) -> Entry<'a> {
        let words = node.statement.words();
        let is_permit = words.get(2) == Some(&"permit");
        let number = words.last().and_then(|word| word.parse().ok()).unwrap_or_default();
        let mut entry = Entry {
            number,
            matches: Ends::PERMIT,
            action: if is_permit { Ends::PERMIT } else { Ends::DENY },
            goes_on_at: None,
            node,
            steps: Vec::new(),
        };
        let mut clauses: Vec<(u8, &'a Node)> =
            node.children.in_written_order().into_iter().map(|(_, clause)| (rank(clause), clause)).collect();
        clauses.sort_by_key(|(rank, _)| *rank);
        for (_, clause) in clauses {
            self.clause(clause, &mut entry);
        }
        entry
    }

    fn clause(&mut self, clause: &'a Node, entry: &mut Entry<'_>) {
        let words = clause.statement.words();
        let kind = match words.as_slice() {
            ["match", ..] => StepKind::Match,
            ["set", ..] => StepKind::Set,
            ["call", ..] => StepKind::Call,
            ["on-match" | "continue", ..] => StepKind::OnMatch,
            _ => return,
        };
        let mut step = Step::of(kind, &clause.statement);
        let mut ends = Ends::EITHER;
        for reference in of_clause(&words) {
            if kind == StepKind::Call {
                self.calls += 1;
            }
            let expanded = self.expand(reference);
            if kind == StepKind::Call {
                self.calls -= 1;
            }
            step.note = expanded.note;
            step.steps = expanded.steps;
            // Of other matches a route need not have what the list is about.
            let is_sure = kind == StepKind::Call || words.get(2) == Some(&"address");
            ends = if is_sure { expanded.ends } else { expanded.ends.and(Ends::EITHER) };
        }
        if kind == StepKind::Match {
            if let Some(other) = self.other_family(&words) {
                step.note = format!("no {other} route matches");
                ends = Ends::DENY;
            }
            entry.matches = entry.matches.and(ends);
        }
        if kind == StepKind::Call && entry.action.permit {
            entry.action = entry.action.and(ends);
        }
        if kind == StepKind::OnMatch {
            if entry.node.statement.words().get(2) == Some(&"permit") {
                entry.goes_on_at = Some(goes_on_at(&words, entry.number));
            } else {
                "without effect: a deny is the end".clone_into(&mut step.note);
            }
            "a matching route goes on there; if nothing there matches it, it is denied"
                .clone_into(&mut step.note);
        }
        entry.steps.push(step);
    }

    /// The family that the neighbor's routes are of, where the clause is about addresses of the other one.
    fn other_family(&self, words: &[&str]) -> Option<&'static str> {
        let family = self.family.config_words();
        match words {
            ["match", "ipv6", "address", ..] if family.starts_with("ipv4") => Some("IPv4"),
            ["match", "ip", "address", ..] if family.starts_with("ipv6") => Some("IPv6"),
            _ => None,
        }
    }
}

/// Matches, then sets, then calls, then what comes after (`route_map_apply_ext`).
fn rank(clause: &Node) -> u8 {
    match clause.statement.words().first() {
        Some(&"match") => 0,
        Some(&"set") => 1,
        Some(&"call") => 2,
        Some(_) | None => 3,
    }
}
