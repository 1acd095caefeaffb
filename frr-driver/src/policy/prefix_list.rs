//! Entries of prefix-lists: what FRR refuses only when it applies them, and what not every version holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::Range,
};

use ipnet::IpNet;

use super::{line::Line, refusal::Refusal, words};

/// What FRR adds to the highest number for an entry without one (`lib/filter_cli.c`).
const SEQ_STEP: u32 = 5;

/// `ip` or `ipv6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Ipv4,
    Ipv6,
}

impl Family {
    /// Reads the first word of a statement, or the second one of a `match`.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "ip" => Some(Self::Ipv4),
            "ipv6" => Some(Self::Ipv6),
            _ => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ipv6",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Ipv4 => Self::Ipv6,
            Self::Ipv6 => Self::Ipv4,
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }
}

/// What an entry says, its number apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    permits: bool,
    /// `None` = `any`, which FRR does not take for `0.0.0.0/0`.
    prefix: Option<IpNet>,
    ge: Option<u8>,
    le: Option<u8>,
}

/// Reads `[seq N] permit|deny PREFIX [ge N] [le N]` from word `at` on.
pub(super) fn entry(line: &Line<'_>, family: Family, at: usize) -> Result<(Option<u32>, Entry), Refusal> {
    let (seq, at) = match line.words.get(at..) {
        Some(["seq", number, ..]) => (Some(seq(line, at + 1, number)?), at + 2),
        _ => (None, at),
    };
    let permits = match line.words.get(at) {
        Some(&"permit") => true,
        Some(&"deny") => false,
        Some(word) => {
            let name = line.quote(2);
            let fix = format!(
                "write: {} prefix-list {name} [seq N] permit|deny PREFIX [ge N] [le N]",
                family.word()
            );
            let reason = match words::whole_of(word, &["seq", "permit", "deny", "description"]) {
                Some(whole) => format!("abbreviations are not accepted: `{word}`, short for `{whole}`"),
                None => format!("`{}` is not what FRR takes in an entry of a prefix-list", line.quote(at)),
            };
            return Err(Refusal::of_word(at, reason, fix));
        }
        None => {
            let fix = format!("write: {} prefix-list NAME [seq N] permit|deny PREFIX", family.word());
            return Err(Refusal::of_line("the entry of the prefix-list is missing", fix));
        }
    };
    let (prefix, ge, le) = prefix_and_range(line, family, at + 1)?;
    Ok((seq, Entry { permits, prefix, ge, le }))
}

/// Reads a sequence number. Leading zeros are fine: the agent writes the number as FRR prints it.
fn seq(line: &Line<'_>, at: usize, word: &str) -> Result<u32, Refusal> {
    let number = word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten();
    number.filter(|number| *number > 0).ok_or_else(|| {
        let reason = format!("`seq {}` is not a number from 1 to {}", line.quote(at), u32::MAX);
        Refusal::of_words(at - 1..at + 1, reason, "write e.g.: seq 5")
    })
}

/// A prefix (`None` = `any`), and its range.
type Bounds = (Option<IpNet>, Option<u8>, Option<u8>);

/// Reads `PREFIX [ge N] [le N]` from word `at` to the end of the line.
///
/// FRR checks the range only when it applies the line, and two versions drop the lines beside it then, with exit code 0.
pub(super) fn prefix_and_range(line: &Line<'_>, family: Family, at: usize) -> Result<Bounds, Refusal> {
    let prefix = prefix(line, family, at)?;
    let bounds = at + 1..line.words.len();
    let (ge, le) = match line.words.get(bounds.clone()).unwrap_or_default() {
        [] => (None, None),
        ["ge", _] => (Some(at + 2), None),
        ["le", _] => (None, Some(at + 2)),
        ["ge", _, "le", _] => (Some(at + 2), Some(at + 4)),
        ["le", _, "ge", _] => (Some(at + 4), Some(at + 2)),
        [word, ..] => {
            let reason = match *word {
                "ge" | "le" => "the range is not one that FRR takes".to_owned(),
                _ => format!("`{}` is not a range", line.quote(at + 1)),
            };
            return Err(Refusal::of_words(bounds, reason, "write: [ge N] [le N], each at most once"));
        }
    };
    let Some(net) = prefix else {
        if bounds.is_empty() {
            return Ok((None, None, None));
        }
        let whole = if family == Family::Ipv4 { "0.0.0.0/0" } else { "::/0" };
        let fix = format!("write {whole} instead of any");
        return Err(Refusal::of_words(bounds, "`any` takes no range", fix));
    };
    let length = |at: Option<usize>| at.map(|at| prefix_length(line, family, at)).transpose();
    let (ge, le) = (length(ge)?, length(le)?);
    let lowest = ge.unwrap_or(net.prefix_len());
    if lowest < net.prefix_len() || le.is_some_and(|le| le < lowest) {
        let (length, bits) = (net.prefix_len(), family.bits());
        let reason = format!("FRR refuses this range: {length} <= ge <= le <= {bits} must hold");
        let fix = format!("write e.g.: {} le {bits}", line.quote(at));
        return Err(Refusal::of_words(bounds, reason, fix));
    }
    Ok((prefix, ge, le))
}

fn prefix(line: &Line<'_>, family: Family, at: usize) -> Result<Option<IpNet>, Refusal> {
    let Some(word) = line.words.get(at) else {
        return Err(Refusal::of_line("the prefix is missing", "write: ADDRESS/LENGTH, or any"));
    };
    if *word == "any" {
        return Ok(None);
    }
    let quoted = line.quote(at);
    let (address, length) = word.split_once('/').unwrap_or((word, ""));
    let Ok(address) = address.parse::<IpAddr>() else {
        let reason = format!("`{quoted}` is not a prefix");
        return Err(Refusal::of_word(at, reason, "write: ADDRESS/LENGTH, or any"));
    };
    if address.is_ipv6() != (family == Family::Ipv6) {
        let kind = if family == Family::Ipv4 { "IPv4" } else { "IPv6" };
        let fix = format!("write: {} prefix-list …", family.other().word());
        return Err(Refusal::of_word(at, format!("{quoted} is not an {kind} prefix"), fix));
    }
    if length.is_empty() {
        let fix = format!("write the length, e.g.: {address}/{}", family.bits());
        return Err(Refusal::of_word(at, format!("`{quoted}` is not a prefix: the length is missing"), fix));
    }
    let net = plain_number(length).and_then(|length| IpNet::new(address, length).ok());
    let fix = || format!("write a length from 0 to {}, without leading zeros", family.bits());
    net.map(|net| Some(net.trunc())).ok_or_else(|| {
        Refusal::of_word(at, format!("`{quoted}` is not a prefix: the length is wrong"), fix())
    })
}

fn prefix_length(line: &Line<'_>, family: Family, at: usize) -> Result<u8, Refusal> {
    let word = line.words.get(at).copied().unwrap_or_default();
    plain_number(word).filter(|length| *length <= family.bits()).ok_or_else(|| {
        let reason = format!("`{}` is not a prefix length", line.quote(at));
        Refusal::of_word(
            at,
            reason,
            format!("write a number from 0 to {}, without leading zeros", family.bits()),
        )
    })
}

/// A number as FRR prints it.
fn plain_number(word: &str) -> Option<u8> {
    let number = word.parse::<u8>().ok()?;
    (number.to_string() == word).then_some(number)
}

// === lists ===

/// The lists of one source, by family and name.
#[derive(Default)]
pub(super) struct Lists<'a> {
    lists: BTreeMap<(Family, &'a str), List<'a>>,
}

/// The entries of a list by number, and the lines that say them.
#[derive(Default)]
pub(super) struct List<'a> {
    entries: BTreeMap<u32, (Entry, Line<'a>)>,
    /// Every line about the list that was understood, descriptions and repetitions included.
    lines: Vec<Line<'a>>,
    contents: BTreeSet<Content>,
}

/// An entry as a key.
type Content = (bool, Option<IpNet>, Option<u8>, Option<u8>);

impl Entry {
    fn content(&self) -> Content {
        (self.permits, self.prefix, self.ge, self.le)
    }

    fn action(&self) -> &'static str {
        if self.permits { "permit" } else { "deny" }
    }

    /// The same entry with its range written out.
    fn in_full(&self) -> Option<String> {
        let net = self.prefix?;
        let ge = self.ge.unwrap_or(net.prefix_len());
        let le = self.le.unwrap_or(if self.ge.is_some() { net.max_prefix_len() } else { net.prefix_len() });
        Some(format!("{} {net} ge {ge} le {le}", self.action()))
    }
}

impl<'a> Lists<'a> {
    /// Iterates over family, name and list.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Family, &'a str, &List<'a>)> {
        self.lists.iter().map(|((family, name), list)| (*family, *name, list))
    }

    /// Returns whether the list has an entry.
    pub(super) fn has_entries(&self, family: Family, name: &str) -> bool {
        self.lists.get(&(family, name)).is_some_and(|list| !list.entries.is_empty())
    }

    /// Takes a line about a list that is no entry.
    pub(super) fn describe(&mut self, family: Family, name: &'a str, line: &Line<'a>) {
        self.lists.entry((family, name)).or_default().lines.push(line.clone());
    }

    /// Takes an entry as FRR would: numbered where it has no number, ignored where it is there already.
    pub(super) fn add(
        &mut self,
        (family, name): (Family, &'a str),
        (seq, entry): (Option<u32>, Entry),
        line: &Line<'a>,
    ) -> Result<(), Refusal> {
        let list = self.lists.entry((family, name)).or_default();
        list.lines.push(line.clone());
        let Some(seq) = seq else {
            if list.contents.contains(&entry.content()) {
                return Ok(());
            }
            let highest = list.entries.last_key_value().map_or(0, |(seq, _)| *seq);
            let Some(seq) = highest.checked_add(SEQ_STEP) else {
                let reason = format!(
                    "FRR would number this entry {highest} + {SEQ_STEP}, and {} is the highest",
                    u32::MAX
                );
                return Err(Refusal::of_line(reason, "write a free number: seq N"));
            };
            list.insert(seq, entry, line);
            return Ok(());
        };
        match list.entries.get(&seq) {
            Some((first, _)) if *first == entry => {}
            Some((_, first)) => {
                let at = line.words.iter().position(|word| *word == "seq").map_or(0..0, |at| at..at + 2);
                let reason = format!("number {seq} of list {name} is taken by line {}", first.number);
                let fix = format!("give it another number, or remove line {} or this one", first.number);
                return Err(Refusal::of_words(at, reason, fix));
            }
            None => list.insert(seq, entry, line),
        }
        Ok(())
    }
}

impl<'a> List<'a> {
    /// The lines that were understood.
    pub(super) fn lines(&self) -> &[Line<'a>] {
        &self.lines
    }

    /// Returns whether both say the same, number for number.
    pub(super) fn says_the_same(&self, others: &BTreeMap<u32, Entry>) -> bool {
        self.entries.len() == others.len()
            && self.entries.iter().all(|(seq, (entry, _))| others.get(seq) == Some(entry))
    }

    fn insert(&mut self, seq: u32, entry: Entry, line: &Line<'a>) {
        self.contents.insert(entry.content());
        self.entries.insert(seq, (entry, line.clone()));
    }

    /// The entries that not every version holds beside the others.
    ///
    /// Measured: 7.5.1 takes an entry for a repetition if an earlier one has the same prefix and whatever bounds it
    /// gives itself, whatever the action, and drops it (with an error, or without a word where it has no number); 8.4.4
    /// ignores an equal entry under another number; 10.x holds all.
    pub(super) fn repetitions(&self, family: Family, name: &str) -> Vec<(&Line<'a>, Refusal)> {
        let mut seen: BTreeMap<Content, (Entry, &Line<'a>)> = BTreeMap::new();
        let mut found = Vec::new();
        for (seq, (entry, line)) in &self.entries {
            let (_, prefix, ge, le) = entry.content();
            match seen.get(&(true, prefix, ge, le)) {
                Some((first, first_line)) => {
                    found.push(repetition(family, name, *seq, (first, first_line), (entry, line)));
                }
                None => {
                    for given in [(ge, le), (ge, None), (None, le), (None, None)] {
                        seen.entry((true, prefix, given.0, given.1)).or_insert((*entry, line));
                    }
                }
            }
        }
        found
    }
}

fn repetition<'l, 'a>(
    family: Family,
    name: &str,
    seq: u32,
    (first, first_line): (&Entry, &'l Line<'a>),
    (entry, line): (&Entry, &'l Line<'a>),
) -> (&'l Line<'a>, Refusal) {
    let is_equal = (first.prefix, first.ge, first.le) == (entry.prefix, entry.ge, entry.le);
    if !is_equal {
        let reason = format!("FRR 7.5.1 takes this for line {} again, and drops it", first_line.number);
        let full = entry.in_full().unwrap_or_default();
        let fix = format!("write the range out: {} prefix-list {name} seq {seq} {full}", family.word());
        return (line, Refusal::of_words(content_words(line), reason, fix));
    }
    let (first_line, line) =
        if first_line.number < line.number { (first_line, line) } else { (line, first_line) };
    let reason = if first.permits == entry.permits {
        format!("line {} has the same entry, and not every version of FRR holds both", first_line.number)
    } else {
        format!(
            "line {} decides about the same prefix, and not every version of FRR holds both",
            first_line.number
        )
    };
    let fix = format!("remove line {} or this one", first_line.number);
    (line, Refusal::of_words(content_words(line), reason, fix))
}

/// The words of an entry from its action on.
fn content_words(line: &Line<'_>) -> Range<usize> {
    let action = line.words.iter().skip(3).position(|word| matches!(*word, "permit" | "deny"));
    action.map_or(0..0, |at| at + 3..line.words.len())
}
