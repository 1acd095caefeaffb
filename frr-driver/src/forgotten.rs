//! Entries for the default prefix that a route-map of FRR 7.5.1 forgets when frr-reload adds others to their list.
//!
//! FRR prints them, and does not find them any more: the default route is refused that the list permits. An entry that
//! is written anew is found. A transaction writes it anew by itself.

use std::collections::BTreeSet;

use crate::{
    config::{Config, Rendered, Statement},
    impact::policies::{Kind, Policy},
    plan::Plan,
    quirks::FrrVersion,
};

/// Returns the lines that write such entries anew, after frr-reload has made `plan`; `None` if FRR forgets none.
pub fn forgotten(desired: &Config, plan: &Plan, version: FrrVersion) -> Option<Rendered> {
    if version.keeps_default_prefix() {
        return None;
    }
    let added = plan.adds.iter().filter(|line| line.blocks.is_empty());
    let lists = added.filter_map(|line| Policy::of(&line.statement));
    let lists: BTreeSet<Policy<'_>> = lists.filter(|it| matches!(it.kind(), Kind::PrefixList(_))).collect();
    let mut lines = Rendered::default();
    for list in lists {
        for (_, entry) in desired.top.with_prefix(&format!("{list} ")) {
            let entry = &entry.statement;
            if is_default(entry) {
                lines.push(0, &format!("no {}", entry.reveal()), Some(entry.origin.clone()));
                lines.push(0, entry.reveal(), Some(entry.origin.clone()));
            }
        }
    }
    Some(lines).filter(|lines| !lines.reveal().is_empty())
}

fn is_default(entry: &Statement) -> bool {
    entry.words().iter().any(|word| matches!(*word, "any" | "0.0.0.0/0" | "::/0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::load, plan::plan};

    const BEFORE: &str = "ip prefix-list p seq 5 permit 0.0.0.0/0\nip prefix-list q seq 5 permit any\n";
    const AFTER: &str = "ip prefix-list p seq 10 permit 10.0.0.0/8\n";

    #[track_caller]
    fn lines(version: FrrVersion, more: &str) -> Option<String> {
        let (before, after) = (load("b", BEFORE, version), load("a", &format!("{BEFORE}{more}"), version));
        let plan = plan(&after, &before, version);
        forgotten(&after, &plan, version).map(|lines| lines.reveal().to_owned())
    }

    #[test]
    fn the_default_prefix_of_a_list_that_grows_is_written_anew() {
        let want = "no ip prefix-list p seq 5 permit 0.0.0.0/0\nip prefix-list p seq 5 permit 0.0.0.0/0\n";
        assert_eq!(lines(FrrVersion(7, 5, 1), AFTER).as_deref(), Some(want));
    }

    #[test]
    fn others_are_left() {
        assert_eq!(lines(FrrVersion(7, 5, 1), "route-map m permit 10\n"), None);
        assert_eq!(lines(FrrVersion(8, 4, 4), AFTER), None);
    }
}
