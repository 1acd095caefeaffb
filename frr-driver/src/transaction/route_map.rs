//! How a route-map gets from running to desired.

mod change;

use std::collections::BTreeMap;

use super::edit::{Edit, Line, Sight};
use crate::{
    config::{Config, Node},
    impact::policies::Policy,
};
use change::Change;

/// The highest number of an entry.
const SEQ_MAX: u32 = 65535;

/// A route-map on both sides.
pub(super) struct RouteMap<'a> {
    policy: Policy<'a>,
    /// The entries that differ, by number.
    changes: BTreeMap<u32, Change<'a>>,
    before: Side<'a>,
    after: Side<'a>,
}

type Side<'a> = BTreeMap<u32, &'a Node>;

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

    /// Returns the change for where nobody sees it halfway; `None` if FRR would make something else of it.
    ///
    /// With `at_once`, all lines are one commit: an entry that would not come out clean has another number in it, and
    /// gets its own in a second commit.
    pub(super) fn unseen(&self, at_once: bool) -> Option<Edit> {
        let mut edit = Edit::default();
        edit.removals.extend(self.whole());
        if !edit.removals.is_empty() {
            return Some(edit);
        }
        let mut last = Vec::new();
        for (seq, change) in &self.changes {
            match (change.before, change.after) {
                (Some(before), Some(after)) if change.clings() || (at_once && !change.is_clean()) => {
                    edit.removals.push(no_entry(before));
                    if at_once {
                        let spare = after.statement.reveal().strip_suffix(&seq.to_string())?.to_owned()
                            + &self.spare(*seq)?.to_string();
                        edit.sets.push(Line::top(spare.clone(), &after.statement));
                        edit.sets.extend(Line::block(after).skip(1));
                        edit.later.push(Line::no(&spare, &after.statement, 0));
                        last.extend(Line::block(after));
                    } else {
                        edit.sets.extend(Line::block(after));
                    }
                }
                (_, Some(after)) => {
                    edit.sets.push(Line::set(&after.statement, 0));
                    edit.sets.extend(change.clauses());
                }
                (before, None) => edit.removals.extend(before.map(no_entry)),
            }
        }
        edit.later.extend(last);
        Some(edit)
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
            sight.lines.extend(change.clauses());
        }
        Some(sight)
    }

    fn seen_entry(&self, seq: u32, change: &Change<'a>) -> Option<Sight> {
        let Some(after) = change.after else {
            return Some(Sight { lines: change.before.map(no_entry).into_iter().collect(), judges: true });
        };
        let mut lines = vec![Line::set(&after.statement, 0)];
        if change.count() <= 1 && change.is_clean() && !change.clings() {
            lines.extend(change.clauses());
            return Some(Sight { lines, judges: true });
        }
        if !self.is_end(seq) || change.clings() {
            return None;
        }
        // The last entry, as long as it denies, says what the end of the map says anyway.
        let denied = change.before.is_none_or(denies);
        match (denied, denies(after)) {
            (false, false) => return None,
            (_, true) => lines.extend(change.clauses()),
            (true, false) => {
                let permit = Line::set(&after.statement, 0);
                let deny = after.statement.reveal().replacen(" permit ", " deny ", 1);
                lines = vec![Line::top(deny, &after.statement)];
                lines.extend(change.clauses());
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

    /// Returns a number behind `seq`, and before that of the next entry.
    fn spare(&self, seq: u32) -> Option<u32> {
        let next = [&self.before, &self.after].into_iter().filter_map(|side| side.range(seq + 1..).next());
        let next = next.map(|(other, _)| *other).min().unwrap_or(SEQ_MAX + 1);
        (seq + 1 < next).then_some(seq + 1)
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
