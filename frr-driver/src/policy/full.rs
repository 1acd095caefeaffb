//! `policy=full`: everything but what belongs to the agent, to vtysh or to the host.

use super::{Report, forbidden_in_any_line, numbered};

/// Checks `text`, line by line.
pub(super) fn check(text: &str, report: &mut Report) {
    for (number, line) in numbered(text) {
        if let Some(reason) = forbidden_in_any_line(line) {
            report.refuse(number, line, reason, "");
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = words.strip_prefix(&["no"]).unwrap_or(&words);
        let owner = match words {
            ["line" | "banner" | "username" | "password" | "hostname" | "domainname", ..]
            | ["enable", "password", ..]
            | ["log", "file" | "commands", ..]
            | ["ip" | "ipv6", "forwarding", ..] => "the host",
            ["service" | "agentx" | "frr", ..] => "FRR's own start",
            [
                "end" | "do" | "configure" | "write" | "copy" | "clear" | "show" | "terminal" | "enable"
                | "disable",
                ..,
            ] => "the command line, not to a configuration",
            _ => continue,
        };
        report.refuse(number, line, format!("this line belongs to {owner}"), "leave it out");
    }
}
