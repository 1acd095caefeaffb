//! The way back from any configuration to none, without a restart of the daemons.

use std::{collections::BTreeSet, fmt::Write as _};

use super::print::{Print, Printed};

/// Returns the commands that take away what `print` has and `pristine` has not.
pub(crate) fn wipe(print: &Print, pristine: &Print) -> String {
    let own: BTreeSet<&Printed> = pristine.lines().collect();
    let lines: Vec<&Printed> = print.lines().filter(|printed| !own.contains(printed)).collect();
    let mut text = String::new();
    unleak(&lines, &mut text);
    let instances = |vrfs: bool| {
        let headers =
            lines.iter().filter(|printed| printed.blocks.is_empty()).map(|printed| printed.line.as_str());
        headers.filter(move |line| {
            line.starts_with("router bgp ") && (line.contains(" vrf ") || line.contains(" view ")) == vrfs
        })
    };
    for header in instances(true).chain(instances(false)) {
        let header = header.split(" as-notation").next().unwrap_or_default();
        _ = writeln!(text, "no {header}");
    }
    // zebra 7.5.1 dies now and then when a list goes before the map that uses it.
    let is_map = |printed: &&&Printed| printed.line.starts_with("route-map ");
    let mut done = BTreeSet::new();
    for printed in lines.iter().filter(is_map).chain(lines.iter().filter(|printed| !is_map(printed))) {
        if let Some(command) = command(printed)
            && done.insert(command.clone())
        {
            text.push_str(&command);
        }
    }
    for printed in lines.iter().filter(|printed| printed.blocks.is_empty()) {
        if printed.line.starts_with("vrf ") || printed.line.starts_with("interface ") {
            _ = writeln!(text, "no {}", printed.line);
        }
    }
    text
}

/// An instance that leaks routes to or from others cannot be removed.
fn unleak(lines: &[&Printed], text: &mut String) {
    for printed in lines {
        if let [instance, family] = printed.blocks.as_slice()
            && ["import ", "export ", "rd ", "rt ", "label "]
                .iter()
                .any(|leak| printed.line.starts_with(leak))
        {
            _ = writeln!(text, "{instance}\n{family}\nno {}\nexit-address-family\nexit", printed.line);
        }
    }
}

/// Returns what takes `printed` away, or nothing if its block goes with it.
fn command(printed: &Printed) -> Option<String> {
    let words: Vec<&str> = printed.line.split(' ').collect();
    if let [outer] = printed.blocks.as_slice() {
        let is_kept = outer.starts_with("vrf ") || outer == "line vty";
        return is_kept.then(|| format!("{outer}\n{}exit\n", negated(&printed.line)));
    }
    if !printed.blocks.is_empty() {
        return None;
    }
    match words.as_slice() {
        ["router", "bgp", ..] | ["vrf" | "interface" | "line", ..] => None,
        ["route-map", name, ..] => Some(format!("no route-map {name}\n")),
        [family @ ("ip" | "ipv6"), "prefix-list", name, ..] => {
            Some(format!("no {family} prefix-list {name}\n"))
        }
        ["access-list", name, ..] => Some(format!("no access-list {name}\n")),
        ["ipv6", "access-list", name, ..] => Some(format!("no ipv6 access-list {name}\n")),
        ["log", "timestamp", "precision", _] => Some("log timestamp precision 0\n".to_owned()),
        _ => Some(negated(&printed.line)),
    }
}

fn negated(line: &str) -> String {
    match line.strip_prefix("no ") {
        Some(positive) => format!("{positive}\n"),
        None => format!("no {line}\n"),
    }
}
