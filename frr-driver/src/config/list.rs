//! Lists by sequence number: prefix-lists, access-lists, as-path and community lists.

use super::{Tree, canonical, grammar::Context};

/// A line of a list, or of a whole list when it names no entry.
pub(super) struct ListLine {
    /// `ip prefix-list NAME`, `bgp community-list NAME`, …: what all entries of the list share, and its key.
    pub(super) list: String,
    /// What stands before the sequence number (`bgp community-list standard NAME`).
    head: String,
    /// The number written, if any.
    pub(super) seq: Option<u32>,
    /// Action and content in canonical words; empty = the whole list is meant (`no ip prefix-list NAME`).
    pub(super) entry: String,
}

/// Reads `words` as a line of a list.
pub(super) fn list_line(words: &[&str]) -> Option<ListLine> {
    let (kind, rest) = match words {
        ["ip" | "ipv6", "prefix-list" | "access-list", rest @ ..]
        | ["mac", "access-list", rest @ ..]
        | ["bgp" | "ip", "as-path", "access-list", rest @ ..]
        | ["bgp" | "ip", "community-list" | "large-community-list" | "extcommunity-list", rest @ ..]
        | ["access-list", rest @ ..] => (words.get(..words.len() - rest.len())?.join(" "), rest),
        _ => return None,
    };
    let kind = if kind.starts_with("ip ") && kind.ends_with("-list") && kind.contains("community") {
        kind.replacen("ip ", "bgp ", 1)
    } else {
        kind.replace("ip as-path", "bgp as-path")
    };
    let (style, rest) = match rest {
        [style @ ("standard" | "expanded"), rest @ ..] if kind.contains("community") => (Some(*style), rest),
        _ => (None, rest),
    };
    let (name, rest) = rest.split_first()?;
    let (seq, rest) = match rest {
        ["seq" | "sequence-number", number, rest @ ..] => (Some(number.parse().ok()?), rest),
        _ => (None, rest),
    };
    if matches!(rest, ["description" | "remark", ..]) {
        return None;
    }
    let style = style.filter(|_| !name.bytes().all(|b| b.is_ascii_digit()));
    let head = style.map_or_else(|| format!("{kind} {name}"), |style| format!("{kind} {style} {name}"));
    let sorts = kind.contains("community") && style != Some("expanded");
    Some(ListLine { list: format!("{kind} {name}"), head, seq, entry: entry(&kind, rest, sorts) })
}

fn entry(kind: &str, words: &[&str], sorts: bool) -> String {
    let mut words: Vec<String> = if kind.ends_with("prefix-list") || kind.ends_with("access-list") {
        let full: Vec<&str> = kind.split(' ').chain(words.iter().copied()).collect();
        canonical::spell(Context::Top, &full).split_off(kind.split(' ').count())
    } else {
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    let le = words.iter().position(|word| word == "le");
    let ge = words.iter().position(|word| word == "ge");
    if let (Some(le), Some(ge)) = (le, ge)
        && le < ge
        && ge + 1 < words.len()
    {
        words.swap(le, ge);
        words.swap(le + 1, ge + 1);
    }
    if kind == "access-list" && words.get(1).is_some_and(|word| word == "host") {
        words.remove(1);
    }
    if sorts && words.len() > 2 {
        let mut members = words.split_off(1);
        members.sort_by_key(|member| community_order(member));
        members.dedup();
        words.append(&mut members);
    }
    words.join(" ")
}

fn community_order(member: &str) -> Vec<u64> {
    match member {
        "internet" => vec![0],
        "local-AS" => vec![65535, 65283],
        "no-advertise" => vec![65535, 65282],
        "no-export" => vec![65535, 65281],
        "graceful-shutdown" => vec![65535, 0],
        "blackhole" => vec![65535, 666],
        "no-peer" => vec![65535, 65284],
        other => other.split(':').map(|part| part.parse().unwrap_or(u64::MAX)).collect(),
    }
}

impl ListLine {
    /// The key of the entry `seq` of this list.
    pub(super) fn key(&self, seq: u32) -> String {
        format!("{} {seq:010}", self.list)
    }

    /// The statement for the entry `seq`.
    pub(super) fn statement(&self, seq: u32) -> String {
        format!("{} seq {seq} {}", self.head, self.entry)
    }

    /// The number that FRR gives to this line, or `None` where the same entry is there already.
    pub(super) fn number(&self, tree: &Tree) -> Option<u32> {
        if let Some(seq) = self.seq {
            return Some(seq);
        }
        let prefix = format!("{} ", self.list);
        let mut highest = 0;
        for (key, node) in tree.with_prefix(&prefix) {
            let Some(seq) = key.strip_prefix(&prefix).and_then(|seq| seq.parse::<u32>().ok()) else {
                continue;
            };
            if node.statement.reveal() == self.statement(seq) {
                return None;
            }
            highest = highest.max(seq);
        }
        Some(highest.saturating_add(5))
    }
}
