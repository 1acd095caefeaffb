//! Which words FRR takes where, to tell an abbreviation from a word.

use std::{collections::BTreeMap, sync::LazyLock};

/// Heads and the words that may follow them; the file says where it is from.
static FOLLOWERS: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    include_str!("words.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(head, followers)| (head, followers.split_ascii_whitespace().collect()))
        .collect()
});

/// The most words in a head.
const HEAD_WORDS_MAX: usize = 3;

/// The most candidates that are named for an abbreviation.
const CANDIDATES_NAMED_MAX: usize = 4;

/// Words that people type, and that no configuration holds: their beginnings are no others' either.
const TYPED: [&str; 12] = [
    "configure",
    "copy",
    "do",
    "mtrace",
    "no",
    "ping",
    "show",
    "ssh",
    "start-shell",
    "telnet",
    "traceroute",
    "write",
];

/// A word that FRR would take for another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Abbreviation {
    /// Which word of the line.
    pub(super) at: usize,
    /// The words that begin with it, shortest first; never empty.
    pub(super) candidates: Vec<&'static str>,
}

impl Abbreviation {
    /// The candidates, for a sentence.
    pub(super) fn named(&self) -> String {
        let named: Vec<String> =
            self.candidates.iter().take(CANDIDATES_NAMED_MAX).map(|whole| format!("`{whole}`")).collect();
        let more = if self.candidates.len() > CANDIDATES_NAMED_MAX { ", …" } else { "" };
        format!("{}{more}", named.join(", "))
    }
}

/// Finds the first abbreviation in `words` (without a leading `no`).
pub(super) fn abbreviation(words: &[&str]) -> Option<Abbreviation> {
    (0..words.len().min(HEAD_WORDS_MAX + 1)).find_map(|at| {
        let (head, word) = (words.get(..at)?, *words.get(at)?);
        let mut followers: Vec<&'static str> = followers(head);
        if at == 0 {
            followers.extend(TYPED);
        }
        if followers.contains(&word) {
            return None;
        }
        let mut candidates: Vec<_> = followers.into_iter().filter(|whole| whole.starts_with(word)).collect();
        // The shortest is the likeliest.
        candidates.sort_unstable_by_key(|whole| (whole.len(), *whole));
        candidates.dedup();
        (!candidates.is_empty()).then_some(Abbreviation { at, candidates })
    })
}

/// Returns the only word of `wholes` that begins with `word` and is longer.
pub(super) fn whole_of(word: &str, wholes: &[&'static str]) -> Option<&'static str> {
    let mut found = wholes.iter().filter(|whole| whole.starts_with(word) && **whole != word);
    match (found.next(), found.next()) {
        (Some(whole), None) => Some(whole),
        _ => None,
    }
}

/// The words that may follow `head`, of which `*` may stand for any word, and `N` for one that begins with a digit.
fn followers(head: &[&str]) -> Vec<&'static str> {
    let mut heads = vec![String::new()];
    for (at, word) in head.iter().enumerate() {
        let number = word.starts_with(|c: char| c.is_ascii_digit()).then_some("N");
        let stands = [Some(*word), Some("*"), number];
        let longer =
            |head: &String, word: &str| if at == 0 { word.to_owned() } else { format!("{head} {word}") };
        heads =
            heads.iter().flat_map(|head| stands.iter().flatten().map(|word| longer(head, word))).collect();
    }
    heads.iter().filter_map(|head| FOLLOWERS.get(head.as_str())).flatten().copied().collect()
}

#[cfg(test)]
mod tests;
