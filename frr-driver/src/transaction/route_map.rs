//! How a route-map gets from running to desired.

use std::collections::BTreeMap;

use super::edit::{Edit, Line, Sight};
use crate::{
    config::{Config, Node, Statement},
    impact::policies::Policy,
};

/// A route-map on both sides.
pub(super) struct RouteMap<'a> {
    policy: Policy<'a>,
    /// The entries that differ, by number.
    changes: BTreeMap<u32, Change<'a>>,
    before: Side<'a>,
    after: Side<'a>,
}

type Side<'a> = BTreeMap<u32, &'a Node>;

/// An entry that differs.
struct Change<'a> {
    before: Option<&'a Node>,
    after: Option<&'a Node>,
    /// Clauses that go.
    gone: Vec<&'a Statement>,
    /// Clauses that come, or get another text.
    come: Vec<&'a Statement>,
    /// Whether it takes a new entry to be rid of what goes.
    clings: bool,
}

// === impl RouteMap ===

impl<'a> RouteMap<'a> {
    pub(super) fn new(policy: Policy<'a>, desired: &'a Config, running: &'a Config) -> Self {
        let (before, after) = (side(running, policy), side(desired, policy));
        let numbers = before.keys().chain(after.keys());
        let changes = numbers
            .map(|seq| (*seq, Change::new(before.get(seq).copied(), after.get(seq).copied())))
            .filter(|(_, change)| change.differs())
            .collect();
        Self { policy, changes, before, after }
    }

    /// Returns whether routes may be judged otherwise: a description alone judges none.
    pub(super) fn judges(&self) -> bool {
        self.changes.values().any(Change::judges)
    }

    /// Returns the change for where nobody sees it halfway.
    pub(super) fn unseen(&self) -> Edit {
        let mut edit = Edit::default();
        edit.removals.extend(self.whole());
        if !edit.removals.is_empty() {
            return edit;
        }
        for change in self.changes.values() {
            match (change.before, change.after, change.clauses()) {
                (_, Some(after), Some(clauses)) => {
                    edit.sets.push(Line::set(&after.statement, 0));
                    edit.sets.extend(clauses);
                }
                // What has no `no` of its own goes with the entry.
                (before, after, _) => {
                    edit.removals.extend(before.map(no_entry));
                    edit.sets.extend(after.into_iter().flat_map(Line::block));
                }
            }
        }
        edit
    }

    /// Returns the change for where every line is seen, if it is seen once.
    pub(super) fn seen(&self) -> Option<Sight> {
        if let Some(line) = self.whole() {
            return Some(Sight { lines: vec![line], judges: true });
        }
        let (judging, describing): (Vec<_>, Vec<_>) =
            self.changes.iter().partition(|(_, change)| change.judges());
        let mut sight = match judging.as_slice() {
            [] => Sight { lines: Vec::new(), judges: false },
            [(seq, change)] => self.seen_entry(**seq, change)?,
            _ => return None,
        };
        for (_, change) in describing {
            sight.lines.extend(change.after.map(|after| Line::set(&after.statement, 0)));
            sight.lines.extend(change.clauses()?);
        }
        Some(sight)
    }

    fn seen_entry(&self, seq: u32, change: &Change<'a>) -> Option<Sight> {
        let Some(after) = change.after else {
            return Some(Sight { lines: change.before.map(no_entry).into_iter().collect(), judges: true });
        };
        let clauses = change.clauses()?;
        let mut lines = vec![Line::set(&after.statement, 0)];
        let is_one = change.count() <= 1;
        if is_one || !self.is_end(seq) {
            lines.extend(clauses);
            return is_one.then_some(Sight { lines, judges: true });
        }
        // The last entry, as long as it denies, says what the end of the map says anyway.
        let denied = change.before.is_none_or(denies);
        match (denied, denies(after)) {
            (false, false) => return None,
            (_, true) => lines.extend(clauses),
            (true, false) => {
                let permit = Line::set(&after.statement, 0);
                let deny = after.statement.reveal().replacen(" permit ", " deny ", 1);
                lines = vec![Line::set(&Statement::new(deny, after.statement.origin.clone()), 0)];
                lines.extend(clauses);
                lines.push(permit);
            }
        }
        Some(Sight { lines, judges: !(denied && denies(after)) })
    }

    /// Returns the line that takes the whole map away, if it goes.
    fn whole(&self) -> Option<Line> {
        let (_, first) = self.before.first_key_value().filter(|_| self.after.is_empty())?;
        Some(Line::no(&self.policy.to_string(), &first.statement, 0))
    }

    /// Returns whether behind the entry `seq` there is, and will be, nothing but the end of the map, which denies.
    fn is_end(&self, seq: u32) -> bool {
        let sides = [&self.before, &self.after];
        let leads_on = |node: &&Node| {
            ["on-match", "call", "continue"]
                .iter()
                .any(|word| node.children.with_prefix(word).next().is_some())
        };
        sides.iter().all(|side| !side.is_empty() && side.keys().all(|other| *other <= seq))
            && !sides.iter().any(|side| side.values().any(leads_on))
    }
}

// === impl Change ===

impl<'a> Change<'a> {
    fn new(before: Option<&'a Node>, after: Option<&'a Node>) -> Self {
        let mut change = Self { before, after, gone: Vec::new(), come: Vec::new(), clings: false };
        let clause = |node: Option<&'a Node>, key: &str| node?.children.get(key);
        for (key, node) in before.into_iter().flat_map(|node| node.children.iter()) {
            let becomes = clause(after, key).map(|node| node.statement.reveal());
            if becomes.is_none() {
                change.gone.push(&node.statement);
            }
            change.clings |= becomes != Some(node.statement.reveal()) && clings(&node.statement);
        }
        for (key, node) in after.into_iter().flat_map(|node| node.children.iter()) {
            let there = clause(before, key).map(|node| node.statement.reveal());
            if there != Some(node.statement.reveal()) {
                change.come.push(&node.statement);
            }
        }
        change
    }

    fn differs(&self) -> bool {
        self.changes_action() || !self.gone.is_empty() || !self.come.is_empty()
    }

    /// Whether the entry comes, goes, or gets another action.
    fn changes_action(&self) -> bool {
        let text = |node: Option<&'a Node>| node.map(|node| node.statement.reveal());
        text(self.before) != text(self.after)
    }

    fn judges(&self) -> bool {
        self.count() > 0
    }

    /// How many lines of the change may judge routes otherwise.
    fn count(&self) -> usize {
        let judges = |clause: &&&Statement| !clause.reveal().starts_with("description ");
        let clauses = self.gone.iter().chain(&self.come).filter(judges).count();
        clauses + usize::from(self.changes_action())
    }

    /// Returns the lines that change the clauses of an entry that stays or comes; `None` if FRR has no such lines.
    fn clauses(&self) -> Option<Vec<Line>> {
        self.after.filter(|_| !self.clings)?;
        let gone = self.gone.iter().map(|clause| Line::no(words_of_no(clause), clause, 1));
        let come = self.come.iter().map(|clause| Line::set(clause, 1));
        Some(gone.chain(come).collect())
    }
}

fn side<'a>(config: &'a Config, policy: Policy<'a>) -> Side<'a> {
    let prefix = format!("{policy} ");
    let nodes = config.top.with_prefix(&prefix);
    nodes.filter_map(|(key, node)| Some((key.strip_prefix(&prefix)?.parse().ok()?, node))).collect()
}

fn no_entry(node: &Node) -> Line {
    Line::no(node.statement.reveal(), &node.statement, 0)
}

fn denies(node: &Node) -> bool {
    node.statement.words().get(2) == Some(&"deny")
}

/// Returns whether no line takes the clause away, and leaves nothing of it, but `no route-map`: `no match
/// rpki-extcommunity` is no command, and `no on-match goto` leaves the number (10.7.1 refuses the entry then).
fn clings(clause: &Statement) -> bool {
    matches!(clause.words().as_slice(), ["match", "rpki-extcommunity", ..] | ["on-match", "goto", ..])
}

/// Returns what FRR takes behind `no` for a clause: measured on 7.5.1, 8.4.4, 10.3 and 10.7.1 for each clause that is
/// recorded.
fn words_of_no(clause: &Statement) -> &str {
    match clause.words().as_slice() {
        ["description", ..] => "description",
        ["set", "as-path", "prepend", ..] => "set as-path prepend",
        ["set", "table", ..] => "set table",
        _ => clause.reveal(),
    }
}
