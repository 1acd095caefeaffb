//! eBGP sessions without a policy, through which nothing goes.

use super::{
    Finding,
    instance::{Instance, Side},
};
use crate::{quirks::FrrVersion, session::AddressFamily};

/// The lines that are a policy for RFC 8212 (`bgp_inbound_policy_exists` in `bgp_route.c`).
const POLICIES: [&str; 4] = ["route-map", "prefix-list", "filter-list", "distribute-list"];

pub(super) fn check(instance: &Instance<'_>, version: FrrVersion) -> Vec<Finding> {
    if !instance.requires_policy() {
        return Vec::new();
    }
    let listening: Vec<&str> = instance.listen_ranges().into_iter().map(|(_, _, group)| group).collect();
    let mut findings = Vec::new();
    for (name, neighbor) in &instance.neighbors {
        let is_session = neighbor.is_made(name) && (!neighbor.is_group() || listening.contains(name));
        if !is_session || instance.side(name) != Side::External {
            continue;
        }
        let Some(line) = neighbor
            .lines
            .iter()
            .find(|line| matches!(line.words().get(2), Some(&("remote-as" | "interface" | "peer-group"))))
        else {
            continue;
        };
        let said: Vec<String> = [("in", "accepted from"), ("out", "announced to")]
            .into_iter()
            .filter_map(|(way, what)| {
                let families = without_policy(instance, name, way, version);
                let names: Vec<&str> = families.iter().map(|family| family.as_str()).collect();
                (!names.is_empty()).then(|| format!("nothing is {what} it ({})", names.join(", ")))
            })
            .collect();
        if said.is_empty() {
            continue;
        }
        findings.push(Finding::warning(
            line,
            name,
            format!("eBGP without a policy: {}", said.join(", ")),
            format!("add: neighbor {name} route-map NAME in, and out; or: no bgp ebgp-requires-policy"),
        ));
    }
    findings
}

/// The active families in which `name` has no policy in the direction `way`.
fn without_policy(instance: &Instance<'_>, name: &str, way: &str, version: FrrVersion) -> Vec<AddressFamily> {
    let families = instance.families_of(name).into_iter();
    families
        .filter(|family| instance.is_active(name, *family))
        .filter(|family| {
            instance.family_line(name, *family, |words| is_policy(words, way, version)).is_none()
        })
        .collect()
}

/// Whether the words behind a neighbor's name are a policy for the direction `way`.
pub(crate) fn is_policy(words: &[&str], way: &str, version: FrrVersion) -> bool {
    match words {
        [kind, _, last] => POLICIES.contains(kind) && *last == way,
        ["unsuppress-map", _] => way == "out" && version.counts_unsuppress_map_as_policy(),
        _ => false,
    }
}
