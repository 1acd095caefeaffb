//! How a list gets from running to desired.

use super::edit::{Edit, Line, Sight};
use crate::{
    config::{Config, Node, Statement},
    impact::policies::{Kind, Policy},
    quirks::FrrVersion,
};

/// A list on both sides.
pub(super) struct List<'a> {
    policy: Policy<'a>,
    before: Side<'a>,
    after: Side<'a>,
    version: FrrVersion,
}

/// A list as it runs, or as it shall be.
struct Side<'a> {
    /// By number.
    entries: Vec<Entry<'a>>,
    /// Its description, or remark.
    description: Option<&'a Statement>,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    seq: u32,
    statement: &'a Statement,
    /// What is before the number, `standard` or `expanded` included.
    head: &'a str,
    /// Action and content.
    content: &'a str,
}

// === impl List ===

impl<'a> List<'a> {
    pub(super) fn new(
        policy: Policy<'a>,
        desired: &'a Config,
        running: &'a Config,
        version: FrrVersion,
    ) -> Self {
        Self { policy, before: Side::of(running, policy), after: Side::of(desired, policy), version }
    }

    /// Returns whether routes may be judged otherwise: a description alone judges none.
    pub(super) fn judges(&self) -> bool {
        let key = |entry: &Entry<'_>| (entry.seq, entry.statement.reveal().to_owned());
        !self.before.entries.iter().map(key).eq(self.after.entries.iter().map(key))
            || self.before.is_bare() != self.after.is_bare()
    }

    /// Returns the change for where nobody sees it halfway: a changed entry goes, and comes anew.
    ///
    /// In one commit that is the same as writing over it, and FRR neither keeps a part of the old entry (7.5.1), nor
    /// ignores the new one because another that goes still has its content.
    pub(super) fn unseen(&self) -> Edit {
        let mut edit = Edit::default();
        let rewritten = !self.is_numbered() && self.appended().is_none();
        let stays = |entry: &Entry<'_>, other: &Side<'_>| !rewritten && self.same(entry, other).is_some();
        for entry in self.before.entries.iter().filter(|entry| !stays(entry, &self.after)) {
            edit.removals.push(entry.no());
        }
        for entry in self.after.entries.iter().filter(|entry| !stays(entry, &self.before)) {
            edit.sets.push(Line::set(entry.statement, 0));
        }
        let (removed, set) = self.description();
        edit.removals.extend(removed);
        edit.sets.extend(set);
        edit
    }

    /// Returns the change for where every line is seen, if no route is judged otherwise twice.
    ///
    /// That is so for entries that come, in order of their numbers, and entries that go, in the reverse order: at each
    /// line, the first entry that matches a route is the first of running or the first of desired. A changed entry is
    /// neither, and may only change alone.
    pub(super) fn seen(&self, asks_once: bool) -> Option<Sight> {
        let judges = self.judges();
        // FRR lets everything through a list without entries that only a description keeps.
        if judges && (self.before.is_bare() || self.after.is_bare()) {
            return None;
        }
        let come: Vec<_> =
            self.after.entries.iter().filter(|entry| self.same(entry, &self.before).is_none()).collect();
        let go: Vec<_> =
            self.before.entries.iter().filter(|entry| self.same(entry, &self.after).is_none()).collect();
        let (removed, described) = self.description();
        let mut lines: Vec<Line> = Vec::new();
        match (come.as_slice(), go.as_slice()) {
            ([new], [old]) if self.is_numbered() && new.seq == old.seq => {
                if !self.overwrites(old, new) {
                    return None;
                }
                lines.push(Line::set(new.statement, 0));
            }
            _ => {
                let moves =
                    |entry: &&Entry<'_>| come.iter().any(|new| new.collides(entry, self.is_numbered()));
                if go.iter().any(moves) || !(asks_once || come.len() + go.len() <= 1) {
                    return None;
                }
                if !self.is_numbered() && self.appended().is_none() {
                    return None;
                }
                lines.extend(come.iter().map(|entry| Line::set(entry.statement, 0)));
                lines.extend(go.iter().rev().map(|entry| entry.no()));
            }
        }
        lines.extend(described);
        // Behind all, so that the list is there; before the entries that go, if it goes with them.
        if let Some(removed) = removed {
            lines.insert(lines.len().saturating_sub(go.len()), removed);
        }
        Some(Sight { lines, judges })
    }

    /// Returns whether entries have numbers; without, FRR adds at the end.
    fn is_numbered(&self) -> bool {
        self.policy.kind() != Kind::AsPathList || self.version.numbers_as_path_entries()
    }

    /// Returns the entry of `side` that is the same as `entry`.
    fn same<'b>(&self, entry: &Entry<'_>, side: &Side<'b>) -> Option<Entry<'b>> {
        let is_same = |other: &&Entry<'_>| {
            (!self.is_numbered() || other.seq == entry.seq)
                && other.statement.reveal() == entry.statement.reveal()
        };
        side.entries.iter().find(is_same).copied()
    }

    /// Of a list without numbers: how many entries stay, if all that come are behind them.
    fn appended(&self) -> Option<usize> {
        let staying = |side: &Side<'a>, other: &Side<'_>| -> Vec<&'a str> {
            let stays = side.entries.iter().take_while(|entry| self.same(entry, other).is_some());
            stays.map(|entry| entry.content).collect()
        };
        let all = self.before.entries.iter().filter(|entry| self.same(entry, &self.after).is_some());
        let all: Vec<&str> = all.map(|entry| entry.content).collect();
        (staying(&self.after, &self.before) == all).then_some(all.len())
    }

    /// Returns whether `new`, written over `old` in one line, leaves nothing of it.
    fn overwrites(&self, old: &Entry<'_>, new: &Entry<'_>) -> bool {
        let has = |entry: &Entry<'_>, word: &str| entry.content.split(' ').any(|other| other == word);
        let kept = |word: &&str| has(old, word) && !has(new, word);
        match self.policy.kind() {
            _ if old.head != new.head => false,
            Kind::PrefixList(_) => self.version.overwrites_prefix_ranges() || !["ge", "le"].iter().any(kept),
            // Measured are these alone: action and prefix.
            Kind::AccessList(_) => [old, new].iter().all(|entry| entry.content.split(' ').count() == 2),
            Kind::RouteMap
            | Kind::AsPathList
            | Kind::CommunityList
            | Kind::LargeCommunityList
            | Kind::ExtCommunityList
            | Kind::CommunityAlias => true,
        }
    }

    /// Returns how the description goes, and how it comes.
    fn description(&self) -> (Option<Line>, Option<Line>) {
        match (self.before.description, self.after.description) {
            (Some(before), None) => {
                // FRR up to 10.3 takes the words behind it for another kind of line, and commits.
                let word =
                    if matches!(self.policy.kind(), Kind::PrefixList(_)) { "description" } else { "remark" };
                (Some(Line::no(&format!("{} {word}", self.policy), before, 0)), None)
            }
            (before, Some(after)) if before.is_none_or(|before| before.reveal() != after.reveal()) => {
                (None, Some(Line::set(after, 0)))
            }
            _ => (None, None),
        }
    }
}

// === impl Side ===

impl<'a> Side<'a> {
    fn of(config: &'a Config, policy: Policy<'a>) -> Self {
        let prefix = format!("{policy} ");
        let mut side = Self { entries: Vec::new(), description: None };
        let nodes: Vec<(String, &Node)> = config
            .top
            .with_prefix(&prefix)
            .filter_map(|(key, node)| Some((key.strip_prefix(&prefix)?.to_owned(), node)))
            .collect();
        for (rest, node) in nodes {
            match rest.parse() {
                Ok(seq) => side.entries.push(Entry::new(seq, &node.statement, &prefix)),
                Err(_) => side.description = Some(&node.statement),
            }
        }
        side
    }

    /// Whether only a description keeps the list.
    fn is_bare(&self) -> bool {
        self.entries.is_empty() && self.description.is_some()
    }
}

// === impl Entry ===

impl<'a> Entry<'a> {
    fn new(seq: u32, statement: &'a Statement, prefix: &str) -> Self {
        let text = statement.reveal();
        let (head, content) = match text.split_once(&format!(" seq {seq} ")) {
            Some(parts) => parts,
            None => (text, text.strip_prefix(prefix).unwrap_or(text)),
        };
        Self { seq, statement, head, content }
    }

    fn no(&self) -> Line {
        Line::no(self.statement.reveal(), self.statement, 0)
    }

    /// Whether the two cannot be in the list at once: by number, style or content.
    fn collides(&self, other: &Entry<'_>, is_numbered: bool) -> bool {
        (is_numbered && (self.seq == other.seq || self.head != other.head)) || self.content == other.content
    }
}
