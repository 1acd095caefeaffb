//! Lists by sequence number: prefix-lists, access-lists, as-path and community lists.

use std::collections::HashMap;

use super::{Origin, Statement, Tree, community, grammar::Context, rewrite::join, spell::spell};
use crate::quirks::FrrVersion;

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
pub(super) fn list_line(words: &[&str], version: FrrVersion) -> Option<ListLine> {
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
    let members = Members::of(&kind, name, style);
    let style = style.filter(|_| !name.bytes().all(|byte| byte.is_ascii_digit()));
    let head = style.map_or_else(|| format!("{kind} {name}"), |style| format!("{kind} {style} {name}"));
    let entry = entry(&kind, rest, members, version);
    Some(ListLine { list: format!("{kind} {name}"), head, seq, entry })
}

/// How the members of an entry are ordered and spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    Communities,
    LargeCommunities,
    ExtendedCommunities,
    AsWritten,
}

impl Members {
    /// A list with a number for a name is standard up to 99, and a standard list's members are a set.
    fn of(kind: &str, name: &str, style: Option<&str>) -> Self {
        let is_set = match name.parse::<u32>() {
            Ok(number) => number < 100,
            Err(_) => style == Some("standard"),
        };
        match kind {
            _ if !is_set => Self::AsWritten,
            "bgp community-list" => Self::Communities,
            "bgp large-community-list" => Self::LargeCommunities,
            "bgp extcommunity-list" => Self::ExtendedCommunities,
            _ => Self::AsWritten,
        }
    }
}

/// Action and content in FRR's words.
fn entry(kind: &str, words: &[&str], members: Members, version: FrrVersion) -> String {
    let Some((action, content)) = words.split_first() else { return String::new() };
    let sorted = match members {
        Members::Communities => community::sorted(content.iter().copied()),
        Members::LargeCommunities => community::sorted_large(content.iter().copied()),
        Members::ExtendedCommunities => community::sorted_extended(content),
        Members::AsWritten => return addresses(kind, words, version),
    };
    let sorted: Vec<&str> = sorted.iter().map(String::as_str).collect();
    join(action, &sorted)
}

fn addresses(kind: &str, words: &[&str], version: FrrVersion) -> String {
    let mut spelled = Vec::new();
    let mut words = words.to_vec();
    if kind.ends_with("prefix-list") || kind.ends_with("access-list") && !kind.contains("as-path") {
        // The kind decides whether host bits are masked.
        let full: Vec<&str> = kind.split(' ').chain(words.iter().copied()).collect();
        spelled = spell(Context::Top, &full, version).unwrap_or_default();
    }
    if !spelled.is_empty() {
        words = spelled.iter().skip(kind.split(' ').count()).map(String::as_str).collect();
    }
    if let [_, _, "le", le, "ge", ge] = *words.as_slice() {
        words.splice(2.., ["ge", ge, "le", le]);
    }
    if kind == "access-list" && words.get(1) == Some(&"host") {
        words.remove(1);
    }
    words.join(" ")
}

impl ListLine {
    /// The key of the entry `seq` of this list.
    pub(super) fn key(&self, seq: u32) -> String {
        format!("{} {seq:010}", self.list)
    }

    /// What makes two entries the same.
    fn identity(&self, version: FrrVersion) -> String {
        match self.entry.split_once(' ') {
            Some((_, content)) if self.is_prefix_list() && version.duplicates_ignore_action() => {
                content.to_owned()
            }
            _ => self.entry.clone(),
        }
    }

    /// Whether a second number for the same entry is ignored, or refused.
    fn is_unique(&self, version: FrrVersion) -> bool {
        if self.is_prefix_list() {
            !version.holds_duplicate_entries()
        } else {
            self.list.contains("community-list") || self.list.contains("as-path")
        }
    }

    fn is_prefix_list(&self) -> bool {
        self.list.starts_with("ip prefix-list ") || self.list.starts_with("ipv6 prefix-list ")
    }

    /// The statement for the entry `seq`; 7.5.1 has no numbers in as-path lists.
    pub(super) fn statement(&self, seq: u32, version: FrrVersion) -> String {
        if self.list.contains("as-path") && !version.numbers_as_path_entries() {
            return format!("{} {}", self.head, self.entry);
        }
        format!("{} seq {seq} {}", self.head, self.entry)
    }
}

/// What the lists hold, by content: FRR ignores an entry that is there already.
#[derive(Debug, Default)]
pub(super) struct Lists {
    by_list: HashMap<String, Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    /// Content and number of each entry.
    entries: HashMap<String, u32>,
    highest: u32,
}

// === impl Lists ===

impl Lists {
    /// Executes `line`: FRR ignores what it holds already, and gives a number to an entry without one.
    pub(super) fn set(&mut self, tree: &mut Tree, line: &ListLine, origin: &Origin, version: FrrVersion) {
        let identity = line.identity(version);
        let contents = self.contents(tree, line, version);
        let seq = match (line.seq, contents.entries.get(&identity)) {
            (None, Some(_)) => return,
            (Some(seq), Some(there)) if *there != seq && line.is_unique(version) => return,
            (Some(seq), _) => seq,
            (None, None) => contents.highest.saturating_add(5),
        };
        contents.highest = contents.highest.max(seq);
        contents.entries.insert(identity, seq);
        let key = line.key(seq);
        let replaced = tree.get(&key).is_some();
        tree.set(key, Statement::new(line.statement(seq, version), origin.clone()));
        if replaced {
            self.by_list.remove(&line.list);
        }
    }

    /// Forgets what `list` holds, because something was taken from it.
    pub(super) fn forget(&mut self, list: &str) {
        self.by_list.remove(list);
    }

    fn contents(&mut self, tree: &Tree, line: &ListLine, version: FrrVersion) -> &mut Contents {
        if !self.by_list.contains_key(&line.list) {
            let mut contents = Contents::default();
            let prefix = format!("{} ", line.list);
            for (key, node) in tree.with_prefix(&prefix) {
                let Some(seq) = key.strip_prefix(&prefix).and_then(|seq| seq.parse().ok()) else { continue };
                let words = node.statement.words();
                if let Some(entry) = list_line(&words, version) {
                    contents.entries.insert(entry.identity(version), seq);
                    contents.highest = contents.highest.max(seq);
                }
            }
            self.by_list.insert(line.list.clone(), contents);
        }
        self.by_list.entry(line.list.clone()).or_default()
    }
}
