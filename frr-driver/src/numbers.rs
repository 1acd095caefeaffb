//! The numbers of entries, where only their order matters.
//!
//! `MetalLB` and frr-k8s sort their prefixes and number them from 1, so that one new prefix changes a thousand lines,
//! for which FRR 8.4.4 takes a minute. The list that FRR runs says the same with one line more.

mod assign;

use std::collections::HashMap;

use crate::{
    config::{Config, Numbered, Tree, never_settles},
    quirks::FrrVersion,
};
use assign::{Place, assign};

/// The number of the entry that the users of `bgpextras` write, and whose meaning is agreed.
const EXTRAS_NUMBER: u32 = 20;

/// The end of the names of the maps that these users write.
const EXTRAS_MAP: &str = "-in";

/// The largest number of an entry of a route-map.
const MAP_NUMBER_MAX: u32 = 65_535;

/// Returns `desired` with the numbers that `running` has already, where only the order of the entries matters.
///
/// Each list and route-map that both have means the same as before, and as many of its entries as possible are the
/// lines that run; the others take a free number, the written one if it is free, or in a map that of an entry that
/// would go. Where that would keep no more entries than the written numbers do, those stay.
/// [`Node::renumbered`](crate::config::Node::renumbered) tells which entries were written under another number.
pub fn keep_numbers(desired: &Config, running: &Config, version: FrrVersion) -> Config {
    let (wanted, there) = (entries(&desired.top), entries(&running.top));
    let there: HashMap<&str, &[Numbered<'_>]> = by_object(&there).collect();
    let mut moves: Vec<(Numbered<'_>, u32)> = Vec::new();
    for (object, wanted) in by_object(&wanted) {
        let Some(there) = there.get(object) else { continue };
        if is_same(wanted, there, version) || !may_move(wanted) || !may_move(there) {
            continue;
        }
        let line = if object.starts_with("route-map ") { NumberLine::Map } else { NumberLine::List };
        let edited = match line {
            NumberLine::List => Vec::new(),
            NumberLine::Map => there.iter().map(|entry| line.place(entry.number)).collect(),
        };
        let numbers = assign(&places(wanted, there, line, version), line.limit(), &edited);
        let numbers = numbers.into_iter().map(|number| line.number(number));
        moves.extend(wanted.iter().copied().zip(numbers).filter(|(entry, number)| entry.number != *number));
    }
    Config { top: desired.top.renumbered(&moves), lost: desired.lost.clone() }
}

/// All entries of lists and maps, by list or map and number.
fn entries(tree: &Tree) -> Vec<Numbered<'_>> {
    tree.iter().filter_map(|(key, node)| Numbered::of(key, node)).collect()
}

fn by_object<'a, 'e>(entries: &'e [Numbered<'a>]) -> impl Iterator<Item = (&'a str, &'e [Numbered<'a>])> {
    let objects = entries.chunk_by(|one, next| one.object == next.object);
    objects.filter_map(|entries| Some((entries.first()?.object, entries)))
}

fn is_same(wanted: &[Numbered<'_>], there: &[Numbered<'_>], version: FrrVersion) -> bool {
    let same = |(one, other): (&Numbered<'_>, &Numbered<'_>)| {
        one.number == other.number
            && (one.has_text_of(other) || Content::of(one, version) == Content::of(other, version))
    };
    wanted.len() == there.len() && wanted.iter().zip(there).all(same)
}

/// Whether the numbers of these entries say nothing but their order. In a map they do where `on-match goto` names one,
/// and where the users of `bgpextras` count on it.
fn may_move(entries: &[Numbered<'_>]) -> bool {
    let names_number = |entry: &Numbered<'_>| {
        let mut clauses = entry.node.children.iter();
        clauses.any(|(_, clause)| {
            matches!(clause.statement.words().as_slice(), ["on-match", "goto", ..] | ["continue", _, ..])
        })
    };
    entries.iter().filter(|entry| entry.is_of_map()).all(|entry| {
        !entry.object.ends_with(EXTRAS_MAP) && entry.number != EXTRAS_NUMBER && !names_number(entry)
    })
}

/// The numbers that entries may have, counted without gaps.
#[derive(Clone, Copy)]
enum NumberLine {
    /// All of them.
    List,
    /// Without that of the extras: a map that has it does not move any more.
    Map,
}

/// What an entry says, apart from its number.
#[derive(PartialEq, Eq, Hash)]
struct Content<'a> {
    words: (&'a str, &'a str),
    clauses: Vec<&'a str>,
}

/// The numbers under which a content stands, and how many of them are given to an entry.
#[derive(Default)]
struct Copies {
    numbers: Vec<u32>,
    given: usize,
}

/// What is to be known of the entries `wanted` to number them.
///
/// Neighboring entries of a list with the same action are one segment: the first match decides, and it is the same
/// action whichever of them matches first. In a map every entry is a segment. The first entry of a content stands for
/// the first that runs, and so on: that depends on what the segments say, and not on the numbers within.
fn places(
    wanted: &[Numbered<'_>],
    there: &[Numbered<'_>],
    line: NumberLine,
    version: FrrVersion,
) -> Vec<Place> {
    let mut copies: HashMap<Content<'_>, Copies> = HashMap::with_capacity(there.len());
    for entry in there {
        copies.entry(Content::of(entry, version)).or_default().numbers.push(line.place(entry.number));
    }
    let (mut segment, mut action) = (0, "");
    let places = wanted.iter().map(|entry| {
        if entry.is_of_map() || entry.action() != action {
            segment += 1;
            action = entry.action();
        }
        let written = line.place(entry.number);
        let mut place = Place { written, segment, running: None, is_same: false };
        if let Some(copies) = copies.get_mut(&Content::of(entry, version)) {
            place.running = copies.numbers.get(copies.given).copied();
            place.is_same = copies.numbers.binary_search(&written).is_ok();
            copies.given += 1;
        }
        place
    });
    places.collect()
}

// === impl NumberLine ===

impl NumberLine {
    /// Where `number` stands.
    fn place(self, number: u32) -> u32 {
        match self {
            Self::Map if number > EXTRAS_NUMBER => number - 1,
            Self::List | Self::Map => number,
        }
    }

    /// The number that stands at `place`.
    fn number(self, place: u32) -> u32 {
        match self {
            Self::Map if place >= EXTRAS_NUMBER => place + 1,
            Self::List | Self::Map => place,
        }
    }

    /// Where the last one stands.
    fn limit(self) -> u32 {
        match self {
            Self::List => u32::MAX,
            Self::Map => self.place(MAP_NUMBER_MAX),
        }
    }
}

// === impl Content ===

impl<'a> Content<'a> {
    fn of(entry: &Numbered<'a>, version: FrrVersion) -> Self {
        let siblings = &entry.node.children;
        let settled = siblings
            .iter()
            .filter(|(_, clause)| never_settles(&clause.statement, siblings, version).is_none());
        Self { words: entry.words, clauses: settled.map(|(_, clause)| clause.statement.reveal()).collect() }
    }
}

#[cfg(test)]
mod tests;
