//! What a case holds already, so that nothing is generated that FRR refuses.

use std::collections::{BTreeMap, BTreeSet};

/// What was said so far in all texts of a case.
#[derive(Default)]
pub(super) struct Used {
    /// Of what may be said in one way only: where, what, and how it was said.
    ways: BTreeMap<(String, &'static str), String>,
    /// List and prefix of the entries, with what follows their `seq`.
    entries: BTreeMap<(String, String), String>,
    names: BTreeSet<String>,
}

/// Words of lines that FRR refuses beside other lines of the same group.
const GROUPS: &[(&str, &str)] = &[
    ("ttl", "ebgp-multihop"),
    ("ttl", "ttl-security"),
    ("ttl", "disable-connected-check"),
    ("ttl", "enforce-multihop"),
    ("capabilities", "override-capability"),
    ("capabilities", "strict-capability-match"),
    ("capabilities", "dont-capability-negotiate"),
    ("list in", "distribute-list A in"),
    ("list in", "prefix-list P in"),
    ("metric", "set metric "),
    ("prepend", "set as-path prepend "),
    ("exit", "on-match "),
    ("exit", "continue"),
    ("restart", "graceful-restart"),
    ("communities", "set community "),
    ("large communities", "set large-community "),
    ("extended communities", "set extcommunity "),
];

impl Used {
    /// Whether `line` may be said in `scope`; if so, it is taken as said.
    pub(super) fn may_say(&mut self, scope: &str, line: &str) -> bool {
        let of_line: Vec<_> = GROUPS.iter().filter(|(_, word)| line.contains(word)).collect();
        for (group, word) in of_line {
            // The values of these exclude each other too.
            let way = match *group {
                "metric" | "prepend" | "exit" => line,
                group if group.ends_with("communities") && line.ends_with(" none") => "none",
                _ => word,
            };
            // FRR goes from one mode to another in some orders only.
            if *group == "restart" && self.ways.contains_key(&(scope.to_owned(), group)) {
                return false;
            }
            let said = self.ways.entry((scope.to_owned(), group)).or_insert_with(|| way.to_owned());
            if said.as_str() != way {
                return false;
            }
        }
        true
    }

    /// Whether anything of `group` was said in `scope`.
    pub(super) fn says(&self, scope: &str, group: &'static str) -> bool {
        self.ways.contains_key(&(scope.to_owned(), group))
    }

    /// Whether `list` may have `prefix` with `rest` (action, bounds, number): up to 8 FRR refuses or ignores a prefix
    /// that the list has under another number.
    pub(super) fn may_list(&mut self, list: &str, prefix: &str, rest: &str) -> bool {
        let said =
            self.entries.entry((list.to_owned(), prefix.to_owned())).or_insert_with(|| rest.to_owned());
        said == rest
    }

    /// Whether `name` was not asked for before.
    pub(super) fn first(&mut self, name: &str) -> bool {
        self.names.insert(name.to_owned())
    }
}
