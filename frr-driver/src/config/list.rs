//! Lists by sequence number: prefix-lists, access-lists, as-path and community lists.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _};

use super::{Node, Origin, Statement, Tree, community, grammar::Context, rewrite::join, spell::spell};
use crate::quirks::FrrVersion;

/// A kind of list; a name may be used once in each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prefix,
    Prefix6,
    Access,
    Access6,
    MacAccess,
    AsPath,
    Community,
    LargeCommunity,
    ExtCommunity,
}

/// A line of a list, or of a whole list when it names no entry.
pub(super) struct ListLine<'a> {
    kind: Kind,
    /// `standard` or `expanded`, where FRR prints it.
    style: Option<&'a str>,
    /// `ip prefix-list NAME`, `bgp community-list NAME`, …: what all entries of the list share, and its key.
    pub(super) list: String,
    name: &'a str,
    /// The number written, if any.
    pub(super) seq: Option<u32>,
    /// Action and content in canonical words; empty = the whole list is meant (`no ip prefix-list NAME`).
    pub(super) entry: String,
}

/// Reads `words` as a line of a list.
pub(super) fn list_line<'a>(words: &[&'a str], version: FrrVersion) -> Option<ListLine<'a>> {
    let (kind, rest) = Kind::read(words)?;
    let (style, rest) = match rest {
        [style @ ("standard" | "expanded"), rest @ ..] if kind.has_style() => (Some(*style), rest),
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
    let entry = kind.entry(name, style, rest, version);
    let style = style.filter(|_| !name.bytes().all(|byte| byte.is_ascii_digit()));
    Some(ListLine { kind, style, list: format!("{} {name}", kind.words()), name, seq, entry })
}

/// Whether `object` is what the keys of a list's entries begin with: its kind and its name.
pub(super) fn is_list(object: &str) -> bool {
    Kind::ALL.iter().any(|kind| {
        let name = object.strip_prefix(kind.words()).and_then(|rest| rest.strip_prefix(' '));
        name.is_some_and(|name| !name.contains(' '))
    })
}

// === impl Kind ===

impl Kind {
    const ALL: [Self; 9] = [
        Self::Prefix,
        Self::Prefix6,
        Self::Access,
        Self::Access6,
        Self::MacAccess,
        Self::AsPath,
        Self::Community,
        Self::LargeCommunity,
        Self::ExtCommunity,
    ];

    fn read<'a, 'w>(words: &'w [&'a str]) -> Option<(Self, &'w [&'a str])> {
        match words {
            ["ip", "prefix-list", rest @ ..] => Some((Self::Prefix, rest)),
            ["ipv6", "prefix-list", rest @ ..] => Some((Self::Prefix6, rest)),
            ["access-list", rest @ ..] => Some((Self::Access, rest)),
            ["ipv6", "access-list", rest @ ..] => Some((Self::Access6, rest)),
            ["mac", "access-list", rest @ ..] => Some((Self::MacAccess, rest)),
            ["bgp", "as-path", "access-list", rest @ ..] => Some((Self::AsPath, rest)),
            ["bgp", "community-list", rest @ ..] => Some((Self::Community, rest)),
            ["bgp", "large-community-list", rest @ ..] => Some((Self::LargeCommunity, rest)),
            ["bgp", "extcommunity-list", rest @ ..] => Some((Self::ExtCommunity, rest)),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Prefix => "ip prefix-list",
            Self::Prefix6 => "ipv6 prefix-list",
            Self::Access => "access-list",
            Self::Access6 => "ipv6 access-list",
            Self::MacAccess => "mac access-list",
            Self::AsPath => "bgp as-path access-list",
            Self::Community => "bgp community-list",
            Self::LargeCommunity => "bgp large-community-list",
            Self::ExtCommunity => "bgp extcommunity-list",
        }
    }

    fn has_style(self) -> bool {
        matches!(self, Self::Community | Self::LargeCommunity | Self::ExtCommunity)
    }

    /// Whether a second number for the same entry is ignored, or refused.
    fn is_unique(self, version: FrrVersion) -> bool {
        match self {
            Self::Prefix | Self::Prefix6 => !version.holds_duplicate_entries(),
            Self::Access | Self::Access6 | Self::MacAccess => false,
            Self::AsPath | Self::Community | Self::LargeCommunity | Self::ExtCommunity => true,
        }
    }

    /// Action and content in FRR's words. A standard list's members are a set; a list with a number for a name is
    /// standard up to 99.
    fn entry(self, name: &str, style: Option<&str>, words: &[&str], version: FrrVersion) -> String {
        let Some((action, content)) = words.split_first() else { return String::new() };
        let is_set = self.has_style()
            && match name.parse::<u32>() {
                Ok(number) => number < 100,
                Err(_) => style == Some("standard"),
            };
        let sorted = match self {
            Self::Community if is_set => community::sorted(content.iter().copied()),
            Self::LargeCommunity if is_set => community::sorted_large(content.iter().copied()),
            Self::ExtCommunity if is_set => community::sorted_extended(content),
            Self::Prefix | Self::Prefix6 | Self::Access | Self::Access6 | Self::MacAccess => {
                return self.addresses(words, version);
            }
            Self::AsPath | Self::Community | Self::LargeCommunity | Self::ExtCommunity => {
                return words.join(" ");
            }
        };
        let sorted: Vec<&str> = sorted.iter().map(String::as_str).collect();
        join(action, &sorted)
    }

    fn addresses(self, words: &[&str], version: FrrVersion) -> String {
        // The first words decide whether host bits are masked.
        let head = ["ip", "prefix-list"];
        let full: Vec<&str> = head.into_iter().chain(words.iter().copied()).collect();
        let spelled = spell(Context::Top, &full, version).unwrap_or_default();
        let mut words: Cow<'_, [&str]> = match spelled.get(head.len()..) {
            Some(spelled) => spelled.iter().map(String::as_str).collect(),
            None => Cow::Borrowed(words),
        };
        if let [_, _, "le", le, "ge", ge] = *words {
            words.to_mut().splice(2.., ["ge", ge, "le", le]);
        }
        if self == Self::Access && words.get(1) == Some(&"host") {
            words.to_mut().remove(1);
        }
        words.join(" ")
    }
}

// === impl ListLine ===

impl ListLine<'_> {
    /// The key of the entry `seq` of this list.
    pub(super) fn key(&self, seq: u32) -> String {
        let mut key = String::with_capacity(self.list.len() + 11);
        key.push_str(&self.list);
        let _ = write!(key, " {seq:010}");
        key
    }

    /// The statement for the entry `seq`; 7.5.1 has no numbers in as-path lists.
    pub(super) fn statement(&self, seq: u32, version: FrrVersion) -> String {
        let mut line = String::with_capacity(self.list.len() + self.entry.len() + 16);
        line.push_str(self.kind.words());
        for word in self.style.iter().chain([&self.name]) {
            line.push(' ');
            line.push_str(word);
        }
        if self.kind != Kind::AsPath || version.numbers_as_path_entries() {
            let _ = write!(line, " seq {seq}");
        }
        line.push(' ');
        line.push_str(&self.entry);
        line
    }

    /// What makes two entries the same.
    fn identity(&self, version: FrrVersion) -> &str {
        match self.entry.split_once(' ') {
            Some((_, content))
                if matches!(self.kind, Kind::Prefix | Kind::Prefix6)
                    && version.duplicates_ignore_action() =>
            {
                content
            }
            _ => &self.entry,
        }
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
    pub(super) fn set(&mut self, tree: &mut Tree, line: &ListLine<'_>, origin: &Origin, version: FrrVersion) {
        let is_unique = line.kind.is_unique(version);
        if let (Some(seq), false, false) = (line.seq, is_unique, self.by_list.contains_key(&line.list)) {
            // Nothing is asked of the other entries.
            tree.set(line.key(seq), Statement::new(line.statement(seq, version), origin.clone()));
            return;
        }
        let contents = self.contents(tree, line, version);
        let identity = line.identity(version);
        let seq = match (line.seq, contents.entries.get(identity)) {
            (None, Some(_)) => return,
            (Some(seq), Some(there)) if *there != seq && is_unique => return,
            (Some(seq), _) => seq,
            (None, None) => contents.highest.saturating_add(5),
        };
        let key = line.key(seq);
        if let Some(before) = tree.get(&key) {
            contents.forget(before, seq, version);
        }
        contents.highest = contents.highest.max(seq);
        contents.entries.insert(identity.to_owned(), seq);
        tree.set(key, Statement::new(line.statement(seq, version), origin.clone()));
    }

    /// Forgets what `list` holds, because something was taken from it.
    pub(super) fn forget(&mut self, list: &str) {
        self.by_list.remove(list);
    }

    fn contents(&mut self, tree: &Tree, line: &ListLine<'_>, version: FrrVersion) -> &mut Contents {
        if !self.by_list.contains_key(&line.list) {
            self.by_list.insert(line.list.clone(), Contents::of(tree, &line.list, version));
        }
        self.by_list.entry(line.list.clone()).or_default()
    }
}

// === impl Contents ===

impl Contents {
    /// The entry `seq` is written over.
    fn forget(&mut self, before: &Node, seq: u32, version: FrrVersion) {
        if let Some(entry) = list_line(&before.statement.words(), version)
            && self.entries.get(entry.identity(version)) == Some(&seq)
        {
            self.entries.remove(entry.identity(version));
        }
    }

    fn of(tree: &Tree, list: &str, version: FrrVersion) -> Self {
        let mut contents = Self::default();
        let prefix = format!("{list} ");
        for (key, node) in tree.with_prefix(&prefix) {
            let Some(seq) = key.strip_prefix(&prefix).and_then(|seq| seq.parse().ok()) else { continue };
            if let Some(entry) = list_line(&node.statement.words(), version) {
                contents.entries.insert(entry.identity(version).to_owned(), seq);
                contents.highest = contents.highest.max(seq);
            }
        }
        contents
    }
}
