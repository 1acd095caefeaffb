//! `router bgp` blocks of one instance that give it different AS numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Finding, Severity, instance::as_number, redact, words_at};
use crate::config::{Line, lex};

/// Checks the texts of all sources, in the order in which FRR would read them: label and text of each.
///
/// FRR refuses the header of a block with another AS than the instance has, and with it every line of the block.
/// The loaded configuration does not tell: there the later header would have won.
pub fn check_numbers(sources: &[(&str, &str)]) -> Vec<Finding> {
    let mut known: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (label, text) in sources {
        for line in lex(&Arc::from(*label), text) {
            let words: Vec<&str> = line.text.split(' ').collect();
            match words.as_slice() {
                ["no", "router", "bgp", rest @ ..] => {
                    known.remove(vrf(rest));
                }
                ["router", "bgp", rest @ ..] => {
                    let vrf = vrf(rest).to_owned();
                    findings.extend(header(&line, rest.first().copied(), &vrf, &mut known));
                }
                _ => {}
            }
        }
    }
    findings
}

fn vrf<'a>(words: &[&'a str]) -> &'a str {
    match words {
        [.., "vrf" | "view", name, "as-notation", _] | [.., "vrf" | "view", name] => name,
        _ => "default",
    }
}

fn header(
    line: &Line,
    number: Option<&str>,
    vrf: &str,
    known: &mut BTreeMap<String, (String, String)>,
) -> Option<Finding> {
    let number = number.filter(|word| as_number(word).is_some());
    let finding = |at: &str, reason: String, fix: String| {
        let text = redact(&line.text);
        let at = words_at(&text, at);
        Some(Finding { origin: line.origin.clone(), at, text, reason, fix, severity: Severity::Error })
    };
    match (number, known.get(vrf)) {
        (Some(number), None) => {
            known.insert(vrf.to_owned(), (number.to_owned(), line.origin.to_string()));
            None
        }
        (Some(number), Some((other, place))) if as_number(number) != as_number(other) => {
            let instance = if vrf == "default" { "BGP".to_owned() } else { format!("BGP in VRF {vrf}") };
            finding(
                number,
                format!(
                    "{instance} has AS {other} already ({place}): FRR drops this block with all its lines"
                ),
                format!("write: {}", line.text.replacen(number, other, 1)),
            )
        }
        (None, None) => finding(
            "router bgp",
            "no AS number, and no block above gives one: FRR drops this block with all its lines".to_owned(),
            "write: router bgp AS".to_owned(),
        ),
        (Some(_) | None, Some(_)) => None,
    }
}
