//! Lines of one neighbor that FRR does not take together, or not for a neighbor of this kind.

use std::collections::BTreeMap;

use super::{
    Finding,
    instance::{Instance, Neighbor, Said, Side, as_number},
};
use crate::{config::Statement, quirks::FrrVersion, session::AddressFamily};

pub(super) fn check(instance: &Instance<'_>, version: FrrVersion) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, neighbor) in &instance.neighbors {
        findings.extend(local_as(instance, name, neighbor, version));
        findings.extend(multihop_with_ttl_security(instance, name));
        findings.extend(multihop_without_effect(name, neighbor));
        for family in neighbor.families.keys() {
            findings.extend(["in", "out"].iter().filter_map(|way| two_filters(instance, name, *family, way)));
        }
        findings.extend(route_reflector_client(instance, name, neighbor));
        findings.extend(external_only(instance, name, neighbor));
        findings.extend(unicast_and_labeled(instance, name));
    }
    if !version.mixes_sides_in_group() {
        findings.extend(mixed_groups(instance));
    }
    findings
}

/// FRR: "Cannot have local-as same as BGP AS number"; up to 8.4 also "Local-AS allowed only for EBGP peers" and "AS
/// specified for local as is the same as the remote as".
fn local_as(
    instance: &Instance<'_>,
    name: &str,
    neighbor: &Neighbor<'_>,
    version: FrrVersion,
) -> Option<Finding> {
    let line = find(&neighbor.lines, "local-as")?;
    let words = line.words();
    let word = words.get(3)?;
    let number = as_number(word);
    if number == instance.asn {
        let reason = format!("local-as {word} is the AS of the instance");
        return Some(Finding::error(line, word, reason, "leave the line out"));
    }
    if version.takes_any_local_as() {
        return None;
    }
    if instance.side(name) == Side::Internal {
        let reason = format!("FRR {version} takes local-as for external peers only, and {name} is internal");
        return Some(Finding::error(line, "local-as", reason, "leave the line out"));
    }
    if instance.remote_as(name).and_then(as_number) == number {
        let reason = format!("FRR {version} does not take the peer's own AS {word} for local-as");
        return Some(Finding::error(line, word, reason, "leave the line out"));
    }
    None
}

/// FRR: "ebgp-multihop and ttl-security cannot be configured together".
fn multihop_with_ttl_security(instance: &Instance<'_>, name: &str) -> Option<Finding> {
    let multihop = instance.line(name, |words| words.first() == Some(&"ebgp-multihop"))?;
    let security = instance.line(name, |words| words.first() == Some(&"ttl-security"))?;
    together(name, "ebgp-multihop", multihop, "ttl-security", security)
}

/// FRR: "Prefix/distribute list can not co-exist".
fn two_filters(instance: &Instance<'_>, name: &str, family: AddressFamily, way: &str) -> Option<Finding> {
    let is = |kind: &'static str| move |words: &[&str]| matches!(words, [first, _, last] if *first == kind && *last == way);
    let prefix_list = instance.family_line(name, family, is("prefix-list"))?;
    let distribute_list = instance.family_line(name, family, is("distribute-list"))?;
    together(name, "prefix-list", prefix_list, "distribute-list", distribute_list)
}

/// Two lines that exclude each other, unless the group said both: it has a finding of its own.
fn together(name: &str, first: &str, one: Said<'_>, second: &str, other: Said<'_>) -> Option<Finding> {
    let ((at, line), against, group) = match (one.group, other.group) {
        (Some(_), Some(_)) => return None,
        (None, group) if group.is_some() || one.statement.origin > other.statement.origin => {
            ((first, one.statement), other.statement, group)
        }
        (group, _) => ((second, other.statement), one.statement, group),
    };
    let whose = group.map_or_else(String::new, |group| format!(" of its peer-group {group}"));
    let reason = format!(
        "FRR does not take {first} and {second} for one neighbor: {name} has `{against}`{whose} ({})",
        against.origin
    );
    Some(Finding::error(line, at, reason, "keep one of the two"))
}

/// FRR drops the line without a word (`peer_ebgp_multihop_set` in `bgpd.c`).
fn multihop_without_effect(name: &str, neighbor: &Neighbor<'_>) -> Option<Finding> {
    let line = find(&neighbor.lines, "ebgp-multihop").filter(|_| neighbor.is_interface())?;
    let reason = format!("{name} is unnumbered: FRR drops ebgp-multihop without a word");
    Some(Finding::error(line, "ebgp-multihop", reason, "leave the line out"))
}

/// FRR: "Invalid command. Not an internal neighbor".
fn route_reflector_client(instance: &Instance<'_>, name: &str, neighbor: &Neighbor<'_>) -> Vec<Finding> {
    let why = match instance.side(name) {
        Side::External | Side::Confederation => format!("{name} is external"),
        Side::Unknown if instance.remote_as(name).is_none() && neighbor.is_made(name) => {
            format!("{name} has no remote-as")
        }
        Side::Unknown | Side::Internal => return Vec::new(),
    };
    let refusal = |line| {
        let reason = format!("only an internal neighbor can be a route-reflector client, and {why}");
        Finding::error(line, "route-reflector-client", reason, "leave the line out")
    };
    family_lines(neighbor, "route-reflector-client").into_iter().map(refusal).collect()
}

/// FRR: "remove-private-AS cannot be configured for IBGP peers", and the same for as-override.
fn external_only(instance: &Instance<'_>, name: &str, neighbor: &Neighbor<'_>) -> Vec<Finding> {
    if instance.side(name) != Side::Internal {
        return Vec::new();
    }
    let refusals = ["remove-private-AS", "as-override"].into_iter().flat_map(|attribute| {
        let lines = family_lines(neighbor, attribute).into_iter();
        lines.map(move |line| {
            let reason = format!("FRR takes {attribute} for external peers only, and {name} is internal");
            Finding::error(line, attribute, reason, "leave the line out")
        })
    });
    refusals.collect()
}

/// FRR: "Cannot activate peer for both 'ipv4 unicast' and 'ipv4 labeled-unicast'".
fn unicast_and_labeled(instance: &Instance<'_>, name: &str) -> Vec<Finding> {
    let pairs = [
        (AddressFamily::Ipv4Unicast, AddressFamily::Ipv4LabeledUnicast),
        (AddressFamily::Ipv6Unicast, AddressFamily::Ipv6LabeledUnicast),
    ];
    let refusal = |(unicast, labeled): (AddressFamily, AddressFamily)| {
        let lines = instance.neighbors.get(name)?.families.get(&labeled)?;
        let line = find(lines, "activate")?;
        instance.is_active(name, unicast).then(|| {
            let reason = format!("{name} is active in {unicast} too, and FRR takes one of the two");
            Finding::error(
                line,
                "activate",
                reason,
                format!("add: no neighbor {name} activate (in {unicast})"),
            )
        })
    };
    pairs.into_iter().filter_map(refusal).collect()
}

/// FRR up to 10.6: "Peer-group members must be all internal or all external".
fn mixed_groups(instance: &Instance<'_>) -> Vec<Finding> {
    let mut first: BTreeMap<&str, (Side, &str)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (name, neighbor) in &instance.neighbors {
        let Some(group) = instance.group_of(name).filter(|group| instance.is_group(group)) else { continue };
        let side = instance.side(name);
        if side == Side::Unknown || instance.remote_as(group).is_some() {
            continue;
        }
        let (others, other) = *first.entry(group).or_insert((side, name));
        if others == side {
            continue;
        }
        let reason = format!(
            "the members of a peer-group are all internal or all external, and {other} is not as {name}"
        );
        if let Some(line) = neighbor.lines.iter().find(|line| line.words().contains(&group)) {
            findings.push(Finding::error(line, group, reason, "use a peer-group for each kind"));
        }
    }
    findings
}

/// The positive line with this attribute.
fn find<'a>(lines: &[&'a Statement], attribute: &str) -> Option<&'a Statement> {
    let is_wanted = |line: &&&Statement| matches!(line.words().as_slice(), ["neighbor", _, word, ..] if *word == attribute);
    lines.iter().find(is_wanted).copied()
}

fn family_lines<'a>(neighbor: &Neighbor<'a>, attribute: &str) -> Vec<&'a Statement> {
    neighbor.families.values().filter_map(|lines| find(lines, attribute)).collect()
}
