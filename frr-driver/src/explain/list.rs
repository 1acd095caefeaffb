//! Lists, entry by entry.

use super::{Step, StepKind, ends::Ends, expand::Expanded};
use crate::{check::reference::Kind, config::Node};

/// How many entries of one list are shown: more than people write by hand.
const LIST_ENTRIES_MAX: usize = 100;

/// Returns the entries of a list, and what they come to.
pub(super) fn list(kind: Kind, nodes: &[&Node]) -> Expanded {
    let entries: Vec<(&&Node, bool, bool)> = nodes
        .iter()
        .filter_map(|node| {
            let words = node.statement.words();
            let at = words.iter().position(|word| matches!(*word, "permit" | "deny"))?;
            Some((node, words.get(at) == Some(&"permit"), is_everything(words.get(at + 1..)?)))
        })
        .collect();
    if entries.is_empty() {
        // `prefix_list_apply_ext` in lib/plist.c, `access_list_apply` in lib/filter.c.
        let (what, ends) = match kind {
            Kind::IpPrefixList | Kind::Ipv6PrefixList => ("permits", Ends::PERMIT),
            Kind::RouteMap
            | Kind::AccessList
            | Kind::Ipv6AccessList
            | Kind::AsPathList
            | Kind::CommunityList
            | Kind::LargeCommunityList
            | Kind::ExtcommunityList => ("denies", Ends::DENY),
        };
        let note = format!("the list has no entry: it {what} everything");
        return Expanded { note, steps: Vec::new(), ends, is_defined: true };
    }
    let mut steps: Vec<Step> = entries
        .iter()
        .take(LIST_ENTRIES_MAX)
        .map(|(node, ..)| Step::of(StepKind::ListEntry, &node.statement))
        .collect();
    if entries.len() > LIST_ENTRIES_MAX {
        steps.push(Step::implicit(format!("… and {} more entries", entries.len() - LIST_ENTRIES_MAX)));
    }
    let last = entries.iter().position(|(.., is_everything)| *is_everything);
    if last.is_none() {
        steps.push(Step::implicit("otherwise: deny"));
    }
    let counted = entries.iter().take(last.map_or(usize::MAX, |last| last + 1));
    let mut ends = if last.is_none() { Ends::DENY } else { Ends::NEVER };
    for (_, is_permit, _) in counted {
        ends = ends.or(if *is_permit { Ends::PERMIT } else { Ends::DENY });
    }
    Expanded { note: String::new(), steps, ends, is_defined: true }
}

/// Whether an entry is about every route.
fn is_everything(content: &[&str]) -> bool {
    matches!(
        content,
        ["any" | ".*"] | ["0.0.0.0/0", "le", "32"] | ["::/0", "le", "128"] | ["ip", "any", "any"]
    )
}
