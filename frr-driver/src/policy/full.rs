//! `policy=full`: everything but what belongs to the agent, to vtysh or to the host.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    line::{Line, lines},
    prefix_list::{self, Family, Lists},
    refusal::{Refusal, Report},
    words::{self, Abbreviation},
};

/// Whose lines they are, by the words that they begin with.
const OWNED: [(&str, &[&[&str]]); 4] = [
    (
        "the host",
        &[
            &["line", "vty"],
            &["line"],
            &["access-class"],
            &["ipv6", "access-class"],
            &["exec-timeout"],
            &["login"],
            &["banner"],
            &["username"],
            &["password"],
            &["enable", "password"],
            &["hostname"],
            &["domainname"],
            &["log", "file"],
            &["log", "filtered-file"],
            &["log", "daemon"],
            &["log", "commands"],
            &["dump"],
            &["ip", "forwarding"],
            &["ipv6", "forwarding"],
        ],
    ),
    ("FRR's own start", &[&["service"], &["agentx"], &["frr"]]),
    ("the agent", &[&["mgmt"]]),
    (
        "the command line, not to a configuration",
        &[
            &["clear"],
            &["configure"],
            &["copy"],
            &["disable"],
            &["do"],
            &["enable"],
            &["end"],
            &["find"],
            &["list"],
            &["mtrace"],
            &["output"],
            &["ping"],
            &["send"],
            &["show"],
            &["ssh"],
            &["start-shell"],
            &["telnet"],
            &["terminal"],
            &["traceroute"],
            &["who"],
            &["write"],
        ],
    ),
];

/// Checks `text`, line by line.
pub(super) fn check(text: &str, report: &mut Report) {
    let mut lists = Lists::default();
    let mut edited = BTreeSet::new();
    for line in lines(text) {
        let statement = Statement::new(&line);
        if let Some(refusal) = line.oddity(statement.free_text_from) {
            report.refuse(&line, refusal);
        } else if !line.is_silent()
            && let Err(refusal) = statement.check(&mut lists, &mut edited)
        {
            report.refuse(&line, refusal);
        }
    }
    for (family, name, list) in lists.iter().filter(|(.., name, _)| !edited.contains(name)) {
        for (line, refusal) in list.repetitions(family, name) {
            report.refuse(line, refusal);
        }
    }
}

/// A line without its `no`.
struct Statement<'l, 'a> {
    line: &'l Line<'a>,
    words: &'l [&'a str],
    /// How many words stand before `words`: 1 for `no`.
    skipped: usize,
    /// The word of the line from which on FRR keeps the text as it is.
    free_text_from: usize,
}

impl<'l, 'a> Statement<'l, 'a> {
    fn new(line: &'l Line<'a>) -> Self {
        let words = line.words.as_slice();
        let (words, skipped) = words.strip_prefix(&["no"]).map_or((words, 0), |words| (words, 1));
        let free_text_from = skipped + free_text_from(words);
        Self { line, words, skipped, free_text_from }
    }

    fn check(&self, lists: &mut Lists<'a>, edited: &mut BTreeSet<&'a str>) -> Result<(), Refusal> {
        self.belongs_to_another()?;
        if let Some(refusal) = self.line.misread(self.free_text_from) {
            return Err(refusal);
        }
        self.is_short_for_another()?;
        if let [family @ ("ip" | "ipv6"), "prefix-list", name, rest @ ..] = self.words {
            if self.skipped > 0 {
                edited.insert(name);
            } else if rest.first() != Some(&"description") {
                let family = if *family == "ip" { Family::Ipv4 } else { Family::Ipv6 };
                let entry = prefix_list::entry(self.line, family, 3)?;
                if !edited.contains(name) {
                    lists.add((family, name), entry, self.line)?;
                }
            }
        }
        Ok(())
    }

    fn belongs_to_another(&self) -> Result<(), Refusal> {
        let mut heads = OWNED.iter().flat_map(|(owner, heads)| heads.iter().map(move |head| (owner, head)));
        match heads.find(|(_, head)| self.words.starts_with(head)) {
            Some((owner, head)) => {
                let at = self.skipped..self.skipped + head.len();
                Err(Refusal::of_words(at, format!("this line belongs to {owner}"), "leave it out"))
            }
            None => Ok(()),
        }
    }

    fn is_short_for_another(&self) -> Result<(), Refusal> {
        let end = self.free_text_from.saturating_sub(self.skipped).min(self.words.len());
        let words = self.words.get(..end).unwrap_or_default();
        if let Some(abbreviation) = words::abbreviation(words) {
            return Err(self.abbreviated(&abbreviation));
        }
        let Some((at, whole)) = taken_for(words) else { return Ok(()) };
        let at = at + self.skipped;
        let reason = format!("FRR takes `{}` for `{whole}` here", self.line.quote(at));
        Err(Refusal::of_word(at, reason, format!("write `{whole}` in full")))
    }

    fn abbreviated(&self, abbreviation: &Abbreviation) -> Refusal {
        let Abbreviation { at, candidates } = abbreviation;
        let at = *at;
        let owner_of = |candidate: &str| {
            let begins = |head: &&[&str]| {
                head.get(at) == Some(&candidate)
                    && head.iter().zip(self.words).all(|(whole, word)| whole.starts_with(word))
                    && head.len() <= self.words.len()
            };
            OWNED.iter().find_map(|(owner, heads)| Some((*owner, *heads.iter().find(|head| begins(head))?)))
        };
        let at_line = at + self.skipped;
        let reason = format!("abbreviations are not accepted: `{}`", self.line.quote(at_line));
        let owned: Vec<_> = candidates.iter().filter_map(|candidate| owner_of(candidate)).collect();
        if let Some((owner, head)) = owned.first()
            && (owned.len() == candidates.len() || head.len() > at + 1)
        {
            let reason = format!("{reason}, and `{}` belongs to {owner}", head.join(" "));
            return Refusal::of_word(at_line, reason, "leave it out");
        }
        Refusal::of_word(at_line, reason, format!("write the word in full: {}", abbreviation.named()))
    }
}

/// The word of `words` (without `no`) from which on FRR keeps the text as it is.
fn free_text_from(words: &[&str]) -> usize {
    match words {
        ["description" | "password" | "key-string", ..] => 1,
        ["neighbor", _, "description" | "password", ..]
        | ["access-list", _, "remark", ..]
        | ["bgp", "shutdown", "message", ..] => 3,
        ["ip" | "ipv6" | "mac", "prefix-list" | "access-list", _, "description" | "remark", ..]
        | ["neighbor", _, "shutdown", "message", ..] => 4,
        words => words.len(),
    }
}

/// Whole words that FRR takes for another one all the same, because only that one fits what follows.
fn taken_for(words: &[&str]) -> Option<(usize, &'static str)> {
    let is_ipv6 = |word: &&str| {
        let address = word.split_once('/').map_or(*word, |(address, _)| address);
        address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6())
    };
    let is_short_for = |word: &str, whole: &str| word.len() < whole.len() && whole.starts_with(word);
    match words {
        ["route", _, "permit" | "deny", _] | ["route", _, "optimization", ..] => Some((0, "route-map")),
        ["router", address] if address.parse::<IpAddr>().is_ok() => Some((0, "router-id")),
        ["pbr", _, "seq", ..] => Some((0, "pbr-map")),
        ["match", "ip" | "ipv6", _, list, _] if is_short_for(list, "prefix-list") => Some((3, "prefix-list")),
        ["ip", second, rest @ ..] if *second != "prefix-list" && rest.iter().any(is_ipv6) => {
            Some((0, "ipv6"))
        }
        _ => None,
    }
}
