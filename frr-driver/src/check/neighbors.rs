//! Neighbors and peer-groups that are described before FRR knows them.

use std::net::IpAddr;

use super::{
    Finding,
    instance::{Instance, Neighbor},
};

pub(super) fn check(instance: &Instance<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, neighbor) in &instance.neighbors {
        findings.extend(unmade(name, neighbor));
        findings.extend(missing_group(instance, neighbor));
    }
    findings.extend(listen(instance));
    findings
}

/// FRR: "Specify remote-as or peer-group commands first", "Create the peer-group or interface first".
fn unmade(name: &str, neighbor: &Neighbor<'_>) -> Option<Finding> {
    if neighbor.is_made(name) {
        return None;
    }
    let lines = neighbor.all_lines();
    let first = lines.first()?;
    if name.parse::<IpAddr>().is_ok() {
        let more =
            if lines.len() > 1 { format!(", and {} more lines", lines.len() - 1) } else { String::new() };
        return Some(Finding::error(
            first,
            name,
            format!("neighbor {name} has no remote-as and no peer-group: FRR refuses this line{more}"),
            format!("add: neighbor {name} remote-as AS"),
        ));
    }
    let looks_like_address = name.contains(':') || name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if looks_like_address {
        return Some(Finding::error(
            first,
            name,
            format!("{name} is not an address"),
            "write the peer's address",
        ));
    }
    Some(Finding::error(
        first,
        name,
        format!("{name} is neither an address nor an interface nor a peer-group of this instance"),
        format!(
            "for an unnumbered peer: neighbor {name} interface remote-as AS; for a group: neighbor {name} peer-group"
        ),
    ))
}

/// FRR: "Configure the peer-group first".
fn missing_group(instance: &Instance<'_>, neighbor: &Neighbor<'_>) -> Option<Finding> {
    neighbor.lines.iter().find_map(|line| match line.words().as_slice() {
        ["neighbor", _, .., "peer-group", group] if !instance.is_group(group) => Some(Finding::error(
            line,
            group,
            format!("there is no peer-group {group} in this instance"),
            format!("add: neighbor {group} peer-group"),
        )),
        _ => None,
    })
}

/// FRR: "Configure the peer-group first", "Specify remote-as or peer-group remote AS first".
fn listen(instance: &Instance<'_>) -> Vec<Finding> {
    let refusal = |(line, _, group)| {
        if !instance.is_group(group) {
            let reason = format!("there is no peer-group {group} in this instance");
            return Some(Finding::error(line, group, reason, format!("add: neighbor {group} peer-group")));
        }
        if instance.remote_as(group).is_some() {
            return None;
        }
        Some(Finding::error(
            line,
            group,
            format!("peer-group {group} has no remote-as, and dynamic neighbors have no other AS"),
            format!("add: neighbor {group} remote-as external"),
        ))
    };
    instance.listen_ranges().into_iter().filter_map(refusal).collect()
}
