//! How a list gets from running to desired.

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use super::edit::{Edit, Line, Sight};
use crate::{
    config::Config,
    impact::policies::{Kind, Policy},
    quirks::FrrVersion,
};
use entry::{Entry, Side};

/// A list on both sides.
pub(super) struct List<'a> {
    policy: Policy<'a>,
    before: Side<'a>,
    after: Side<'a>,
    version: FrrVersion,
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

    /// Returns the change for where nobody sees it halfway; `None` if FRR would make something else of it.
    ///
    /// What goes comes first, so that FRR does not ignore content that the list still has under another number. With
    /// `at_once`, all lines are one commit: an entry that would not come out clean has another number in it, and gets
    /// its own in a second commit.
    pub(super) fn unseen(&self, at_once: bool) -> Option<Edit> {
        let (go, come) = self.rewritten();
        let (removed, described) = self.description();
        let mut edit = Edit::default();
        edit.removals.extend(go.iter().map(Entry::no));
        edit.removals.extend(removed);
        let mut taken: BTreeSet<u32> =
            self.before.entries.iter().chain(&self.after.entries).map(|entry| entry.seq).collect();
        // Where a prefix goes from one entry to another, it matters which changes first, and that is not said.
        let gone = self.forgotten(&go);
        let comes_elsewhere = |new: &Entry<'_>| {
            gone.get(new.prefix()).is_some_and(|seqs| seqs.iter().any(|seq| *seq != new.seq))
        };
        let any_wanders = come.iter().any(comes_elsewhere);
        let mut last = Vec::new();
        for new in &come {
            let there = go.binary_search_by_key(&new.seq, |old| old.seq).ok().and_then(|at| go.get(at));
            match there {
                Some(old) if at_once && (any_wanders || !self.is_clean(old, new)) => {
                    let spare = new.at(self.spare(new.seq, &taken)?);
                    taken.insert(spare.0);
                    edit.later.push(Line::no(&spare.1, new.statement, 0));
                    edit.sets.push(Line::top(spare.1, new.statement));
                    last.push(Line::set(new.statement, 0));
                }
                _ => edit.sets.push(Line::set(new.statement, 0)),
            }
        }
        edit.later.extend(last);
        edit.sets.extend(described);
        Some(edit)
    }

    /// Returns the entries that go, and those that come; a changed one is in both.
    fn rewritten(&self) -> (Vec<Entry<'a>>, Vec<Entry<'a>>) {
        if !self.is_numbered() && self.appended().is_none() {
            return (self.before.entries.clone(), self.after.entries.clone());
        }
        let (mut go, mut come) = self.differing();
        // What stays, and has the prefix of what goes, comes again, or no map would find it.
        let gone = self.forgotten(&go);
        let again: Vec<Entry<'_>> = self
            .staying()
            .filter(|entry| gone.contains_key(entry.prefix()) || self.yields(entry, &come))
            .collect();
        go.extend(again.iter().copied());
        come.extend(again);
        go.sort_by_key(|entry| entry.seq);
        come.sort_by_key(|entry| (self.yields(entry, &self.after.entries), entry.seq));
        (go, come)
    }

    /// Returns the entries of running that are not in desired, and those of desired that are not in running.
    fn differing(&self) -> (Vec<Entry<'a>>, Vec<Entry<'a>>) {
        let of = |side: &Side<'a>, other: &Side<'_>| -> Vec<Entry<'a>> {
            side.entries.iter().filter(|entry| self.same(entry, other).is_none()).copied().collect()
        };
        (of(&self.before, &self.after), of(&self.after, &self.before))
    }

    /// Returns the prefixes that FRR forgets when `gone` go, and the numbers of those.
    fn forgotten<'b>(&self, gone: &[Entry<'b>]) -> BTreeMap<&'b str, Vec<u32>> {
        let mut forgotten: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        if !self.version.keeps_shared_prefixes() && matches!(self.policy.kind(), Kind::PrefixList(_)) {
            for entry in gone {
                forgotten.entry(entry.prefix()).or_default().push(entry.seq);
            }
        }
        forgotten
    }

    /// The entries that are the same on both sides.
    fn staying(&self) -> impl Iterator<Item = Entry<'a>> {
        self.after.entries.iter().filter(|entry| self.same(entry, &self.before).is_some()).copied()
    }

    /// Returns whether FRR forgets `entry` when others, of `come`, come after it.
    fn yields(&self, entry: &Entry<'_>, come: &[Entry<'_>]) -> bool {
        !self.version.keeps_default_prefix()
            && matches!(self.policy.kind(), Kind::PrefixList(_))
            && entry.is_default()
            && come.iter().any(|other| other.seq != entry.seq)
    }

    /// Returns whether FRR makes `new` of `old` within one commit.
    ///
    /// A commit does not take an entry away and make it anew: it changes its parts. Of `any` it keeps the range
    /// (measured on 8.4.4, 10.3 and 10.7.1: `permit 10.0.0.0/8` is held as `le 32`); of access-lists not all is known.
    fn is_clean(&self, old: &Entry<'_>, new: &Entry<'_>) -> bool {
        matches!(self.policy.kind(), Kind::PrefixList(_))
            && (!old.has("any") || new.has("any") || new.has("le"))
    }

    /// Returns a number between `seq` and that of the next entry.
    fn spare(&self, seq: u32, taken: &BTreeSet<u32>) -> Option<u32> {
        let next = self.after.entries.iter().map(|entry| entry.seq).find(|other| *other > seq);
        (seq.saturating_add(1)..next.unwrap_or(u32::MAX)).find(|number| !taken.contains(number))
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
        let (go, come) = self.differing();
        let forgotten = self.forgotten(&go);
        let mut lines: Vec<Line> = Vec::new();
        match (come.as_slice(), go.as_slice()) {
            ([new], [old]) if self.is_numbered() && new.seq == old.seq => {
                if !self.overwrites(old, new) || self.staying().any(|entry| self.yields(&entry, &[*new])) {
                    return None;
                }
                lines.push(Line::set(new.statement, 0));
            }
            _ => {
                let collides = |old: &Entry<'_>| come.iter().any(|new| self.collide(old, new));
                if go.iter().any(collides)
                    || !(asks_once || come.len() + go.len() <= 1)
                    || !self.is_numbered() && self.appended().is_none()
                    || self.after.entries.iter().any(|entry| forgotten.contains_key(entry.prefix()))
                    || self.staying().any(|entry| self.yields(&entry, &come))
                    || come
                        .split_last()
                        .is_some_and(|(_, first)| first.iter().any(|entry| self.yields(entry, &come)))
                {
                    return None;
                }
                lines.extend(come.iter().map(|entry| Line::set(entry.statement, 0)));
                lines.extend(go.iter().rev().map(Entry::no));
            }
        }
        let (removed, described) = self.description();
        lines.extend(described);
        // Behind what comes, so that the list is there; before what goes, if the list goes with it.
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
        let is_same = |other: &&Entry<'_>| other.statement.reveal() == entry.statement.reveal();
        if !self.is_numbered() {
            return side.entries.iter().find(is_same).copied();
        }
        let at = side.entries.binary_search_by_key(&entry.seq, |other| other.seq).ok()?;
        side.entries.get(at).filter(is_same).copied()
    }

    /// Returns whether FRR does not hold both at once: by number, style or content.
    fn collide(&self, old: &Entry<'_>, new: &Entry<'_>) -> bool {
        let ignores_action = self.version.duplicates_ignore_action()
            && matches!(self.policy.kind(), Kind::PrefixList(_) | Kind::AccessList(_));
        (self.is_numbered() && (old.seq == new.seq || old.head != new.head))
            || old.content == new.content
            || (ignores_action && old.subject() == new.subject())
    }

    /// Of a list without numbers: how many entries stay, if all that come are behind them.
    fn appended(&self) -> Option<usize> {
        let stays = |entry: &&Entry<'_>, other: &Side<'_>| self.same(entry, other).is_some();
        let all = self.before.entries.iter().filter(|entry| stays(entry, &self.after));
        let first = self.after.entries.iter().take_while(|entry| stays(entry, &self.before));
        let content = |entry: &Entry<'a>| entry.content;
        let all: Vec<&str> = all.map(content).collect();
        first.map(content).eq(all.iter().copied()).then_some(all.len())
    }

    /// Returns whether `new`, written over `old` in one line, leaves nothing of it.
    fn overwrites(&self, old: &Entry<'_>, new: &Entry<'_>) -> bool {
        let keeps_range = ["ge", "le"].iter().any(|word| old.has(word) && !new.has(word));
        let forgotten = self.forgotten(&[*old]);
        let others = |entry: &&Entry<'_>| entry.seq != old.seq;
        match self.policy.kind() {
            _ if old.head != new.head => false,
            Kind::PrefixList(_) => {
                (self.version.overwrites_prefix_ranges() || !keeps_range)
                    && !self
                        .after
                        .entries
                        .iter()
                        .filter(others)
                        .any(|entry| forgotten.contains_key(entry.prefix()))
            }
            // Of `any` 7.5.1 prints on, whatever is written over it.
            Kind::AccessList(_) => false,
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
                // With the text behind it, FRR takes it for another kind of line, and commits what it holds.
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
