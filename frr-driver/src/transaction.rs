//! The policy transaction: the lines of one `vtysh -f` that bring FRR from running to desired, where nobody can see
//! the change halfway. Everything else is frr-reload's.
//!
//! frr-reload deletes before it adds, one vtysh after the other: in between, bgpd judges routes by half of a map. A
//! transaction has this order:
//!
//! 1. Lists that nothing refers to, and that are not committed (as-path and community lists).
//! 2. Route-maps, prefix-lists and access-lists, what goes before what comes. bgpd holds these lines until one of
//!    another kind or the end, and commits them at one instant: so no `exit`, which 8.4.4 takes for another kind. A
//!    second commit may give entries of lists their own numbers (`list.rs`), and judges nothing otherwise.
//! 3. What is added outside of lists and maps; new neighbors are shut down until all is said of them.
//! 4. Lists that nothing refers to any more.
//!
//! At most one of its lines, or groups of lines, makes FRR judge a route otherwise. Where FRR commits each line by
//! itself (`quirks.rs`), the lines of 2 are in 1 or 4 if nothing refers to them, or must make one step.

mod additions;
mod edit;
mod list;
mod refusal;
mod route_map;
mod usage;

use std::collections::BTreeSet;

use additions::Additions;
use edit::{Edit, Line, Sight};
use list::List;
pub use refusal::NotATransaction;
use route_map::RouteMap;
use usage::{Users, is_committed};

use crate::{
    config::{Config, Origin, Rendered, Statement, Tree, load, never_settles, render},
    diff::{Difference, differences, pairs},
    impact::{
        Via,
        policies::{Afi, Kind, Policy},
    },
    plan::{Plan, PlanLine, lines},
    quirks::FrrVersion,
};

/// A change that one `vtysh -f` makes.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// What separates running from desired, and whom that touches.
    pub plan: Plan,
    /// The lines for FRR; empty if there is nothing to do.
    pub rendered: Rendered,
    /// Whether they speak of route-maps and lists alone.
    pub is_of_policies: bool,
}

// === impl Transaction ===

impl Transaction {
    /// The text for `vtysh -f`, secrets included.
    pub fn reveal(&self) -> &str {
        self.rendered.reveal()
    }

    /// Returns whether FRR's parser would take every line: what comes has a form that all versions know, and what goes
    /// runs.
    pub fn is_plain(&self) -> bool {
        self.plan.adds.iter().all(|line| is_plain(&line.statement.words()))
    }

    /// Where line `number` (from 1) of the text was written; of a line that goes, the place in running.
    pub fn origin(&self, number: u32) -> Option<&Origin> {
        self.rendered.origin(number)
    }
}

/// Returns the lines that bring `running` (what FRR prints, loaded) to `desired`, or why frr-reload has to do it.
pub fn transaction(
    desired: &Config,
    running: &Config,
    version: FrrVersion,
) -> Result<Transaction, NotATransaction> {
    let differences = differences(&desired.top, &running.top, version);
    let plan = Plan::of(&differences, desired, running, version, Via::Vtysh);
    if plan.is_empty() {
        return Ok(Transaction { plan, rendered: Rendered::default(), is_of_policies: true });
    }
    is_printed(&desired.top, &running.top, version).map_err(NotATransaction::Unprinted)?;
    let (policies, others): (Vec<_>, Vec<_>) =
        differences.into_iter().partition(|difference| owner_of(difference).is_some());
    let changed: BTreeSet<Policy<'_>> = policies.iter().filter_map(owner_of).collect();
    let additions = Additions::new(&others, desired, running, version)?;
    let mut script = Script::new(desired, running, version);
    for policy in &changed {
        script.policy(*policy)?;
    }
    let rendered = script.finish(&additions)?;
    let is_of_policies = others.is_empty();
    if is_of_policies {
        let [desired, running] = [desired, running].map(|config| only(config, &changed));
        leads_there(&rendered, &desired, &running, version)?;
    } else {
        leads_there(&rendered, desired, running, version)?;
    }
    Ok(Transaction { plan, rendered, is_of_policies })
}

/// Returns what `config` says of `policies`.
fn only(config: &Config, policies: &BTreeSet<Policy<'_>>) -> Config {
    let mut only = Config::default();
    for policy in policies {
        for (key, node) in config.top.with_prefix(&format!("{policy} ")) {
            only.top.put_back(key.to_owned(), node.clone());
        }
    }
    only
}

/// Returns whether `words` are of a form that every version of FRR takes, of what node policies mostly consist.
fn is_plain(words: &[&str]) -> bool {
    let is_number = |word: &str| word.parse::<u32>().is_ok();
    match words {
        ["ip" | "ipv6", "prefix-list", _, "seq", seq, "permit" | "deny", ..]
        | ["route-map", _, "permit" | "deny", seq]
        | ["set", "local-preference" | "metric", seq]
        | ["on-match", "goto", seq] => is_number(seq),
        ["match", "ip" | "ipv6", "address", "prefix-list", _]
        | ["match", "community" | "large-community" | "as-path", _]
        | ["on-match", "next"]
        | ["call", _] => true,
        _ => false,
    }
}

/// The route-map or list that a line of the top level belongs to, if a transaction changes such.
fn owner(statement: &Statement) -> Option<Policy<'_>> {
    let policy = Policy::of(statement).or_else(|| Policy::described(statement))?;
    match policy.kind() {
        Kind::CommunityAlias | Kind::AccessList(Afi::Mac) => None,
        Kind::RouteMap
        | Kind::PrefixList(_)
        | Kind::AccessList(_)
        | Kind::AsPathList
        | Kind::CommunityList
        | Kind::LargeCommunityList
        | Kind::ExtCommunityList => Some(policy),
    }
}

fn owner_of<'a>(difference: &Difference<'a>) -> Option<Policy<'a>> {
    owner(&difference.node()?.statement)
}

/// The lines in order, and what is seen of them.
struct Script<'a> {
    desired: &'a Config,
    running: &'a Config,
    version: FrrVersion,
    before: Users<'a>,
    after: Users<'a>,
    /// What nothing that runs refers to.
    prepared: Vec<Edit>,
    /// What is committed at one instant.
    group: Vec<Edit>,
    /// Of the group, what BGP and what others judge routes by.
    judges: [Option<Policy<'a>>; 2],
    /// What is seen line by line.
    seen: Vec<Line>,
    /// What nothing refers to any more.
    cleaned: Vec<Edit>,
    /// What judges routes otherwise, each at its own instant.
    steps: Vec<String>,
}

// === impl Script ===

impl<'a> Script<'a> {
    fn new(desired: &'a Config, running: &'a Config, version: FrrVersion) -> Self {
        Self {
            desired,
            running,
            version,
            before: Users::of(running),
            after: Users::of(desired),
            prepared: Vec::new(),
            group: Vec::new(),
            judges: [None; 2],
            seen: Vec::new(),
            cleaned: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Adds the lines for `policy`.
    fn policy(&mut self, policy: Policy<'a>) -> Result<(), NotATransaction> {
        let halfway = || NotATransaction::Halfway(policy.to_string());
        let at_once = is_committed(policy.kind()) && self.version.commits_policies_at_once();
        let (edit, judges) = self.unseen(policy, at_once).ok_or_else(halfway)?;
        let users = [self.before.bgp.has(policy), self.before.others.has(policy)];
        if at_once {
            // mgmtd makes one commit of everything.
            if !edit.later.is_empty() && self.version.has_mgmtd() && self.others_use(policy) {
                return Err(halfway());
            }
            self.group.push(edit);
            for (first, is_user) in self.judges.iter_mut().zip(users) {
                if judges && is_user {
                    first.get_or_insert(policy);
                }
            }
        } else if !self.before.any(policy) {
            self.prepared.push(edit);
        } else if !self.after.any(policy) {
            self.cleaned.push(edit);
        } else {
            let Sight { lines, judges } = self.seen(policy).ok_or_else(halfway)?;
            self.seen.extend(lines);
            let count = if judges { users.iter().filter(|is_user| **is_user).count() } else { 0 };
            self.steps.extend(std::iter::repeat_n(policy.to_string(), count));
        }
        Ok(())
    }

    fn others_use(&self, policy: Policy<'_>) -> bool {
        self.before.others.has(policy) || self.after.others.has(policy)
    }

    fn unseen(&self, policy: Policy<'a>, at_once: bool) -> Option<(Edit, bool)> {
        if policy.kind() == Kind::RouteMap {
            let map = RouteMap::new(policy, self.desired, self.running);
            Some((map.unseen(at_once)?, map.judges()))
        } else {
            let list = List::new(policy, self.desired, self.running, self.version);
            Some((list.unseen(at_once)?, list.judges()))
        }
    }

    fn seen(&self, policy: Policy<'a>) -> Option<Sight> {
        if policy.kind() == Kind::RouteMap {
            return RouteMap::new(policy, self.desired, self.running).seen();
        }
        let users = [&self.before.bgp, &self.before.others, &self.after.bgp, &self.after.others];
        let asks_once = users.iter().all(|usage| usage.asks_once(policy));
        List::new(policy, self.desired, self.running, self.version).seen(asks_once)
    }

    /// Returns the text, if at most one step of it is seen.
    fn finish(mut self, additions: &Additions) -> Result<Rendered, NotATransaction> {
        // The group comes before the lines that are seen one by one.
        self.steps.splice(0..0, self.judges.iter().flatten().map(ToString::to_string));
        self.steps.extend(additions.seen.iter().cloned());
        if let [first, second, ..] = self.steps.as_slice() {
            return Err(NotATransaction::Apart(first.clone(), second.clone()));
        }
        let lines = self.group.iter().map(|edit| edit.removals.len() + edit.sets.len()).sum();
        if let Some(held_max) = self.version.policy_lines_held_max()
            && lines >= held_max
        {
            return Err(NotATransaction::TooManyLines { lines, held_max });
        }
        let mut rendered = Rendered::default();
        write(&mut rendered, self.prepared);
        write(&mut rendered, self.group);
        for line in self.seen {
            line.write(&mut rendered);
        }
        rendered.append(additions.render());
        write(&mut rendered, self.cleaned);
        Ok(rendered)
    }
}

/// Writes what goes, and then what comes: lists before the maps that refer to them.
fn write(rendered: &mut Rendered, edits: Vec<Edit>) {
    let (mut removals, mut sets, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for edit in edits {
        removals.extend(edit.removals);
        sets.push(edit.sets);
        later.extend(edit.later);
    }
    for line in removals.into_iter().chain(sets.into_iter().rev().flatten()) {
        line.write(rendered);
    }
    if !later.is_empty() {
        // A line of another kind, which every daemon knows: they commit what they hold.
        rendered.push(0, "line vty", None);
        rendered.push(0, "exit", None);
    }
    for line in later {
        line.write(rendered);
    }
}

/// Checks that FRR prints every line of desired that running lacks: of others it is not known whether they run.
fn is_printed(desired: &Tree, running: &Tree, version: FrrVersion) -> Result<(), PlanLine> {
    let nothing = Tree::default();
    for (_, there, node) in pairs(desired, running) {
        let Some(node) = node else { continue };
        let runs = there.is_some_and(|there| there.statement.reveal() == node.statement.reveal());
        if !runs && never_settles(&node.statement, desired, version).is_some() {
            let statement = node.statement.clone();
            return Err(PlanLine { blocks: Vec::new(), statement, renumbered: node.renumbered });
        }
        let lines_there = there.map_or(&nothing, |there| &there.children);
        is_printed(&node.children, lines_there, version).map_err(|mut line| {
            line.blocks.insert(0, node.statement.to_string());
            line
        })?;
    }
    Ok(())
}

/// Executes the lines on what runs, and checks that this gives what is desired.
fn leads_there(
    rendered: &Rendered,
    desired: &Config,
    running: &Config,
    version: FrrVersion,
) -> Result<(), NotATransaction> {
    let mut text = render(running, &[], version).reveal().to_owned();
    text.push_str("end\n");
    text.push_str(rendered.reveal());
    let mut reached = load("transaction", &text, version);
    if !version.numbers_as_path_entries() {
        // FRR prints no numbers: they are what the next load makes of the order.
        reached = load("transaction", render(&reached, &[], version).reveal(), version);
    }
    let (adds, removes) = lines(desired, &reached, version);
    match adds.into_iter().chain(removes).next() {
        Some(line) => Err(NotATransaction::LeadsElsewhere(line)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
