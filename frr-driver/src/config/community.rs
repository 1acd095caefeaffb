//! Communities: one spelling and one order for each set of them (`bgpd/bgp_community.c`, `community_str_get`).

/// The well-known communities that FRR prints by name, with their values (RFC 1997, RFC 7999, RFC 8326, …).
const NAMED: [(&str, u32); 16] = [
    ("internet", 0),
    ("graceful-shutdown", 0xffff_0000),
    ("accept-own", 0xffff_0001),
    ("route-filter-translated-v4", 0xffff_0002),
    ("route-filter-v4", 0xffff_0003),
    ("route-filter-translated-v6", 0xffff_0004),
    ("route-filter-v6", 0xffff_0005),
    ("llgr-stale", 0xffff_0006),
    ("no-llgr", 0xffff_0007),
    ("accept-own-nexthop", 0xffff_0008),
    ("blackhole", 0xffff_029a),
    ("no-export", 0xffff_ff01),
    ("no-advertise", 0xffff_ff02),
    ("local-AS", 0xffff_ff03),
    ("no-export-subconfed", 0xffff_ff03),
    ("no-peer", 0xffff_ff04),
];

/// Returns `members` (of a standard community list, or of `set community`) by value, each once and by name where
/// it has one, `additive` last.
pub(super) fn sorted<'a>(members: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let (mut values, mut rest) = (Vec::new(), Vec::new());
    for member in members {
        match value(member) {
            Some(value) => values.push(value),
            None => rest.push(member.to_owned()),
        }
    }
    values.sort_unstable();
    values.dedup();
    rest.sort_by_key(|word| word == "additive");
    rest.dedup();
    values.into_iter().map(spelling).chain(rest).collect()
}

fn value(member: &str) -> Option<u32> {
    if let Some((_, value)) = NAMED.iter().find(|(name, _)| *name == member) {
        return Some(*value);
    }
    let (high, low) = member.split_once(':')?;
    Some((u32::from(high.parse::<u16>().ok()?) << 16) | u32::from(low.parse::<u16>().ok()?))
}

fn spelling(value: u32) -> String {
    match NAMED.iter().find(|(_, named)| *named == value) {
        Some((name, _)) => (*name).to_owned(),
        None => format!("{}:{}", value >> 16, value & 0xffff),
    }
}

/// Returns `members` of a large community list by value, each once.
pub(super) fn sorted_large<'a>(members: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut members: Vec<(Vec<u64>, String)> = members
        .into_iter()
        .map(|member| {
            let parts: Vec<Option<u64>> = member.split(':').map(|part| part.parse().ok()).collect();
            let known: Option<Vec<u64>> = parts.into_iter().collect();
            match known {
                Some(parts) => {
                    let spelled = parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(":");
                    (parts, spelled)
                }
                None => (vec![u64::MAX], member.to_owned()),
            }
        })
        .collect();
    members.sort();
    members.dedup();
    members.into_iter().map(|(_, member)| member).collect()
}

/// Returns `members` of an extended community list (`rt A soo B …`) as pairs, `rt` before `soo`, each once.
pub(super) fn sorted_extended(members: &[&str]) -> Vec<String> {
    let mut pairs: Vec<String> = members.chunks(2).map(|pair| pair.join(" ")).collect();
    pairs.sort();
    pairs.dedup();
    pairs
}
