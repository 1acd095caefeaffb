//! What a changed statement does, as data: one row per form of statement, with version ranges and sources.
//!
//! Measured on FRR 7.5.1, 8.4.4, 10.3 and 10.7.1, each statement alone against established sessions, bare and through
//! frr-reload. A version in between counts as the newest measured one that is not newer, unless the source tells the
//! release in which it changed: then the row names that release.

mod family;
mod global;
mod neighbor;
mod router;

use super::{Effect, Via};
use crate::{
    config::{Context, Statement},
    quirks::FrrVersion,
};

/// Where most rows come from.
const MEASURED: &str = "measured on 7.5.1, 8.4.4, 10.3 and 10.7.1";

/// Whom a statement that names no neighbor is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// Every session of the instance; within an address family, those that have it active.
    All,
    /// Sessions with the own AS.
    Ibgp,
    /// Sessions with other ASes.
    Ebgp,
}

/// What must hold for a row to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Nothing.
    Always,
    /// Another text of the same line, and only this word (from 0) differs.
    OnlyWord(usize),
    /// The neighbor is a peer-group.
    PeerGroup,
    /// The family was as active before as the line makes it.
    ActiveAlike,
    /// The instance has `bgp graceful-restart`, before or after.
    GracefulRestart,
    /// The instance has `bgp confederation identifier`, before or after.
    Confederation,
}

/// An effect by version.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Always(Effect),
    /// The first effect, and from which release on it is another; oldest first.
    Since(Effect, &'static [(FrrVersion, Effect)]),
}

/// What one form of statement does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Words of the statement, without a leading `no`: `*` = any word, `...` = any rest, none included.
    pattern: &'static str,
    when: When,
    whom: Whom,
    add: Cell,
    change: Cell,
    remove: Cell,
    /// A change through frr-reload, which removes and adds; `None` = the gravest of the three.
    replace: Option<Cell>,
    why: &'static str,
    source: &'static str,
}

/// What a changed statement does to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) whom: Whom,
    pub(super) effect: Effect,
    pub(super) why: &'static str,
    pub(super) source: &'static str,
}

/// A statement that comes, goes, or gets another text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub(super) before: Option<&'a Statement>,
    pub(super) after: Option<&'a Statement>,
}

/// What counts for a statement that no row knows.
const UNKNOWN: Verdict =
    Verdict { whom: Whom::All, effect: Effect::Reset, why: "not known: counted as a reset", source: "" };

/// Returns what `change` does in `context`; `holds` answers what the rows ask about the instance.
///
/// One verdict, or one for each kind of session where they differ.
pub(super) fn verdicts(
    context: Context,
    change: &Change<'_>,
    version: FrrVersion,
    via: Via,
    holds: impl Fn(When) -> bool,
) -> Vec<Verdict> {
    let Some(statement) = change.after.or(change.before) else { return Vec::new() };
    let words = statement.words();
    let words = words.strip_prefix(&["no"]).unwrap_or(&words);
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut form = None;
    for row in rows(context, words) {
        if form.is_some_and(|form| form != (row.pattern, row.when)) {
            continue;
        }
        let counts = || match row.when {
            When::Always => true,
            When::OnlyWord(at) => change.differs_only_at(at),
            When::PeerGroup | When::ActiveAlike | When::GracefulRestart | When::Confederation => {
                holds(row.when)
            }
        };
        if form.is_some() || (is_form(row.pattern, words) && counts()) {
            form = Some((row.pattern, row.when));
            verdicts.push(row.verdict(change, version, via));
        }
    }
    match (verdicts.is_empty(), context) {
        (false, _) => verdicts,
        // What other daemons do with their lines is no matter of BGP's sessions.
        (true, Context::Top) if words.first() != Some(&"bgp") => Vec::new(),
        (true, Context::Interface | Context::Vrf | Context::Bfd | Context::RouteMap) => Vec::new(),
        (true, Context::Top | Context::Bgp | Context::Family(_) | Context::BfdItem | Context::Opaque) => {
            vec![UNKNOWN]
        }
    }
}

/// The rows for statements that begin with `words` in `context`.
fn rows(context: Context, words: &[&str]) -> &'static [Row] {
    let names_neighbor = words.first() == Some(&"neighbor");
    match context {
        Context::Bgp if names_neighbor => neighbor::ROWS,
        Context::Bgp => router::ROWS,
        Context::Family(_) if names_neighbor => family::NEIGHBOR_ROWS,
        Context::Family(_) => family::ROWS,
        Context::Top => global::ROWS,
        Context::Interface => global::INTERFACE_ROWS,
        Context::Vrf => global::VRF_ROWS,
        Context::BfdItem => global::BFD_ROWS,
        Context::Bfd | Context::RouteMap | Context::Opaque => &[],
    }
}

/// Returns whether `words` have the form `pattern`.
fn is_form(pattern: &str, words: &[&str]) -> bool {
    let mut words = words.iter();
    for token in pattern.split(' ') {
        if token == "..." {
            return true;
        }
        match words.next() {
            Some(word) if token == "*" || token == *word => {}
            Some(_) | None => return false,
        }
    }
    words.next().is_none()
}

// === impl Row ===

/// A row that does `effect` however the statement changes.
const fn row(pattern: &'static str, effect: Effect) -> Row {
    let cell = Cell::Always(effect);
    Row {
        pattern,
        when: When::Always,
        whom: Whom::All,
        add: cell,
        change: cell,
        remove: cell,
        replace: None,
        why: "",
        source: MEASURED,
    }
}

/// A row that does `first`, and from some releases on something else, however the statement changes.
const fn row_since(
    pattern: &'static str,
    first: Effect,
    since: &'static [(FrrVersion, Effect)],
    source: &'static str,
) -> Row {
    let cell = Cell::Since(first, since);
    Row { add: cell, change: cell, remove: cell, ..row(pattern, first) }.source(source)
}

impl Row {
    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    const fn whom(self, whom: Whom) -> Self {
        Self { whom, ..self }
    }

    const fn add(self, effect: Effect) -> Self {
        Self { add: Cell::Always(effect), ..self }
    }

    const fn add_cell(self, cell: Cell) -> Self {
        Self { add: cell, ..self }
    }

    const fn change(self, effect: Effect) -> Self {
        Self { change: Cell::Always(effect), ..self }
    }

    const fn change_cell(self, cell: Cell) -> Self {
        Self { change: cell, ..self }
    }

    const fn remove(self, effect: Effect) -> Self {
        Self { remove: Cell::Always(effect), ..self }
    }

    const fn remove_cell(self, cell: Cell) -> Self {
        Self { remove: cell, ..self }
    }

    const fn replace(self, effect: Effect) -> Self {
        Self { replace: Some(Cell::Always(effect)), ..self }
    }

    const fn replace_cell(self, cell: Cell) -> Self {
        Self { replace: Some(cell), ..self }
    }

    const fn why(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    const fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    fn verdict(&self, change: &Change<'_>, version: FrrVersion, via: Via) -> Verdict {
        let [add, bare, remove] = [self.add, self.change, self.remove].map(|cell| cell.at(version));
        let effect = match (change.before, change.after, via) {
            (None, _, _) => add,
            (Some(_), None, _) => remove,
            (Some(_), Some(_), Via::Vtysh) => bare,
            (Some(_), Some(_), Via::FrrReload) => match self.replace {
                Some(cell) => cell.at(version),
                None => add.max(bare).max(remove),
            },
        };
        Verdict { whom: self.whom, effect, why: self.why, source: self.source }
    }
}

impl Cell {
    fn at(self, version: FrrVersion) -> Effect {
        match self {
            Self::Always(effect) => effect,
            Self::Since(first, later) => later
                .iter()
                .take_while(|(since, _)| *since <= version)
                .last()
                .map_or(first, |(_, effect)| *effect),
        }
    }
}

// === impl Change ===

impl Change<'_> {
    fn differs_only_at(&self, at: usize) -> bool {
        let (Some(before), Some(after)) = (self.before, self.after) else { return false };
        let (before, after) = (before.words(), after.words());
        before.len() == after.len()
            && before.iter().zip(&after).enumerate().all(|(number, (a, b))| (number == at) != (a == b))
    }
}

#[cfg(test)]
mod tests;
