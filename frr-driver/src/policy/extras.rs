//! `policy=extras`: prefix-lists, and one `route-map <peer>-in permit 20` per peer.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    foreign,
    line::{Line, lines},
    peer::Peer,
    prefix_list::{self, Family, List, Lists},
    refusal::{Refusal, Report},
    taken::Taken,
};
use crate::config::Config;

/// The index of the entry that the contract gives to the user: `MetalLB` renders `deny 20` there.
pub const EXTRAS_INDEX: u32 = 20;

/// The longest name of a list or a map, in bytes: an address, a VRF and room to spare.
const NAME_BYTES_MAX: usize = 128;

/// Names that FRR, frr-reload or a reader would take for a word of the statement.
const RESERVED_NAMES: [&str; 23] = [
    "any",
    "authentication",
    "banner",
    "deny",
    "description",
    "file",
    "ge",
    "hostname",
    "key-string",
    "le",
    "md5",
    "message",
    "password",
    "permit",
    "prefix-len",
    "prefix-list",
    "remark",
    "route-map",
    "secret",
    "seq",
    "sequence-number",
    "authentication-key",
    "message-digest-key",
];

/// Checks `text`, line by line.
pub(super) fn check(text: &str, base: &Config, report: &mut Report) {
    let mut contract = Contract::new(Taken::new(base));
    for line in lines(text) {
        if let Some(refusal) = line.oddity(free_text_from(&line)) {
            // What follows is judged as if the odd character were a blank: its author sees one.
            let meant = line.text.replace(|c: char| !c.is_ascii() || c.is_ascii_control(), " ");
            contract.assume(&Line::new(line.number, &meant));
            report.refuse(&line, refusal);
        } else if !line.is_silent()
            && let Err(refusal) = contract.line(&line)
        {
            contract.assume(&line);
            report.refuse(&line, refusal);
        }
    }
    contract.finish(report);
}

/// The word from which on FRR keeps the text as it is.
fn free_text_from(line: &Line<'_>) -> usize {
    match line.words.as_slice() {
        ["ip" | "ipv6", "prefix-list", _, "description", ..] => 4,
        words => words.len(),
    }
}

struct Contract<'a> {
    taken: Taken<'a>,
    lists: Lists<'a>,
    /// Family and name of every list that a line is about, refused ones included.
    named: BTreeSet<(Family, String)>,
    /// The lists of which a line was refused.
    spoiled: BTreeSet<String>,
    /// The entries, with their line.
    entries: BTreeMap<Peer<'a>, u32>,
    /// Every match that stands in an entry.
    matches: Vec<(Family, Line<'a>)>,
    open: Open,
}

/// What the next `match` belongs to.
enum Open {
    Nothing,
    /// An entry, with the line of its match by family.
    Entry(BTreeMap<Family, (u32, String)>),
    /// An entry that was refused.
    Refused,
}

impl<'a> Contract<'a> {
    fn new(taken: Taken<'a>) -> Self {
        Self {
            taken,
            lists: Lists::default(),
            named: BTreeSet::new(),
            spoiled: BTreeSet::new(),
            entries: BTreeMap::new(),
            matches: Vec::new(),
            open: Open::Nothing,
        }
    }

    fn line(&mut self, line: &Line<'a>) -> Result<(), Refusal> {
        if let Some(refusal) = line.misread(free_text_from(line)) {
            return Err(refusal);
        }
        match line.words.as_slice() {
            ["exit" | "exit-route-map"] => {
                self.open = Open::Nothing;
                Ok(())
            }
            [family @ ("ip" | "ipv6"), "prefix-list", ..] => {
                self.open = Open::Nothing;
                self.prefix_list(line, family_of(family))
            }
            ["route-map", ..] => self.route_map(line),
            ["match", family @ ("ip" | "ipv6"), "address", "prefix-list", ..] => {
                self.matches(line, family_of(family))
            }
            _ => Err(foreign::refusal(line)),
        }
    }

    /// Takes from a refused line what the following lines need, so that one mistake is one reason.
    fn assume(&mut self, line: &Line<'_>) {
        match line.words.as_slice() {
            [family @ ("ip" | "ipv6"), "prefix-list", name, ..] => {
                self.open = Open::Nothing;
                self.named.insert((family_of(family), (*name).to_owned()));
                self.spoiled.insert((*name).to_owned());
            }
            ["route-map", ..] => self.open = Open::Refused,
            _ => {}
        }
    }

    fn prefix_list(&mut self, line: &Line<'a>, family: Family) -> Result<(), Refusal> {
        let Some(name) = line.words.get(2) else {
            let fix = format!("write: {} prefix-list NAME seq 5 permit PREFIX", family.word());
            return Err(Refusal::of_line("the name of the prefix-list is missing", fix));
        };
        check_name(line, 2)?;
        self.named.insert((family, (*name).to_owned()));
        match line.words.get(3..) {
            Some(["description"]) => Err(Refusal::of_word(
                3,
                "the text of the description is missing",
                "write it, or leave the line out",
            )),
            Some(["description", ..]) => {
                self.lists.describe(family, name, line);
                Ok(())
            }
            _ => {
                let entry = prefix_list::entry(line, family, 3)?;
                self.lists.add((family, name), entry, line)
            }
        }
    }

    fn route_map(&mut self, line: &Line<'a>) -> Result<(), Refusal> {
        let shape = || format!("write: route-map <peer>-in permit {EXTRAS_INDEX}");
        let [_, name, action, index] = line.words.as_slice() else {
            return Err(match line.words.as_slice() {
                [_, _, _, _, ..] => {
                    Refusal::of_words(4..line.words.len(), "FRR takes nothing behind the index", shape())
                }
                _ => Refusal::of_line("not a route-map entry", shape()),
            });
        };
        check_name(line, 1)?;
        let Some(text) = name.strip_suffix("-in").filter(|peer| !peer.is_empty()) else {
            let reason = format!("{} is not the inbound route-map of a peer", line.quote(1));
            let fix = format!("{}, with the peer's address or interface", shape());
            return Err(Refusal::of_word(1, reason, fix));
        };
        let peer = Peer::read(text).map_err(|reason| {
            Refusal::of_word(1, reason, format!("{}, with the peer's address or interface", shape()))
        })?;
        self.check_map(name, text, &peer)?;
        if *action != "permit" {
            let reason = format!("only `permit` may be said, not `{}`", line.quote(2));
            let fix = format!(
                "write: route-map {name} permit {EXTRAS_INDEX}; to let nothing in, leave the entry out"
            );
            return Err(Refusal::of_word(2, reason, fix));
        }
        if *index != EXTRAS_INDEX.to_string() {
            let reason = format!("the entry with index {} is not part of the extras contract", line.quote(3));
            return Err(Refusal::of_word(
                3,
                reason,
                format!("write: route-map {name} permit {EXTRAS_INDEX}"),
            ));
        }
        if let Some(first) = self.entries.get(&peer) {
            let reason = format!("a second entry for peer {text}: line {first} has one");
            return Err(Refusal::of_word(1, reason, "put all matches into one entry"));
        }
        self.entries.insert(peer, line.number);
        self.open = Open::Entry(BTreeMap::new());
        Ok(())
    }

    /// A map that the base uses must be that of the peer; one that it lacks must not look like one with a slip.
    fn check_map(&self, name: &str, text: &str, peer: &Peer<'_>) -> Result<(), Refusal> {
        if let Some(reason) = self.taken.map_of_another(name, peer) {
            return Err(Refusal::of_word(1, reason, "name the map after the peer that it is for"));
        }
        let Some(shorter) = text.strip_suffix("-in").or_else(|| text.strip_suffix("-out")) else {
            return Ok(());
        };
        if self.taken.has_map(name) {
            return Ok(());
        }
        let reason = format!("the base has no peer {text}, and {name} looks like a map of {shorter}");
        Err(Refusal::of_word(1, reason, format!("write: route-map {shorter}-in permit {EXTRAS_INDEX}")))
    }

    fn matches(&mut self, line: &Line<'a>, family: Family) -> Result<(), Refusal> {
        let head = format!("match {} address prefix-list", family.word());
        let [_, _, _, _, name] = line.words.as_slice() else {
            return Err(match line.words.get(4..) {
                Some([_, _, ..]) => {
                    let reason = "FRR takes one prefix-list in a match";
                    Refusal::of_words(5..line.words.len(), reason, "put all entries into one list")
                }
                _ => {
                    Refusal::of_line("the name of the prefix-list is missing", format!("write: {head} NAME"))
                }
            });
        };
        check_name(line, 4)?;
        match &mut self.open {
            Open::Nothing => {
                let fix = format!("put it under: route-map <peer>-in permit {EXTRAS_INDEX}");
                return Err(Refusal::of_line("`match` outside a route-map entry", fix));
            }
            Open::Refused => {}
            Open::Entry(families) => match families.get(&family) {
                Some((first, first_name)) if first_name != name => {
                    let reason =
                        format!("line {first} matches on {first_name}, and FRR would forget that for {name}");
                    return Err(Refusal::of_word(4, reason, "put all entries into one list"));
                }
                Some(_) => {}
                None => {
                    families.insert(family, (line.number, (*name).to_owned()));
                }
            },
        }
        self.matches.push((family, line.clone()));
        Ok(())
    }

    /// Judges what only the whole contribution can tell.
    fn finish(&self, report: &mut Report) {
        for (family, line) in &self.matches {
            if let Some(refusal) = self.undefined(*family, line) {
                report.refuse(line, refusal);
            }
        }
        let mut by_name: BTreeMap<&str, Vec<(Family, &List<'_>)>> = BTreeMap::new();
        for (family, name, list) in self.lists.iter() {
            by_name.entry(name).or_default().push((family, list));
            for (line, refusal) in list.repetitions(family, name) {
                report.refuse(line, refusal);
            }
        }
        for (name, own) in by_name {
            let is_taken = self.taken.refers_to_list(name)
                || (!self.spoiled.contains(name) && self.taken.defines_otherwise(name, &own));
            for line in own.iter().filter(|_| is_taken).flat_map(|(_, list)| list.lines()) {
                let reason = format!("prefix-list {name} belongs to the base configuration");
                report.refuse(line, Refusal::of_word(2, reason, "give your list another name"));
            }
        }
    }

    fn undefined(&self, family: Family, line: &Line<'_>) -> Option<Refusal> {
        let name = *line.words.get(4)?;
        let other = family.other();
        let is_spoiled = self.spoiled.contains(name);
        if self.lists.has_entries(family, name)
            || (is_spoiled && self.named.contains(&(family, name.to_owned())))
        {
            return None;
        }
        let (family, other_word) = (family.word(), other.word());
        if self.named.contains(&(other, name.to_owned())) {
            let reason = format!("{family} prefix-list {name} is not defined in this contribution");
            let fix = format!(
                "{name} is an {other_word} prefix-list: match {other_word} address prefix-list {name}"
            );
            return Some(Refusal::of_words(1..2, reason, fix));
        }
        let reason = if self.named.iter().any(|(_, named)| named == name) {
            format!("{family} prefix-list {name} has no entry: FRR would let everything match")
        } else {
            format!("{family} prefix-list {name} is not defined in this contribution")
        };
        Some(Refusal::of_word(4, reason, format!("add: {family} prefix-list {name} seq 5 permit …")))
    }
}

fn family_of(word: &str) -> Family {
    Family::from_word(word).unwrap_or(Family::Ipv4)
}

fn check_name(line: &Line<'_>, at: usize) -> Result<(), Refusal> {
    let name = line.words.get(at).copied().unwrap_or_default();
    if RESERVED_NAMES.contains(&name) {
        let reason = format!("`{name}` is a word of FRR's, not a name that can be used here");
        return Err(Refusal::of_word(at, reason, "choose another name"));
    }
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-/@+%".contains(&b));
    if is_plain && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    let reason = format!("`{}` is not a name that can be used here", line.quote(at));
    let fix = format!("use letters, digits and _ . : - up to {NAME_BYTES_MAX} characters");
    Err(Refusal::of_word(at, reason, fix))
}
