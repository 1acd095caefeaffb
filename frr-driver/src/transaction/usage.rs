//! Which route-maps and lists decide on routes, by whom they are referred to.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{
    config::{Config, Context, Node, Statement},
    impact::policies::{Kind, Policy, clause_refers, reference},
    session::AddressFamily,
};

/// What one kind of daemon refers to, in any number of steps.
#[derive(Default)]
pub(super) struct Usage<'a> {
    /// How each policy is referred to: the words of the reference but for its name.
    named: BTreeMap<Policy<'a>, BTreeSet<String>>,
    /// The words of lines of which it is not known what they refer to: a policy with such a name counts as used.
    words: HashSet<&'a str>,
}

/// Who uses the policies of a configuration.
pub(super) struct Users<'a> {
    /// The BGP instances.
    pub(super) bgp: Usage<'a>,
    /// Everything else: zebra's `ip protocol`, other routing protocols.
    pub(super) others: Usage<'a>,
}

// === impl Users ===

impl<'a> Users<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        let mut users = Self { bgp: Usage::default(), others: Usage::default() };
        for (_, node) in config.top.iter().filter(|(_, node)| super::owner(&node.statement).is_none()) {
            let usage = if node.opens == Some(Context::Bgp) { &mut users.bgp } else { &mut users.others };
            usage.read(node, None);
        }
        let mut maps: BTreeMap<Policy<'_>, Vec<&Node>> = BTreeMap::new();
        for (_, entry) in config.top.with_prefix("route-map ") {
            if let Some(map) = Policy::of(&entry.statement) {
                maps.entry(map).or_default().push(entry);
            }
        }
        users.bgp.follow(&maps);
        users.others.follow(&maps);
        users
    }

    /// Returns whether anyone uses `policy`.
    pub(super) fn any(&self, policy: Policy<'_>) -> bool {
        self.bgp.has(policy) || self.others.has(policy)
    }
}

// === impl Usage ===

impl<'a> Usage<'a> {
    /// Returns whether `policy` is used.
    pub(super) fn has(&self, policy: Policy<'_>) -> bool {
        self.named.contains_key(&policy) || self.words.contains(policy.name())
    }

    /// Returns whether all who use `policy` ask it the same question, so that it answers each route once.
    pub(super) fn asks_once(&self, policy: Policy<'_>) -> bool {
        !self.words.contains(policy.name())
            && self.named.get(&policy).is_none_or(|questions| questions.len() == 1)
    }

    /// Reads a line that belongs to no policy, and the lines of its block.
    fn read(&mut self, node: &'a Node, family: Option<AddressFamily>) {
        self.root(&node.statement, family);
        let family = match node.opens {
            Some(Context::Family(family)) => Some(family),
            _ => family,
        };
        for (_, line) in node.children.iter() {
            self.read(line, family);
        }
    }

    fn root(&mut self, statement: &'a Statement, family: Option<AddressFamily>) {
        if let Some(reference) = family.and_then(|family| reference(statement, family)) {
            for policy in reference.policies {
                self.named.entry(policy).or_default().insert("neighbor".to_owned());
            }
            return;
        }
        let line = statement.reveal().strip_prefix("no ").unwrap_or(statement.reveal());
        let mut words = line.split(' ');
        let is_description = matches!(
            (words.next(), words.nth(1)),
            (Some("description"), _) | (Some("neighbor"), Some("description"))
        );
        if !is_description {
            self.words.extend(line.split(' '));
        }
    }

    /// Adds what the maps in use refer to.
    fn follow(&mut self, maps: &BTreeMap<Policy<'a>, Vec<&'a Node>>) {
        let mut waiting: Vec<_> = maps.iter().collect();
        loop {
            let (used, unused): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(map, _)| self.has(**map));
            for (_, entry) in
                used.iter().flat_map(|(_, entries)| entries.iter()).flat_map(|e| e.children.iter())
            {
                self.clause(&entry.statement);
            }
            if used.is_empty() {
                return;
            }
            waiting = unused;
        }
    }

    fn clause(&mut self, clause: &'a Statement) {
        let words = clause.words();
        if words.first() == Some(&"description") {
            return;
        }
        let mut is_known = false;
        clause_refers(clause, |policy| {
            is_known = true;
            let question: Vec<&str> = words.iter().copied().filter(|word| *word != policy.name()).collect();
            self.named.entry(policy).or_default().insert(question.join(" "));
        });
        if !is_known {
            self.words.extend(words);
        }
    }
}

/// Returns whether lines of this kind take effect only when they are committed, all at one instant.
pub(super) fn is_committed(kind: Kind) -> bool {
    match kind {
        Kind::RouteMap | Kind::PrefixList(_) | Kind::AccessList(_) => true,
        Kind::AsPathList
        | Kind::CommunityList
        | Kind::LargeCommunityList
        | Kind::ExtCommunityList
        | Kind::CommunityAlias => false,
    }
}
