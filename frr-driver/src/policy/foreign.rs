//! Lines that are no part of the `extras` contract: what their author may have meant.

use super::{extras::EXTRAS_INDEX, line::Line, refusal::Refusal, words};

/// Why a line that is no part of the contract is refused.
pub(super) fn refusal(line: &Line<'_>) -> Refusal {
    let first = line.quote(0);
    if let Some(refusal) = abbreviated(line) {
        return refusal;
    }
    match line.words.as_slice() {
        ["match", "ipv4", ..] => {
            let name = if line.words.len() > 4 { line.quote(4) } else { "NAME".to_owned() };
            let fix = format!("write: match ip address prefix-list {name}");
            Refusal::of_word(1, "FRR has no `match ipv4`", fix)
        }
        ["ipv4", ..] => Refusal::of_word(0, "FRR has no `ipv4 prefix-list`", "write: ip prefix-list …"),
        ["match" | "set" | "call" | "continue" | "on-match" | "description", ..] => Refusal::of_words(
            0..line.words.len(),
            format!("this `{first}` is not part of the extras contract"),
            "only `match ip address prefix-list NAME` and `match ipv6 address prefix-list NAME` are; \
             for more use a contribution with policy=full",
        ),
        ["ip" | "ipv6", ..] => Refusal::of_words(
            0..line.words.len().min(2),
            format!("only `{first} prefix-list …` is part of the extras contract"),
            format!("write: {first} prefix-list NAME seq 5 permit PREFIX"),
        ),
        ["no", ..] => Refusal::of_word(
            0,
            "`no` removes what others said",
            "leave the line out; what is not in the file is removed",
        ),
        ["quit"] => Refusal::of_word(0, "`quit` is not part of the extras contract", "write: exit"),
        ["exit" | "exit-route-map", ..] => Refusal::of_words(
            1..line.words.len(),
            format!("FRR takes nothing behind `{first}`"),
            format!("write: {first}"),
        ),
        _ => Refusal::of_word(
            0,
            format!("`{first}` is not part of the extras contract"),
            format!(
                "only prefix-lists and route-map <peer>-in permit {EXTRAS_INDEX} are; \
                 for more use a contribution with policy=full"
            ),
        ),
    }
}

/// The statements of the contract; one whose words a line shortens is what its author means.
const STATEMENTS: [&[&str]; 7] = [
    &["ip", "prefix-list"],
    &["ipv6", "prefix-list"],
    &["route-map"],
    &["match", "ip", "address", "prefix-list"],
    &["match", "ipv6", "address", "prefix-list"],
    &["exit"],
    &["exit-route-map"],
];

fn abbreviated(line: &Line<'_>) -> Option<Refusal> {
    let shortens = |statement: &&&[&str]| {
        line.words.len() >= statement.len()
            && statement.iter().zip(&line.words).all(|(whole, word)| whole.starts_with(word))
    };
    let (at, wholes) = if let Some(statement) = STATEMENTS.iter().find(shortens) {
        let at = statement.iter().zip(&line.words).position(|(whole, word)| whole != word)?;
        (at, format!("`{}`", statement.get(at)?))
    } else {
        let found = words::abbreviation(line.words.get(..1)?)?;
        (found.at, found.named())
    };
    let reason = format!("abbreviations are not accepted: `{}`", line.quote(at));
    Some(Refusal::of_word(at, reason, format!("write the word in full: {wholes}")))
}
